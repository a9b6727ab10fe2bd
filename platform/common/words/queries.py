"""What buyers type: short, from the same vocabulary, and few of them over and over.

The pool is ranked and its weights fall as 1 / (rank + 10) ** 1.1. The slope is that of categories in a real
log of 12 million events (1.08 to 1.12); no published list gives volumes of Taobao queries, so the offset,
which keeps the first query below 3 % of all searches, is an assumption.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from common import exact, random, sections
from common.words.source import (
    Bag,
    Texts,
    categories_for,
    feature_bag,
    noun_bag,
    place_of,
    section_bag,
    words,
)

ZIPF_SLOPE, ZIPF_OFFSET = 1.1, 10
POOL_SIZE = 20_000
# A query's shape, by share: the noun alone, one word with it, or two. Set so that distinct queries have
# nearly 7 characters on average and one in twenty a blank, as 100,000 real ones do.
_SHAPES = (0.10, 0.42, 0.48)
_SOURCES = ("feature", "style", "material", "crowd", "extra")
_SOURCE_SHARES = (0.35, 0.20, 0.17, 0.13, 0.15)
_EXTRAS = 0


def queries_about(
    seed: int, ids: ArrayLike, actors: ArrayLike | None = None, count: ArrayLike = 0
) -> list[str]:
    """A query for goods of each id (section, sub-section or category) as the actor would type it."""
    flat, who = place_of(ids, actors)
    categories = categories_for(seed, flat, who, count)
    noun = noun_bag()
    noun_drawn = noun.draw(seed, "words.query.noun", who, count, categories, skew=True)
    nouns = noun.text[noun_drawn]
    shape = random.choices(seed, "words.query.shape", who, count, weights=_SHAPES)
    first = _modifier(seed, "words.query.first", who, count, categories)
    second = _modifier(seed, "words.query.second", who, count, categories)
    style = random.uniforms(seed, "words.query.style", who, count)
    rows = zip(nouns, first, second, shape.tolist(), style.tolist(), strict=True)
    return [_written(*row) for row in rows]


def _modifier(
    seed: int, purpose: str, who: ArrayLike, count: ArrayLike, categories: NDArray[np.int64]
) -> Texts:
    """One word beside the noun for each row, from a list chosen by row."""
    kind = random.choices(seed, f"{purpose}.kind", who, count, weights=_SOURCE_SHARES)
    found: Texts = np.full(categories.size, "", dtype=object)
    for position, source in enumerate(_SOURCES):
        rows = np.flatnonzero(kind == position)
        if rows.size:
            bag, owners = _list_of(source, categories[rows])
            actors, counts = (np.broadcast_to(np.asarray(a), categories.shape)[rows] for a in (who, count))
            found[rows] = bag.text[bag.draw(seed, purpose, actors, counts, owners, skew=True)]
    return found


@lru_cache(maxsize=1)
def _extra_bag() -> Bag:
    return Bag({_EXTRAS: words("titles", "query_extra")})


def _list_of(source: str, categories: NDArray[np.int64]) -> tuple[Bag, NDArray[np.int64]]:
    if source == "feature":
        return feature_bag(), categories // 100
    if source == "extra":
        return _extra_bag(), np.full(categories.size, _EXTRAS)
    return section_bag(source + "s"), categories // 10_000


def _written(noun: str, first: str, second: str, shape: int, style: float) -> str:
    """The words in an order buyers use, some apart by blanks; nothing said twice."""
    said = [word for word in (first, second)[:shape] if word and word not in noun and noun not in word]
    if len(said) == 2 and (said[0] in said[1] or said[1] in said[0]):
        said.pop()
    ordered = [*said, noun] if style < 0.75 else [noun, *said]
    blank = " " if style % 0.25 < 0.01 or any(word.isascii() for word in ordered) else ""
    return blank.join(ordered)


@lru_cache(maxsize=8)
def query_pool(seed: int, size: int = POOL_SIZE) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """The market's queries, most searched first, and the share of searches of each (they add up to 1).

    Distinct; at most `size` of them. Ranked by how often they were thought of in a first round, so bare
    nouns of busy trades come first. Which trades are busy differs by seed.
    """
    every = sections.category_ids()
    trades = every[random.shuffled(seed, "words.query.trades", every)]
    actors = np.arange(3 * size)
    weights = 1.0 / (ZIPF_OFFSET + np.arange(1, trades.size + 1))
    picked = trades[random.choices(seed, "words.query.trade", actors, 0, weights=weights)]
    distinct = tuple(query for query, _ in Counter(queries_about(seed, picked, actors)).most_common(size))
    falling = exact.exp(-ZIPF_SLOPE * exact.log(ZIPF_OFFSET + np.arange(1, len(distinct) + 1)))
    return distinct, falling / falling.sum()


def queries(seed: int, actors: ArrayLike, count: ArrayLike = 0, *, size: int = POOL_SIZE) -> list[str]:
    """What each actor searches for, whatever it is: a draw from the pool by its shares."""
    pool, shares = query_pool(seed, size)
    return [
        pool[index] for index in random.choices(seed, "words.query", actors, count, weights=shares).tolist()
    ]
