"""Result pages as a searcher sees them: which listings answer which words is asked of the word index, their order is the
formula's (`search.rules`), as the search page itself gives it. Kept up to date by what came, went or was edited."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from common import exact
from common.batch import rows
from search.rules import ELSEWHERE, IN_TITLE
from search.words import query_words, titled
from simulation.people import Trade
from simulation.shelf import Shelf

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

PAGE = 60  # places anybody looks at, on one page after another

# What can be found of listings: their lexemes, those of their titles with ^ before them.
DOCUMENTS = "SELECT id, tsvector_to_array(tokens) FROM search_document WHERE id = ANY(%s::bigint[])"


@dataclass(eq=False)
class Index:
    """For each query of a trade: the listings that answer it (ids, rising) and what their words are worth. `of`: the
    queries that each listing answers."""

    asks: Asks
    ids: list[Ints]
    worth: list[Ints]
    of: dict[int, list[int]] = field(default_factory=dict)
    known: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    versions: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


@dataclass(frozen=True, eq=False)
class Asks:
    """What queries say: their lexemes, and those they would be in a title; and which ask for each lexeme first."""

    words: list[frozenset[str]]
    title: list[frozenset[str]]
    first: dict[str, list[int]]


def _asks(trade: Trade) -> Asks:
    words = [frozenset(query_words(query)) for query in trade.query]
    often = Counter(word for said in words for word in said)
    first: dict[str, list[int]] = {}
    for n, said in enumerate(words):
        if said:  # filed under the word that fewest others say
            first.setdefault(min(said, key=lambda word: (often[word], word)), []).append(n)
    return Asks(words, [frozenset(titled(said)) for said in words], first)


def index(trade: Trade, shelf: Shelf, before: Index | None) -> Index:
    """The index for what is on the shelf now; `before` is kept where nothing changed."""
    if before is None:
        none = np.zeros(0, dtype=np.int64)
        made = Index(_asks(trade), [none] * len(trade.query), [none] * len(trade.query))
        _put(made, _found(made, shelf.of["id"]))
    elif before.known is shelf.of["id"] and before.versions is shelf.of["version"]:
        return before
    else:
        made = before
        at = shelf.places(before.known)
        gone = before.known[at < 0]
        same = np.zeros(len(shelf), dtype=bool)
        there = at >= 0
        same[at[there]] = shelf.of["version"][at[there]] == before.versions[there]
        changed = shelf.of["id"][~same]
        _take(made, [*gone.tolist(), *changed.tolist()])
        if len(changed):
            _put(made, _found(made, changed))
    made.known, made.versions = shelf.of["id"], shelf.of["version"]
    return made


def _found(made: Index, ids: Ints) -> list[tuple[int, int, int]]:
    """(query, listing, whether its title says it all) for these listings, by query and listing."""
    asks = made.asks
    found: list[tuple[int, int, int]] = []
    for listing, lexemes in rows(DOCUMENTS, ["{" + ",".join(map(str, ids.tolist())) + "}"]):
        said = set(lexemes)
        for word in lexemes:
            answered = [n for n in asks.first.get(word, ()) if asks.words[n] <= said]
            found += [(n, listing, int(asks.title[n] <= said)) for n in answered]
    return sorted(found)


def _take(made: Index, ids: Sequence[int]) -> None:
    """Forget what these listings answered."""
    less: dict[int, list[int]] = {}
    for listing in ids:
        for n in made.of.pop(listing, ()):
            less.setdefault(n, []).append(listing)
    for n, gone in less.items():
        stays = ~np.isin(made.ids[n], gone)
        made.ids[n], made.worth[n] = made.ids[n][stays], made.worth[n][stays]


def _put(made: Index, found: list[tuple[int, int, int]]) -> None:
    if not found:
        return
    for n, listing, _ in found:
        made.of.setdefault(listing, []).append(n)
    table = np.array(found, dtype=np.int64)
    edges = np.flatnonzero(np.r_[True, table[1:, 0] != table[:-1, 0], True])
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        n = int(table[first, 0])
        ids = np.concatenate([made.ids[n], table[first:last, 1]])
        worth = np.concatenate([made.worth[n], np.where(table[first:last, 2] == 1, IN_TITLE, ELSEWHERE)])
        order = np.argsort(ids, kind="stable")
        made.ids[n], made.worth[n] = ids[order], worth[order]


SORT_KEYS = {
    "sales": lambda shelf, at: -shelf.of["sales"][at],
    "price": lambda shelf, at: shelf.of["price_fen"][at],
    "popularity": lambda shelf, at: -shelf.of["uv_daily"][at],
    "credit": lambda shelf, at: -shelf.of["level"][at],
}
SORTS = ("default", *SORT_KEYS)


def page(made: Index, shelf: Shelf, query: int, sort: str, weight: int) -> Ints:
    """The first PAGE places (places on the shelf) of what answers `query`, in that order; `weight`: relevance's."""
    at = shelf.places(made.ids[query])
    there = at >= 0
    at, worth = at[there], made.worth[query][there]
    if sort == "default":
        order = np.lexsort((at, -(shelf.of["key"][at] + weight * worth)))
    else:
        order = np.lexsort((at, SORT_KEYS[sort](shelf, at)))
    return at[order[:PAGE]]


def falling(decay: float) -> Floats:
    """How likely each place of a page is looked at, beside the first."""
    return exact.exp(-decay * exact.log(np.arange(1.0, PAGE + 1)))
