"""Agility: the shop lives by the long tail.

Listing costs nothing, so this seller lists much and watches: niche goods that few others offer, half of them made only
when somebody orders. What nobody has looked at for a month makes room for the next try. Buyers who ask for something of
their own are answered, for that is where such a shop earns. (Li 2014, 6.2.1: goods listed before they are made, and made
to a buyer's order; Zhang & Qiu 2024: listing is an externality, it costs nothing.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from common import random
from simulation.goods import categories, new_listings
from simulation.intents import Wish
from simulation.people import GOODS_EACH
from simulation.scene import Scene
from simulation.sellers import nature
from simulation.sellers.nature import Floats, Ints
from simulation.sellers.seen import Seen
from simulation.sellers.strategies import shared

SLOW_AFTER_DAYS = 30  # unsold so long, goods make room (assumption)
KEEPS = 5  # a shop keeps at least so many goods
GROWS = 4  # times its first goods a shop holds at most (assumption)
MADE_FROM, MADE_DAYS = 4, 7  # goods made to order take 4 to 10 days (assumption)
TRIES = 3  # ideas for a new listing, of which the one with the fewest rivals is taken


def every(scene: Scene, mine: Ints) -> Floats:
    return 7.0 / np.maximum(nature.nature(scene).told("new_a_week", 2.0)[mine], 0.1)


def morning(scene: Scene, mine: Ints, seen: Seen) -> Iterator[Wish]:
    yield from turn_over(scene, mine, seen)
    yield from try_out(scene, mine, seen)
    yield from shared.showcase(scene, seen, mine)


def turn_over(scene: Scene, mine: Ints, seen: Seen) -> Iterator[Wish]:
    """The least looked at of what has not sold in a month leaves, one of each shop."""
    goods = seen.goods
    held = np.bincount(goods["owner"], minlength=len(seen.number))
    slow = (goods["age"] >= SLOW_AFTER_DAYS) & (goods["sales"] == 0) & (held[goods["owner"]] > KEEPS)
    for row in seen.best(-1.0 * goods["pv"], seen.mine(seen.of(mine)) & slow).tolist():
        number, id_ = int(seen.number[goods["owner"][row]]), int(goods["id"][row])
        yield Wish(
            number, "delist", id_, f"{goods['age'][row]} days old, {goods['pv'][row]} views, none sold", id_
        )


def try_out(scene: Scene, mine: Ints, seen: Seen) -> Iterator[Wish]:
    """A new listing of each shop: of a few ideas the one with the fewest rivals on the shelves."""
    places = seen.of(mine)
    held = np.bincount(seen.goods["owner"], minlength=len(seen.number))
    tries = nature.nature(scene).told("new_a_week", 2.0)[seen.number[places]] > 0
    places = places[tries & (held[places] < GROWS * scene.people.sellers.listings[seen.number[places]])]
    if not len(places):
        return
    number, k = seen.number[places], seen.shops["goods"][places]
    shops = seen.shops["shop"][places].tolist()
    tried = (TRIES * k[:, None] + np.arange(TRIES)) % (GOODS_EACH // 2) + GOODS_EACH // 2
    rivals = rivals_of(scene)
    kinds = categories(scene.people, scene.seed, np.repeat(number, TRIES), tried.ravel()).reshape(tried.shape)
    taken = [rivals.get(one, 0) for one in kinds.ravel().tolist()]
    few = np.array(taken).reshape(tried.shape).argmin(axis=1)
    best = new_listings(scene.people, scene.seed, number, tried[np.arange(len(number)), few], shops)
    actor = number * GOODS_EACH + k
    made = random.chances(
        scene.seed, "agility.made", actor, probability=nature.nature(scene).told("custom_share", 0.5)[number]
    )
    days = MADE_FROM + random.integers(scene.seed, "agility.days", actor, bound=MADE_DAYS)
    for n, who in enumerate(number.tolist()):
        new = best[n]
        if made[n] and new.delivery == "express":
            new = replace(new, supply="custom", stock=0, ship_within_days=int(days[n]))
        how = "made to order" if new.supply == "custom" else "in stock"
        yield Wish(who, "list", new, f"{rivals.get(new.category_id, 0)} rivals in its category; {how}")


def rivals_of(scene: Scene) -> dict[int, int]:
    """How many offers each category has, as its result pages say."""
    category, count = np.unique(scene.shelf.category, return_counts=True)
    return dict(zip(category.tolist(), count.tolist(), strict=True))
