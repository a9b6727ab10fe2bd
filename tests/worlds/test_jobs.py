"""Long work survives its worker: nothing lost, nothing twice, one at a time."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from common.batch import execute, one
from common.errors import Conflict, Invalid, Refusal
from common.moments import duration, show
from tests.worlds import story
from worlds import actions, advance, clock, hashing, jobs
from worlds.current import point, use_world
from worlds.models import Job

pytestmark = pytest.mark.usefixtures("told")


def queued(world: Any, asked: dict[str, Any]) -> Job:
    with use_world(world.schema):
        return advance.start(world, asked, wake=False)


def undisturbed(worlds: Callable[..., Any], days: int) -> str:
    world = worlds("calm")
    with use_world(world.schema):
        story.begin()
        clock.advance(clock.now() + duration(f"P{days}D"))
        return hashing.state_hash()


def begun(worlds: Callable[..., Any], name: str = "") -> Any:
    world = worlds(name)
    with use_world(world.schema):
        story.begin()
    return world


def test_an_advance_job_ends_where_the_clock_would_by_itself(worlds: Callable[..., Any]) -> None:
    world = begun(worlds)
    job = queued(world, {"duration": "P9D"})
    seen: list[float] = []
    assert jobs.run_job(str(job.pk), told=seen.append) == "done"
    job.refresh_from_db()
    assert job.result["state_hash"] == undisturbed(worlds, 9)
    assert set(job.result) == {"from", "to", "state_hash", "events", "event", "seconds"}
    assert job.result["events"] > 100
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_a_job_taken_up_after_every_slice_repeats_and_loses_nothing(
    worlds: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker dies after each slice, having half done the next: the hash is the undisturbed one's."""
    monkeypatch.setattr(clock, "CHUNK_SECONDS", 0.02)
    monkeypatch.setattr(advance.clock, "chunk", _short(clock.chunk))
    monkeypatch.setattr(jobs, "ATTEMPTS", 10_000)
    world = begun(worlds)
    job = queued(world, {"duration": "P5D"})
    real, died = advance.advance, 0

    def mortal(work: jobs.Work) -> jobs.Slice:
        nonlocal died
        made = real(work)
        if died % 2 == 0:
            died += 1
            raise KeyboardInterrupt  # no handler of the job's sees it, as none sees a kill
        died += 1
        return made

    monkeypatch.setattr(advance, "advance", mortal)
    for _ in range(1000):
        try:
            assert jobs.run_job(str(job.pk)) == "done"
            break
        except KeyboardInterrupt:
            connection.close()
    job.refresh_from_db()
    assert died > 6
    monkeypatch.undo()
    with story.told(_settings()):
        assert job.result["state_hash"] == undisturbed(worlds, 5)


def _settings() -> Any:
    from django.conf import settings

    return settings


def _short(real: Callable[..., Any]) -> Callable[..., Any]:
    return lambda target, until=None, seconds=0.02: real(target, until=until, seconds=seconds)


def test_a_second_job_is_refused_with_the_first_one_s_address(worlds: Callable[..., Any]) -> None:
    world = begun(worlds)
    first = queued(world, {"duration": "P1D"})
    with pytest.raises(Conflict) as refused:
        queued(world, {"duration": "P2D"})
    assert refused.value.extra == {"job": f"/api/jobs/{first.pk}/"}
    jobs.run_job(str(first.pk))
    assert queued(world, {"duration": "P2D"}).status == "queued"


def race(world: Any, start: Callable[[], object]) -> list[object]:
    """Two threads start a job at the same instant; what came of each."""
    barrier, outcome = threading.Barrier(2), []

    def run() -> None:
        try:
            barrier.wait(10)
            outcome.append(start())
        except (Refusal, IntegrityError) as error:
            outcome.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return outcome


