"""Live markets: time passes by itself, so many market seconds for each real second.

The clock's row keeps an anchor (`live_from` in market time was `live_since` in real time) and the speed, so a
tick that comes late or never changes nothing about where the clock should be. Between ticks the market stands
still at its last moment: its resolution is one real second. None of this is hashed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter

from django.db import transaction

from common.batch import execute, one, rows
from common.errors import Conflict, Invalid
from common.moments import LAST
from worlds import clock, jobs
from worlds.current import point
from worlds.models import World
from worlds.pen import forget, stepping

LOCK = 7004  # advisory lock class: (LOCK, hash of the schema) is held by the tick that moves it
SLOWEST, FASTEST = 1.0, 100_000.0  # market seconds per real second
TICK_SECONDS = 0.8  # real time one tick may spend on one market
SETTLE_SECONDS = 2.0  # real time a pause may spend on arriving at its exact moment


@dataclass(frozen=True)
class State:
    """How a market's clock moves: where it is, and where a live one should be by now."""

    at: datetime
    mode: str
    speed: float
    target: datetime


TARGET = """
    SELECT now_at, mode, live_speed,
           CASE WHEN mode = 'live' THEN
                least(greatest(now_at, live_from + make_interval(secs =>
                    least(extract(epoch FROM clock_timestamp() - live_since) * live_speed, 1e10))), %s)
           ELSE now_at END
      FROM worlds_clock
"""


def state() -> State:
    return State(*rows(TARGET, [LAST])[0])


def go(world: World, speed: float | None) -> None:
    """Let `world` run by itself from now on; without `speed`, as fast as it last did.

    In a transaction. Raises `Invalid` for a speed that is not 1 to 100,000 market seconds per real second.
    """
    with stepping():
        now = state()
        wanted = now.speed if speed is None else speed
        if speed is None and not wanted:
            raise Conflict(
                "it never ran live", field="speed", rule="live_speed_is_known", way_out="Say a speed."
            )
        if not SLOWEST <= wanted <= FASTEST:
            raise Invalid(
                "a market runs at 1 to 100,000 of its seconds per real second",
                field="speed",
                rule="live_speed_is_1_to_100000",
                way_out="Choose a speed within.",
            )
        if now.mode == "live" and wanted == now.speed:
            return
        if now.mode == "live":
            _settle(now.target)
        execute("UPDATE worlds_clock SET mode = 'live', live_speed = %s", [wanted])
        anchor()
        execute("UPDATE public.worlds_world SET is_live = true WHERE id = %s", [world.pk])


def pause(world: World) -> datetime:
    """Stop the clock of `world` at the moment it should be at now; returns that moment. In a transaction.

    When the market is too far behind to get there in two real seconds, it stops where it got to.
    """
    with stepping():
        now = state()
        if now.mode == "live":
            execute("UPDATE worlds_clock SET mode = 'paused', live_since = NULL, live_from = NULL")
            execute("UPDATE public.worlds_world SET is_live = false WHERE id = %s", [world.pk])
            _settle(now.target)
        return clock.now()


def _settle(target: datetime) -> None:
    clock.chunk(target, seconds=SETTLE_SECONDS)
    forget()


def anchor() -> None:
    """A live clock runs on from the moment it shows now: after a jump, after a change of speed."""
    execute("UPDATE worlds_clock SET live_since = clock_timestamp(), live_from = now_at WHERE mode = 'live'")


def tick_all() -> int:
    """Move every live market to where it should be, as far as a tick may; how many were moved."""
    point(None)
    return sum(tick(world) for world in World.objects.filter(is_live=True).order_by("id"))


def tick(world: World) -> bool:
    """Move one live market; not when another tick or a job moves it."""
    with _alone(world.schema) as mine:
        if not mine or _jumping(world):
            return False
        point(world.schema)
        try:
            began = perf_counter()
            while (left := TICK_SECONDS - (perf_counter() - began)) > 0:
                with transaction.atomic(), stepping():
                    now = state()
                    if now.mode != "live" or now.target <= now.at or _jumping(world):
                        break
                    clock.chunk(now.target, seconds=min(clock.CHUNK_SECONDS, left))
        finally:
            point(None)
    return True


def _jumping(world: World) -> bool:
    return jobs.unfinished(world) is not None


@contextmanager
def _alone(schema: str) -> Iterator[bool]:
    mine = one("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [LOCK, schema])
    try:
        yield mine
    finally:
        if mine:
            execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", [LOCK, schema])
