"""The figures of the market this connection is in: its shops, its orders, its clicks on bought places."""

from __future__ import annotations

from typing import Any

import numpy as np

from common.batch import rows
from simulation.measures.figure import Figure, Floats, Ints, Statistic, bootstrapped, quantiles, ratio
from simulation.measures.shops import Shops, shop_figures
from traffic.rules import SOURCE

DAYS = 3  # a click and a purchase of the same goods so many days later belong together
SECTIONS = 3  # the clicks in so many equal parts by price: cheap, middle, dear

SHOPS = """
    SELECT c.recent_good::float8 / nullif(c.recent_all, 0), i.description / 100.0::float8, i.service / 100.0::float8,
           i.delivery / 100.0::float8, coalesce(sold.pieces, 0)::float8, coalesce(stocked.items, 0)::float8
      FROM shops_shop s
      LEFT JOIN ratings_credit c ON c.id = 2 * s.owner_id
      LEFT JOIN ratings_index i ON i.id = s.owner_id
      LEFT JOIN (SELECT o.shop_id, sum(n.quantity) AS pieces FROM shops_orderline n JOIN shops_order o ON o.id = n.order_id
                  WHERE o.paid_at IS NOT NULL GROUP BY o.shop_id) sold ON sold.shop_id = s.id
      LEFT JOIN (SELECT shop_id, count(*) AS items FROM shops_listing WHERE status = 'on_sale' GROUP BY shop_id) stocked
             ON stocked.shop_id = s.id
     WHERE s.status <> 'closed' ORDER BY s.id
"""
CLICKS = """
    SELECT v.member_id, l.price_fen,
           EXISTS (SELECT FROM shops_orderline n JOIN shops_order o ON o.id = n.order_id
                    WHERE n.listing_id = v.listing_id AND o.buyer_id = v.member_id
                      AND o.paid_at >= v.at AND o.paid_at < v.at + make_interval(days => %(days)s))::int
      FROM traffic_pageview v JOIN shops_listing l ON l.id = v.listing_id
     WHERE v.source = %(source)s AND v.member_id IS NOT NULL
     ORDER BY l.price_fen, v.at, v.visitor, v.listing_id
"""
ORDERS = """
    SELECT o.buyer_id, o.shop_id, (SELECT sum(quantity) FROM shops_orderline n WHERE n.order_id = o.id)::bigint,
           extract(epoch FROM o.paid_at - o.placed_at)::bigint,
           EXISTS (SELECT FROM shops_dispute d WHERE d.order_id = o.id)::int
      FROM shops_order o WHERE o.paid_at IS NOT NULL ORDER BY o.id
"""


def market(repeats: int = 200) -> list[Figure]:
    """Figures of shops (95 % intervals over shops), orders and clicks (over buyers). Reads only."""
    shops = Shops(*np.array(rows(SHOPS), dtype=np.float64).reshape(-1, 6).T)
    clicks = _columns(rows(CLICKS, {"days": DAYS, "source": SOURCE["keyword_ad"].code}), 3)
    orders = _columns(rows(ORDERS), 5)
    return [
        *shop_figures(shops, repeats),
        *clicked(*clicks, repeats=repeats),
        *ordered(*orders, repeats=repeats),
    ]


def clicked(member: Ints, price: Ints, bought: Ints, *, repeats: int = 200) -> list[Figure]:
    """Of clicks on bought places (rising by price), the share followed by the clicker's purchase: all, and by
    thirds of the clicks. `price` in fen."""
    users, owner = _numbered(member)
    third = np.arange(len(price)) * SECTIONS // max(len(price), 1)
    names = {
        "ad_conversion": third >= 0,
        "ad_conversion_cheap": third == 0,
        "ad_conversion_dear": third == SECTIONS - 1,
    }
    return bootstrapped(
        [
            ratio(name, _each(owner[mine], users, bought[mine]), _each(owner[mine], users))
            for name, mine in names.items()
        ],
        users,
        repeats,
    )


def ordered(
    buyer: Ints, shop: Ints, pieces: Ints, seconds: Ints, disputed: Ints, *, repeats: int = 200
) -> list[Figure]:
    """Of paid orders: of one piece; seconds from placing to paying; with a dispute. Of pairs of buyer and shop:
    with a second order."""
    users, owner = _numbered(buyer)
    pair, times = np.unique(owner * (int(shop.max(initial=0)) + 1) + shop, return_counts=True)
    whose = pair // (int(shop.max(initial=0)) + 1)
    count = _each(owner, users)
    statistics: list[Statistic] = [
        ratio("orders_of_one_piece", _each(owner[pieces == 1], users), count),
        ratio("orders_disputed", _each(owner, users, disputed), count),
        ratio("buyers_returning_to_a_shop", _each(whose[times > 1], users), _each(whose, users)),
        *quantiles({"seconds_to_pay_median": 0.5}, seconds, owner),
    ]
    return bootstrapped(statistics, users, repeats)


def _columns(found: list[tuple[Any, ...]], count: int) -> Ints:
    return np.array(found, dtype=np.int64).reshape(-1, count).T


def _numbered(member: Ints) -> tuple[int, Ints]:
    names, owner = np.unique(member, return_inverse=True)
    return len(names), owner


def _each(owner: Ints, users: int, weights: Ints | None = None) -> Floats:
    return np.bincount(owner, weights, minlength=users).astype(np.float64)
