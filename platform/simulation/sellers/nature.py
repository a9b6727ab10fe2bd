"""What each seller is like, drawn once from the seed: when they sit at their desk, their temper, whether they advertise,
what their row of the scenario sets. Nothing is stored: it can be drawn again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common import random
from common.moments import SHANGHAI
from simulation.scenario.shapes import Row
from simulation.scenario.strategies import STRATEGIES, defaults
from simulation.scene import Scene

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

WAYS = tuple(STRATEGIES)
WAY = {name: n for n, name in enumerate(WAYS)}
DESK_FROM, DESK_HOURS = 8, 14  # at one of the hours from 8 to 21 a seller looks after the shop (assumption)


@dataclass(frozen=True, eq=False)
class Nature:
    """By seller's number. `hour`: when they look after the shop; `phase`: which days, of those on which they do;
    `way`: the place of their strategy in WAYS; `luck`: 0 to 1, of their own; `retaliates`, `reciprocates`: what they do on seeing a verdict."""

    rows: tuple[Row, ...]
    row: Ints
    way: Ints
    hour: Ints
    phase: Ints
    retaliates: Bools
    reciprocates: Bools
    advertises: Bools
    luck: Floats
    _told: dict[tuple[str, Any], NDArray[Any]] = field(default_factory=dict)

    def told(self, name: str, default: Any = 0.0) -> NDArray[Any]:
        """The setting `name` of everybody's row: as the scenario says, else as the strategy is usually, else
        `default`."""
        if (name, default) not in self._told:
            each = [row.settings.get(name, defaults(row.strategy).get(name, default)) for row in self.rows]
            self._told[name, default] = np.array(each)[self.row]
        return self._told[name, default]

    def said(self, name: str) -> NDArray[Any]:
        """The column `name` of everybody's row."""
        if ("row", name) not in self._told:
            self._told["row", name] = np.array([getattr(row, name) for row in self.rows])[self.row]
        return self._told["row", name]

    def are(self, *ways: str) -> Bools:
        return np.isin(self.way, [WAY[name] for name in ways])


def nature(scene: Scene) -> Nature:
    """Everybody's nature."""
    kept = scene.kept.get("sellers.nature")
    if kept is None or kept[0] is not scene.people:
        kept = scene.kept["sellers.nature"] = (scene.people, drawn(scene))
    found: Nature = kept[1]
    return found


def drawn(scene: Scene) -> Nature:
    seed, there, measured = scene.seed, scene.people.sellers, scene.scenario.behaviour
    number = np.arange(there.count)
    rows = tuple(scene.scenario.shops)
    share_ads = np.array([row.share_ads for row in rows])[there.row]
    way = np.array([WAY[row.strategy] for row in rows], dtype=np.int64)[there.row]

    def chance(what: str, share: Any) -> Bools:
        return random.chances(seed, f"seller.{what}", number, probability=share)

    return Nature(
        rows=rows,
        row=there.row,
        way=way,
        hour=DESK_FROM + random.integers(seed, "seller.hour", number, bound=DESK_HOURS),
        phase=random.integers(seed, "seller.phase", number, bound=5_040),
        retaliates=chance("retaliates", measured.retaliate_share),
        reciprocates=chance("reciprocates", measured.reciprocate_share),
        advertises=(way == WAY["keyword_bidder"]) | chance("advertises", share_ads),
        luck=random.uniforms(seed, "seller.luck", number),
    )


def hours(scene: Scene) -> range:
    """The hours of the day that begin within this tick."""
    last = scene.at.astimezone(SHANGHAI).hour
    return range(last + 1 - scene.scenario.tick_hours, last + 1)


def present(scene: Scene) -> Bools:
    """Who decides by themselves and has a shop."""
    return scene.seller_bot & (scene.seller_shop > 0)


def at_desk(scene: Scene, later: int = 0) -> Ints:
    """Numbers of those who look after their shop in this tick; `later`: so many hours after they usually do."""
    when = (nature(scene).hour + later) % 24
    now = hours(scene)
    return np.flatnonzero(present(scene) & (when >= now.start) & (when < now.stop))


def due(scene: Scene, mine: Ints, every: Any) -> Ints:
    """Those of `mine` whose day it is, who come every so many days; a newcomer comes in the first two days as well."""
    kind = nature(scene)
    period = np.maximum(np.rint(np.broadcast_to(np.asarray(every, dtype=float), mine.shape)), 1).astype(
        np.int64
    )
    turn = (scene.day + kind.phase[mine]) % period == 0
    return mine[turn | newcomer(scene, mine)]


def newcomer(scene: Scene, mine: Ints) -> Bools:
    """Came into the market by imitation, two days ago at most."""
    age = scene.at.timestamp() - scene.seller_entered[mine]
    return scene.people.sellers.enters[mine] & (age < 2 * 86_400)


def number_of(scene: Scene, members: Ints) -> Ints:
    """The sellers these members are; -1 for others."""
    kept = scene.kept.get("sellers.members")
    if kept is None or kept[0] is not scene.seller_member:
        order = np.argsort(scene.seller_member, kind="stable")
        kept = scene.kept["sellers.members"] = (scene.seller_member, order, scene.seller_member[order])
    return _found(kept[1], kept[2], members)


def keeper_of(scene: Scene, shops: Ints) -> Ints:
    """The sellers who keep these shops; -1 for others'."""
    kept = scene.kept.get("sellers.shops")
    if kept is None or kept[0] is not scene.seller_shop:
        order = np.argsort(scene.seller_shop, kind="stable")
        kept = scene.kept["sellers.shops"] = (scene.seller_shop, order, scene.seller_shop[order])
    return _found(kept[1], kept[2], shops)


def sold_lately(scene: Scene) -> Floats:
    """Pieces each seller sold in the ranking's window, as result pages show them; what is not on sale is left out."""
    kept = scene.kept.get("sellers.sold")
    if kept is None or kept[0] is not scene.shelf or kept[1] is not scene.seller_shop:
        keeper = keeper_of(scene, scene.shelf.shop)
        ours = keeper >= 0
        weights = scene.shelf.sales[ours].astype(float)
        sold = np.bincount(keeper[ours], weights=weights, minlength=len(scene.seller_shop)).astype(float)
        kept = scene.kept["sellers.sold"] = (scene.shelf, scene.seller_shop, sold)
    found: Floats = kept[2]
    return found


def _found(order: Ints, sorted_: Ints, wanted: Ints) -> Ints:
    if not len(sorted_):
        return np.full(len(wanted), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(sorted_, wanted), len(sorted_) - 1)
    return np.where((sorted_[at] == wanted) & (wanted > 0), order[at], -1)
