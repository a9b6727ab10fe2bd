"""Which rules hold at a moment, where they come from, and how two sets of rules differ."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import orjson

from common.batch import dicts, one, rows
from common.errors import NotFound, Refusal
from common.moments import show
from regime.levers import Regime, levers
from regime.rules import build, flat, plain, read
from regime.shipped import Shipped, names, shipped
from worlds import pen

DEFAULT = "thesis-2010"


@dataclass(frozen=True, slots=True)
class Timeline:
    """The regimes of a market, each from its moment on. Never changes: a change makes another timeline."""

    moments: tuple[datetime, ...]
    regimes: tuple[Regime, ...]

    def at(self, moment: datetime) -> Regime:
        """The regime at `moment`; raises `NotFound` before the market began."""
        found = bisect_right(self.moments, moment)
        if not found:
            raise NotFound(
                f"this market had no rules yet at {show(moment)}",
                field="at",
                rule="moment_is_not_before_the_market",
                way_out=f"Ask from {show(self.moments[0])} on." if self.moments else "Load a regime.",
            )
        return self.regimes[found - 1]


# A version is a digest of the rows (`regime.actions`), so one number can only ever mean one timeline:
# worlds that share it share the entry, and work that was rolled back leaves nothing wrong behind.
_timelines: dict[int, Timeline] = {}
KEPT = 512


def at(moment: datetime) -> Regime:
    """The rules that hold at `moment`: a look-up, so a change dated ahead needs nobody to wake it.

    Inside the pen no statement is run; outside it one, which reads the clock's version.
    """
    return timeline().at(moment)


def timeline() -> Timeline:
    """All the regimes of this market, from the process's memory when they are there."""
    held = pen.held()
    version = held.regime_version if held else one("SELECT regime_version FROM worlds_clock")
    return _timelines.get(version) or _read_timeline()


def under(moment: pen.Moment) -> Regime:
    """The rules that hold at a moment whose clock was just read: no statement, when they are in memory."""
    return (_timelines.get(moment.regime_version) or _read_timeline()).at(moment.at)


def _read_timeline() -> Timeline:
    """Rows and version in one statement, so that they belong together."""
    found = rows(
        """SELECT c.regime_version, l.effective_at, l.name, l.value::text, l.regime
             FROM worlds_clock c LEFT JOIN regime_lever l ON true ORDER BY l.effective_at, l.id"""
    )
    made = made_of([(effective, name, value, regime) for _, effective, name, value, regime in found if name])
    if found and made.moments:
        if len(_timelines) >= KEPT:
            _timelines.clear()
        _timelines[found[0][0]] = made
    return made


def made_of(changes: Sequence[tuple[datetime, str, str, str]]) -> Timeline:
    """The timeline of `changes` (effective_at, lever, JSON text, regime), in order.

    A lever that was named only after this market began has the value its first regime's file gives it; a
    lever that is no longer known is passed over.
    """
    if not changes:
        return Timeline((), ())
    values = {path: setting.value for path, setting in _first(changes).settings.items()}
    moments, regimes = [], []
    for moment, group in groupby(changes, key=lambda change: change[0]):
        values |= {name: read(name, orjson.loads(text)) for _, name, text, _ in group if name in levers()}
        moments.append(moment)
        regimes.append(build(values))
    return Timeline(tuple(moments), tuple(regimes))


def _first(changes: Sequence[tuple[datetime, str, str, str]]) -> Shipped:
    name = changes[0][3]
    return shipped(name if name in names() else DEFAULT)


def standing(moment: datetime) -> dict[str, dict[str, Any]]:
    """Lever path to the row that holds at `moment`: id, value, since when, decided when, by whom, why."""
    found = dicts(
        """SELECT DISTINCT ON (name) id, name, effective_at, decided_at, changed_by, regime, why
             FROM regime_lever WHERE effective_at <= %s ORDER BY name, effective_at DESC, id DESC""",
        [moment],
    )
    return {row["name"]: row for row in found}


def history(*, after: int = 0, limit: int = 50, lever: str | None = None) -> list[dict[str, Any]]:
    """Every change ever decided, in order, after row `after`; at most `limit`."""
    return dicts(
        """SELECT id, name AS lever, value::text AS value, effective_at, decided_at, changed_by, regime, why
             FROM regime_lever WHERE id > %s AND (%s::text IS NULL OR name = %s) ORDER BY id LIMIT %s""",
        [after, lever, lever, limit],
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """One lever that stands differently in `a` and `b` (JSON values), and why it stands as in `b`."""

    lever: str
    a: Any
    b: Any
    unit: str
    why: str


Side = str | datetime  # a shipped regime's name, or a moment of this market


def diff(a: Side, b: Side) -> list[Difference]:
    """The levers that `a` and `b` set differently, in reading order; each side a shipped name or a moment."""
    first, second = flat(_side(a)), flat(_side(b))
    odd = [path for path in levers() if first[path] != second[path]]
    reasons = _reasons(b) if odd else {}
    return [
        Difference(path, plain(first[path]), plain(second[path]), levers()[path].unit, reasons.get(path, ""))
        for path in odd
    ]


def _side(side: Side) -> Regime:
    return shipped(side).regime if isinstance(side, str) else at(side)


def _reasons(side: Side) -> dict[str, str]:
    if isinstance(side, str):
        return {path: setting.why for path, setting in shipped(side).settings.items()}
    return {path: row["why"] for path, row in standing(side).items()}


def clash(changes: Sequence[tuple[datetime, str, str, str]]) -> Refusal | None:
    """What would be wrong with a market whose changes were these; None when every moment's levers agree."""
    try:
        made_of(changes)
    except Refusal as refusal:
        return refusal
    return None
