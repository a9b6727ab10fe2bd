"""Who lives in a market, as arrays: what a scenario says of them, spread out by the seed. Pure functions; nothing here
changes, so nothing is stored: an agent's number is enough to know its nature again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from common import exact, random, regions, sections, words
from simulation import habits
from simulation.scenario import from_document
from simulation.scenario.shapes import Scenario

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

QUERIES_A_CATEGORY = 6
TASTES = 3  # categories a buyer comes back to
GOODS_EACH = 4_096  # numbers kept for the goods of one seller


@dataclass(frozen=True, eq=False)
class Trade:
    """What is wanted and sold here. `category`: ids; `weight`: the share of demand of each (Zipf over a drawn order).

    `query`: what people type, `query_of` the place of each query's category, `query_weight` its share among searches.
    """

    category: Ints
    weight: Floats
    query: tuple[str, ...]
    query_of: Ints
    query_weight: Floats


@dataclass(frozen=True, eq=False)
class Buyers:
    """`rate`: sessions a day while about; `size`: the own part of how long they are (normal score); `pace`: of how slow.
    `buy_leaning` ...: beside the usual buyer's 1. `taste`: places in `Trade.category`, TASTES a buyer. `care`: how much
    reputation weighs (median 1). `strict`: standard deviations above the usual judge. `talks`: likes to ask first."""

    count: int
    region: Ints
    rate: Floats
    size: Floats
    pace: Floats
    buy_leaning: Floats
    cart_leaning: Floats
    favourite_leaning: Floats
    taste: Ints
    care: Floats
    strict: Floats
    talks: Bools
    funds_fen: Ints


@dataclass(frozen=True, eq=False)
class Sellers:
    """Everybody who sells or may come to sell. `row`: their table in the scenario. `quality`, `service`: 0 to 1, of the
    goods and of the manners. `capacity`: parcels a day. `protection`: the
    chance of joining the scheme at once. `enters`: not there from the start. `listings`: goods at first."""

    count: int
    row: Ints
    strategy: NDArray[Any]
    section: Ints
    subsection: Ints
    region: Ints
    village: Ints
    quality: Floats
    service: Floats
    skill: Floats
    capacity: Floats
    margin_bps: Ints
    listings: Ints
    protection: Floats
    enters: Bools


@dataclass(frozen=True, eq=False)
class People:
    trade: Trade
    buyers: Buyers
    sellers: Sellers


# What is looked for most is the scenario's and no seed's luck: seeds differ in who sells it and who looks.
EVERY_SEED = 0


@lru_cache(maxsize=2)
def people_of(text: str, seed: int) -> tuple[Scenario, People]:
    """A scenario's document, as JSON, read; and its people under a seed."""
    scenario = from_document(orjson.loads(text))
    return scenario, people(scenario, seed)


def people(scenario: Scenario, seed: int) -> People:
    """The people of a scenario under a seed."""
    goods = trade(scenario, seed)
    return People(goods, buyers(scenario, seed, goods), sellers(scenario, seed, goods))


# -- sellers ------------------------------------------------------------------------------------------------


