"""What buyers remember: where they looked, what lies in their cart, what they kept and what they bought. All of it stands
in the market's tables, and is read from there whenever it is not at hand."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from common.batch import rows
from simulation.habits import REMEMBERED, WEIGHT

BOUGHT_MOST = 20


@dataclass(eq=False)
class Mind:
    """One buyer's, each from the oldest to the latest: what they had to do with, what is in the cart, favourites, bought."""

    looked: deque[int] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    cart: dict[int, None] = field(default_factory=dict)
    kept: dict[int, None] = field(default_factory=dict)
    bought: deque[int] = field(default_factory=lambda: deque(maxlen=BOUGHT_MOST))
    known: set[int] = field(default_factory=set)  # everything they ever had to do with


@dataclass(eq=False)
class Memory:
    """`of`: member -> mind. `visited`: member * SHOPS + shop, for each shop a member was in."""

    of: dict[int, Mind] = field(default_factory=dict)
    visited: set[int] = field(default_factory=set)

    def mind(self, member: int) -> Mind:
        found = self.of.get(member)
        if found is None:
            found = self.of[member] = Mind()
        return found


SHOPS = 1 << 31  # no market has more shops

# Looks, favourites, carts and orders of buyers (kinds as in habits.PV ...).
TOUCHED = """
    SELECT e.* FROM (SELECT member_id, listing_id, 0 AS kind, at FROM traffic_pageview WHERE listing_id IS NOT NULL
                     UNION ALL SELECT member_id, listing_id, CASE act WHEN 'favourite' THEN 1 ELSE 2 END, at
                                 FROM traffic_interest WHERE act IN ('favourite', 'cart')
                     UNION ALL SELECT o.buyer_id, l.listing_id, 3, o.placed_at
                                 FROM shops_order o JOIN shops_orderline l ON l.order_id = o.id) e
      JOIN simulation_agent a ON a.member_id = e.member_id AND a.kind = 0
"""
# The latest REMEMBERED of each.
LOOKED = f"""
    SELECT member_id, listing_id, kind FROM (
        SELECT e.*, row_number() OVER (PARTITION BY member_id ORDER BY at DESC, kind DESC, listing_id DESC) AS back
          FROM ({TOUCHED}) e) r
     WHERE back <= %s ORDER BY member_id, at, kind, listing_id
"""
KNOWN = f"SELECT DISTINCT member_id, listing_id FROM ({TOUCHED}) e"
VISITED = """
    SELECT DISTINCT v.member_id * %s + v.shop_id FROM traffic_pageview v
      JOIN simulation_agent a ON a.member_id = v.member_id AND a.kind = 0 WHERE v.shop_id IS NOT NULL
"""
# What stands is the last act of each kind on a listing, unless it was bought since.
STANDING = """
    SELECT i.member_id, i.listing_id, i.act FROM (
        SELECT DISTINCT ON (member_id, listing_id, act) member_id, listing_id, act, at, id
          FROM traffic_interest WHERE act IN ('favourite', 'cart') ORDER BY member_id, listing_id, act, id DESC) i
      JOIN simulation_agent a ON a.member_id = i.member_id AND a.kind = 0
     WHERE NOT EXISTS (SELECT FROM shops_order o JOIN shops_orderline l ON l.order_id = o.id
                        WHERE o.buyer_id = i.member_id AND l.listing_id = i.listing_id AND o.placed_at >= i.at)
     ORDER BY i.member_id, i.at, i.id
"""
BOUGHT = """
    SELECT o.buyer_id, l.listing_id FROM shops_order o JOIN shops_orderline l ON l.order_id = o.id
      JOIN simulation_agent a ON a.member_id = o.buyer_id AND a.kind = 0 ORDER BY o.buyer_id, o.placed_at, l.listing_id
"""


def remembered() -> Memory:
    """Everybody's, from the tables."""
    memory = Memory()
    for member, listing, kind in rows(LOOKED, [REMEMBERED]):
        memory.mind(member).looked.extend([listing] * WEIGHT[kind])
    for member, listing in rows(KNOWN):
        memory.mind(member).known.add(listing)
    for member, listing, act in rows(STANDING):
        mind = memory.mind(member)
        (mind.cart if act == "cart" else mind.kept)[listing] = None
    for member, listing in rows(BOUGHT):
        memory.mind(member).bought.append(listing)
    memory.visited = {row[0] for row in rows(VISITED, [SHOPS])}
    return memory
