"""Jump invariance of a market at work: a street stopped amid its trades, with every clock running.

The street is the demo's scenario, cut off when enough orders stand in every state; from there on only time
passes: unpaid orders close, parcels count as received, feedback is defaulted and revealed, days are closed.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection

from common.batch import execute, one, rows
from simulation import found
from simulation.scenario import scenario
from worlds import actions, advance, checks, clock, hashing, jobs
from worlds.current import point, use_world
from worlds.models import Job

pytestmark = pytest.mark.slow
DAYS, ORDERS = 30, 30


class Enough(BaseException):  # no handler of the job's sees it, as none sees a kill
    """The street is busy enough."""


@pytest.fixture(scope="module")
def street(django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
    """A world with a snapshot `busy`: the scenario stopped after its first orders."""
    with django_db_blocker.unblock():
        point(None)
        plan = scenario("quiet_street")
        world, _ = actions.create(f"t{uuid.uuid4().hex[:10]}", seed=11, regime=plan.regime, start=plan.start)

        def until_busy(progress: float) -> None:
            if one("SELECT count(*) FROM shops_order") >= ORDERS:
                raise Enough

        with use_world(world.schema):
            job = found.start(world, plan)
        with pytest.raises(Enough):
            jobs.run_job(str(job.pk), told=until_busy)
        jobs.cancel(job)
        with use_world(world.schema):
            execute("UPDATE simulation_population SET next_tick_at = NULL")  # nobody does anything any more
        actions.snapshot(world, "busy")
        yield world
        connection.close()
        point(None)
        Job.objects.filter(world=world).delete()
        for each in actions.World.objects.filter(name__startswith=world.name):
            actions.drop(each)


def ended(world: Any, *cuts: timedelta) -> dict[str, str]:
    """Table hashes after thirty days with stops after each of `cuts`."""
    actions.reset(world, "busy")
    with use_world(world.schema):
        end = clock.now() + timedelta(days=DAYS)
        for cut in cuts:
            clock.advance(min(clock.now() + cut, end))
        clock.advance(end)
        return hashing.table_hashes()


@pytest.fixture(scope="module")
def once(street: Any, django_db_blocker: Any) -> dict[str, str]:
    with django_db_blocker.unblock():
        return ended(street)


@pytest.fixture(autouse=True)
def _unblocked(transactional_db_without_flush: None) -> None:
    """Commits of our own, dropped with the street."""


def test_the_story_reaches_every_corner(street: Any, once: dict[str, str]) -> None:
    with use_world(street.schema):
        names = {row[0] for row in rows("SELECT DISTINCT name FROM events_event")}
        assert {"order.placed", "order.paid", "order.shipped", "order.finished", "feedback.revealed"} <= names
        assert not any(checks.audit().values())


def test_thirty_days_at_once_are_thirty_days_one_by_one(street: Any, once: dict[str, str]) -> None:
    assert ended(street, *[timedelta(days=1)] * DAYS) == once


def test_odd_cuts_end_alike(street: Any, once: dict[str, str]) -> None:
    assert ended(street, *[timedelta(hours=31, minutes=7, seconds=13)] * 23) == once


def test_a_job_killed_now_and_then_and_a_fork_halfway_end_alike(
    street: Any, once: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "chunk", partial(clock.chunk, seconds=0.02))  # many slices on any machine
    actions.reset(street, "busy")
    with use_world(street.schema):
        job = advance.start(street, {"duration": f"P{DAYS}D"}, wake=False)
    slices = 0

    def die(progress: float) -> None:
        nonlocal slices
        slices += 1
        if slices % 4 == 0:
            connection.close()
            raise KeyboardInterrupt

    fork, status = None, ""
    while status not in {"done", "over"}:  # over: killed right after its last slice
        try:
            status = jobs.run_job(str(job.pk), told=die)
        except KeyboardInterrupt:
            if fork is None and Job.objects.get(pk=job.pk).progress > 0.4:
                fork, _ = actions.fork(street, f"{street.name}f")
    assert slices >= 8
    with use_world(street.schema):
        assert hashing.table_hashes() == once
        end = clock.now()
    assert fork is not None
    with use_world(fork.schema):
        assert clock.now() < end
        clock.advance(end)
        assert hashing.table_hashes() == once
