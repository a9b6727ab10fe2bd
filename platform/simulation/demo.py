"""The demo market: a quiet street, two weeks old, made through the ordinary actions."""

from __future__ import annotations

from collections.abc import Callable

from simulation import found
from simulation.scenario import scenario
from worlds import actions, jobs
from worlds.current import point
from worlds.models import Job, World

NAME = "demo"
SCENARIO = "quiet_street"
SEED = 2010


def demo(told: Callable[[float], None] | None = None) -> tuple[World, str | None]:
    """The demo market and, when it was made just now, its admin key. One that was left half made is finished."""
    point(None)
    world, key = World.objects.filter(name=NAME).first(), None
    if world is not None and Job.objects.filter(world=world, kind="simulate", status="failed").exists():
        actions.drop(world)
        world = None
    if world is None:
        plan = scenario(SCENARIO)
        world, key = actions.create(
            NAME, seed=SEED, regime=plan.regime, start=plan.start, scenario=SCENARIO, is_demo=True
        )
        point(world.schema)
        job: Job | None = found.fill(world, SCENARIO)
        point(None)
    else:
        job = Job.objects.filter(world=world, kind="simulate", status__in=["queued", "running"]).first()
    if job is not None:
        jobs.run_job(str(job.pk), told=told)
        job.refresh_from_db()
        if job.status == "failed":
            why = (job.error or {}).get("detail")
            raise jobs.Failed(f"the demo could not be made: {why}")
    return world, key
