"""Deal pages as their two sides see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.batch import dicts
from common.errors import NotFound

DEAL = """
    SELECT d.id, d.shop_id AS shop, s.owner_id AS seller, d.buyer_id AS buyer, d.postage_fen, d.terms,
           d.status, d.issued_at, d.expires_at, d.settled_at, lines.lines,
           lines.total_fen + d.postage_fen AS total_fen
      FROM shops_deal d JOIN shops_shop s ON s.id = d.shop_id
      CROSS JOIN LATERAL (
           SELECT json_agg(json_build_object('listing', n.listing_id, 'title', l.title,
                                             'quantity', n.quantity,
                                             'price_fen', n.price_fen, 'listed_price_fen', l.price_fen)
                           ORDER BY n.id) AS lines,
                  sum(n.quantity * n.price_fen)::bigint AS total_fen
             FROM shops_dealline n JOIN shops_listing l ON l.id = n.listing_id WHERE n.deal_id = d.id) lines
"""
FILTERS = {
    "shop": "d.shop_id = %(shop)s",
    "buyer": "d.buyer_id = %(buyer)s",
    "status": "d.status = %(status)s",
}
TWO_SIDES = "(%(viewer)s::bigint IS NULL OR %(viewer)s IN (d.buyer_id, s.owner_id))"


def deals(
    filters: Mapping[str, Any], viewer: int | None, *, after: int = 0, limit: int = 50
) -> list[dict[str, Any]]:
    """Deals that `viewer` issued or was offered (None: the platform sees all), after id `after`."""
    tests = ["d.id > %(after)s", TWO_SIDES, *(FILTERS[name] for name in filters)]
    return dicts(
        f"{DEAL} WHERE {' AND '.join(tests)} ORDER BY d.id LIMIT %(limit)s",
        {**filters, "viewer": viewer, "after": after, "limit": limit + 1},
    )


def deal(deal_id: int, viewer: int | None) -> dict[str, Any]:
    """One deal; raises `NotFound`, also for everybody but its two sides: nobody else learns of it."""
    found = dicts(f"{DEAL} WHERE d.id = %(id)s AND {TWO_SIDES}", {"id": deal_id, "viewer": viewer})
    if not found:
        raise NotFound(
            f"there is no deal {deal_id}", field="deal", rule="deal_exists", way_out="List your deals."
        )
    return found[0]
