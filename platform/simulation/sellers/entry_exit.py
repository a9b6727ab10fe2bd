"""Who comes, and who gives up.

*Entry.* A household that could keep a shop thinks about it once a week. It comes the sooner the more of its neighbours
keep one and the better they visibly do: their published sales against what a month's work earns elsewhere (Zhang & Qiu
2024: visibility; Dongfeng: one shop in 2007, over 300 by 2010). Without visible sales there is only word of mouth.

*Exit.* A shop adds up four weeks: takings times margin, less what its hours are worth and what ads cost. One that loses
closes with a chance each week, a young one the sooner: small and young shops turn over fastest (World Bank 2019).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common import exact, random
from common.moments import day_of
from search.express.rules import DIMENSIONS as ADS
from simulation.intents import Wish
from simulation.scene import Scene
from simulation.sellers import nature
from simulation.sellers.nature import Bools, Floats, Ints
from simulation.sellers.reading import Spec, array, columns
from traffic.rules import DIMENSIONS

WEEK = 7
# -- entry (all assumptions; set so that one of 1,200 households becomes over 300 in three years of fair success)
NOBODY = 0.000002  # a week, where nobody sells yet
MOUTH = 0.004  # a week, if all neighbours sold: what is told of them, whether or not anybody sees their sales
EYES = 0.016  # a week more, if all neighbours sold and visibly earned what a month's work earns elsewhere
TALK = 0.75  # the first few are talked about beyond their share: share to this power
SUCCESS_MOST = 2.0
MARGIN = 0.25  # neighbours guess that so much of the price stays
WINDOW_DAYS = 30.0  # of the sales that result pages show

# -- leaving; all assumptions too
LOOKS_BACK_DAYS = 28
YOUNGEST_DAYS = 45  # nobody gives up before
HOURS = 0.002  # of a month's wage elsewhere: what a day in the shop is worth, for a pair of hands
OLD, YOUNG = 0.02, 0.10  # a week, of shops that lose: of old ones, and beyond that of the youngest
AGES_DAYS = 300.0


def enter(scene: Scene) -> Iterator[Wish]:
    """Households whose day of thinking it is, in the first tick of a day."""
    there = scene.people.sellers
    outside = there.enters & (scene.seller_member == 0)
    if not (scene.first_tick_today and outside.any()):
        return
    thinking = np.flatnonzero(outside & ((scene.day + nature.nature(scene).phase) % WEEK == 0))
    if not len(thinking):
        return
    share, earned = neighbours(scene)
    home = there.village[thinking]
    success = earned[home] / nature.nature(scene).said("wage_fen")[thinking]
    visible = nature.nature(scene).told("visible_sales", True)[thinking].astype(bool)
    chance = hazard(share[home], success, visible)
    come = random.chances(scene.seed, "household.enters", thinking, scene.day, probability=chance)
    for n in np.flatnonzero(come).tolist():
        who = int(thinking[n])
        seen = f"{success[n]:.2f} of a wage" if visible[n] else "nobody knows what"
        why = (
            f"{share[there.village[who]]:.3f} of the neighbours sell and earn {seen}: {chance[n]:.5f} a week"
        )
        yield Wish(who, "enter", who, why)


def hazard(share: Floats, success: Floats, visible: Bools) -> Floats:
    """The chance that a household opens a shop this week. `share`: of its neighbours with one; `success`: what these
    visibly earn, in wages."""
    talked = np.where(share > 0, exact.exp(TALK * exact.log(np.maximum(share, 1e-9))), 0.0)
    seen = np.where(visible, np.clip(success, 0.0, SUCCESS_MOST), 0.0)
    return np.minimum(NOBODY + talked * (MOUTH + EYES * seen), 1.0)


def neighbours(scene: Scene) -> tuple[Floats, Floats]:
    """By village: the share of households that keep a shop, and what a shop visibly earns in a month, in fen.

    Households of the scenario are the neighbours: those who may come are among them.
    """
    there, shelf = scene.people.sellers, scene.shelf
    homes = np.array([village.households for village in scene.scenario.villages], dtype=float)
    keeps = (scene.seller_shop > 0) & ~scene.seller_left & (there.village >= 0)
    shops = np.bincount(there.village[keeps], minlength=len(homes)).astype(float)
    keeper = nature.keeper_of(scene, shelf.shop)
    home = np.where(keeper >= 0, there.village[keeper], -1) if len(keeper) else keeper
    near = home >= 0
    takings = np.bincount(
        home[near], weights=(shelf.sales * shelf.price_fen)[near].astype(float), minlength=len(homes)
    )
    earned = takings * MARGIN * (30.0 / WINDOW_DAYS) / np.maximum(shops, 1.0)
    return shops / np.maximum(homes, 1.0), earned


TAKEN: Spec = (
    ("shop", "s.id"),
    ("paid_fen", "coalesce(t.paid_fen, 0)"),
    ("ads_fen", "coalesce(a.cost_fen, 0)"),
)
TAKINGS = f"""
    FROM shops_shop s
    LEFT JOIN (SELECT key, sum(paid_fen) AS paid_fen FROM traffic_daily
                WHERE dimension = {DIMENSIONS["shop"]} AND key = ANY(%(shops)s::bigint[]) AND day >= %(since)s
                GROUP BY key) t ON t.key = s.id
    LEFT JOIN (SELECT key, sum(cost_fen) AS cost_fen FROM search_express_daily
                WHERE dimension = {ADS["account"][0]} AND key = ANY(%(owners)s::bigint[]) AND day >= %(since)s
                GROUP BY key) a ON a.key = s.owner_id
    WHERE s.id = ANY(%(shops)s::bigint[]) AND s.status = 'open'
