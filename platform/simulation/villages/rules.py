"""Taobao Villages and Towns by the published criteria: pure functions of a year's figures and the levers `villages.*`.

Sources: AliResearch's yearly lists; World Bank & Alibaba 2019; what an active shop is: its call of 2022.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from common import sections
from regime.levers import Villages

BPS = 10_000
VILLAGE, TOWN = "village", "town"
# What counts as farm products, of food and health: what is grown, dried or picked; not what a factory makes. Ours.
FARM = ("nuts", "dried-fruit", "tea", "grain", "local", "fresh")


@dataclass(frozen=True, slots=True)
class Place:
    """A village: its name, its town's nine-digit code, its households."""

    name: str
    code: int
    households: int


@dataclass(frozen=True, slots=True)
class Figures:
    """A year of a village: finished orders' goods less refunds, of which farm products; active shops."""

    sales_fen: int = 0
    farm_fen: int = 0
    active_shops: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """What one place came to. `name` is a village's; a town's is empty. `counted_fen`: sales as the rule counts them."""

    kind: str
    code: int
    name: str
    sales_fen: int
    counted_fen: int
    active_shops: int
    households: int
    villages: int
    met: bool


def farm_subsections() -> list[int]:
    """Ids of the sub-sections that hold farm products."""
    return [sections.find(slug).id for slug in FARM]


def counted(figures: Figures, rules: Villages, year: int) -> int:
    """Sales in fen as they count: farm products more than once from the year of that rule on; rounded down."""
    if year < rules.farm_weight_from_year:
        return figures.sales_fen
    return figures.sales_fen + figures.farm_fen * (rules.farm_weight_bps - BPS) // BPS


def is_village(figures: Figures, households: int, rules: Villages, year: int) -> bool:
    """Sales enough, and shops enough by their number or by the share of households."""
    shops = figures.active_shops
    many = shops >= rules.shops_least_count or shops * BPS >= rules.households_least_bps * households
    return counted(figures, rules, year) >= rules.sales_least_fen and shops > 0 and many


def is_town(villages: int, counted_fen: int, active_shops: int, rules: Villages, year: int) -> bool:
    """Recognised villages enough; or, from the year of that rule on, sales and shops enough without them."""
    if villages >= rules.town_villages_least_count:
        return True
    large = counted_fen >= rules.town_sales_least_fen and active_shops >= rules.town_shops_least_count
    return year >= rules.town_sales_from_year and large


def judge(
    places: Iterable[Place], figures: Mapping[str, Figures], rules: Villages, year: int
) -> list[Judged]:
    """Every village, then every town of theirs, by code; a village without figures sold nothing."""
    found: list[Judged] = []
    for place in places:
        own = figures.get(place.name, Figures())
        found.append(
            Judged(
                VILLAGE,
                place.code,
                place.name,
                own.sales_fen,
                counted(own, rules, year),
                own.active_shops,
                place.households,
                0,
                is_village(own, place.households, rules, year),
            )
        )
    return found + [_town(code, found, rules, year) for code in sorted({one.code for one in found})]


def _town(code: int, villages: list[Judged], rules: Villages, year: int) -> Judged:
    """A town: the sum of its villages. Shops outside them are not known by village and do not count."""
    its = [one for one in villages if one.code == code]
    sales, much, shops, households = (
        sum(getattr(one, name) for one in its)
        for name in ("sales_fen", "counted_fen", "active_shops", "households")
    )
    met = sum(one.met for one in its)
    return Judged(TOWN, code, "", sales, much, shops, households, met, is_town(met, much, shops, rules, year))
