"""What sellers see when they look after their shops: their goods, their balance, last week's visitors and takings, what
their ads did. Two statements for all who look in one tick; none when nobody does. Nothing of another's secrets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.moments import day_of
from simulation.keys import NTH
from simulation.scene import Scene
from simulation.sellers import nature
from simulation.sellers.nature import Bools, Ints
from simulation.sellers.reading import Spec, array, columns, epoch
from traffic.rules import DIMENSIONS

WEEK = 7

SHOP: Spec = (
    ("shop", "s.id"),
    ("balance_fen", "coalesce(a.received_fen - a.given_fen, 0)"),
    ("protected", "(s.protection_since IS NOT NULL)::int"),
    ("plain", "(s.template = 'plain')::int"),
    ("slots", "s.showcase_slots"),
    ("level", "coalesce(c.level, 0)"),
    ("goods", "(SELECT count(*) FROM shops_listing l WHERE l.shop_id = s.id)"),
    ("pv", "coalesce(t.pv, 0)"),
    ("uv", "coalesce(t.uv, 0)"),
    ("orders", "coalesce(t.orders, 0)"),
    ("paid_fen", "coalesce(t.paid_fen, 0)"),
)
SHOPS = f"""
    FROM shops_shop s
    LEFT JOIN payments_account a ON a.code = 'member:' || s.owner_id
    LEFT JOIN ratings_credit c ON c.id = 2 * s.owner_id
    LEFT JOIN (SELECT key, sum(pv) AS pv, sum(uv_daily) AS uv, sum(orders_paid) AS orders, sum(paid_fen) AS paid_fen
                 FROM traffic_daily WHERE dimension = {DIMENSIONS["shop"]} AND key = ANY(%(shops)s::bigint[])
                  AND day >= %(since)s GROUP BY key) t ON t.key = s.id
    WHERE s.id = ANY(%(shops)s::bigint[]) AND s.status = 'open'
"""
LISTING: Spec = (
    ("id", "l.id"),
    ("shop", "l.shop_id"),
    ("category", "l.category_id"),
    ("price_fen", "l.price_fen"),
    ("stock", "l.stock"),
    ("custom", "(l.supply = 'custom')::int"),
    ("richness", "l.description_richness"),
    ("pictures", "l.picture_count"),
    ("showcase", "l.showcase::int"),
    ("sold", "l.sold_count"),
    ("created", epoch("l.created_at")),
    ("version", "l.version"),
    ("sales", "coalesce(r.sales, 0)"),
    ("pv", "coalesce(r.pv, 0)"),
    ("nth", NTH),
)
LISTINGS = """
    FROM shops_listing l LEFT JOIN search_descriptor r ON r.id = l.id
    WHERE l.shop_id = ANY(%(shops)s::bigint[]) AND l.status = 'on_sale'
"""


@dataclass(frozen=True, eq=False)
class Seen:
    """`shops` by place: who looks (`number`), and a column each of SHOP. `goods`: what they have on sale, a column each
    of LISTING, with `owner` (the place of its shop) and `age` (days)."""

    number: Ints
    shops: dict[str, Ints]
    goods: dict[str, Ints]

    def of(self, mine: Ints) -> Ints:
        """The places of these sellers among those who look; who has no open shop is left out."""
        at = (
            np.minimum(np.searchsorted(self.number, mine), len(self.number) - 1)
            if len(self.number)
            else mine * 0
        )
        return at[self.number[at] == mine] if len(self.number) else np.zeros(0, dtype=np.int64)

    def mine(self, places: Ints) -> Bools:
        """Which goods are of the shops at these places."""
        wanted = np.zeros(len(self.number), dtype=bool)
        wanted[places] = True
        return wanted[self.goods["owner"]]

    def best(self, score: NDArray[Any], among: Bools, most: int = 1) -> Ints:
        """The goods of highest score of each shop, at most so many of each; ties to the older."""
        rows = np.flatnonzero(among)
        owner = self.goods["owner"][rows]
        rows = rows[np.lexsort((self.goods["id"][rows], -score[rows], owner))]
        owner = self.goods["owner"][rows]
        place = np.arange(len(rows)) - np.searchsorted(owner, owner, side="left")
        return rows[place < most]


def seen(scene: Scene, mine: Ints) -> Seen:
    """What sellers `mine` see now."""
    params = {"shops": array(scene.seller_shop[mine]), "since": day_of(scene.at) - timedelta(days=WEEK)}
    shops = columns(SHOP, SHOPS, params, order="s.id")
    goods = columns(LISTING, LISTINGS, params, order="l.id")
    number = nature.keeper_of(scene, shops["shop"])
    order = np.argsort(number, kind="stable")
    shops = {name: column[order] for name, column in shops.items()}
    number = number[order]
    keeper = nature.keeper_of(scene, goods["shop"])
    at = np.searchsorted(number, keeper)
    known = (
        np.flatnonzero((at < len(number)) & (number[np.minimum(at, max(len(number) - 1, 0))] == keeper))
        if len(number)
        else np.zeros(0, dtype=np.int64)
    )
    goods = {name: column[known] for name, column in goods.items()}
    goods["owner"] = at[known]
    goods["age"] = (int(scene.at.timestamp()) - goods["created"]) // 86_400
    return Seen(number, shops, goods)
