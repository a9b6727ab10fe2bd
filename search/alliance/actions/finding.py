"""What the verbs look up before they act, and how they say that it is not there or not theirs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from common.batch import dicts
from common.errors import Conflict, Forbidden, Refusal

Row = dict[str, Any]


def by_id(sql: str, ids: Iterable[int | None]) -> dict[int, Row]:
    """Rows of a statement that takes a list of ids, by their own id."""
    wanted = sorted({i for i in ids if i is not None})
    return {row["id"]: row for row in dicts(sql, [wanted])} if wanted else {}


def shops(ids: Iterable[int | None]) -> dict[int, Row]:
    return by_id("SELECT id, owner_id AS owner, status FROM shops_shop WHERE id = ANY(%s)", ids)


def listings(ids: Iterable[int | None]) -> dict[int, Row]:
    return by_id("SELECT id, shop_id AS shop FROM shops_listing WHERE id = ANY(%s)", ids)


def spaces(ids: Iterable[int | None]) -> dict[int, Row]:
    return by_id("SELECT id, owner_id AS owner, status FROM search_alliance_space WHERE id = ANY(%s)", ids)


PLACEMENTS = """
    SELECT p.id, p.space_id AS space, s.owner_id AS owner,
           CASE WHEN s.status = 'open' THEN p.status ELSE s.status END AS status
      FROM search_alliance_placement p JOIN search_alliance_space s ON s.id = p.space_id WHERE p.id = ANY(%s)
"""


def placements(ids: Iterable[int | None]) -> dict[int, Row]:
    """Placements with their space's owner; open only where the space is open too."""
    return by_id(PLACEMENTS, ids)


def not_yours(noun: str, number: int) -> Refusal:
    return Forbidden(
        f"{noun} {number} is another member's",
        field=noun,
        rule=f"own_{noun}_only",
        way_out="Act as its owner.",
    )


def named_twice(noun: str, ids: Sequence[int]) -> dict[int, Refusal]:
    """The rows whose id an earlier row has already."""
    first: dict[int, int] = {}
    return {
        n: Conflict(f"{noun} {i} is named twice", field="id", rule=f"{noun}_once", way_out="Name each once.")
        for n, i in enumerate(ids)
        if first.setdefault(i, n) != n
    }


def closed(noun: str, number: int) -> Refusal:
    return Conflict(
        f"{noun} {number} is closed",
        field=noun,
        rule=f"a_closed_{noun}_is_not_sold",
        way_out="Reopen it first.",
    )
