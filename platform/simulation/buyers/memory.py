"""What buyers remember: where they looked, what lies in their cart, what they kept and what they bought. All of it stands
in the market's tables, and is read from there whenever it is not at hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from common.batch import rows
from simulation.habits import BUY, CART, FAV, REMEMBERED, WEIGHT

BOUGHT_MOST = 20


@dataclass(eq=False)
class Mind:
    """One buyer's. `touched`: (second, kind, listing) of what they had to do with, `bought`: (second, listing); both by
    time, the latest last. `cart`, `kept`: what lies in the cart and what was favoured, the latest last. `known`: every
    listing they ever had to do with."""

    touched: list[tuple[int, int, int]] = field(default_factory=list)
    bought: list[tuple[int, int]] = field(default_factory=list)
    cart: dict[int, None] = field(default_factory=dict)
    kept: dict[int, None] = field(default_factory=dict)
    known: set[int] = field(default_factory=set)
    _weight: int | None = None

    def weight(self) -> int:
        """Of all that they may go back to."""
        if self._weight is None:
            self._weight = sum([WEIGHT[kind] for _, kind, _ in self.touched])
        return self._weight

    def back(self, far: int) -> int:
        """What lies `far` back from the latest, each as long as it weighs; 0 for what they never had to do with."""
        for _, kind, listing in reversed(self.touched):
            far -= WEIGHT[kind]
            if far < 0:
                return listing
        return 0

    def learn(self, acts: list[tuple[int, int, int]]) -> None:
        """They did this: (second, kind, listing) in any order."""
        self.touched = sorted([*self.touched, *acts])[-REMEMBERED:]
        self._weight = None
        orders = [(second, listing) for second, kind, listing in acts if kind == BUY]
        if orders:
            self.bought = sorted([*self.bought, *orders])[-BOUGHT_MOST:]
        for second, kind, listing in sorted(acts):
            self.known.add(listing)
            if kind == BUY:
                self.cart.pop(listing, None)
                self.kept.pop(listing, None)
            elif kind in (CART, FAV):
                pool = self.cart if kind == CART else self.kept
                pool.pop(listing, None)
                if not any(at >= second and what == listing for at, what in self.bought):
                    pool[listing] = None


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
    SELECT member_id, extract(epoch FROM at)::bigint, kind, listing_id FROM (
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
    SELECT o.buyer_id, extract(epoch FROM o.placed_at)::bigint, l.listing_id
      FROM shops_order o JOIN shops_orderline l ON l.order_id = o.id
      JOIN simulation_agent a ON a.member_id = o.buyer_id AND a.kind = 0 ORDER BY o.buyer_id, o.placed_at, l.listing_id
"""


def remembered() -> Memory:
    """Everybody's, from the tables."""
    memory = Memory()
    for member, second, kind, listing in rows(LOOKED, [REMEMBERED]):
        memory.mind(member).touched.append((second, kind, listing))
    for member, listing in rows(KNOWN):
        memory.mind(member).known.add(listing)
    for member, listing, act in rows(STANDING):
        mind = memory.mind(member)
        (mind.cart if act == "cart" else mind.kept)[listing] = None
    for member, second, listing in rows(BOUGHT):
        mind = memory.mind(member)
        mind.bought = [*mind.bought, (second, listing)][-BOUGHT_MOST:]
    memory.visited = {row[0] for row in rows(VISITED, [SHOPS])}
    return memory


# Numbers only rise, and a tick is alone in its market: what came after the last one is somebody else's doing.
UPTO = """
    SELECT (SELECT coalesce(max(id), 0) FROM traffic_pageview), (SELECT coalesce(max(id), 0) FROM traffic_interest),
           (SELECT coalesce(max(id), 0) FROM shops_order)
"""
OTHERS = """
    SELECT EXISTS (SELECT FROM simulation_agent a WHERE a.kind = 0 AND a.member_id IN (
               SELECT member_id FROM traffic_pageview WHERE id > %s UNION ALL
               SELECT member_id FROM traffic_interest WHERE id > %s UNION ALL
               SELECT buyer_id FROM shops_order WHERE id > %s))
"""


def upto() -> tuple[int, int, int]:
    """How far the tables are that memory is made of."""
    views, acts, orders = rows(UPTO)[0]
    return views, acts, orders


def others(since: tuple[int, int, int] | None) -> bool:
    """Did a person act as one of the population's buyers since the tables were so far?"""
    return since is None or rows(OTHERS, list(since))[0][0] is True