"""


def leave(scene: Scene, mine: Ints) -> Iterator[Wish]:
    """Of sellers `mine`, at their desk, those whose week of reckoning it is and who have had enough. Shops meant for
    people stay."""
    kind, there = nature.nature(scene), scene.people.sellers
    age = (scene.at.timestamp() - scene.seller_entered) / 86_400.0
    mine = mine[(age[mine] >= YOUNGEST_DAYS) & ~kind.said("seats")[mine].astype(bool)]
    mine = mine[(scene.day + kind.phase[mine]) % WEEK == 0]
    if not len(mine):
        return
    params = {
        "shops": array(scene.seller_shop[mine]),
        "owners": array(scene.seller_member[mine]),
        "since": day_of(scene.at) - timedelta(days=LOOKS_BACK_DAYS),
    }
    told = columns(TAKEN, TAKINGS, params, order="s.id")
    number = nature.keeper_of(scene, told["shop"])
    hours = (HOURS * kind.said("wage_fen") * kind.said("staff"))[number].astype(np.int64) * LOOKS_BACK_DAYS
    profit = told["paid_fen"] * there.margin_bps[number] // 10_000 - told["ads_fen"] - hours
    chance = giving_up(profit, age[number])
    ends = random.chances(scene.seed, "seller.leaves", number, scene.day, probability=chance)
    for n in np.flatnonzero(ends).tolist():
        why = f"{LOOKS_BACK_DAYS} days: took {told['paid_fen'][n]}, ads {told['ads_fen'][n]}, hours {hours[n]}: {profit[n]} fen"
        yield Wish(int(number[n]), "close", int(told["shop"][n]), why, int(told["shop"][n]))


def giving_up(profit_fen: Ints, age_days: NDArray[Any]) -> Floats:
    """The chance that a shop closes this week: none while it earns; the younger, the higher."""
    young = exact.exp(-np.minimum(np.maximum(age_days, 0.0), 50_000.0) / AGES_DAYS)
    return np.where(profit_fen < 0, OLD + YOUNG * young, 0.0)
