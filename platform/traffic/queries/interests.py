"""What stands in a member's favourites and cart: of each listing their last act."""

from __future__ import annotations

from typing import Any

from common.batch import dicts

STANDING = """
    SELECT i.id, i.listing_id AS listing, i.shop_id AS shop, i.quantity, i.at, l.title, l.price_fen, l.stock,
           l.status
      FROM (SELECT DISTINCT ON (listing_id) * FROM traffic_interest
             WHERE member_id = %(member)s AND act IN (%(act)s, %(undone)s) ORDER BY listing_id, id DESC) i
      JOIN shops_listing l ON l.id = i.listing_id
     WHERE i.act = %(act)s AND i.id > %(after)s
       AND (%(listing)s::bigint IS NULL OR i.listing_id = %(listing)s)
     ORDER BY i.id LIMIT %(limit)s
"""


def standing(
    member: int, act: str, *, after: int = 0, limit: int = 50, listing: int | None = None
) -> list[dict[str, Any]]:
    """The listings a member keeps (`act`: favourite or cart), in the order of their acts, `limit` and one."""
    return dicts(
        STANDING,
        {
            "member": member,
            "act": act,
            "undone": f"un{act}",
            "after": after,
            "limit": limit + 1,
            "listing": listing,
        },
    )
