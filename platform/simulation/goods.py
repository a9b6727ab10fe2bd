"""Shops and goods of the population's sellers: names, sheets, prices and stock, drawn once for each by its number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from common import exact, random, sections, words
from shops.actions.listings import NewListing
from shops.actions.shops import Opening
from simulation.people import GOODS_EACH, Bools, Ints, People

# Log of the price over quality. Dearer goods sell less, so shops that sell much are judged a little worse, as those of 2017
# are (rank correlation of sales and description -0.15). Assumption.
QUALITY_COSTS = 2.5
STOCK_LEAST, STOCK_SPAN = 20, 180  # pieces bought before opening: assumption


def openings(crowd: People, seed: int, numbers: Ints, owners: Sequence[int]) -> list[Opening]:
    """The shops of sellers `numbers`, as they open them."""
    there = crowd.sellers
    sub = there.subsection[numbers]
    names = words.shop_names(seed, sub, numbers)
    richness = words.richnesses(seed, (1 << 33) + numbers, skill=there.skill[numbers])
    pictures = words.picture_counts(seed, (1 << 33) + numbers, richness=richness)
    return [
        Opening(
            owner=owner,
            name=name,
            section_id=number // 100,
            subsection_id=number,
            region=home,
            picture_count=shown,
            description_richness=rich,
        )
        for owner, name, number, home, shown, rich in zip(
            owners,
            names,
            sub.tolist(),
            there.region[numbers].tolist(),
            pictures.tolist(),
            richness.tolist(),
            strict=True,
        )
    ]


def protected(crowd: People, seed: int, numbers: Ints) -> Bools:
    """Which of them join the Consumer Protection Scheme at once."""
    return random.chances(seed, "goods.protected", numbers, probability=crowd.sellers.protection[numbers])


def first_goods(crowd: People, seed: int, numbers: Ints, shops: Sequence[int]) -> list[NewListing]:
    """What sellers `numbers` offer at first, each in its own `shops`."""
    many = crowd.sellers.listings[numbers]
    owner = np.repeat(np.arange(len(numbers)), many)
    place = (
        np.concatenate([np.arange(n) for n in many.tolist()]) if len(many) else np.zeros(0, dtype=np.int64)
    )
    return new_listings(crowd, seed, numbers[owner], place, [shops[n] for n in owner.tolist()])


def categories(crowd: People, seed: int, numbers: Ints, places: Ints) -> Ints:
    """What each of these goods is: of its seller's sub-section, as often as it is wanted."""
    goods, sub = crowd.trade, crowd.sellers.subsection[numbers]
    drawn = random.uniforms(seed, "goods.category", numbers * GOODS_EACH + places)
    out = np.empty(len(numbers), dtype=np.int64)
    for number in np.unique(sub).tolist():
        mine = np.flatnonzero(sub == number)
        choices = [c.id for c in sections.categories_in(number)]
        at = np.searchsorted(goods.category, choices)
        at = np.minimum(at, len(goods.category) - 1)
        weights = np.where(goods.category[at] == choices, goods.weight[at], 0.0)
        edges = np.cumsum(np.maximum(weights, 1e-9))
        which = np.searchsorted(edges, drawn[mine] * edges[-1], side="right")
        out[mine] = np.array(choices)[np.minimum(which, len(choices) - 1)]
    return out


def prices(crowd: People, seed: int, numbers: Ints, places: Ints, category: Ints) -> Ints:
    """Fen: round what is usual in the category, dearer for better goods."""
    base = words.prices(seed, category, numbers * GOODS_EACH + places).astype(float)
    lift = exact.exp(QUALITY_COSTS * (crowd.sellers.quality[numbers] - 0.75))
    return np.maximum((base * lift).astype(np.int64), 100)


def new_listings(
    crowd: People, seed: int, numbers: Ints, places: Ints, shops: Sequence[int]
) -> list[NewListing]:
    """Goods number `places` of sellers `numbers`, for their `shops`."""
    if not len(numbers):
        return []
    actor = numbers * GOODS_EACH + places
    category = categories(crowd, seed, numbers, places)
    richness = words.richnesses(seed, actor, skill=crowd.sellers.skill[numbers])
    titles = words.titles(seed, category, actor, richness=0.4 + 0.006 * richness)
    sheets = words.properties(seed, category, actor)
    pictures = words.picture_counts(seed, actor, richness=richness)
    stock = STOCK_LEAST + random.integers(seed, "goods.stock", actor, bound=STOCK_SPAN)
    price = prices(crowd, seed, numbers, places, category)
    return [
        NewListing(
            shop=shop,
            title=title,
            category_id=kind,
            price_fen=fen,
            stock=pieces,
            properties=sheet,
            delivery="virtual" if sections.section_of(kind).is_virtual else "express",
            picture_count=shown,
            description_richness=rich,
        )
        for shop, title, kind, fen, pieces, sheet, shown, rich in zip(
            shops,
            titles,
            category.tolist(),
            price.tolist(),
            stock.tolist(),
            sheets,
            pictures.tolist(),
            richness.tolist(),
            strict=True,
        )
    ]
