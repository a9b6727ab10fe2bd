"""What buyers and sellers do with orders: pay, change the price, cancel, confirm, extend, note.

Shipping is in `shipping.py`, money back in `refunds.py`. Every verb takes many; all of them or none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from common.batch import dicts, dumps, rows, update
from common.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, several
from events.actions import emit, one_telling
from payments import escrow
from regime import queries as regime
from shops.actions import stock
from shops.actions.extending import Extend, extend, prolong
from shops.actions.moving import ORDER, Row, about, move, order_facts, reference
from shops.actions.placing import Place, Wanted, place, place_rows
from shops.models import OrderLine
from shops.rules.clocks import ship_by
from shops.rules.order import FLAGS, ORDER_STEP, TEXT_MOST, divided

__all__ = [
    "Adjust",
    "Extend",
    "Place",
    "Remark",
    "Wanted",
    "adjust",
    "auto_confirm",
    "buy",
    "cancel",
    "confirm",
    "expire",
    "extend",
    "pay",
    "place",
    "place_and_pay",
    "place_rows",
    "prolong",
    "remark",
]


@transaction.atomic(savepoint=False)
def place_and_pay(intents: Sequence[Place], *, at: datetime) -> list[list[int]]:
    """Place the baskets and pay them from their buyers' balances, in one go; the orders' ids by basket.

    As `place`, then `pay`; `Unaffordable` names the baskets.
    """
    return [[row["id"] for row in basket] for basket in buy(intents, at=at)]


@transaction.atomic(savepoint=False)
def buy(intents: Sequence[Place], *, at: datetime) -> list[list[Row]]:
    """As `place_and_pay`, giving the rows that events tell of."""
    with one_telling():
        baskets = place_rows(intents, at=at, paid=True)
        _hold_and_tell([row for basket in baskets for row in basket], at=at)
    return baskets


@transaction.atomic(savepoint=False)
def pay(ids: Sequence[int], *, at: datetime, by: int | None = None) -> list[int]:
    """Pay the orders from their buyers' balances into escrow; `by`: the buyer (None: the platform asks).

    Starts the ship-by clock; goods that send themselves are sent. `Conflict` for an order that is not unpaid,
    `Unaffordable` for a buyer who lacks the money; rows are indices of `ids`.
    """
    due = _ship_by(ids, at)
    paid = move(
        ORDER, ORDER_STEP["pay"], ids, at=at, by=by, sets="paid_at = %(at)s, ship_by = i.ship_by",
        each=("ship_by timestamptz", [{"ship_by": due.get(i, at)} for i in ids]),
    )  # fmt: skip
    _hold_and_tell(paid, at=at)
    return [row["id"] for row in paid]


def _ship_by(ids: Sequence[int], at: datetime) -> dict[int, datetime]:
    """When each order, paid now, is overdue: by what its snapshot promised and the rules of today."""
    rules = regime.at(at)
    terms: dict[int, tuple[bool, list[tuple[str, datetime | None, int | None]]]] = {}
    for order, protected, supply, ready_at, within_days in rows(
        """SELECT l.order_id, (l.snapshot->>'protected')::boolean, l.snapshot->>'supply',
                  (l.snapshot->>'ready_at')::timestamptz, (l.snapshot->>'ship_within_days')::int
             FROM shops_orderline l WHERE l.order_id = ANY(%s) ORDER BY l.id""",
        [list(ids)],
    ):
        terms.setdefault(order, (protected, []))[1].append((supply, ready_at, within_days))
    return {
        order: ship_by(at, lines, protected=protected, trade=rules.trade, protection=rules.protection)
        for order, (protected, lines) in terms.items()
    }


def _hold_and_tell(paid: Sequence[Row], *, at: datetime) -> None:
    """The money of orders just paid goes into escrow; goods that send themselves are sent."""
    with about([row.get("basket", n) for n, row in enumerate(paid)]):
        escrow.hold(
            [
                escrow.Hold(reference(row["id"]), row["buyer"], row["seller"], row["total_fen"])
                for row in paid
            ],
            at=at,
        )
    emit("order.paid", order_facts(paid, paid_at=[row.get("paid_at", at) for row in paid]), at=at)
    if any(line["delivery"] == "auto" for row in paid for line in row["lines"]):
        from shops.actions import shipping

        shipping.send_by_machine(paid, at=at)


@transaction.atomic(savepoint=False)
def cancel(ids: Sequence[int], *, at: datetime, by: int | None = None) -> list[int]:
    """Close unpaid orders for their buyer or seller (None: the platform); stock returns. `Conflict` once
    paid."""
    who = (
        "CASE %(by)s::bigint WHEN t.buyer_id THEN 'buyer' WHEN t.seller_id THEN 'seller' ELSE 'platform' END"
    )
    return _cancelled(
        move(
            ORDER,
            ORDER_STEP["cancel"],
            ids,
            at=at,
            by=by,
            role="party",
            sets=f"closed_at = %(at)s, closed_by = {who}",
        ),
        at=at,
    )


@transaction.atomic(savepoint=False)
def expire(ids: Sequence[int], *, at: datetime) -> list[int]:
    """`pay_by` has come: unpaid orders close, stock returns."""
    return _cancelled(
        move(ORDER, ORDER_STEP["expire"], ids, at=at, sets="closed_at = %(at)s, closed_by = 'time'"), at=at
    )


def _cancelled(closed: Sequence[Row], *, at: datetime) -> list[int]:
    ids = [row["id"] for row in closed]
    restock(ids, at=at)
    emit("order.cancelled", order_facts(closed, closed_by=[row["closed_by"] for row in closed]), at=at)
    return ids


def restock(orders: Sequence[int], *, at: datetime) -> None:
    """Give back what the lines of these orders took and nobody has given back yet."""
    back = rows(
        """UPDATE shops_orderline SET restocked_at = %s
            WHERE order_id = ANY(%s) AND taken_count > 0 AND restocked_at IS NULL RETURNING listing_id,
            taken_count""",
        [at, list(orders)],
    )
    if back:
        stock.give_back(sorted(back), at=at)


@dataclass(frozen=True, slots=True)
class Adjust:
    """The seller's new terms for an unpaid order: so much more (or, negative, less) for the goods; the
    postage."""

    order: int
    adjust_fen: int = 0
    postage_fen: int | None = None


@transaction.atomic(savepoint=False)
def adjust(intents: Sequence[Adjust], *, at: datetime, by: int | None = None) -> list[int]:
    """Change what unpaid orders cost; returns the new totals in fen. Lines share it by their prices.

    `by`: the seller. An adjustment replaces the one before. `Invalid` when nothing would be left to pay for
    the goods, `Conflict` once paid.
    """
    wrong = [
        n
        for n, intent in enumerate(intents)
        if abs(intent.adjust_fen) > 10**12 or not 0 <= (intent.postage_fen or 0) <= 10**9
    ]
    if wrong:
        raise Invalid(
            "that is no amount to change a price by",
            field="adjust_fen",
            rule="amount_is_in_range",
            rows=wrong,
        )
    lines = _lines([intent.order for intent in intents])
    shares: list[Row] = []
    each = []
    for n, intent in enumerate(intents):
        mine = lines.get(intent.order, [])
        goods = [line["goods_fen"] for line in mine]
        off = (mine[0]["discount_fen"] if mine else 0) - intent.adjust_fen
        if mine and sum(goods) - off < 1:
            raise Invalid(
                "an adjustment leaves something to pay for the goods",
                field="adjust_fen", rule="an_order_costs_1_fen_or_more", way_out="Take less off.", rows=[n],
            )  # fmt: skip
        postage_fen = (
            intent.postage_fen if intent.postage_fen is not None else mine[0]["postage_fen"] if mine else 0
        )
        each.append({"adjust_fen": intent.adjust_fen, "postage_fen": postage_fen})
        for line, paid_fen, part_fen in zip(mine, *divided(goods, postage_fen, off), strict=True):
            shares.append({"id": line["id"], "paid_fen": paid_fen, "postage_fen": part_fen})
    changed = move(
        ORDER, ORDER_STEP["adjust"], [intent.order for intent in intents], at=at, by=by, role="seller",
        sets="adjust_fen = i.adjust_fen, postage_fen = i.postage_fen,"
        " total_fen = t.goods_fen + i.postage_fen - t.discount_fen + i.adjust_fen",
        each=("adjust_fen bigint, postage_fen bigint", each),
    )  # fmt: skip
    update(OrderLine, shares)
    emit("order.adjusted", order_facts(_with_shares(changed, shares)), at=at)
    return [row["total_fen"] for row in changed]


def _lines(orders: Sequence[int]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for line in dicts(
        """SELECT l.id, l.order_id AS order, l.price_fen * l.quantity AS goods_fen, o.postage_fen,
        o.discount_fen
             FROM shops_orderline l JOIN shops_order o ON o.id = l.order_id
             WHERE l.order_id = ANY(%s) ORDER BY l.id""",
        [list(orders)],
    ):
        found.setdefault(line["order"], []).append(line)
    return found


def _with_shares(orders: list[Row], shares: Sequence[Row]) -> list[Row]:
    paid = {share["id"]: share["paid_fen"] for share in shares}
    for row in orders:
        for line in row["lines"]:
            line["paid_fen"] = paid[line["line"]]
    return orders


@transaction.atomic(savepoint=False)
def confirm(ids: Sequence[int], *, at: datetime, by: int | None = None) -> list[int]:
    """The buyer has the goods: what is left in escrow goes to the seller. `by`: the buyer.

    `Conflict` while a refund is open, or unless everything that was not refunded is shipped.
    """
    return _finished(
        move(
            ORDER, ORDER_STEP["confirm"], ids, at=at, by=by, sets="finished_at = %(at)s",
            where="t.open_refunds = 0", otherwise=_refund_is_open,
        ),
        at=at,
    )  # fmt: skip


@transaction.atomic(savepoint=False)
def auto_confirm(ids: Sequence[int], *, at: datetime) -> list[int]:
    """`confirm_by` has come: the buyer's silence is receipt."""
    return _finished(
        move(
            ORDER,
            ORDER_STEP["auto_confirm"],
            ids,
            at=at,
            sets="finished_at = %(at)s",
            where="t.open_refunds = 0",
            otherwise=_refund_is_open,
        ),
        at=at,
    )


