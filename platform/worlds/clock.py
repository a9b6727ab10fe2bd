"""How time passes: moment by moment, in one order, however it was cut up.

Between now and the target lie deadlines (columns) and the timetable (recurring work). The engine goes to the
next moment that has any, does at that moment first the deadlines in the order of their table, then the
timetable, and goes on. So an action always runs at its own moment, and one jump of thirty days does exactly
what thirty jumps of one day do. The two tables are the roof's (`jishi/wiring.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from time import perf_counter
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from common.batch import execute, one, rows
from common.errors import Conflict
from common.moments import SHANGHAI, show, within
from worlds.pen import stepping

CHUNK_SECONDS = 0.2  # real time a chunk may hold the market before requests get their turn


@dataclass(frozen=True)
class Due:
    """A deadline: rows of `table` whose `column` has come and `where` holds go to `act(ids, at=)`."""

    name: str
    table: str
    column: str
    act: str
    where: str = "TRUE"

    @property
    def action(self) -> Callable[..., object]:
        return _resolved(self.act)


@dataclass(frozen=True)
class Entry:
    """Recurring work: every hour, day (at `hour` o'clock in Shanghai), week (Mondays) or year (1 January), `act(at=)`."""

    name: str
    every: str
    act: str
    hour: int = 0

    @property
    def action(self) -> Callable[..., object]:
        return _resolved(self.act)

    def after(self, at: datetime) -> datetime:
        """The first moment of this entry strictly after `at`."""
        local = at.astimezone(SHANGHAI)
        if self.every == "hour":
            return local.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        next_at = local.replace(hour=self.hour, minute=0, second=0, microsecond=0)
        if self.every == "year":
            first = next_at.replace(month=1, day=1)
            return first if first > local else first.replace(year=first.year + 1)
        if self.every == "week":
            next_at += timedelta(days=-next_at.weekday())
        span = timedelta(days=7 if self.every == "week" else 1)
        while next_at <= local:
            next_at += span
        return next_at


@cache
def _resolved(path: str) -> Callable[..., object]:
    action: Callable[..., object] = import_string(path)
    return action


@cache
def deadlines() -> tuple[Due, ...]:
    table: tuple[Due, ...] = import_string(settings.JISHI_DEADLINES)
    return table


@cache
def timetable() -> tuple[Entry, ...]:
    table: tuple[Entry, ...] = import_string(settings.JISHI_TIMETABLE)
    return table


@dataclass
class Until:
    """Stop at the first event of that name (of that member, subject or order), if it comes.

    `event` empty: of any name. An order's events are those named `order.…` with it as their subject, and
    those that name it in their payload.
    """

    event: str = ""
    member: int | None = None
    subject: int | None = None
    order: int | None = None
    after: int = 0

    def found(self) -> int | None:
        sql = "SELECT min(id) FROM events_event WHERE id > %s"
        params: list[object] = [self.after]
        if self.event:
            sql, params = sql + " AND name = %s", [*params, self.event]
        if self.member is not None:
            sql, params = sql + " AND %s = ANY(members)", [*params, self.member]
        if self.subject is not None:
            sql, params = sql + " AND subject_id = %s", [*params, self.subject]
        if self.order is not None:
            sql += " AND (starts_with(name, 'order.') AND subject_id = %s OR payload ->> 'order' = %s)"
            params += [self.order, str(self.order)]
        found: int | None = one(sql, params)
        return found


@dataclass
class Reached:
    """Where a chunk got to: the market's moment, whether it is done, the event that stopped it."""

    at: datetime
    done: bool
    event: int | None = None


def now() -> datetime:
    at: datetime = rows("SELECT now_at FROM worlds_clock")[0][0]
    return at


def check_target(target: datetime, at: datetime) -> datetime:
    """`target`, unless it lies in the market's past or off its calendar."""
    within(target)
    if target < at:
        raise Conflict(
            f"it is {show(at)} already; a market's clock never goes back",
            field="to",
            rule="clock_never_goes_back",
            way_out="Choose a later moment, or reset the world to a snapshot.",
        )
    return target


def chunk(target: datetime, *, until: Until | None = None, seconds: float = CHUNK_SECONDS) -> Reached:
    """Let time pass towards `target` for about `seconds` of real time: one transaction, alone in it."""
    began = perf_counter()
    with stepping() as moment:
        if until and (event := until.found()):
            return Reached(moment.at, True, event)
        at = moment.at
        while True:
            at = _step(at, target)
            if until and (event := until.found()):
                return Reached(at, True, event)
            if at >= target:
                return Reached(at, True)
            if perf_counter() - began > seconds:
                return Reached(at, False)


def pass_to(target: datetime, at: datetime) -> datetime:
    """Let time pass from `at` to `target` in the caller's transaction (it is alone in the market)."""
    while True:
        at = _step(at, target)
        if at >= target:
            return at


def _step(at: datetime, target: datetime) -> datetime:
    """Go to the next moment that has something to do, or to `target`, and do all of it; that moment.

    A moment is never left half met: wherever a chunk ends, whoever acts next acts after all that was due.
    """
    standing, entry_at = _standing(), min((e.after(at) for e in timetable()), default=target)
    next_at = max(min([entry_at, target, *standing.values()]), at)
    if next_at > at:
        execute("UPDATE worlds_clock SET now_at = %s", [next_at])
    _meet_deadlines(next_at, standing)
    if entry_at == next_at and entry_at > at:
        for entry in timetable():
            if entry.after(at) == next_at:
                entry.action(at=next_at)
        _meet_deadlines(next_at)  # the timetable may have set a deadline for this very moment
    return next_at


def _standing() -> dict[int, datetime]:
    """The first moment that each row of the table of deadlines waits for, by its place; of those that wait."""
    sql = _standing_sql()
    return {n: at for n, at in rows(sql) if at is not None} if sql else {}


@cache
def _standing_sql() -> str:
    parts = [
        f"SELECT {n} AS n, min({d.column}) AS at FROM {d.table} WHERE {d.column} IS NOT NULL AND {d.where}"
        for n, d in enumerate(deadlines())
    ]
    return f"{' UNION ALL '.join(parts)} ORDER BY n" if parts else ""


def _meet_deadlines(at: datetime, standing: dict[int, datetime] | None = None) -> None:
    """Everything due by `at`, table order, until nothing is: meeting one deadline may set another for now.

    `standing`: the deadlines as they stand, by who has asked already.
    """
    table, turn, met = deadlines(), 0, 0
    standing = _standing() if standing is None else standing
    while due := [n for n, first in standing.items() if first <= at]:
        now = next((n for n in due if n >= turn), due[0])
        _meet(table[now], at)
        turn, met, standing = now + 1, met + 1, _standing()
        if met > PASSES_MOST * len(table):
            raise RuntimeError(f"deadlines at {at} never end")


def _meet(due: Due, at: datetime) -> None:
    sql = f"SELECT id FROM {due.table} WHERE {due.column} <= %s AND {due.where} ORDER BY {due.column}, id"
    due.action([row[0] for row in rows(sql, [at])], at=at)


PASSES_MOST = 1_000


def events_since(number: int) -> int:
    count: int = one("SELECT count(*) FROM events_event WHERE id > %s", [number])
    return count


def last_event() -> int:
    number: int = one("SELECT coalesce(max(id), 0) FROM events_event")
    return number


def event_shown(number: int | None) -> dict[str, Any] | None:
    """An event as the end of a jump names it."""
    found = (
        rows("SELECT id, name, subject_id, at FROM events_event WHERE id = %s", [number]) if number else []
    )
    return (
        {"id": found[0][0], "name": found[0][1], "subject": found[0][2], "at": show(found[0][3])}
        if found
        else None
    )


def advance(target: datetime, *, until: Until | None = None) -> Reached:
    """Let time pass to `target` here and now, chunk after chunk (tests, command line, small steps)."""
    while True:
        reached = chunk(target, until=until)
        if reached.done:
            return reached
