"""Commissions: fixed when an order is paid, settled when the trade succeeds, taken back with what is refunded.

Subscribers of `order.paid`, `order.finished` and `refund.succeeded` (`jishi/wiring.py`). None of them ever refuses a
trade: a seller whose balance does not reach owes the commission, and is asked again every day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from common.batch import by_hashing, dicts, execute, insert, rows, update
from common.moments import day_of, start_of
from common.transitions import take
from events.actions import emit
from payments.queries import balances
from regime import queries as regime
from search.alliance.actions.charging import charge
from search.alliance.actions.finding import Row
from search.alliance.actions.links import RATE
from search.alliance.models import Commission
from search.alliance.rules import COMMISSION_STEP
from search.alliance.shares import NONE_DUE, Due, earning_of, paid, standing

Facts = Sequence[Mapping[str, Any]]
REFUNDED = (
    "id",
    "refunded_fen",
    "paid_fen",
    "paid_seller_fee_fen",
    "paid_owner_fee_fen",
)  # what a refund changes
MOMENT = timedelta(microseconds=1)

# Anonymous clicks belong to the first member seen with the same cookie after them.
RECOGNISE = """
    UPDATE search_alliance_click k SET who_id = f.member_id
      FROM (SELECT DISTINCT ON (c.id) c.id, v.member_id FROM search_alliance_click c
              JOIN traffic_pageview v ON v.visitor = c.visitor AND v.member_id IS NOT NULL AND v.at >= c.at
               AND v.at >= %(start)s AND v.at < %(end)s
             WHERE c.earns AND c.who_id IS NULL AND c.at > %(since)s AND c.at < %(end)s
               AND (%(shops)s::bigint[] IS NULL OR c.shop_id = ANY(%(shops)s))
             ORDER BY c.id, v.at, v.member_id) f
     WHERE k.id = f.id
"""
# The click that wins each order, and the rate it gives each line: the contract's, or what was offered when it was
# made. A click at the very moment of an order counts as before it; after just so many days it counts no more.
WON = """
    SELECT o.id AS "order", o.seller, l.id AS line, l.listing_id AS listing, l.paid_fen AS goods_fen,
           l.postage_fen, k.id AS click, k.contract_id AS contract, k.space_id AS space, w.owner_id AS owner,
           o.shop, coalesce(t.rate_bps, {rate}) AS rate_bps
      FROM unnest(%(orders)s::bigint[], %(buyers)s::bigint[], %(sellers)s::bigint[], %(shops)s::bigint[],
                  %(placed)s::timestamptz[]) WITH ORDINALITY AS o(id, buyer, seller, shop, placed_at, n)
      CROSS JOIN LATERAL (
           SELECT c.* FROM search_alliance_click c JOIN search_alliance_space s ON s.id = c.space_id
            WHERE c.earns AND c.shop_id = o.shop AND c.who_id = o.buyer AND s.owner_id <> o.buyer
              AND c.at <= o.placed_at AND c.at > o.placed_at - %(span)s::interval
            ORDER BY c.at {order}, c.id {order} LIMIT 1) k
      JOIN search_alliance_space w ON w.id = k.space_id
      LEFT JOIN search_alliance_contract t ON t.id = k.contract_id
      JOIN shops_orderline l ON l.order_id = o.id
     ORDER BY o.n, l.id
"""
WON_BY = {
    which: WON.format(rate=RATE.format(shop="o.shop", listing="l.listing_id", upto="k.terms"), order=order)
    for which, order in (("last", "DESC"), ("first", "ASC"))
}


def recognise(start: datetime, end: datetime, *, days: int, of: Sequence[int] | None = None) -> int:
    """Find out by page views from `start` until `end` (not included) who made anonymous clicks of the last `days`, in
    shops `of` (None: all). Returns how many it now knows."""
    since = end - timedelta(days=days)
    given = {"start": start, "end": end, "since": since, "shops": None if of is None else list(of)}
    with by_hashing():
        return execute(RECOGNISE, given)


def recognise_day(*, at: datetime) -> None:
    """At the day's end, from all its views; orders of the open day look at its views themselves."""
    days = regime.at(at).alliance.attribution_days
    recognise(start_of(day_of(at) - timedelta(days=1)), at, days=days + 1)


