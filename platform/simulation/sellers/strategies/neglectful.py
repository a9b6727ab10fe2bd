"""The neglectful: opened once, looked after seldom.

Stock runs out before anybody notices, inquiries lie, parcels leave late and some never, requests for money back are left
to time. It shows what grade, indices and lateness are for. (Li 2014, 5.2: xiao er warn such shops; World Bank 2019: small
and young shops turn over fastest.)
"""

from __future__ import annotations

from collections.abc import Iterator

from simulation.intents import Wish
from simulation.scene import Scene
from simulation.sellers import nature
from simulation.sellers.nature import Floats, Ints
from simulation.sellers.seen import Seen


def every(scene: Scene, mine: Ints) -> Floats:
    return nature.nature(scene).told("look_days", 3.0)[mine].astype(float)


def morning(scene: Scene, mine: Ints, seen: Seen) -> Iterator[Wish]:
    """Looks, and leaves it at that."""
    return iter(())
