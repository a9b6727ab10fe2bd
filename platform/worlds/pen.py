"""The pen: one writer at a time in a market, so that ids, events and money stand in one order.

Two advisory locks a world, both for one transaction:
- the **gate**: writers hold it shared, a step of the clock alone: no write is half done when time passes;
- the **pen**: market writers hold it alone. Page views do not: they are the second ledger and need no order.
The functions return the market's clock, read after the locks were won.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from common.errors import Gone


@dataclass(frozen=True)
class Moment:
    """The market's clock as read under the lock: `at` is now; the rest keys caches and random streams."""

    at: datetime
    uid: UUID
    regime_version: int
    seed: int


_held: ContextVar[Moment | None] = ContextVar("held_moment", default=None)


def held() -> Moment | None:
    """The clock as the lock of this transaction found it; None outside one, or when it may have moved on."""
    return _held.get()


def forget() -> None:
    """Say that this transaction changed the clock's row, so what the lock found no longer holds."""
    _held.set(None)


@contextmanager
def _take(lock: str) -> Iterator[Moment]:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT now_at, uid, regime_version, seed FROM public.{lock}")
            row = cursor.fetchone()
        if row is None:
            raise Gone("this world is no longer there", rule="world_exists", way_out="Create it again.")
        moment = Moment(*row)
        before = _held.get()
        _held.set(moment)
        try:
            yield moment
        finally:
            _held.set(before if _held.get() else None)  # forgotten within is forgotten without


@contextmanager
def writing(*, few: bool = False) -> Iterator[Moment]:
    """One transaction with the pen: the edge of every write to a market (but page views).

    `few`: it writes a handful of rows, so its statements run by the plans they were given once. PostgreSQL would
    plan a long one anew each time, which takes longer than doing it.
    """
    with _take(f"jishi_pen({few})") as moment:
        yield moment


@contextmanager
def viewing(*, few: bool = False) -> Iterator[Moment]:
    """One transaction beside other page views, never beside a step of the clock. `few`: as in `writing`."""
    with _take(f"jishi_gate({few})") as moment:
        yield moment


@contextmanager
def stepping() -> Iterator[Moment]:
    """One transaction alone in the market: for a step of the clock, a fork, a reset."""
    with _take("jishi_step()") as moment:
        yield moment


def glance() -> Moment:
    """The market's clock without any lock: for reads."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now_at, uid, regime_version, seed FROM worlds_clock")
        row = cursor.fetchone()
    if row is None:
        raise Gone("this world is no longer there", rule="world_exists", way_out="Create it again.")
    return Moment(*row)