@transaction.atomic(savepoint=False)
def fix(facts: Facts, *, at: datetime) -> list[int]:
    """order.paid: what each line earns the space whose click brought the buyer; the commissions' ids."""
    levers = regime.at(at).alliance
    shops = rows(
        "SELECT DISTINCT shop_id FROM search_alliance_click WHERE earns AND shop_id = ANY(%s) ORDER BY 1",
        [sorted({fact["shop"] for fact in facts})],
    )
    if not shops:
        return []
    brought = [row[0] for row in shops]
    recognise(start_of(day_of(at)), at + MOMENT, days=levers.attribution_days + 1, of=brought)
    asked = [fact for fact in facts if fact["shop"] in set(brought)]
    won = dicts(
        WON_BY[levers.attribution_click],
        {
            "orders": [fact["id"] for fact in asked], "buyers": [fact["buyer"] for fact in asked],
            "sellers": [fact["seller"] for fact in asked], "shops": [fact["shop"] for fact in asked],
            "placed": [fact["placed_at"] for fact in asked], "span": timedelta(days=levers.attribution_days),
        },
    )  # fmt: skip
    paid_at = {fact["id"]: fact["paid_at"] for fact in asked}
    made = [
        {
            "line_id": row["line"], "order_id": row["order"], "click_id": row["click"],
            "contract_id": row["contract"], "space_id": row["space"], "owner_id": row["owner"],
            "shop_id": row["shop"], "seller_id": row["seller"], "status": "waiting",
            "base": levers.commission_base, "goods_fen": row["goods_fen"], "postage_fen": row["postage_fen"],
            "refunded_fen": 0, "rate_bps": row["rate_bps"], "seller_fee_bps": levers.advertiser_fee_bps,
            "owner_fee_bps": levers.owner_fee_bps, "clawed_back": levers.clawed_back_on_refund,
            "earning_fen": earning, "paid_fen": 0, "paid_seller_fee_fen": 0, "paid_owner_fee_fen": 0, "fixed_at": paid_at[row["order"]],
        }
        for row in won
        if row["rate_bps"] is not None
        and (earning := earning_of(row["goods_fen"], row["postage_fen"], levers.commission_base, row["rate_bps"]))
    ]  # fmt: skip
    ids = insert(Commission, made)
    emit(
        "alliance.commission_fixed",
        [
            {
                "id": i, "members": [row["seller_id"]], "order": row["order_id"], "line": row["line_id"],
                "space": row["space_id"], "rate_bps": row["rate_bps"], "earning_fen": row["earning_fen"],
            }
            for i, row in zip(ids, made, strict=True)
        ],
        at=at,
    )  # fmt: skip
    return ids


@transaction.atomic(savepoint=False)
def settle(facts: Facts, *, at: datetime) -> list[int]:
    """order.finished: what stands of these orders' commissions is paid; the ids of those that were."""
    return _pay(_locked("order_id = ANY(%s) AND status = 'waiting'", [fact["id"] for fact in facts]), at)


@transaction.atomic
def collect(*, at: datetime) -> list[int]:
    """Every day: sellers who owed commissions and have money now pay them, the oldest first."""
    return _pay(_locked("status = ANY(%s)", ["owed"]), at)


def _locked(where: str, what: Sequence[Any]) -> list[Row]:
    """Commissions, locked: who reads what stands of one to change it waits for who does so already."""
    return dicts(
        f"SELECT * FROM search_alliance_commission WHERE {where} ORDER BY id FOR UPDATE", [list(what)]
    )


