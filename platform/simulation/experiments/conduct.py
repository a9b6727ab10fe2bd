"""Conducting an experiment: a market for each run, spread over whoever works, measured, written down, dropped.

What is known stands in the folder: one file a run (`runs/0001.json`), written whole or not at all. A command that
was killed and is given again finds them, takes up the markets that were being lived, and goes on.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.db import transaction

from common.batch import dumps
from common.errors import Conflict, Invalid, Refusal
from regime.actions import change
from simulation.experiments import living
from simulation.experiments.plan import SHIPPED, Experiment, Run, settings_of, stem
from simulation.experiments.trial import KIND
from worlds import actions, jobs
from worlds.current import point, use_world
from worlds.models import Job, World
from worlds.pen import writing

Told = Callable[[int, int, str], None]  # runs done, runs in all, words


class Hands(Protocol):
    """Who does the jobs: this process, others of ours, or Celery's workers."""

    room: int

    def take(self, job: Job) -> None:
        """Begin, or do, this job."""

    def pause(self) -> None:
        """Wait a little, while jobs are done elsewhere."""


@dataclass(frozen=True)
class Place:
    """The folder of an experiment and what its markets are called."""

    folder: Path
    mark: str

    def file(self, run: Run) -> Path:
        return self.folder / "runs" / f"{run.number:04}.json"

    def world(self, run: Run) -> str:
        return f"{self.mark}-{run.number:04}"


@cache
def program() -> str:
    """A mark of the code and tables of ours that markets are lived by: under another, the same file may say other things."""
    digest = hashlib.sha256()
    for room in ("payments", "platform", "ratings", "search", "shops"):
        for file in sorted((settings.ROOT / room).rglob("*")):
            if file.suffix in {".py", ".toml"} and file.parent != SHIPPED:  # what those say is in the digest
                digest.update(f"{file.relative_to(settings.ROOT)}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def place(made: Experiment, folder: Path) -> Place:
    """Make the folder this experiment's, or find that it is; `Conflict` when it holds another, or was lived by another
    version of Jishi; `Invalid` when it cannot be one."""
    try:
        (folder / "runs").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Invalid(
            f"{folder} cannot be a folder of results: {error.strerror}",
            field="output",
            rule="folder_is_writable",
            way_out="Choose another folder.",
        ) from None
    file = folder / "experiment.json"
    held = _held(file)
    if held is not None and held.get("digest") != made.digest:
        raise _taken(
            f"{folder} holds another experiment, or this one as it was before it was changed",
            rule="a_folder_holds_one_experiment",
        )
    if held is not None and held.get("program") != program():
        raise _taken(
            f"{folder} holds runs of another version of Jishi: beside new ones they would not compare",
            rule="a_folder_is_lived_by_one_version",
        )
    _written(file, {"name": made.name, "digest": made.digest, "program": program()})
    said = f"{folder.resolve()} {made.digest} {program()}"
    return Place(folder, f"x{hashlib.sha256(said.encode()).hexdigest()[:10]}")


def _taken(why: str, *, rule: str) -> Conflict:
    return Conflict(why, field="output", rule=rule, way_out="Choose another folder, or remove that one.")


def conduct(made: Experiment, there: Place, hands: Hands, told: Told) -> list[dict[str, Any]]:
    """Do the runs that are missing; every run's record, in order. A run that failed says why, and is done again
    when the experiment is."""
    runs = made.runs
    kept = {run.number: record for run in runs if (record := read(there, run)) and not record["failed"]}
    waiting = deque(run for run in runs if run.number not in kept)
    told(len(kept), len(runs), "")
    flying: dict[str, Run] = {}
    while waiting or flying:
        while waiting and len(flying) < hands.room:
            run = waiting.popleft()
            job = begin(made, there, run)
            flying[str(job.pk)] = run
            if job.status in {"queued", "running"}:
                hands.take(job)
        point(None)
        over = Job.objects.filter(pk__in=list(flying)).exclude(status__in=["queued", "running"])
        for job in list(over):
            run = flying.pop(str(job.pk))
            _finished(made, there, run, job)
            told(len(runs) - len(waiting) - len(flying), len(runs), run.words)
        if flying and not over:
            hands.pause()
    return [record for run in runs if (record := read(there, run))]


def read(there: Place, run: Run) -> dict[str, Any] | None:
    return _held(there.file(run))


def _held(file: Path) -> dict[str, Any] | None:
    """What a file of ours says; None when there is none. They are written whole: another was damaged, and is not touched."""
    try:
        held = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        held = None
    if not isinstance(held, dict):
        raise _taken(f"{file} cannot be read: it was damaged", rule="results_can_be_read")
    return held


def begin(made: Experiment, there: Place, run: Run) -> Job:
    """The run's job, in a market of its own: the one that is there, or else both made anew, at once."""
    point(None)
    world = World.objects.filter(name=there.world(run)).first()
    if world is not None:
        job = Job.objects.filter(world=world, kind=KIND).order_by("-created_at").first()
        if job is not None and job.status in {"queued", "running", "done"}:
            return job
        actions.drop(world)
    with transaction.atomic():
        return _opened(made, there, run)


def _opened(made: Experiment, there: Place, run: Run) -> Job:
    """A blank market of the run's seed under its arm's rules, and the job that will live it."""
    opening, arm = living.opening(run.scenario), run.arm
    world, _ = actions.create(
        there.world(run),
        seed=run.seed,
        regime=arm.regime or opening.regime,
        start=opening.start,
        scenario=stem(run.scenario),
    )
    if arm.levers:
        with use_world(world.schema), writing() as now:
            since = now.at + timedelta(days=arm.from_day - 1)
            why = arm.why or f"arm {arm.name} of the experiment {made.name}"
            change(arm.levers, at=now.at, by=None, why=why[:500], effective_at=since)
    phases = living.phases(
        run.scenario, seed=run.seed, start=opening.start, days=made.days, settings=settings_of(made, arm)
    )
    return jobs.start(world, KIND, {"phases": phases, "outcomes": list(made.outcomes)}, wake=False)


def _finished(made: Experiment, there: Place, run: Run, job: Job) -> None:
    """Write down what came of a run; its market goes, unless it is to be kept or failed."""
    failed = None if job.status == "done" else (job.error or {}).get("detail") or f"the job was {job.status}"
    record = {
        "run": run.number,
        "arm": run.arm.name,
        "scenario": stem(run.scenario),
        "seed": run.seed,
        "failed": failed,
        "world": there.world(run) if made.keep or failed else None,
        **(job.result or {}),
    }
    if not failed:  # the database keeps no order of names
        record["outcomes"] = {name: record["outcomes"][name] for name in made.outcomes}
    _written(there.file(run), record)
    if not record["world"]:
        _dropped(job)


def _dropped(job: Job) -> None:
    try:
        actions.drop(World.objects.get(pk=job.world_id))
    except Refusal:  # somebody works on it still: it is found again by its name
        return


def _written(file: Path, record: dict[str, Any]) -> None:
    draft = file.with_suffix(".part")
    draft.write_text(dumps(record), encoding="utf-8")
    draft.replace(file)


class Here:
    """One job at a time, in this process."""

    room = 1

    def take(self, job: Job) -> None:
        jobs.run_job(str(job.pk))

    def pause(self) -> None:
        """A worker elsewhere has it."""
        time.sleep(0.1)
