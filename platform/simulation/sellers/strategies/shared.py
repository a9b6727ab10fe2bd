"""What sellers of several ways do: decorate, join the protection scheme, fill the showcase, list their first goods."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from regime import queries as regime
from shops.actions.edits import Edit
from simulation.goods import first_goods
from simulation.intents import Wish
from simulation.scene import Scene
from simulation.sellers.nature import Ints
from simulation.sellers.seen import Seen

SPARES = 2  # times the deposit must lie in the purse before it is frozen (assumption)
STYLES = ("red", "blue", "green", "warm")


def decorate(scene: Scene, seen: Seen, mine: Ints) -> Iterator[Wish]:
    """A shop still as plain as it was opened gets a template and a style."""
    places = seen.of(mine)
    for place in places[seen.shops["plain"][places] == 1].tolist():
        who, shop = int(seen.number[place]), int(seen.shops["shop"][place])
        skill = float(scene.people.sellers.skill[who])
        changes = {
            "template": "banner" if skill < 0.5 else "gallery",
            "style": STYLES[who % len(STYLES)],
            "picture_count": 3 + int(9 * skill),
            "description_richness": 40 + int(55 * skill),
        }
        yield Wish(who, "decorate", Edit(shop, changes), "a page as plain as any", shop)


def protect(scene: Scene, seen: Seen, mine: Ints) -> Iterator[Wish]:
    """Join the scheme when the deposit can be spared."""
    deposit = regime.at(scene.at).protection.deposit_fen
    places = seen.of(mine)
    rich = seen.shops["balance_fen"][places] >= SPARES * max(deposit, 1)
    for place in places[rich & (seen.shops["protected"][places] == 0)].tolist():
        shop = int(seen.shops["shop"][place])
        yield Wish(int(seen.number[place]), "protect", shop, f"deposit {deposit} fen can be spared", shop)


def showcase(scene: Scene, seen: Seen, mine: Ints) -> Iterator[Wish]:
    """Free slots go to what sells best, one a morning."""
    goods = seen.goods
    if not len(goods["id"]):
        return
    used = np.bincount(goods["owner"], weights=goods["showcase"], minlength=len(seen.number))
    free = (used < seen.shops["slots"])[goods["owner"]]
    rows = seen.best(
        100.0 * goods["sales"] + goods["pv"], seen.mine(seen.of(mine)) & free & (goods["showcase"] == 0)
    )
    for row in rows.tolist():
        yield Wish(int(seen.number[goods["owner"][row]]), "showcase", int(goods["id"][row]))


def first(scene: Scene, seen: Seen, mine: Ints) -> Iterator[Wish]:
    """A shop with nothing in it yet: its first goods are its own idea, those of newcomers by imitation copies as well."""
    from simulation.sellers.strategies import imitator

    places = seen.of(mine)
    places = places[seen.shops["goods"][places] == 0]
    if not len(places):
        return
    number = seen.number[places]
    many = scene.people.sellers.listings[number]
    copied = np.where(scene.people.sellers.enters[number], np.maximum(many // 2, 1), 0)
    yield from imitator.copying(scene, np.repeat(number, copied), np.zeros(int(copied.sum()), dtype=np.int64))
    own = first_goods(scene.people, scene.seed, number, seen.shops["shop"][places].tolist())
    keeper = np.repeat(number, many).tolist()
    rank = np.concatenate([np.arange(n) for n in many.tolist()])
    kept = rank >= np.repeat(copied, many)
    for new, who, keeps in zip(own, keeper, kept.tolist(), strict=True):
        if keeps:
            yield Wish(who, "list", new, "first goods")
