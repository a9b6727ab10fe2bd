"""Who lives the runs: processes of our own, or the workers of a running `up`.

As a program (`python -m simulation.experiments.hands`) it is such a process: job numbers come in, a line each;
each job is done, and its status printed. It ends with its input, so it does not outlive who started it for long.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from types import TracebackType
from typing import IO
from uuid import UUID

if __name__ == "__main__":  # a program of its own: models are known once Django is set up
    import django

    django.setup()

from worlds import jobs
from worlds.models import Job

PATIENCE_SECONDS = 15.0  # how long a job may lie before we do it ourselves


class Workers:
    """Celery's. A job that none of them takes up is done here."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.rung: dict[str, float] = {}

    def take(self, job: Job) -> None:
        jobs.ring(str(job.pk))
        self.rung[str(job.pk)] = time.monotonic()

    def pause(self) -> None:
        time.sleep(0.2)
        now = time.monotonic()
        late = [pk for pk, since in self.rung.items() if now - since > PATIENCE_SECONDS]
        for pk in late:
            del self.rung[pk]
            job = Job.objects.get(pk=pk)
            if job.status == "queued" and not jobs.is_held(job):
                jobs.run_job(pk)


class Processes:
    """`room` processes of our own; each is told of a job when it has none."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.started: list[subprocess.Popen[str]] = []
        self.busy: dict[int, UUID] = {}  # process -> the job it has

    def __enter__(self) -> Processes:
        for _ in range(self.room):
            self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.started:
            _input(process).close()
            if kind is not None:
                process.terminate()
        for process in self.started:
            process.wait()

    def _start(self) -> None:
        command = [sys.executable, "-m", "simulation.experiments.hands"]
        env = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        self.started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=2, env=env, text=True))

    def take(self, job: Job) -> None:
        """Give it to a process that has nothing to do; one that died is replaced."""
        for number, process in enumerate(self.started):
            if process.poll() is not None:
                self.started.pop(number)
                self._start()
        under_way = set(  # a job that is over may be gone already, with its market
            Job.objects.filter(pk__in=list(self.busy.values()), status__in=["queued", "running"]).values_list(
                "pk", flat=True
            )
        )
        alive = {process.pid for process in self.started}
        self.busy = {pid: pk for pid, pk in self.busy.items() if pid in alive and pk in under_way}
        free = next((p for p in self.started if p.pid not in self.busy), self.started[0])
        self.busy[free.pid] = job.pk
        _input(free).write(f"{job.pk}\n")
        _input(free).flush()

    def pause(self) -> None:
        """Wait; a job whose process died is given to another."""
        time.sleep(0.1)
        dead = {p.pid for p in self.started if p.poll() is not None}
        for pid in dead & set(self.busy):
            job = Job.objects.get(pk=self.busy.pop(pid))
            if job.status in {"queued", "running"}:
                self.take(job)


def _input(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdin is not None
    return process.stdin


def main() -> None:
    """Do the jobs named on standard input."""
    for line in sys.stdin:
        jobs.run_job(line.strip())


if __name__ == "__main__":
    main()
