"""Clicks as their seller reads them; who clicked is told to nobody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from common.batch import dicts
from common.errors import NotFound
from common.moments import start_of

SHOWN = """
    SELECT id, auction_id AS auction, slot, seller_id AS seller, campaign_id AS campaign, group_id AS group,
           keyword_id AS keyword, creative_id AS creative, listing_id AS listing, shop_id AS shop, at, verdict, price_fen
      FROM search_express_click
"""
FILTERS = ("campaign", "group", "keyword", "creative")


def clicks(filters: Mapping[str, Any], by: int | None, *, after: int, limit: int) -> list[dict[str, Any]]:
    """Clicks on ads of a seller (None: on all), after id `after`; one more than `limit` if there is more."""
    where, given = ["id > %(after)s"], {"after": after, "most": limit + 1, "by": by, **filters}
    where += [f"{name}_id = %({name})s" for name in FILTERS if name in filters]
    if by is not None:
        where.append("seller_id = %(by)s")
    if "verdict" in filters:
        where.append("verdict = %(verdict)s")
    if "day" in filters:
        where.append("at >= %(start)s AND at < %(end)s")
        given |= {"start": start_of(filters["day"]), "end": start_of(filters["day"] + timedelta(days=1))}
    return dicts(f"{SHOWN} WHERE {' AND '.join(where)} ORDER BY id LIMIT %(most)s", given)


def click(id_: int, by: int | None) -> dict[str, Any]:
    """A click; `NotFound` when there is none, or it was on another seller's ad."""
    own = "" if by is None else "AND seller_id = %(by)s"
    found = dicts(f"{SHOWN} WHERE id = %(id)s {own}", {"id": id_, "by": by})
    if not found:
        raise NotFound(
            f"there is no click {id_}", field="click", rule="click_exists", way_out="List your own."
        )
    return found[0]
