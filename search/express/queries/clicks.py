"""Impressions and clicks as their seller reads them; who looked or clicked is told to nobody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from common.batch import dicts
from common.errors import NotFound
from search.closing import window
from search.express.report import SHOWN as PLACES

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
        given |= window(filters["day"])
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


# The number of an impression is its auction's times this, plus the slot.
SLOTS = 256
IMPRESSIONS = f"""
    SELECT a.id * {SLOTS} + p.slot AS id, a.id AS auction, p.slot, a.at, string_to_array(a.words, ' ') AS words,
           c.seller_id AS seller, c.id AS campaign, g.id AS group, k.id AS keyword, a.creatives[p.slot] AS creative,
           g.listing_id AS listing, c.shop_id AS shop, a.prices[p.slot] AS price_fen
      FROM {PLACES} WHERE a.at >= %(start)s AND a.at < %(end)s AND a.id >= %(after)s / {SLOTS}
"""
OF = {"campaign": "c.id", "group": "g.id", "keyword": "k.id"}


def impressions(
    day: date, filters: Mapping[str, Any], by: int | None, *, after: int, limit: int
) -> list[dict[str, Any]]:
    """Places of a day in which ads of a seller (None: anybody's) were shown, after id `after`; one more than `limit` if
    there is more. `price_fen`: what a click there costs."""
    where = ["", "a.id * %(slots)s + p.slot > %(after)s"]
    where += [f"{sql} = %({name})s" for name, sql in OF.items() if name in filters]
    if by is not None:
        where.append("c.seller_id = %(by)s")
    given = {
        **filters, **window(day), "after": after, "by": by, "slots": SLOTS, "most": limit + 1,
    }  # fmt: skip
    return dicts(f"{IMPRESSIONS} {' AND '.join(where)} ORDER BY 1 LIMIT %(most)s", given)