def sellers(scenario: Scenario, seed: int, goods: Trade) -> Sellers:
    table = scenario.shops
    row = np.repeat(np.arange(len(table)), [r.count for r in table])
    number = np.arange(len(row))

    def spread(what: str, middle: str, sd: str) -> Floats:
        values = np.array([getattr(r, middle) for r in table])[row]
        sds = np.array([getattr(r, sd, 0.1) for r in table])[row]
        drawn = random.normals(seed, f"people.seller.{what}", number)
        return np.clip(values + sds * drawn, 0.02, 0.995)

    subsection = np.empty(len(row), dtype=np.int64)
    for n, r in enumerate(table):
        mine = np.flatnonzero(row == n)
        subsection[mine] = _subsections(r.trades, seed, mine, goods)
    villages = {v.name: n for n, v in enumerate(scenario.villages)}
    village = np.array([villages.get(r.village, -1) for r in table], dtype=np.int64)[row]
    home = regions.sample(seed, (1 << 33) + number)
    if scenario.villages:
        codes = np.array([v.code for v in scenario.villages], dtype=np.int64)
        home = np.where(village >= 0, codes[village], home)
    listings = random.log_normals(
        seed,
        "people.seller.listings",
        number,
        log_mean=exact.log(np.array([r.listings for r in table]))[row],
        log_sd=np.array([r.listings_spread for r in table])[row],
    )
    return Sellers(
        count=len(row),
        row=row,
        strategy=np.array([r.strategy for r in table], dtype=object)[row],
        section=subsection // 100,
        subsection=subsection,
        region=home,
        village=village,
        quality=spread("quality", "quality", "quality_spread"),
        service=spread("service", "service", "quality_spread"),
        skill=random.uniforms(seed, "people.seller.skill", number),
        capacity=np.array([r.capacity * r.staff for r in table])[row],
        margin_bps=np.array([r.margin_bps for r in table], dtype=np.int64)[row],
        listings=np.clip(
            listings, 1, np.array([min(r.listings_most, GOODS_EACH // 4) for r in table])[row]
        ).astype(np.int64),
        protection=np.array([r.protection for r in table])[row],
        enters=np.array([r.enters == "imitation" for r in table])[row],
    )


def _subsections(trades: dict[str, float], seed: int, numbers: Ints, goods: Trade) -> Ints:
    """A sub-section for each of these sellers; a section's are chosen as often as their goods are wanted."""
    slugs = sorted(trades)
    drawn = random.choices(seed, "people.seller.trade", numbers, weights=[trades[s] for s in slugs])
    which = random.uniforms(seed, "people.seller.subsection", numbers)
    out = np.empty(len(numbers), dtype=np.int64)
    for n, slug in enumerate(slugs):
        mine = np.flatnonzero(drawn == n)
        within = np.array(_under(slug), dtype=np.int64)
        wanted = np.array([goods.weight[goods.category // 100 == sub].sum() for sub in within.tolist()])
        edges = np.cumsum(np.maximum(wanted, 1e-9))
        place = np.searchsorted(edges, which[mine] * edges[-1], side="right")
        out[mine] = within[np.minimum(place, len(within) - 1)]
    return out


def _under(slug: str) -> list[int]:
    """The sub-sections a slug stands for."""
    number = sections.find(slug).id
    return [sub.id for sub in sections.all_sub_sections() if number in (sub.id, sub.id // 100)]


# -- what is wanted -----------------------------------------------------------------------------------------


def trade(scenario: Scenario, seed: int) -> Trade:
    """Categories of what is looked for (the crowd's trades, or those of the shops), and the words for them."""
    slugs = dict(scenario.buyers.trades)
    if not slugs:
        for row in scenario.shops:
            for slug, weight in row.trades.items():
                slugs[slug] = slugs.get(slug, 0.0) + row.count * weight / sum(row.trades.values())
    wanted: dict[int, float] = {}
    for slug, weight in sorted(slugs.items()):
        for sub in _under(slug):
            wanted[sub] = wanted.get(sub, 0.0) + weight / len(_under(slug))
    category = np.array(sorted(c.id for sub in wanted for c in sections.categories_in(sub)), dtype=np.int64)
    rank = np.empty(len(category), dtype=np.int64)
    rank[random.shuffled(EVERY_SEED, "people.trade", category)] = np.arange(len(category))
    falling = exact.exp(-scenario.behaviour.category_zipf * exact.log(1.0 + rank))
    per = np.array([wanted[c // 100] for c in category.tolist()])
    weight = falling * per
    owner = np.repeat(np.arange(len(category)), QUERIES_A_CATEGORY)
    place = np.tile(np.arange(QUERIES_A_CATEGORY), len(category))
    typed = words.queries_about(seed, category[owner], owner * QUERIES_A_CATEGORY + place)
    _, first = np.unique(np.array(typed, dtype=object).astype(str), return_index=True)
    kept = np.sort(first)
    share = weight[owner] / (2.0 + place)
    return Trade(
        category=category,
        weight=weight / weight.sum(),
        query=tuple(typed[n] for n in kept.tolist()),
        query_of=owner[kept],
        query_weight=share[kept] / share[kept].sum(),
    )


# -- buyers -------------------------------------------------------------------------------------------------


def buyers(scenario: Scenario, seed: int, goods: Trade) -> Buyers:
    crowd, measured = scenario.buyers, scenario.behaviour
    number = np.arange(crowd.count)
    home = regions.sample(seed, number)
    if crowd.regions:
        codes = np.array([int(code) for code in sorted(crowd.regions)], dtype=np.int64)
        weights = [crowd.regions[code] for code in sorted(crowd.regions)]
        home = codes[random.choices(seed, "people.buyer.region", number, weights=weights)]
    taste = np.stack(
        [random.choices(seed, "people.buyer.taste", number, n, weights=goods.weight) for n in range(TASTES)],
        axis=1,
    )
    coming = random.normals(seed, "people.buyer.rate", number)
    longer = random.normals(seed, "people.buyer.size", number)
    together = habits.SIZE_AND_RATE
    ninth = 1.0 / (
        9.0 * habits.RATE_SHAPE
    )  # Wilson and Hilferty's cube of a normal: gamma, by + * and sqrt alone
    cube = np.maximum(0.08, 1.0 - ninth + coming * np.sqrt(ninth))
    rate = measured.sessions_a_day * cube**3

    def leaning(what: str, sd: float) -> Floats:
        return random.log_normals(seed, f"people.buyer.{what}", number, log_mean=-sd * sd / 2, log_sd=sd)

    return Buyers(
        count=crowd.count,
        region=home,
        rate=rate,
        size=together * coming + np.sqrt(1 - together**2) * longer,
        pace=random.normals(seed, "people.buyer.pace", number),
        buy_leaning=leaning("buys", habits.BUY_LEANING),
        cart_leaning=leaning("carts", habits.CART_LEANING),
        favourite_leaning=leaning("favourites", habits.FAVOURITE_LEANING),
        taste=taste,
        care=random.log_normals(seed, "people.buyer.care", number, log_sd=0.5),
        strict=random.normals(seed, "people.buyer.strict", number),
        talks=random.chances(seed, "people.buyer.talks", number, probability=0.3),
        funds_fen=random.log_normals(
            seed,
            "people.buyer.funds",
            number,
            log_mean=exact.log(np.array([max(float(crowd.funds_fen), 1.0)]))[0],
            log_sd=0.4,
        ).astype(np.int64)
        * (crowd.funds_fen > 0),
    )
