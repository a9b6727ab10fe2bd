"""A scripted market of alarms, for proofs about time that need no trade.

An alarm is a row with a deadline, as an unpaid order is: when it comes due it rings (an event, so it is
hashed) and may set the next. Kept answers serve as the alarms' table: every market has it, every fork
copies it.
The chain of an alarm, the hourly roll call and the daily one all read what happened before them: any moment
met twice, left out or met in another order changes every event after it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from common.batch import execute, one, rows
from events.actions import emit
from worlds import clock
from worlds.clock import Due, Entry
from worlds.pen import writing

HERE = "tests.worlds.story"
DEADLINES = (
    Due("loud alarms", "worlds_idempotencykey", "created_at", f"{HERE}.ring", "principal = 'loud'"),
    Due("quiet alarms", "worlds_idempotencykey", "created_at", f"{HERE}.ring", "principal = 'quiet'"),
)
TIMETABLE = (
    Entry("roll call", "hour", f"{HERE}.roll_call"),
    Entry("the day's count", "day", f"{HERE}.day_count", hour=3),
    Entry("the week's count", "week", f"{HERE}.week_count"),
)
SPANS = (0, 1, 59, 60, 3_600, 3_601, 86_399, 86_400, 100_000, 259_200, 1_000_003)  # seconds to the next alarm


def set_alarms(kind: str, keys: Sequence[str], at: Sequence[datetime]) -> None:
    execute(
        "INSERT INTO worlds_idempotencykey"
        " (principal, key, method, path, body_hash, status, body, location, created_at)"
        " SELECT %s, k, '', '', '', 0, '', '', a"
        " FROM unnest(%s::text[], %s::timestamptz[]) WITH ORDINALITY x(k, a, n) ORDER BY n",
        [kind, list(keys), list(at)],
    )


def ring(ids: Sequence[int], *, at: datetime) -> None:
    """Each alarm rings and sets the next of its chain, at a distance that depends on all that rang before."""
    taken = rows(
        "DELETE FROM worlds_idempotencykey WHERE id = ANY(%s) RETURNING key, principal, created_at",
        [list(ids)],
    )
    before = clock.last_event()
    said, following = [], []
    for key, kind, due in sorted(taken):
        name, turn = key.rsplit("/", 1)
        digest = hashlib.sha256(f"{key} {before}".encode()).digest()
        said.append({"id": int(turn) + 1, "alarm": name, "due": due.isoformat(), "public": True})
        if int(turn) < 40:
            wanted = SPANS[digest[0] % len(SPANS)] if digest[1] % 5 else 0
            following.append((kind, f"{name}/{int(turn) + 1}", at + timedelta(seconds=wanted)))
    emit("alarm.rang", said, at=at)
    for kind, key, due in following:
        set_alarms(kind, [key], [due])


def roll_call(*, at: datetime) -> None:
    """Every hour: who is awake. Every sixth also sets an alarm for this very moment."""
    waiting = one("SELECT count(*) FROM worlds_idempotencykey WHERE principal IN ('loud', 'quiet')")
    emit("roll.called", [{"id": waiting + 1, "waiting": waiting}], at=at)
    if clock.last_event() % 6 == 0:
        set_alarms("loud", [f"roll{clock.last_event()}/39"], [at])


def day_count(*, at: datetime) -> None:
    emit("day.counted", [{"id": 1, "events": clock.last_event(), "at": at.isoformat()}], at=at)


def week_count(*, at: datetime) -> None:
    emit("week.counted", [{"id": 1, "events": clock.last_event(), "at": at.isoformat()}], at=at)


def begin(alarms: int = 12) -> None:
    """Set the first alarms of the market this connection is in."""
    with writing() as moment:
        for i in range(alarms):
            kind = "loud" if i % 2 else "quiet"
            set_alarms(kind, [f"a{i}/0"], [moment.at + timedelta(seconds=977 * i * i + i // 5)])


def forget_tables() -> None:
    """The engine keeps the roof's tables; tests change them."""
    clock.deadlines.cache_clear()
    clock.timetable.cache_clear()
    clock._standing_sql.cache_clear()


@contextmanager
def told(settings: Any) -> Iterator[None]:
    """The engine runs by this story's tables."""
    settings.JISHI_DEADLINES = f"{HERE}.DEADLINES"
    settings.JISHI_TIMETABLE = f"{HERE}.TIMETABLE"
    forget_tables()
    try:
        yield
    finally:
        forget_tables()
