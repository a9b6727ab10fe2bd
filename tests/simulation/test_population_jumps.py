"""A market with a population ends alike however its days were cut up, whoever drew them, and whatever was forgotten.

One market of every kind of seller lives four days once; then again from its first moment in other ways. What is
remembered between ticks is held against the tables by the way: who forgets everything reads them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from common.batch import one, rows
from simulation import engine, found
from simulation.scenario.shapes import Scenario
from tests.simulation.conftest import forget, hashes, live
from worlds import actions, checks, clock, jobs
from worlds.current import use_world
from worlds.models import Job, World

pytestmark = pytest.mark.slow
DAYS = 4
ROOT = Path(__file__).resolve().parents[2]
# Does the job that it is told of, in a process of its own.
DO = "import sys, django; django.setup(); from worlds import jobs; jobs.run_job(sys.argv[1])"


def advance(world: World, days: float, step: timedelta | None = None, *, forgets: bool = False) -> None:
    """Let days pass by the clock, in steps of `step`, with or without what was remembered before."""
    with use_world(world.schema):
        end = clock.now() + timedelta(days=days)
        while clock.now() < end:
            if forgets:
                forget()
            clock.advance(min(clock.now() + (step or timedelta(days=days)), end))


def again(world: World) -> World:
    actions.reset(world, "start")
    return world


class Killed(BaseException):  # no handler of the job's sees it, as none sees a kill
    """The process is gone; what it remembers is not, which is worse."""


def taken_back(world: World, monkeypatch: pytest.MonkeyPatch, *, every: int) -> dict[str, str]:
    """Those days, with every n-th tick taken back at its very end, and lived again by the same process."""
    ticks, over = 0, engine.over

    def gone(**said: Any) -> None:
        nonlocal ticks
        over(**said)
        ticks += 1
        if ticks % every == 0:
            raise Killed

    with use_world(world.schema):
        job = found.start(world, None, days=DAYS)
    with monkeypatch.context() as patch:
        patch.setattr(engine, "over", gone)
        patch.setattr(found, "SLICE_SECONDS", 0.05)  # slices of few ticks, or no slice would ever end
        status = ""
        while status not in {"done", "over"}:
            try:
                status = jobs.run_job(str(job.pk))
            except Killed:
                connection.close()
    assert ticks > 4 * DAYS
    return hashes(world)


def killed(world: World) -> tuple[dict[str, str], float]:
    """Those days, by a process that is killed within it, then by this one; and how far the first got."""
    with use_world(world.schema):
        job = found.start(world, None, days=DAYS)
    url = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**settings.DATABASES["default"])
    url = url.replace(f"/{settings.DATABASES['default']['NAME']}", f"/{connection.settings_dict['NAME']}")
    env = {
        **os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "jishi.settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")]),
    }  # fmt: skip
    other = subprocess.Popen([sys.executable, "-c", DO, str(job.pk)], env=env, cwd=ROOT)
    until = time.monotonic() + 120
    while (got := Job.objects.get(pk=job.pk).progress) < 0.25 and time.monotonic() < until:
        assert other.poll() is None, "it ended by itself"
        time.sleep(0.01)
    other.send_signal(signal.SIGKILL)
    other.wait()
    status = "elsewhere"
    while status == "elsewhere" and time.monotonic() < until:  # its connection outlives it for a moment
        status = jobs.run_job(str(job.pk))
    assert status == "done"
    return hashes(world), got


def test_four_days_of_every_kind_of_seller_ends_alike_however_it_is_lived(
    populated: Callable[..., World], small: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = populated(small)
    once = live(world, DAYS)
    with use_world(world.schema):
        lived()
        assert not any(checks.audit().values())
    assert live(again(world), DAYS) == once
    advance(again(world), DAYS, timedelta(days=1))
    assert hashes(world) == once
    advance(again(world), DAYS, timedelta(hours=7, minutes=13), forgets=True)
    assert hashes(world) == once
    assert live(again(world), DAYS, workers=2) == once
    assert taken_back(again(world), monkeypatch, every=3) == once
    ended, got = killed(again(world))
    assert (ended, 0.2 < got < 1) == (once, True)

    advance(again(world), 1.7)
    actions.snapshot(world, "middle")
    fork, _ = actions.fork(world, f"{world.name}f")
    advance(world, DAYS - 1.7)
    advance(fork, DAYS - 1.7, timedelta(hours=31))
    assert hashes(world) == hashes(fork) == once
    actions.reset(world, "middle")
    advance(world, DAYS - 1.7)
    assert hashes(world) == once


def lived() -> None:
    """These days had in it what it is to prove."""
    told = {row[0] for row in rows("SELECT DISTINCT verb FROM simulation_decision WHERE refused = ''")}
    assert told >= {"brush", "bid", "list", "edit", "keyword", "campaign", "deal", "enter"}, told
    for what in (
        "shops_refund", "shops_inquiry", "search_express_click WHERE verdict = 'valid'",
        "regime_lever WHERE name = 'feedback.reveal' AND value = '\"open\"'",
    ):  # fmt: skip
        assert one(f"SELECT count(*) FROM {what}"), what


def test_another_seed_is_another_market(populated: Callable[..., World], small: Scenario) -> None:
    first, second = (live(populated(small, seed), 1) for seed in (7, 8))
    assert first["traffic_pageview"] != second["traffic_pageview"]