def test_of_two_advances_that_race_one_is_refused(worlds: Callable[..., Any]) -> None:
    for round_ in range(5):
        world = worlds(f"r{round_}")
        outcome = race(world, lambda: queued(world, {"duration": "P1D"}))  # noqa: B023  joined within
        assert sorted(type(each).__name__ for each in outcome) == ["Conflict", "Job"]
        assert Job.objects.filter(world=world).count() == 1


def test_the_race_bites_when_nothing_decides_it(worlds: Callable[..., Any]) -> None:
    """Negative control: looking before leaping, which is all there is without the index, lets both in."""
    world = worlds()
    execute("DROP INDEX public.one_running_job_per_world")
    both_looked = threading.Barrier(2)

    def look_then_leap() -> Job:
        if jobs.unfinished(world):
            raise jobs.busy(world, jobs.unfinished(world))  # type: ignore[arg-type]
        both_looked.wait(10)
        return queued(world, {"duration": "P1D"})

    try:
        outcome = race(world, look_then_leap)
        assert [type(each) for each in outcome] == [Job, Job]
    finally:
        Job.objects.filter(world=world).delete()
        execute(
            "CREATE UNIQUE INDEX one_running_job_per_world ON public.worlds_job (world_id)"
            " WHERE status IN ('queued', 'running')"
        )


def test_two_workers_with_one_job_do_it_once(worlds: Callable[..., Any]) -> None:
    world = begun(worlds)
    job = queued(world, {"duration": "P6D"})
    outcome = race(world, lambda: jobs.run_job(str(job.pk)))
    assert "done" in outcome
    assert set(outcome) <= {"done", "elsewhere", "over"}
    with use_world(world.schema):
        assert hashing.state_hash() == undisturbed(worlds, 6)


def test_eight_workers_on_one_deadline_act_once(worlds: Callable[..., Any]) -> None:
    world = worlds()
    with use_world(world.schema):
        story.begin(1)
        target = clock.now() + duration("PT1S")
    barrier = threading.Barrier(8)

    def run() -> None:
        try:
            point(world.schema)
            barrier.wait(10)
            clock.advance(target)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with use_world(world.schema):
        assert (
            one("SELECT count(*) FROM events_event WHERE payload ->> 'alarm' = 'a0' AND subject_id = 1") == 1
        )
        assert clock.now() == target


def test_a_failed_job_says_why_and_leaves_the_market_where_its_last_slice_did(
    worlds: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = begun(worlds)
    job = queued(world, {"duration": "P20D"})

    def broken(*, at: object) -> None:
        raise ZeroDivisionError("the eighth day is broken")

    monkeypatch.setattr(story, "week_count", broken)
    clock._resolved.cache_clear()
    try:
        assert jobs.run_job(str(job.pk)) == "failed"
    finally:
        clock._resolved.cache_clear()
    job.refresh_from_db()
    assert job.error["status"] == 500
    assert "the eighth day is broken" in job.error["detail"]
    assert job.result is None
    with use_world(world.schema):
        stands, state = clock.now(), hashing.state_hash()
        assert show(stands) < "2010-03-08"
    calm = begun(worlds, "calm")
    with use_world(calm.schema):
        clock.advance(stands)
        assert hashing.state_hash() == state
    assert queued(world, {"duration": "PT1H"}).status == "queued"


def test_a_cancelled_job_takes_its_unfinished_slice_back(worlds: Callable[..., Any]) -> None:
    world = begun(worlds)
    job = queued(world, {"duration": "P300D"})
    reached: list[Any] = []

    def cancel_soon(progress: float) -> None:
        if not reached:
            jobs.cancel(job)
            reached.append(clock.now())

    assert jobs.run_job(str(job.pk), told=cancel_soon) == "cancelled"
    with use_world(world.schema):
        assert clock.now() == reached[0]
    with pytest.raises(Conflict):
        jobs.cancel(job)


def test_a_job_that_nobody_holds_is_found_and_one_that_is_held_is_not(worlds: Callable[..., Any]) -> None:
    world = begun(worlds)
    job = str(queued(world, {"duration": "P1D"}).pk)
    assert job not in jobs.lost(), "it was touched just now"
    execute("UPDATE public.worlds_job SET beat_at = beat_at - interval '1 minute' WHERE id = %s", [job])
    with transaction.atomic():
        execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [jobs.LOCK, job])
        assert job not in jobs.lost(), "somebody has it"
    assert job in jobs.lost()
    assert job not in jobs.lost(), "it was looked for just now"


