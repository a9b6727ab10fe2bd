"""First pages of many searches, a statement for each way to match: the listings alone, in the order in which each search shows them.

Each is a sift: what matches is found by the word index, scored, and sorted; what nothing answers by all its words is
asked again with fewer. Searches with filters and those that must be answered by likeness are left to `find.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from common.batch import rows
from search.queries.asked import Asked, Now
from search.queries.find import RELEVANCE, TESTS, find, score_sql, share_of, ways
from search.rules import SORTS
from search.words import all_of, titled
from traffic.actions import NONE

PAGES = """
    SELECT q.n, ARRAY(SELECT r.id FROM search_document d JOIN search_descriptor r ON r.id = d.id
                       WHERE d.tokens @@ q.says ORDER BY {order}, r.id LIMIT %(limit)s)
      FROM (SELECT n, says::tsquery AS says, title::tsquery AS title, share, string_to_array("each", ' ') AS "each", words
              FROM unnest(%(says)s::text[], %(title)s::text[], %(share)s::bigint[], %(each)s::text[], %(words)s::int[])
                   WITH ORDINALITY AS u (says, title, share, "each", words, n) OFFSET 0) q ORDER BY q.n
"""
WORTH = {
    matched: sql.format(title="q.title", share="q.share", each='q."each"', words="q.words")
    for matched, sql in RELEVANCE.items()
}
Key = tuple[Any, ...]


def pages(asked: Sequence[Asked], *, limit: int, now: Now) -> NDArray[np.int64]:
    """The first `limit` listings of each search, best first: (searches, limit), `NONE` where there are no more.

    What `find` gives at `now`, whatever page each asks for. Equal searches are answered once.
    """
    found = np.full((len(asked), limit), NONE)
    alike: dict[Key, list[int]] = defaultdict(list)
    for i, each in enumerate(asked):
        alike[_key(each)].append(i)
    firsts = {key: asked[where[0]] for key, where in alike.items()}
    told: dict[Key, list[int]] = {}
    for matched in TESTS:
        left = {key: each for key, each in firsts.items() if key not in told and _plain(each, matched)}
        for sort in sorted({each.sort for each in left.values()}):
            told |= _sifted(
                {key: each for key, each in left.items() if each.sort == sort}, matched, sort, limit, now
            )
    for key, where in alike.items():
        page = told.get(key) or _one(firsts[key], limit, now)
        found[where, : len(page)] = page
    return found


def _key(asked: Asked) -> Key:
    return asked.words, asked.q if not asked.words else "", asked.sort, tuple(sorted(asked.filters.items()))


def _plain(asked: Asked, matched: str) -> bool:
    """Is it words alone, and a way in which they may match?"""
    return bool(asked.words) and not asked.filters and matched in ways(asked)


def _sifted(
    asked: Mapping[Key, Asked], matched: str, sort: str, limit: int, now: Now
) -> dict[Key, list[int]]:
    """One statement; nothing of those that no listing answers that way."""
    words = [each.words or () for each in asked.values()]
    told = rows(
        PAGES.format(order=SORTS[sort][0] or f"{score_sql(now, WORTH[matched])} DESC"),
        {
            "limit": limit, "says": [TESTS[matched](each) for each in words], "words": [len(each) for each in words],
            "title": [all_of(titled(each)) for each in words], "share": [share_of(each) for each in words],
            "each": [" ".join(all_of([word]) for word in each) for each in words],
        },
    )  # fmt: skip
    return {key: page for key, (_, page) in zip(asked, told, strict=True) if page}


def _one(asked: Asked, limit: int, now: Now) -> list[int]:
    page = find(replace(asked, limit=limit, offset=0), now)
    return [row["listing"] for row in orjson.loads(page.results)]