def _pay(found: Sequence[Row], at: datetime) -> list[int]:
    left = balances([row["seller_id"] for row in found])
    settled: list[tuple[Row, Due]] = []
    owing, undone = [], []
    for row in found:
        due = standing(row)
        need = due.earning_fen + due.seller_fee_fen
        if not due.earning_fen:
            undone.append(row["id"])
        elif need <= left[row["seller_id"]]:
            left[row["seller_id"]] -= need
            settled.append((row, due))
        elif row["status"] != COMMISSION_STEP["owe"].target:
            owing.append(row["id"])
    take(Commission, [row["id"] for row, _ in settled], COMMISSION_STEP["settle"], settled_at=at)
    take(Commission, owing, COMMISSION_STEP["owe"])
    take(Commission, undone, COMMISSION_STEP["undo"])
    update(Commission, [{"id": row["id"], **_paid(due)} for row, due in settled])
    charge([_charge(row, "commission", due, at) for row, due in settled], at=at)
    _tell(
        "alliance.commission_settled",
        [(row, due.earning_fen, due.seller_fee_fen) for row, due in settled],
        at,
    )
    return [row["id"] for row, _ in settled]


@transaction.atomic
def follow_refunds(facts: Facts, *, at: datetime) -> list[int]:
    """refund.succeeded: what was refunded earns no commission. Before the trade's success less will be paid; after it
    the space's account gives back, and the platform its fees, even if the account owes then. The charges' ids."""
    found = {row["line_id"]: row for row in _locked("line_id = ANY(%s)", [fact["line"] for fact in facts])}
    charges: list[Row] = []
    for fact in facts:
        if (row := found.get(fact["line"])) is None:
            continue
        row["refunded_fen"] += fact["amount_fen"]
        due = standing(row)
        if row["status"] == "settled" and row["clawed_back"]:
            back = paid(row).less(due)
            row |= _paid(due)
            if back != NONE_DUE:
                charges.append(_charge(row, "return", back, at) | {"refund_id": fact["id"]})
    update(Commission, [{name: row[name] for name in REFUNDED} for row in found.values()])
    spent = [row for row in found.values() if row["status"] in COMMISSION_STEP["undo"].sources]
    take(Commission, [row["id"] for row in spent if not standing(row).earning_fen], COMMISSION_STEP["undo"])
    ids = charge(charges, at=at)
    by_id = {row["id"]: row for row in found.values()}
    _tell(
        "alliance.commission_returned",
        [(by_id[c["commission_id"]], c["earning_fen"], c["seller_fee_fen"]) for c in charges],
        at,
    )
    return ids


def _paid(due: Due) -> Row:
    return {
        "paid_fen": due.earning_fen,
        "paid_seller_fee_fen": due.seller_fee_fen,
        "paid_owner_fee_fen": due.owner_fee_fen,
    }


def _charge(row: Row, kind: str, due: Due, at: datetime) -> Row:
    return {
        "kind": kind, "day": day_of(at).isoformat(), "contract_id": row["contract_id"], "space_id": row["space_id"],
        "owner_id": row["owner_id"], "shop_id": row["shop_id"], "seller_id": row["seller_id"],
        "commission_id": row["id"], "earning_fen": due.earning_fen, "seller_fee_fen": due.seller_fee_fen,
        "owner_fee_fen": due.owner_fee_fen,
    }  # fmt: skip


def _tell(name: str, told: Sequence[tuple[Row, int, int]], at: datetime) -> None:
    """The seller alone hears of orders; the space's owner reads amounts and days on the statement."""
    emit(
        name,
        [
            {
                "id": row["id"], "members": [row["seller_id"]], "order": row["order_id"], "line": row["line_id"],
                "space": row["space_id"], "earning_fen": earning, "seller_fee_fen": fee,
            }
            for row, earning, fee in told
        ],
        at=at,
    )  # fmt: skip
