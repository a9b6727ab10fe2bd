"""A search as it was asked: words, filters, sort, page; and the moment and formula it is answered under."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from common.batch import rows
from common.errors import Gone
from regime.queries import under
from search.rules import GRADES, Weights, part_of, weights
from search.words import query_words
from worlds.current import current
from worlds.pen import Moment

# Filters that only an edit changes are lexemes of the word index.
# fmt: off
MARKS = {
    #  filter           lexeme
    "section":         "#s{}",
    "subsection":      "#u{}",
    "category":        "#c{}",
    "province":        "#p{}",
    "city":            "#t{}",
    "shop":            "#o{}",
    "supply":          "#y{}",
    "delivery":        "#d{}",
}
# The others are asked of the descriptor: filter -> SQL over `r`.
COLUMNS = {
    "price_from_fen":   "r.price_fen >= %(price_from_fen)s",
    "price_to_fen":     "r.price_fen <= %(price_to_fen)s",
    "level_from":       "r.level >= %(level_from)s",
    "level_to":         "r.level <= %(level_to)s",
    "grade":            "r.level BETWEEN %(level_from)s AND %(level_to)s",
    "good_rate_from_bps": "r.good_rate_bps >= %(good_rate_from_bps)s",
    "sales_from":       "r.sales >= %(sales_from)s",
    "visitors_from":    "r.uv_daily >= %(visitors_from)s",
    "id_verified":      "r.id_verified = %(id_verified)s",
    "bank_verified":    "r.bank_verified = %(bank_verified)s",
    "protection":       "r.protection = %(protection)s",
    "seven_day_return": "r.seven_day_return = %(seven_day_return)s",
    "showcase":         "r.showcase = %(showcase)s",
    "free_postage":     "(r.postage_fen = 0) = %(free_postage)s",
    "online":           "(SELECT coalesce(s.online_until > %(now)s, false) FROM shops_shop s WHERE s.id = r.shop_id) = %(online)s",
}
# fmt: on
FILTERS = (*MARKS, *COLUMNS)


@dataclass(frozen=True)
class Asked:
    """`words` None: nothing was typed; (): what was typed has no word in it."""

    q: str = ""
    filters: Mapping[str, Any] = field(default_factory=dict)
    sort: str = "default"
    limit: int = 20
    offset: int = 0

    @property
    def words(self) -> tuple[str, ...] | None:
        return query_words(self.q) if self.q.strip() else None

    @property
    def marks(self) -> list[str]:
        found = [mark.format(self.filters[name]) for name, mark in MARKS.items() if name in self.filters]
        return [*found, "#free"] if self.filters.get("free_postage") else found

    def where(self) -> str:
        """SQL over `r` of the filters that are columns; TRUE when there are none."""
        return " AND ".join(sql for name, sql in COLUMNS.items() if name in self.filters) or "TRUE"

    def params(self, now: datetime) -> dict[str, Any]:
        told = {name: value for name, value in self.filters.items() if name in COLUMNS} | {"now": now}
        if "grade" in told:
            least, most = GRADES[told["grade"]]
            told["level_from"] = max(least, told.get("level_from", least))
            told["level_to"] = min(most, told.get("level_to", most))
        return told


@dataclass(frozen=True)
class Now:
    """The market's moment and formula. `keyed`: the stored keys stand for just these."""

    at: datetime
    uid: UUID
    formula: Weights
    keyed: bool


def now() -> Now:
    """One statement."""
    found = rows(
        """SELECT c.now_at, c.uid, c.regime_version, f.digest, f.part
             FROM worlds_clock c LEFT JOIN search_fold f ON true"""
    )
    if not found:
        raise Gone("this world is no longer there", rule="world_exists", way_out="Create it again.")
    seen = moment_of(*found[0])
    if len(_seen) >= SEEN_MOST:
        _seen.clear()
    _seen[current()] = seen
    return seen


def moment_of(at: datetime, uid: UUID, version: int, digest: str | None, part: int | None) -> Now:
    """The market's moment from its clock and what its keys stand for."""
    formula = weights_of(Moment(at, uid, version, 0))
    return Now(at, uid, formula, (digest, part) == (formula.digest, part_of(at)))


SEEN_MOST = 1_000
_seen: dict[str | None, Now] = {}


def last_seen() -> Now | None:
    """Where this connection's market stood when it was last looked at: a guess, to be checked by who uses it."""
    return _seen.get(current())


_weights: dict[Any, Weights] = {}


def weights_of(moment: Moment) -> Weights:
    """The formula at that moment; kept by the regime object, of which there are few and none changes."""
    levers = under(moment)
    found = _weights.get(id(levers))
    if found is None or found.levers is not levers:
        if len(_weights) > 1_000:
            _weights.clear()
        found = _weights[id(levers)] = weights(levers)
    return found
