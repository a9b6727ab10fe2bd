"""What sellers do by themselves: `turn(scene)` gives their wishes of a tick.

First file to read: `strategies/web_experience.py`; then `fulfilling.py`. Every draw is keyed by seller, order or day; what
a seller knows is read from what a person in that seat could see.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import numpy as np

from simulation.intents import Wish
from simulation.scene import Scene
from simulation.sellers import (
    advertising,
    aftersale,
    answers,
    entry_exit,
    fulfilling,
    nature,
    stocking,
    talking,
)
from simulation.sellers.nature import Ints
from simulation.sellers.seen import seen
from simulation.sellers.strategies import (
    agility,
    brusher,
    celebrity,
    imitator,
    internal_operation,
    keyword_bidder,
    neglectful,
    shared,
    web_experience,
)
from simulation.sellers.strategies.celebrity import followers

STRATEGY: dict[str, ModuleType] = {
    "web_experience": web_experience,
    "internal_operation": internal_operation,
    "agility": agility,
    "keyword_bidder": keyword_bidder,
    "imitator": imitator,
    "celebrity": celebrity,
    "brusher": brusher,
    "neglectful": neglectful,
}


def turn(scene: Scene) -> list[Wish]:
    """Everything sellers want in this tick."""
    return list(_turn(scene))


def _turn(scene: Scene) -> Iterator[Wish]:
    yield from entry_exit.enter(scene)
    yield from fulfilling.turn(scene)
    yield from aftersale.turn(scene)
    yield from answers.turn(scene)
    yield from talking.turn(scene)
    yield from brusher.turn(scene)
    yield from advertising.turn(scene)
    mine = nature.at_desk(scene)
    if len(mine):
        yield from stocking.turn(scene, mine)
        yield from _mornings(scene, mine)
        yield from entry_exit.leave(scene, mine)


def _mornings(scene: Scene, mine: Ints) -> Iterator[Wish]:
    """Those at their desk whose day it is look at their shops, all at once, and each wishes in its own way."""
    kind = nature.nature(scene)
    of: dict[str, Ints] = {}
    for name, strategy in STRATEGY.items():
        same = mine[kind.are(name)[mine]]
        if len(same):
            of[name] = nature.due(scene, same, strategy.every(scene, same))
    looking = np.sort(np.concatenate([*of.values(), np.zeros(0, dtype=np.int64)]))
    if not len(looking):
        return
    there = seen(scene, looking)
    yield from shared.first(scene, there, looking)
    stocked = there.number[there.shops["goods"] > 0]
    for name, those in of.items():
        if len(those):
            yield from STRATEGY[name].morning(scene, np.intersect1d(those, stocked), there)


__all__ = ["STRATEGY", "followers", "turn"]