def test_a_job_that_gets_nowhere_fails_in_the_end(
    worlds: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "ATTEMPTS", 3)
    job = queued(worlds(), {"duration": "P1D"})

    def die(work: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(advance, "advance", die)
        for _ in range(3):
            with pytest.raises(KeyboardInterrupt):
                jobs.run_job(str(job.pk))
            connection.close()
    assert jobs.run_job(str(job.pk)) == "failed"
    job.refresh_from_db()
    assert job.error["rule"] == "a_job_gets_on"


def test_a_job_starts_without_a_broker_and_is_found_later(worlds: Callable[..., Any]) -> None:
    world = begun(worlds)
    script = f"""
import django, time; django.setup()
import kombu.transport.redis
from jishi.celery import app
from worlds import actions, advance
app.loader.init_worker()  # imports are no waiting for a broker
world = actions.enter({world.name!r})
began = time.perf_counter()
job = advance.start(world, {{"duration": "PT1H"}})
assert time.perf_counter() - began < 2, "a broker that is away must not keep a request waiting"
"""
    database = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{connection.settings_dict['NAME']}"
    away = {**os.environ, "DATABASE_URL": database, "REDIS_URL": "redis://127.0.0.1:1/0"}
    away["PYTHONPATH"] = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-c", script], env=away, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    job = Job.objects.get(world=world)
    assert job.status == "queued"
    execute("UPDATE public.worlds_job SET beat_at = beat_at - interval '1 minute'")
    assert str(job.pk) in jobs.lost()
    assert jobs.run_job(str(job.pk)) == "done"


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"duration": "P1D", "to": "2010-04-01"},
        {"horizon": "P1D"},
        {"duration": "P1M"},
        {"duration": "P999999W"},
        {"to": "2300-01-01"},
        {"to": "2010-02-01"},
        {"until": {"event": None}},
    ],
)
def test_an_advance_that_makes_no_sense_is_refused(asked: dict[str, Any], worlds: Callable[..., Any]) -> None:
    world = worlds()
    with pytest.raises((Invalid, Conflict)):
        queued(world, asked)
    assert not Job.objects.filter(world=world).exists()


def test_time_stops_at_the_event_that_was_waited_for(worlds: Callable[..., Any]) -> None:
    world = begun(worlds)
    job = queued(world, {"until": {"event": "day.counted"}})
    jobs.run_job(str(job.pk))
    job.refresh_from_db()
    assert job.result["event"]["name"] == "day.counted"
    assert job.result["to"] == job.result["event"]["at"] == "2010-03-01T03:00:00+08:00"
    job = queued(world, {"until": {"event": "never.happens"}, "horizon": "P2D"})
    jobs.run_job(str(job.pk))
    job.refresh_from_db()
    assert job.result["event"] is None
    assert job.result["to"] == "2010-03-03T03:00:00+08:00"


def test_a_job_left_behind_by_a_dead_worker_does_not_keep_a_world_alive(worlds: Callable[..., Any]) -> None:
    world = begun(worlds)
    job = queued(world, {"duration": "P1D"})
    with pytest.raises(Conflict):
        actions.drop(world)
    execute("UPDATE public.worlds_job SET beat_at = beat_at - interval '1 minute' WHERE id = %s", [job.pk])
    actions.drop(world)
    assert not Job.objects.filter(pk=job.pk).exists()
