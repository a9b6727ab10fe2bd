"""Markets with a population: filled once by the ordinary job, gone back to their first moment as often as wanted."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simulation import crew, found, scene
from simulation.scenario import find
from simulation.scenario.shapes import Scenario
from tests.marks import marked
from worlds import actions, hashing, jobs
from worlds.current import point, use_world
from worlds.models import Job, World

SMALL = Path(__file__).with_name("small.toml")
SEED = 53  # under which a household of the small market opens a shop on the fourth day


@pytest.fixture
def mark(transactional_db_without_flush: None) -> Iterator[str]:
    """What the worlds of a test are called by; all of them, and what became of them, are dropped in the end."""
    with marked() as name:
        try:
            yield name
        finally:
            crew.crew.use(1)


@pytest.fixture
def populated(mark: str) -> Callable[..., World]:
    """`populated(plan)`: a market of that scenario whose life has not begun, with the snapshot `start`."""

    def make(plan: Scenario, seed: int = SEED) -> World:
        point(None)
        name = f"{mark}{uuid.uuid4().hex[:4]}"
        world, _ = actions.create(name, seed=seed, regime=plan.regime, start=plan.start)
        with use_world(world.schema):
            job = found.start(world, plan, days=0)
        done(job)
        actions.snapshot(world, "start")
        return world

    return make


@pytest.fixture(scope="session")
def small() -> Scenario:
    return find(SMALL)


def done(job: Job) -> Any:
    """What came of a job that is done here and now."""
    jobs.run_job(str(job.pk))
    job.refresh_from_db()
    assert job.status == "done", job.error
    return job.result


def live(world: World, days: int, workers: int = 1) -> dict[str, str]:
    """Let days pass by the job that `simulate` starts; the hash of each table in the end."""
    with use_world(world.schema):
        job = found.start(world, None, days=days, workers=workers)
    done(job)
    return hashes(world)


def hashes(world: World) -> dict[str, str]:
    with use_world(world.schema):
        return hashing.table_hashes()


def forget() -> None:
    """What this process remembers of any market."""
    scene._kept.clear()
