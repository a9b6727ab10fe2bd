"""Processes are killed in the middle of an advance; the market ends as if nothing had happened."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from jishi.hearing import DEAF, Hearing
from tests.worlds.rig import Rig, until

pytestmark = [pytest.mark.servers, pytest.mark.slow]
DAYS = 45


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with Rig() as rig:
        yield rig


@pytest.fixture(scope="module")
def calm(rig: Rig) -> str:
    return rig.undisturbed("calm", DAYS)


def test_a_worker_killed_in_the_middle_of_an_advance_is_replaced_by_another(rig: Rig, calm: str) -> None:
    first = rig.worker()
    job = rig.advance(rig.world("worker-killed"), DAYS)
    killed_at = rig.progress(job, 0.2)
    rig.kill(first)
    half_way = until(lambda: rig.job(job)[0] == "running" and rig.job(job)[1], "the job to be left running")
    assert killed_at <= half_way < 1
    second = rig.worker()
    result = rig.result(job)
    assert result["state_hash"] == calm
    assert result["events"] == rig.row('SELECT count(*) FROM "w_worker-killed".events_event')[0] > 1000  # type: ignore[index]
    rig.kill(second)


def test_postgresql_killed_in_the_middle_of_an_advance_is_waited_for(rig: Rig, calm: str) -> None:
    worker = rig.worker()
    job = rig.advance(rig.world("postgres-killed"), DAYS)
    for share in (0.1, 0.4, 0.7):
        rig.progress(job, share)
        rig.kill_postgres()
    assert rig.result(job)["state_hash"] == calm
    assert worker.poll() is None, "the worker itself lived through it"
    rig.kill(worker)


def going_on(rig: Rig, worker: subprocess.Popen[bytes], job: str) -> subprocess.Popen[bytes]:
    """The worker when it did the job, or another where it ended: its library at times stumbles over the connection it
    lost and ends it. Who watches over it starts another for any end."""
    until(
        lambda: rig.job(job)[0] == "done" or worker.poll() is not None, "the worker to hear of it, or to end"
    )
    return worker if worker.poll() is None else rig.worker()


def test_valkey_killed_and_emptied_loses_no_job(rig: Rig, calm: str) -> None:
    worker = rig.worker()
    job = rig.advance(rig.world("valkey-killed"), DAYS)
    rig.progress(job, 0.2)
    rig.kill_valkey()
    worker = going_on(rig, worker, job)
    assert rig.result(job)["state_hash"] == calm
    again = rig.advance("valkey-killed", 1)
    worker = going_on(rig, worker, again)
    assert rig.result(again)["to"] > rig.job(job)[2]["to"]
    rig.kill(worker)


def test_a_worker_that_hears_nothing_ends_itself_and_leaves_its_bells_to_the_next(rig: Rig) -> None:
    worker = rig.worker()
    assert rig.result(rig.advance(rig.world("deaf"), 1))
    rig.run("from jishi.celery import app; app.control.cancel_consumer('celery'); answer = 1")
    job = rig.advance("deaf", 1)
    assert until(worker.poll, "the worker to end itself") == DEAF
    assert rig.job(job)[0] == "queued"
    second = rig.worker()
    assert rig.result(job)["to"].startswith("2010-03-03T00:00:00")
    rig.kill(second)


def test_who_has_no_free_hand_or_nothing_to_hear_is_not_deaf() -> None:
    one = Hearing(hands=1, patience=4, now=0)
    assert not one.is_deaf(waiting=0, now=100)
    one.began(now=101)
    assert not one.is_deaf(waiting=9, now=200)
    one.ended(now=201)
    assert not one.is_deaf(waiting=9, now=205)
    assert one.is_deaf(waiting=9, now=205.1)


def test_a_job_queued_while_nobody_worked_is_done_when_somebody_does(rig: Rig) -> None:
    """Its bell was lost with Valkey; beat finds the row."""
    job = rig.advance(rig.world("nobody"), 1)
    rig.kill_valkey()
    worker = rig.worker()
    assert rig.result(job)["to"].startswith("2010-03-02T00:00:00")
    rig.kill(worker)
