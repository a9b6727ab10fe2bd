"""More days for the confirm clock: the seller gives them as often as they like, the buyer takes them once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from common.errors import Conflict, Invalid, Refusal
from events.actions import emit
from regime import queries as regime
from shops.actions.moving import ORDER, Row, move, order_facts
from shops.rules.order import ORDER_STEP


@dataclass(frozen=True, slots=True)
class Extend:
    """The seller gives the buyer so many more days to confirm."""

    order: int
    days: int


@transaction.atomic(savepoint=False)
def extend(intents: Sequence[Extend], *, at: datetime, by: int | None = None) -> list[int]:
    """Add days to the confirm clock of shipped orders; `by`: the seller. Days and how often are levers.

    `Invalid` for days nobody offers, `Conflict` when not shipped, paused by a refund, or too often.
    """
    trade = regime.at(at).trade
    wrong = [n for n, intent in enumerate(intents) if intent.days not in trade.seller_extension_days]
    if wrong:
        offered = ", ".join(str(days) for days in trade.seller_extension_days)
        raise Invalid(
            f"an extension is {offered} days",
            field="days",
            rule="extension_days_are_offered",
            way_out=f"Choose {offered}.",
            rows=wrong,
        )
    moved = move(
        ORDER,
        ORDER_STEP["extend"],
        [intent.order for intent in intents],
        at=at,
        by=by,
        role="seller",
        sets="confirm_by = t.confirm_by + make_interval(hours => i.days * 24),"
        " seller_extensions = t.seller_extensions + 1",
        where="t.confirm_by IS NOT NULL AND (%(limit)s = 0 OR t.seller_extensions < %(limit)s)",
        otherwise=_not_extended,
        each=("days int", [{"days": intent.days} for intent in intents]),
        limit=trade.seller_extension_limit_count,
    )
    emit(
        "order.extended",
        order_facts(moved, by=["seller"] * len(moved), days=[i.days for i in intents]),
        at=at,
    )
    return [row["id"] for row in moved]


@transaction.atomic(savepoint=False)
def prolong(ids: Sequence[int], *, at: datetime, by: int | None = None) -> list[int]:
    """The buyer asks for the regime's few days more, near the end only and so often only. `by`: the buyer."""
    trade = regime.at(at).trade
    moved = move(
        ORDER,
        ORDER_STEP["extend"],
        ids,
        at=at,
        by=by,
        role="buyer",
        sets="confirm_by = t.confirm_by + %(more)s, buyer_extensions = t.buyer_extensions + 1",
        where="t.confirm_by IS NOT NULL AND (%(limit)s = 0 OR t.buyer_extensions < %(limit)s)"
        " AND t.confirm_by <= %(near)s",
        otherwise=_not_extended,
        limit=trade.buyer_extension_limit_count,
        more=timedelta(days=trade.buyer_extension_days),
        near=at + timedelta(days=trade.buyer_extension_last_days),
    )
    days = [trade.buyer_extension_days] * len(moved)
    emit("order.extended", order_facts(moved, by=["buyer"] * len(moved), days=days), at=at)
    return [row["id"] for row in moved]


def _not_extended(row: Row) -> Refusal:
    paused = row["confirm_by"] is None
    return Conflict(
        f"order {row['id']}: the confirm clock is paused by a refund"
        if paused
        else f"order {row['id']}: it is too early, or it was extended as often as it may be",
        field="status",
        rule="a_paused_clock_is_not_extended" if paused else "extensions_are_limited",
        way_out="Wait until the refund is settled."
        if paused
        else "Ask again in the last days, or ask the seller.",
        extra={"state": row["status"]},
    )
