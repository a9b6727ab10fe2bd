"""Internal operation: the shop lives by its back room.

Stock is bought for the sales of the coming days, parcels leave quickly (hands for the day are hired when work piles up),
and prices follow cost: what does not sell comes down a little, never below cost and a tenth of the margin; what sells
fast goes up a little. The shop stands behind its goods in the protection scheme. (Li 2014, 5.4, 6.2.1.)
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from shops.actions.edits import Edit
from simulation.intents import Wish
from simulation.scene import Scene
from simulation.sellers import answers
from simulation.sellers.nature import Floats, Ints
from simulation.sellers.seen import Seen
from simulation.sellers.strategies import shared

DAYS = 4.0
DOWN_BPS, UP_BPS = 300, 150  # of the price, at a time (assumption)
SLOW_AFTER_DAYS = 14  # without a sale (assumption)
FAST = 15  # pieces in the ranking's window are fast (assumption)
KEEPS_BPS = 1_000  # of the margin is never given up (assumption)


def every(scene: Scene, mine: Ints) -> Floats:
    return np.full(len(mine), DAYS)


def morning(scene: Scene, mine: Ints, seen: Seen) -> Iterator[Wish]:
    yield from shared.protect(scene, seen, mine)
    yield from shared.showcase(scene, seen, mine)
    yield from answers.explain(scene, mine)
    yield from reprice(scene, mine, seen)


def reprice(scene: Scene, mine: Ints, seen: Seen) -> Iterator[Wish]:
    """One price of each shop: of the goods that sell worst for their views, or best."""
    goods = seen.goods
    if not len(goods["id"]):
        return
    number = seen.number[goods["owner"]]
    margin = scene.people.sellers.margin_bps[number]
    new = repriced(goods["price_fen"], goods["sales"], goods["age"], margin, first_price(goods))
    rows = seen.best(1.0 + goods["pv"], seen.mine(seen.of(mine)) & (new != goods["price_fen"]))
    for row in rows.tolist():
        was, will = int(goods["price_fen"][row]), int(new[row])
        why = f"{goods['sales'][row]} sold at {was} fen; {'dearer' if will > was else 'cheaper'}: {will}"
        yield Wish(
            int(number[row]),
            "edit",
            Edit(int(goods["id"][row]), {"price_fen": will}),
            why,
            int(goods["id"][row]),
        )


def first_price(goods: dict[str, Ints]) -> Ints:
    """What goods cost to buy is judged by what is usual in their category, as any buyer-in knows it."""
    from common import exact, sections

    mean, _ = sections.prices_of(goods["category"])
    usual = exact.exp(mean)
    return np.minimum(goods["price_fen"], np.maximum(usual, 1.0)).astype(np.int64)


def repriced(price: Ints, sales: Ints, age: Ints, margin_bps: Ints, basis: Ints) -> Ints:
    """New prices in fen. `basis`: on which cost (price less margin) is reckoned."""
    least = basis * (10_000 - margin_bps * (10_000 - KEEPS_BPS) // 10_000) // 10_000
    down = np.maximum(price * (10_000 - DOWN_BPS) // 10_000 // 10 * 10, least)
    up = -(-price * (10_000 + UP_BPS) // 100_000) * 10
    new = np.where((sales == 0) & (age >= SLOW_AFTER_DAYS) & (down < price), down, price)
    return np.where(sales >= FAST, up, new)
