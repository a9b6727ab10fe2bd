"""Listings as they are read, with where they stand in their cycle."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from common.batch import dicts
from common.errors import NotFound
from regime import queries as regime
from shops.rules.listing import cycle
from worlds.pen import glance

LISTING = """
    SELECT l.id, l.shop_id AS shop, s.owner_id AS owner, l.title, l.tags, l.category_id AS category,
           l.section_id AS section, l.price_fen, l.postage_fen, l.supply, l.delivery, l.stock, l.ready_at,
           l.ship_within_days, l.condition, l.properties::json AS properties, l.description, l.picture_count,
           l.description_richness, l.outer_id, l.status, l.withdrawn_by, l.created_at, l.listed_at,
           l.delisted_at, l.edited_at, l.showcase, l.sold_count, l.version
      FROM shops_listing l JOIN shops_shop s ON s.id = l.shop_id
"""
FILTERS = {
    "shop": "l.shop_id = %(shop)s",
    "owner": "s.owner_id = %(owner)s",
    "section": "l.section_id = %(section)s",
    "subsection": "l.category_id / 100 = %(subsection)s",
    "category": "l.category_id = %(category)s",
    "status": "l.status = %(status)s",
    "supply": "l.supply = %(supply)s",
    "delivery": "l.delivery = %(delivery)s",
    "showcase": "l.showcase = %(showcase)s",
    "price_from_fen": "l.price_fen >= %(price_from_fen)s",
    "price_to_fen": "l.price_fen <= %(price_to_fen)s",
    "available": "(l.stock > 0 OR l.supply = 'custom') = %(available)s",
    "outer_id": "l.outer_id = %(outer_id)s",
}


def listings(filters: Mapping[str, Any], *, after: int = 0, limit: int = 50) -> list[dict[str, Any]]:
    """Listings in order of id after `after`, one more than `limit` when there are more."""
    tests = ["l.id > %(after)s", *(FILTERS[name] for name in filters)]
    found = dicts(
        f"{LISTING} WHERE {' AND '.join(tests)} ORDER BY l.id LIMIT %(limit)s",
        {**filters, "after": after, "limit": limit + 1},
    )
    return _shown(found)


def listing(listing_id: int) -> dict[str, Any]:
    """One listing; raises `NotFound`."""
    found = dicts(f"{LISTING} WHERE l.id = %s", [listing_id])
    if not found:
        raise NotFound(
            f"there is no listing {listing_id}",
            field="listing",
            rule="listing_exists",
            way_out="List the listings.",
        )
    return _shown(found)[0]


def _shown(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With `cycle`: its round, end and the seconds left, for what is on sale."""
    if found:
        at = glance().at
        days = regime.at(at).listing.cycle_days
        for row in found:
            row["cycle"] = _cycle(row, at, days)
    return found


def _cycle(row: Mapping[str, Any], at: datetime, days: int) -> dict[str, Any] | None:
    if row["status"] != "on_sale":
        return None
    now = cycle(row["listed_at"], at, days)
    return {"round": now.round, "ends_at": now.ends_at, "remaining_seconds": now.remaining_seconds}
