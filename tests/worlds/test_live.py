"""A live market runs by itself, stops exactly, and never runs backwards."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import pytest
from django.db import connection

from common.batch import execute, one, rows
from common.errors import Conflict, Invalid
from tests.worlds import story
from worlds import actions, advance, clock, hashing, jobs, live
from worlds.current import point, use_world
from worlds.models import World

pytestmark = pytest.mark.usefixtures("told")
Worlds = Any


def pass_real_time(world: Any, seconds: float) -> None:
    """As if the clock had been let run so many real seconds earlier."""
    with use_world(world.schema):
        execute("UPDATE worlds_clock SET live_since = live_since - make_interval(secs => %s)", [seconds])


def lively(worlds: Worlds, speed: float = 1000, name: str = "") -> Any:
    world = worlds(name)
    with use_world(world.schema):
        story.begin()
        live.go(world, speed)
    return World.objects.get(pk=world.pk)


def moment(world: Any) -> Any:
    with use_world(world.schema):
        return clock.now()


def test_ticks_bring_a_live_market_to_where_it_should_be(worlds: Worlds) -> None:
    world = worlds()
    with use_world(world.schema):
        story.begin()
        began, started = clock.now(), perf_counter()  # before it lives, however busy the machine is
        live.go(world, 1000)
    pass_real_time(world, 60)
    for _ in range(100):  # a tick is bounded: a busy machine needs several
        assert live.tick(world)
        if moment(world) - began >= timedelta(seconds=60_000):
            break
    passed = (moment(world) - began).total_seconds()
    assert 60_000 <= passed <= 60_000 + 1000 * (perf_counter() - started)
    with use_world(world.schema):
        assert one("SELECT count(*) FROM events_event WHERE name = 'roll.called'") >= 16


def test_a_live_market_is_what_a_jump_would_have_made_of_it(worlds: Worlds) -> None:
    world = lively(worlds, 5000)
    for _ in range(6):
        pass_real_time(world, 17.3)
        live.tick(world)
    with use_world(world.schema):
        stopped = live.pause(world)
        assert clock.now() == stopped
        state = hashing.state_hash()
    calm = worlds("calm")
    with use_world(calm.schema):
        story.begin()
        clock.advance(stopped)
        assert hashing.state_hash() == state


def test_a_pause_freezes_the_market_at_the_moment_it_should_have_reached(worlds: Worlds) -> None:
    world = lively(worlds, 100)
    began = moment(world)
    pass_real_time(world, 30)
    with use_world(world.schema):
        stopped = live.pause(world)
    assert timedelta(seconds=3000) <= stopped - began < timedelta(seconds=3600)
    assert not World.objects.get(pk=world.pk).is_live
    live.tick_all()
    assert moment(world) == stopped
    with use_world(world.schema):
        assert live.pause(world) == stopped, "pausing twice is the same as once"
        live.go(world, None)
        assert live.state().speed == 100
        assert live.state().mode == "live"
        assert live.state().target - stopped < timedelta(seconds=500), "the pause itself does not count"


def test_another_speed_counts_from_now_on_only(worlds: Worlds) -> None:
    world = lively(worlds, 10)
    began = moment(world)
    pass_real_time(world, 100)
    with use_world(world.schema):
        live.go(world, 50_000)
        assert timedelta(seconds=1000) <= clock.now() - began < timedelta(seconds=1100)


def test_a_jump_while_live_runs_on_from_where_it_lands(worlds: Worlds) -> None:
    world = lively(worlds, 1)
    with use_world(world.schema):
        job = advance.start(world, {"duration": "P2D"}, wake=False)
    pass_real_time(world, 3600)
    assert not live.tick(world), "a tick keeps out of a job's way"
    jobs.run_job(str(job.pk))
    job.refresh_from_db()
    assert job.result["to"] == "2010-03-03T00:00:00+08:00"
    live.tick(world)
    assert timedelta() <= moment(world) - datetime.fromisoformat(job.result["to"]) < timedelta(seconds=30)


def test_the_clock_of_a_live_market_never_goes_back(worlds: Worlds) -> None:
    """Eight ticks and pauses and jumps at once: whatever order they come in, moments only grow."""
    world, seen = lively(worlds, 100_000), []
    done = threading.Event()

    def watch() -> None:
        try:
            point(world.schema)
            while not done.is_set():
                seen.append(clock.now())
        finally:
            connection.close()

    def push(how: int) -> None:
        try:
            for _ in range(3):
                if how % 3 == 0:
                    live.tick(world)
                elif how % 3 == 1:
                    with use_world(world.schema):
                        live.go(world, 1000 * (how + 1))
                else:
                    with use_world(world.schema):
                        live.pause(world)
        finally:
            connection.close()

    watcher = threading.Thread(target=watch)
    pushers = [threading.Thread(target=push, args=(i,)) for i in range(6)]
    watcher.start()
    for each in pushers:
        each.start()
    for each in pushers:
        each.join(60)
    done.set()
    watcher.join(10)
    assert len(seen) > 10
    assert seen == sorted(seen)
    with use_world(world.schema):
        live.pause(world)


@pytest.mark.parametrize("speed", [0, 0.5, -1, 100_001, float("nan"), float("inf")])
def test_a_speed_out_of_bounds_is_refused(speed: float, worlds: Worlds, call: Callable[..., Any]) -> None:
    world = worlds()
    with use_world(world.schema), pytest.raises((Invalid, Conflict)):
        live.go(world, speed)
    if math.isfinite(speed):
        assert call(world.admin_key, "post", "/api/clock/live/", {"speed": speed}).status_code == 400


def test_live_pause_and_resume_over_rest(worlds: Worlds, call: Callable[..., Any]) -> None:
    world = worlds()
    key = world.admin_key
    never = call(key, "post", "/api/clock/resume/")
    assert (never.status_code, never.json()["rule"]) == (409, "live_speed_is_known")
    assert call(key, "post", "/api/clock/live/", {"speed": 60}).json()["mode"] == "live"
    paused = call(key, "post", "/api/clock/pause/").json()
    assert (paused["mode"], paused["speed"]) == ("paused", 60.0)
    assert call(key, "post", "/api/clock/resume/").json()["mode"] == "live"
    assert call(key, "post", "/api/clock/pause/").json()["mode"] == "paused"


def test_how_a_clock_is_driven_is_not_part_of_what_a_market_means(worlds: Worlds) -> None:
    world = worlds()
    with use_world(world.schema):
        before = hashing.state_hash()
        live.go(world, 1)
        assert hashing.state_hash() == before


def test_a_fork_and_a_reset_of_a_live_market_stand_still(worlds: Worlds) -> None:
    world = lively(worlds, 10)
    actions.snapshot(world, "one")
    fork, _ = actions.fork(world, f"{world.name}f")
    with use_world(fork.schema):
        assert live.state().mode == "paused"
    actions.reset(world, "one")
    assert not World.objects.get(pk=world.pk).is_live
    with use_world(world.schema):
        assert live.state().mode == "paused"
    assert rows(
        "SELECT count(*) FROM public.worlds_world WHERE is_live AND name LIKE %s", [f"{worlds.mark}%"]
    ) == [(0,)]
