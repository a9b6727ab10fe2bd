"""However time is cut up, the market ends in the same state, to the last row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.worlds import story
from worlds import actions, advance, clock, hashing, jobs
from worlds.current import use_world

pytestmark = [pytest.mark.usefixtures("told"), pytest.mark.slow]
Worlds = Callable[..., Any]
DAYS = 30


@pytest.fixture
def start(worlds: Worlds) -> Any:
    """A market whose story has begun, kept as snapshot `start`, from which each way of cutting begins."""
    world = worlds()
    with use_world(world.schema):
        story.begin()
    actions.snapshot(world, "start")
    return world


def jumped(world: Any, cuts: list[timedelta], total: timedelta = timedelta(days=DAYS)) -> str:
    """The state hash after `total`, with stops after each of `cuts`."""
    actions.reset(world, "start")
    with use_world(world.schema):
        end = clock.now() + total
        for cut in cuts:
            clock.advance(min(clock.now() + cut, end))
        clock.advance(end)
        assert clock.now() == end
        return hashing.state_hash()


def test_one_jump_of_thirty_days_is_thirty_jumps_of_one(start: Any) -> None:
    once = jumped(start, [])
    with use_world(start.schema):
        assert clock.last_event() > 1000, "the story must be worth telling"
    assert jumped(start, [timedelta(days=1)] * DAYS) == once
    assert jumped(start, [timedelta(hours=7, seconds=1)] * 103) == once


def test_any_cut_ends_alike(start: Any) -> None:
    total = timedelta(days=4)
    once = jumped(start, [], total)
    spans = st.one_of(
        st.timedeltas(min_value=timedelta(), max_value=timedelta(days=2)),
        st.sampled_from([timedelta(), timedelta(microseconds=1), timedelta(hours=1), timedelta(days=1)]),
        st.sampled_from([timedelta(seconds=s) for s in story.SPANS[:8]]),
    )

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(st.lists(spans, max_size=12))
    def cut(cuts: list[timedelta]) -> None:
        assert jumped(start, cuts, total) == once

    cut()


def test_a_fork_halfway_ends_like_its_parent(start: Any) -> None:
    once = jumped(start, [])
    actions.reset(start, "start")
    with use_world(start.schema):
        end = clock.now() + timedelta(days=DAYS)
        clock.advance(end - timedelta(days=13, hours=5))
    fork, _ = actions.fork(start, f"{start.name}f")
    for world in (fork, start):
        with use_world(world.schema):
            clock.advance(end)
            assert hashing.state_hash() == once


def test_chunks_of_any_length_end_alike(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """How much real time a chunk may take decides only where transactions end."""
    once = jumped(start, [], timedelta(days=5))
    real = clock.chunk
    for seconds in (0.0, 0.01, 10.0):
        monkeypatch.setattr(clock, "chunk", lambda *a, s=seconds, **k: real(*a, **{**k, "seconds": s}))
        assert jumped(start, [], timedelta(days=5)) == once


def test_a_run_that_dies_at_any_step_and_is_taken_up_ends_alike(
    start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks in the middle of the n-th step, for many n: what was half done is taken back."""
    total = timedelta(days=3)
    once = jumped(start, [], total)
    real, steps = clock._step, 0

    def mortal(*args: Any) -> Any:
        nonlocal steps
        steps += 1
        made = real(*args)
        if steps in {1, 2, 5, 17, 40, 71, 72, 100, 140}:
            connection.close()
            raise KeyboardInterrupt
        return made

    actions.reset(start, "start")
    with use_world(start.schema):
        job = advance.start(start, {"duration": "P3D"}, wake=False)
    monkeypatch.setattr(clock, "_step", mortal)
    status, deaths = "", 0
    while status != "done":
        try:
            status = jobs.run_job(str(job.pk))
        except KeyboardInterrupt:
            deaths += 1
    assert deaths >= 8
    job.refresh_from_db()
    assert job.result["state_hash"] == once


def test_a_moment_met_in_another_order_would_be_noticed(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: an engine that meets all deadlines of a jump at its end gives another hash."""
    once = jumped(start, [], timedelta(days=5))

    def careless(at: datetime, target: datetime) -> datetime:
        from common.batch import execute

        execute("UPDATE worlds_clock SET now_at = %s", [target])
        clock._meet_deadlines(target)
        return target

    monkeypatch.setattr(clock, "_step", careless)
    assert jumped(start, [], timedelta(days=5)) != once
    assert jumped(start, [timedelta(days=1)] * 5, timedelta(days=5)) != jumped(start, [], timedelta(days=5))
