"""The public trade history: who bought what at which price and when. Nobody can hide or delete it.

What the buyers said of it is the floor above's (`ratings`), which knows a trade by its `line`. What went back
before the trade succeeded was no trade; what went back afterwards was one, and paying it back hides nothing.
"""

from __future__ import annotations

from typing import Any

from common.batch import dicts
from members.queries import shown_name_sql

TRADES = f"""
    SELECT l.id, l.id AS line, l.listing_id AS listing, l.title, l.price_fen, l.quantity, o.shop_id AS shop,
           o.finished_at AS at, {shown_name_sql("b.nick", "b.openness")} AS buyer
      FROM shops_order o JOIN shops_orderline l ON l.order_id = o.id
      JOIN members_member b ON b.id = o.buyer_id
     WHERE o.status = 'finished' AND (l.closed_at IS NULL OR EXISTS (
           SELECT FROM shops_refund r
            WHERE r.order_id = o.id AND r.line_id = l.id AND r.phase = 'finished' AND r.status = 'succeeded'))
       AND (%(after)s = 0 OR l.id < %(after)s AND o.id <= (SELECT order_id FROM shops_orderline
       WHERE id = %(after)s))
"""


def of_shop(shop: int, *, after: int = 0, limit: int = 50) -> list[dict[str, Any]]:
    """Finished trades of a shop, the newest order first, those before line `after`; one more than `limit`.

    A buyer is shown as openly as they chose; lines refunded in full before their success were no trade.
    """
    return dicts(
        f"{TRADES} AND o.shop_id = %(shop)s ORDER BY o.id DESC, l.id DESC LIMIT %(limit)s",
        {"shop": shop, "after": after, "limit": limit + 1},
    )


def of_listing(listing: int, *, after: int = 0, limit: int = 50) -> list[dict[str, Any]]:
    """The same of one listing: its recent deals."""
    return dicts(
        f"{TRADES} AND l.listing_id = %(listing)s ORDER BY l.id DESC LIMIT %(limit)s",
        {"listing": listing, "after": after, "limit": limit + 1},
    )
