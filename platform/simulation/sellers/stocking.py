"""Buying in: what runs low is bought again, as far as the purse reaches. A shop looked after seldom runs out.

What stock costs is paid outside the market, at price less margin; here it is a number that bounds how much is bought.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from shops.actions.listings import Restock
from simulation.intents import Wish
from simulation.scene import Scene
from simulation.sellers import nature
from simulation.sellers.nature import Ints
from simulation.sellers.reading import Spec, array, columns, epoch

LOW = 5  # pieces: less than these, or than a week's sales, is low (assumption)
LEAST = 20  # pieces are bought at a time, if the purse reaches
STOCK_DAYS = 14.0  # of sales are kept in stock where the scenario says nothing
CAPITAL_FEN = 1_000_000  # beside what lies in the market, a shop can lay out so much at a time (assumption)

SHORT: Spec = (
    ("id", "l.id"),
    ("shop", "l.shop_id"),
    ("stock", "l.stock"),
    ("price_fen", "l.price_fen"),
    ("sold", "l.sold_count"),
    ("created", epoch("l.created_at")),
    ("balance_fen", "coalesce(a.received_fen - a.given_fen, 0)"),
)
SHORTS = f"""
    FROM shops_listing l JOIN shops_shop s ON s.id = l.shop_id
    LEFT JOIN payments_account a ON a.code = 'member:' || s.owner_id
    WHERE l.shop_id = ANY(%s::bigint[]) AND l.status = 'on_sale' AND l.supply <> 'custom'
      AND l.stock < {LOW} + 7 * l.sold_count / (7 + extract(epoch FROM %s - l.created_at) / 86400)
"""


def turn(scene: Scene, mine: Ints) -> Iterator[Wish]:
    """What sellers `mine` buy in."""
    kind = nature.nature(scene)
    look = kind.told("look_days", 1)[mine]
    mine = nature.due(scene, mine, np.where(kind.are("neglectful")[mine], look, 1))
    if not len(mine):
        return
    low = columns(SHORT, SHORTS, [array(scene.seller_shop[mine]), scene.at], order="l.id")
    number = nature.keeper_of(scene, low["shop"])
    days = kind.told("stock_days", STOCK_DAYS)[number]
    age = np.maximum((int(scene.at.timestamp()) - low["created"]) / 86_400.0, 7.0)
    wanted = np.maximum(np.ceil(low["sold"] / age * days), LEAST).astype(np.int64) - low["stock"]
    cost = low["price_fen"] * (10_000 - scene.people.sellers.margin_bps[number]) // 10_000
    bought = affordable(wanted, np.maximum(cost, 1), low["balance_fen"] + CAPITAL_FEN, number)
    for n in np.flatnonzero(bought > 0).tolist():
        why = f"{low['stock'][n]} left; {bought[n]} bought at {cost[n]} fen"
        yield Wish(
            int(number[n]), "restock", Restock(int(low["id"][n]), add=int(bought[n])), why, int(low["id"][n])
        )


def affordable(wanted: Ints, cost: Ints, purse: Ints, owner: Ints) -> Ints:
    """How many pieces of each an owner's purse reaches for, goods in their order; `purse`: the same for all of one."""
    by_owner = np.argsort(owner, kind="stable")
    spent = np.cumsum((wanted * cost)[by_owner])
    of = owner[by_owner]
    first = np.searchsorted(of, of, side="left")
    before = spent - (wanted * cost)[by_owner]
    left = np.empty(len(wanted), dtype=np.int64)
    left[by_owner] = purse[by_owner] - (before - before[first])
    return np.clip(left // cost, 0, wanted)
