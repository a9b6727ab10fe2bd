"""How common words are, as the database's own statistics last saw it: a hint which way to search, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from time import perf_counter
from uuid import UUID

from common.batch import rows

FRESH_SECONDS = 60.0
KEPT = 256


@dataclass(frozen=True)
class Commonness:
    """How many listings there are, and the share of those that have each lexeme, of common ones."""

    listings: float
    shares: dict[str, float]
    read_at: float

    def expected(self, lexemes: Sequence[str]) -> float:
        """How many listings have them all, if lexemes knew nothing of each other; 0 when one is not common."""
        return self.listings * prod(self.shares.get(lexeme, 0.0) for lexeme in lexemes)


_kept: dict[UUID, Commonness] = {}


def commonness(world: UUID) -> Commonness:
    """Of the market whose clock has this uid; at most a minute old."""
    found = _kept.get(world)
    if found is None or perf_counter() - found.read_at > FRESH_SECONDS:
        if len(_kept) >= KEPT:
            _kept.clear()
        found = _kept[world] = _read()
    return found


def _read() -> Commonness:
    # reltuples is -1 until the table was looked at for the first time
    listings = rows("SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'search_document'::regclass")[0][
        0
    ]
    found = rows(
        """SELECT most_common_elems::text::text[], most_common_elem_freqs FROM pg_stats
            WHERE schemaname = current_schema() AND tablename = 'search_document' AND attname = 'tokens'"""
    )
    words, shares = found[0] if found and found[0][0] else ([], [])
    # the last two or three numbers are bounds, not shares: zip leaves them out
    return Commonness(listings, dict(zip(words, shares, strict=False)), perf_counter())
