"""Pieces taken and given back: one conditional UPDATE, so that no piece is ever promised twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from common.batch import execute, rows
from common.errors import Conflict, Invalid, NotFound, Refusal, several
from events.actions import emit
from shops.rules.listing import STOCK_MOST

Pieces = tuple[int, int]  # (listing, quantity)

WANTED = """(SELECT listing, sum(quantity) AS quantity
               FROM unnest(%(listing)s::bigint[], %(quantity)s::bigint[]) AS each (listing, quantity)
              GROUP BY listing)"""
# Stands alone, or as a part of the statement that quotes the prices (`placing`): then it is one round trip.
TAKE = f"""
    UPDATE shops_listing l SET stock = CASE WHEN l.supply = 'custom' THEN 0 ELSE l.stock - w.quantity END
      FROM {WANTED} w, shops_shop s
     WHERE l.id = w.listing AND s.id = l.shop_id AND (l.supply = 'custom' OR l.stock >= w.quantity)
 RETURNING l.id, l.stock, l.supply, l.shop_id, s.owner_id
"""
Moved = tuple[int, int, str, int, int]  # a row of TAKE


@transaction.atomic(savepoint=False)
def take(intents: Sequence[Pieces], *, at: datetime) -> list[int]:
    """Take `quantity` pieces of each `listing`; returns how many of it are left after all, by intent.

    Several intents may want the same listing: the first come are served first. Goods made to order are
    never short and stay at 0. Raises `Conflict` naming listing, wanted and left, with the rows too late.
    """
    _check(intents)
    return taken(intents, rows(TAKE, columns(intents)), at=at)


def taken(intents: Sequence[Pieces], moved: Sequence[Moved], *, at: datetime) -> list[int]:
    """What `take` answers, given the rows its statement moved: refuses a shortage, tells of what ran out."""
    left = {row[0]: row[1] for row in moved}
    short = {listing for listing, _ in intents} - left.keys()
    if short:
        raise _shortage(intents, short)
    out = sorted(row for row in moved if row[1] == 0 and row[2] != "custom")
    emit(
        "stock.ran_out",
        [{"id": row[0], "members": [row[4]], "public": True, "shop": row[3]} for row in out],
        at=at,
    )
    return [left[listing] for listing, _ in intents]


def _shortage(intents: Sequence[Pieces], short: set[int]) -> Refusal:
    """Who came too late, in the order they came. The UPDATE has decided; this finds the words."""
    left = dict(rows("SELECT id, stock FROM shops_listing WHERE id = ANY(%s) FOR UPDATE", [sorted(short)]))
    refused: dict[int, Refusal] = {}
    for i, (listing, quantity) in enumerate(intents):
        if listing not in short:
            continue
        if listing not in left:
            refused[i] = NotFound(f"there is no listing {listing}", field="listing", rule="listing_exists")
        elif left[listing] < quantity:
            refused[i] = Conflict(
                f"listing {listing}: {quantity} wanted, {left[listing]} left",
                field="quantity",
                rule="stock_never_oversells",
                way_out="Order fewer, or wait until it is restocked.",
                extra={"listing": listing, "wanted": quantity, "left": left[listing]},
            )
        else:
            left[listing] -= quantity
    if not refused:  # somebody gave pieces back between the two statements
        return Conflict(
            "the stock moved meanwhile", field="quantity", rule="stock_never_oversells", way_out="Again."
        )
    return several(refused)


@transaction.atomic(savepoint=False)
def give_back(intents: Sequence[Pieces], *, at: datetime) -> None:
    """Put pieces back that were taken and not sold after all. Goods made to order stay at 0."""
    _check(intents)
    execute(
        f"""UPDATE shops_listing l SET stock = l.stock + w.quantity FROM {WANTED} w
             WHERE l.id = w.listing AND l.supply <> 'custom'""",
        columns(intents),
    )


@transaction.atomic(savepoint=False)
def count_sold(intents: Sequence[Pieces], *, at: datetime) -> None:
    """Add pieces to what each listing shows as sold (the orders say when a piece is)."""
    _count(intents, 1)


@transaction.atomic(savepoint=False)
def count_unsold(intents: Sequence[Pieces], *, at: datetime) -> None:
    """Take pieces off what each listing shows as sold: their money went back after the trade's success."""
    _count(intents, -1)


def _count(intents: Sequence[Pieces], way: int) -> None:
    _check(intents)
    execute(
        f"""UPDATE shops_listing l SET sold_count = l.sold_count + %(way)s::int * w.quantity FROM {WANTED} w
             WHERE l.id = w.listing""",
        {**columns(intents), "way": way},
    )


def columns(intents: Sequence[Pieces]) -> dict[str, list[int]]:
    """The values of WANTED and TAKE."""
    return {"listing": [listing for listing, _ in intents], "quantity": [quantity for _, quantity in intents]}


def _check(intents: Sequence[Pieces]) -> None:
    wrong = [i for i, (_, quantity) in enumerate(intents) if not 1 <= quantity <= STOCK_MOST]
    if wrong:
        raise Invalid(
            f"{intents[wrong[0]][1]} is not a number of pieces",
            field="quantity",
            rule="quantity_is_1_or_more",
            way_out="Send 1 or more.",
            rows=wrong,
        )
