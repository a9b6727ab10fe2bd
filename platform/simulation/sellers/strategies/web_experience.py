"""Web experience: the shop lives by its page.

Whoever cannot touch the goods judges the page. So this seller looks for the goods that many look at and few buy, and
writes them better: a title with more of the words people search, more pictures, a fuller description. The shop is
decorated, joins the protection scheme as soon as the deposit can be spared, puts its best goods into the showcase,
explains itself under bad words and answers in the chat. (Li 2014, 5.4, 6.2.1: edits also keep goods fresh in ranking.)
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from common import words
from shops.actions.edits import Edit
from simulation.intents import Wish
from simulation.keys import LISTINGS
from simulation.scene import Scene
from simulation.sellers import answers, nature
from simulation.sellers.nature import Floats, Ints
from simulation.sellers.seen import Seen
from simulation.sellers.strategies import shared

RICHER, SKILLED = 8, 14  # points of description an edit adds, and what skill adds to that (assumption)
PICTURES_MOST = 15


def every(scene: Scene, mine: Ints) -> Floats:
    """Days between two mornings at the desk."""
    return 7.0 / np.maximum(nature.nature(scene).told("edits_a_week", 2.0)[mine], 0.1)


def morning(scene: Scene, mine: Ints, seen: Seen) -> Iterator[Wish]:
    yield from shared.decorate(scene, seen, mine)
    yield from shared.protect(scene, seen, mine)
    yield from shared.showcase(scene, seen, mine)
    yield from answers.explain(scene, mine)
    yield from rewrite(scene, mine, seen)


def rewrite(scene: Scene, mine: Ints, seen: Seen, most: int = 1) -> Iterator[Wish]:
    """One listing of each shop, written better: the most looked at for each piece sold that still can gain."""
    goods = seen.goods
    if not len(goods["id"]):
        return
    can = seen.mine(seen.of(mine)) & ((goods["richness"] < 95) | (goods["pictures"] < PICTURES_MOST))
    wanting = (1.0 + goods["pv"]) * (110 - goods["richness"]) / (1.0 + goods["sales"])
    rows = seen.best(wanting, can, most)
    if not len(rows):
        return
    number = seen.number[goods["owner"][rows]]
    gain = RICHER + (SKILLED * scene.people.sellers.skill[number]).astype(np.int64)
    rich = np.minimum(goods["richness"][rows] + gain, 100)
    titles = words.titles(
        scene.seed,
        goods["category"][rows],
        number * LISTINGS + goods["nth"][rows],
        goods["version"][rows],
        richness=0.4 + 0.006 * rich,
    )
    for n, row in enumerate(rows.tolist()):
        changes = {
            "title": titles[n],
            "picture_count": min(
                int(goods["pictures"][row]) + 2, max(PICTURES_MOST, int(goods["pictures"][row]))
            ),
            "description_richness": int(rich[n]),
        }
        why = f"{goods['pv'][row]} views, {goods['sales'][row]} sold: written better"
        yield Wish(int(number[n]), "edit", Edit(int(goods["id"][row]), changes), why, int(goods["id"][row]))