def _finished(done: Sequence[Row], *, at: datetime) -> list[int]:
    ids = [row["id"] for row in done]
    escrow.release([reference(i) for i in ids], at=at)
    sold = [
        (line["listing"], line["quantity"]) for row in done for line in row["lines"] if not line["closed"]
    ]
    if sold:
        stock.count_sold(sold, at=at)
    emit("order.finished", order_facts(done, standing=True), at=at)
    return ids


def _refund_is_open(row: Row) -> Refusal:
    return Conflict(
        f"order {row['id']} has an open refund request",
        field="status",
        rule="a_refund_stops_confirming",
        way_out="Settle or withdraw it first.",
        extra={"state": row["status"], "open_refunds": row["open_refunds"]},
    )


@dataclass(frozen=True, slots=True)
class Remark:
    """The seller's own note on an order (None: as it is) and flag, 0 to 5. The buyer never sees either."""

    order: int
    memo: str | None = None
    flag: int | None = None


@transaction.atomic(savepoint=False)
def remark(intents: Sequence[Remark], *, at: datetime, by: int | None = None) -> list[int]:
    """Note and flag orders in any state; `by`: the seller."""
    for n, intent in enumerate(intents):
        if intent.memo is not None and len(intent.memo) > TEXT_MOST:
            raise Invalid(
                f"a memo has at most {TEXT_MOST} characters", field="memo", rule="memo_is_short", rows=[n]
            )
        if intent.flag is not None and intent.flag not in FLAGS:
            raise Invalid(
                "a flag is a number from 0 to 5", field="flag", rule="order_flag_is_0_to_5", rows=[n]
            )
    there = dict(
        rows(
            "SELECT id, seller_id FROM shops_order WHERE id = ANY(%s)", [[intent.order for intent in intents]]
        )
    )
    refused: dict[int, Refusal] = {}
    for n, intent in enumerate(intents):
        if intent.order not in there:
            refused[n] = NotFound(f"there is no order {intent.order}", field="id", rule="order_exists")
        elif by is not None and there[intent.order] != by:
            refused[n] = Forbidden(
                f"order {intent.order}: only its seller may do that", field="id", rule="the_seller_acts"
            )
    if refused:
        raise several(refused)
    notes: list[Mapping[str, Any]] = [{"id": i.order, "memo": i.memo, "flag": i.flag} for i in intents]
    rows(
        """UPDATE shops_order t SET memo = coalesce(i.memo, t.memo), flag = coalesce(i.flag, t.flag),
        modified_at = %s
             FROM json_to_recordset(%s::json) AS i(id bigint, memo text, flag smallint) WHERE t.id = i.id""",
        [at, dumps(notes)],
    )
    return [intent.order for intent in intents]
