"""What the end of a refund does to its order: money, stock, the confirm clock, the order's own end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from common.batch import dicts, execute, rows
from common.errors import Conflict, Refusal
from common.transitions import Step
from events.actions import emit
from payments import escrow, ledger
from regime import queries as regime
from shops.actions import aftersale, stock
from shops.actions.moving import ORDER, REFUND, Row, about, move, order_facts, reference, refund_facts
from shops.rules.order import IN_ESCROW, ORDER_STEP
from shops.rules.refund import AFTER_SALE, DISPUTE_OPEN, REFUND_STEP

SETTLED = "settled_at = %(at)s, settled_by = %(who)s"


def close(ids: Sequence[int], step: Step, *, at: datetime, who: str, by: int | None = None) -> list[Row]:
    """Close requests by `step`: nothing is paid back and the confirm clock goes on. `by`: the buyer, if one
    acts."""
    closed = move(REFUND, step, ids, at=at, by=by, sets=SETTLED, who=who)
    _settle(closed, paid=False, at=at)
    emit("refund.closed", refund_facts(closed), at=at)
    return closed


def succeed(
    ids: Sequence[int],
    step: Step,
    *,
    at: datetime,
    who: str,
    by: int | None = None,
    awards: Sequence[int] | None = None,
) -> list[Row]:
    """Pay requests back by `step`: `awards` (fen, by a ruling) or what was asked. `by`: the seller, if one
    acts.

    Escrow pays; a line refunded in full is closed, its pieces return if they never left; an order refunded in
    full is closed; else its clock goes on. After the trade's success the seller pays (`aftersale`): `Unaffordable`
    when the seller acts and lacks the money, owed when time or the platform does. A finished order stays so.
    """
    if who != "seller":
        ids, awards = _owe(ids, step, at=at, awards=awards)
        if not ids:
            return []
    sets, each = SETTLED, None
    if awards is not None:
        sets, each = f"{SETTLED}, amount_fen = i.award", ("award bigint", [{"award": fen} for fen in awards])
    paid = move(REFUND, step, ids, at=at, by=by, role="seller", sets=sets, each=each, who=who)
    _refund_lines(paid, at=at)
    _pay_back(paid, at=at)
    _pay_return_postage(paid, at=at)
    orders = _settle(paid, paid=True, at=at)
    emit("refund.succeeded", refund_facts(paid), at=at)
    whole = [row["id"] for row in orders if row["in_escrow"] and row["refunded_fen"] == row["total_fen"]]
    _close_orders(whole, at=at)
    _ship_rest([row["id"] for row in orders if row["nothing_to_send"] and row["id"] not in whole], at=at)
    return paid


def _owe(
    ids: Sequence[int], step: Step, *, at: datetime, awards: Sequence[int] | None
) -> tuple[list[int], list[int] | None]:
    """Requests whose sellers cannot pay are owed; those that are left, and what was awarded for them."""
    poor = aftersale.unpaid(ids, step.sources, awards, at=at)
    if poor and step is not REFUND_STEP["collect"]:
        owe(poor, at=at)
    rest = [n for n, i in enumerate(ids) if i not in poor]
    return [ids[n] for n in rest], [awards[n] for n in rest] if awards is not None else None


def owe(refunds: Mapping[int, int], *, at: datetime) -> list[int]:
    """The seller owes these refunds (id -> fen) and is asked for them every day. `Conflict` before the trade's
    success, when escrow pays."""
    owed = move(
        REFUND, REFUND_STEP["owe"], list(refunds), at=at, sets="amount_fen = i.fen",
        where="t.phase = %(phase)s", otherwise=_escrow_pays, phase=AFTER_SALE,
        each=("fen bigint", [{"fen": fen} for fen in refunds.values()]),
    )  # fmt: skip
    emit("refund.owed", refund_facts(owed), at=at)
    return [row["id"] for row in owed]


def _escrow_pays(row: Row) -> Refusal:
    return Conflict(
        f"refund {row['id']} is paid by escrow",
        field="phase",
        rule="a_seller_owes_only_what_escrow_has_released",
    )


@transaction.atomic(savepoint=False)
def collect(*, at: datetime) -> None:
    """Every day: sellers who owed refunds and have money now pay them, the oldest first."""
    owed = [row[0] for row in rows("SELECT id FROM shops_refund WHERE status = 'owed' ORDER BY id")]
    if owed:
        succeed(owed, REFUND_STEP["collect"], at=at, who="time")


def _pay_back(paid: Sequence[Row], *, at: datetime) -> None:
    """Escrow gives the money back while it holds it, and the seller afterwards."""
    held = [row for row in paid if row["phase"] != AFTER_SALE]
    if held:
        escrow.refund([escrow.Refund(reference(row["order"]), row["amount_fen"]) for row in held], at=at)
    if len(held) < len(paid):
        after = [n for n, row in enumerate(paid) if row["phase"] == AFTER_SALE]
        with about(after):
            aftersale.pay([paid[n] for n in after], at=at)


def _refund_lines(paid: Sequence[Row], *, at: datetime) -> None:
    """Each line is refunded by so much; in full, it is closed: what was never sent returns to stock, and what
    counted as sold does no more."""
    full = "l.refunded_fen + r.fen = l.paid_fen + l.postage_fen"
    back = f"{full} AND l.shipped_at IS NULL AND l.taken_count > 0 AND l.restocked_at IS NULL"
    touched = rows(
        f"""UPDATE shops_orderline l
               SET refunded_fen = l.refunded_fen + r.fen,
                   closed_at = CASE WHEN {full} THEN %(at)s ELSE l.closed_at END,
                   restocked_at = CASE WHEN {back} THEN %(at)s ELSE l.restocked_at END
              FROM unnest(%(lines)s::bigint[], %(fen)s::bigint[]) AS r(line, fen) WHERE l.id = r.line
         RETURNING l.listing_id, l.taken_count, l.shipped_at IS NULL AND l.restocked_at IS NOT NULL, l.id,
                   l.quantity, l.closed_at IS NOT NULL""",
        {"at": at, "lines": [row["line"] for row in paid], "fen": [row["amount_fen"] for row in paid]},
    )
    pieces = sorted((listing, taken) for listing, taken, returned, *_ in touched if returned)
    if pieces:
        stock.give_back(pieces, at=at)
    sold = {row["line"] for row in paid if row["phase"] == AFTER_SALE}
    unsold = sorted((row[0], row[4]) for row in touched if row[3] in sold and row[5])
    if unsold:
        stock.count_unsold(unsold, at=at)


def _settle(refunds: Sequence[Row], *, paid: bool, at: datetime) -> list[Row]:
    """Count the requests off their orders, and let the clock of an order with none left go on where it
    stood.
    """
    count: dict[int, int] = defaultdict(int)
    fen: dict[int, int] = defaultdict(int)
    for row in refunds:
        count[row["order"]] += 1
        fen[row["order"]] += row["amount_fen"] if paid else 0
    orders = sorted(count)
    settled = dicts(
        """UPDATE shops_order o
              SET refunded_fen = o.refunded_fen + d.fen, open_refunds = o.open_refunds - d.settled,
              modified_at = %(at)s,
                  confirm_by = CASE WHEN o.open_refunds = d.settled AND o.confirm_left IS NOT NULL
                                    THEN %(at)s + o.confirm_left ELSE o.confirm_by END,
                  confirm_left = CASE WHEN o.open_refunds = d.settled THEN NULL ELSE o.confirm_left END
             FROM unnest(%(orders)s::bigint[], %(fen)s::bigint[], %(count)s::int[]) AS d(id, fen, settled)
            WHERE o.id = d.id
        RETURNING o.id, o.total_fen, o.refunded_fen, o.status = ANY(%(escrow)s) AS in_escrow,
                  o.status = 'shipped_part' AND NOT EXISTS (
                      SELECT FROM shops_orderline l
                       WHERE l.order_id = o.id AND l.closed_at IS NULL
                       AND l.shipped_at IS NULL) AS nothing_to_send""",
        {
            "at": at,
            "orders": orders,
            "fen": [fen[i] for i in orders],
            "count": [count[i] for i in orders],
            "escrow": list(IN_ESCROW),
        },
    )
    thaw(orders, at=at)
    return sorted(settled, key=lambda row: row["id"])


def thaw(orders: Sequence[int], *, at: datetime) -> None:
    """Escrow that no dispute holds any more, and that is not used up, can be released again."""
    free = rows(
        """SELECT e.reference FROM payments_escrow e
            WHERE e.reference = ANY(%s) AND e.status = 'frozen'
              AND NOT EXISTS (SELECT FROM shops_dispute d WHERE 'order:' || d.order_id = e.reference
              AND d.order_id = ANY(%s)
                                 AND d.status = ANY(%s)) ORDER BY e.id""",
        [[reference(i) for i in orders], list(orders), list(DISPUTE_OPEN)],
    )
    if free:
        escrow.unfreeze([row[0] for row in free], at=at)


def _close_orders(orders: Sequence[int], *, at: datetime) -> None:
    if orders:
        closed = move(
            ORDER, ORDER_STEP["close"], orders, at=at, sets="closed_at = %(at)s, closed_by = 'refund'"
        )
        emit("order.closed", order_facts(closed), at=at)


def _ship_rest(orders: Sequence[int], *, at: datetime) -> None:
    """What was not sent was refunded: the order waits for the buyer now."""
    from shops.actions.shipping import STARTS_CLOCK, spans

    if orders:
        rules = regime.at(at)
        moved = move(
            ORDER,
            ORDER_STEP["ship_rest"],
            orders,
            at=at,
            sets=STARTS_CLOCK,
            pauses=rules.trade.refund_pauses_confirm,
            **spans(rules),
        )
        emit("order.shipped", order_facts(moved), at=at)


def _pay_return_postage(paid: Sequence[Row], *, at: datetime) -> None:
    """The parcel back, where the seller bears it: from the seller's balance, as far as it reaches."""
    due = [row for row in paid if row["postage_by"] == "seller" and row["return_postage_fen"] > 0]
    if not due:
        return
    left = dict(
        rows(
            "SELECT code, received_fen - given_fen FROM payments_account WHERE code = ANY(%s)",
            [[f"member:{row['seller']}" for row in due]],
        )
    )
    postings, shares = [], []
    for row in due:
        code = f"member:{row['seller']}"
        fen = min(row["return_postage_fen"], left.get(code, 0))
        if fen:
            left[code] -= fen
            shares.append((row["id"], fen))
            postings.append(
                ledger.Posting(
                    code, f"member:{row['buyer']}", fen, "seller_compensation", reference(row["order"]),
                    f"return_postage:{row['id']}",
                )
            )  # fmt: skip
    ledger.post(postings, at=at)
    execute(
        """UPDATE shops_refund r SET postage_paid_fen = p.fen FROM unnest(%s::bigint[],
        %s::bigint[]) AS p(id, fen)
            WHERE r.id = p.id""",
        [[i for i, _ in shares], [fen for _, fen in shares]],
    )
