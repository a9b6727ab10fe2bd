"""Result pages as a searcher sees them: which listings answer which words is asked of the word index, their order is the
formula's (`search.rules`), as the search page itself gives it. Kept up to date by what came, went or was edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common import exact
from common.batch import dumps, execute, rows
from search.rules import ELSEWHERE, IN_TITLE
from search.words import all_of, query_words, titled
from simulation.people import Trade
from simulation.shelf import Shelf

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

PAGE = 60  # places anybody looks at, on one page after another

# Which listings say all words of which query, and where: of some listings, or of all.
MATCHES = """
    SELECT q.n, d.id, (d.tokens @@ q.title::tsquery)::int
      FROM json_to_recordset(%(queries)s::json) AS q (n int, words text, title text)
      CROSS JOIN LATERAL (SELECT id, tokens FROM search_document WHERE tokens @@ q.words::tsquery {some} OFFSET 0) d
     ORDER BY q.n, d.id
"""
SOME = "AND id = ANY(%(ids)s::bigint[])"


@dataclass(eq=False)
class Index:
    """For each query of a trade: the listings that answer it (ids, rising) and what their words are worth. `of`: the
    queries that each listing answers."""

    asked: str
    ids: list[Ints]
    worth: list[Ints]
    of: dict[int, list[int]] = field(default_factory=dict)
    known: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    versions: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


def _asked(trade: Trade) -> str:
    wanted = []
    for n, query in enumerate(trade.query):
        words = query_words(query)
        if words:
            wanted.append({"n": n, "words": all_of(words), "title": all_of(titled(words))})
    return dumps(wanted)


def index(trade: Trade, shelf: Shelf, before: Index | None) -> Index:
    """The index for what is on the shelf now; `before` is kept where nothing changed."""
    if before is None:
        none = np.zeros(0, dtype=np.int64)
        made = Index(_asked(trade), [none] * len(trade.query), [none] * len(trade.query))
        _put(made, _found(made, MATCHES.format(some="")))
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
            _put(made, _found(made, MATCHES.format(some=SOME), changed.tolist()))
    made.known, made.versions = shelf.of["id"], shelf.of["version"]
    return made


def _found(made: Index, sql: str, ids: Sequence[int] = ()) -> list[tuple[Any, ...]]:
    """By the word index, whatever the planner believes of a market it has not counted yet."""
    execute("SELECT set_config('enable_seqscan', 'off', true)")
    found = rows(sql, {"queries": made.asked, "ids": list(ids)})
    execute("SELECT set_config('enable_seqscan', 'on', true)")
    return found


def _take(made: Index, ids: Sequence[int]) -> None:
    """Forget what these listings answered."""
    less: dict[int, list[int]] = {}
    for listing in ids:
        for n in made.of.pop(listing, ()):
            less.setdefault(n, []).append(listing)
    for n, gone in less.items():
        stays = ~np.isin(made.ids[n], gone)
        made.ids[n], made.worth[n] = made.ids[n][stays], made.worth[n][stays]


def _put(made: Index, found: list[tuple[Any, ...]]) -> None:
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
