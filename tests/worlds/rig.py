"""Servers, worker and beat of one's own, to be killed: the processes `up` starts, by the code it uses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg

from jishi.servers import Servers
from jishi.servers import postgres as pg
from jishi.servers import redis as valkey
from jishi.servers.home import Home
from jishi.servers.process import spawn

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0  # seconds a condition may take on a busy machine
# A Django process that runs one script a line, each on a connection of its own, and prints its `answer`.
SCRIPTS = """
import json, sys, django
django.setup()
from django.db import connection
answers, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    names = {}
    exec(json.loads(line), names)
    connection.close()
    print(json.dumps(names["answer"], default=str), file=answers, flush=True)
"""


def until(holds: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """Wait until `holds()` is true and return it; the test fails in words when it never is."""
    end = time.monotonic() + patience
    while not (found := holds()):
        assert time.monotonic() < end, f"waited {patience:.0f} s for: {what}"
        time.sleep(0.02)
    return found


class Rig:
    def __init__(self) -> None:
        self.home = Home(Path(tempfile.mkdtemp(prefix="jishi-rig-")) / "home")
        self.home.make()
        self.servers = Servers(self.home, throwaway=False)
        self.others: list[subprocess.Popen[bytes]] = []
        self.line: psycopg.Connection[Any] | None = None

    def __enter__(self) -> Rig:
        self.servers.start_postgres()
        self.servers.start_redis()
        self.env = {
            **os.environ,
            "DATABASE_URL": self.servers.database_url,
            "REDIS_URL": self.servers.redis_url,
            "DJANGO_SETTINGS_MODULE": "tests.worlds.story_settings",
            "JISHI_HOME": str(self.home.path),
            "JISHI_READY_WORLDS": "1",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")]),
        }
        with self.home.log("scripts").open("ab") as log:
            self.scripts = subprocess.Popen(
                [sys.executable, "-c", SCRIPTS],
                env=self.env, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip
        self.run("from worlds import schemas; answer = schemas.prepare(1)")
        self.beat = self._celery("beat", "-s", str(self.home.path / "beat"), "--pidfile=")
        return self

    def __exit__(self, *_: object) -> None:
        self.scripts.communicate()
        if self.line is not None:
            self.line.close()
        for process in self.others:
            self.kill(process)
        self.servers.stop()
        import shutil

        shutil.rmtree(self.home.path.parent, ignore_errors=True)

    def run(self, script: str) -> Any:
        """Run a few lines in a Django process beside the workers; what they leave in `answer`."""
        assert self.scripts.stdin is not None
        assert self.scripts.stdout is not None
        print(json.dumps(script), file=self.scripts.stdin, flush=True)
        said = self.scripts.stdout.readline()
        assert said, self.home.log("scripts").read_text()[-3000:]
        return json.loads(said)

    def _celery(self, *words: str) -> subprocess.Popen[bytes]:
        with self.home.log(words[0]).open("ab") as log:
            command = [sys.executable, "-m", "celery", "-A", "jishi.celery:app", *words, "-l", "info"]
            process = spawn(command, log=log, env=self.env, cwd=ROOT)
        self.others.append(process)
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        return self._celery("worker", "-P", "threads", "-c", "2", *quiet)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            family = [*psutil.Process(process.pid).children(recursive=True)]
            os.kill(process.pid, signal.SIGKILL)
            for child in family:
                with suppress(psutil.NoSuchProcess):
                    child.kill()
        process.wait()

    def kill_postgres(self) -> None:
        """SIGKILL the postmaster, and start it again on the same folder and port."""
        data, port = self.home.path / "postgres", self.servers.ports["postgres"]
        old = self.servers.processes["postgres"]
        os.kill(old.pid, signal.SIGKILL)
        old.wait()
        pg.end_orphans(data)
        fresh = pg.launch(data, port, self.home.log("postgres"), throwaway=False)
        self.servers.processes["postgres"] = fresh
        assert pg.wait_ready(fresh, data, self.home.log("postgres"))

    def kill_valkey(self) -> None:
        """SIGKILL Valkey, and start it again, empty, on the same port."""
        port, log, secret = self.servers.ports["redis"], self.home.log("redis"), self.home.secret()
        old = self.servers.processes["redis"]
        os.kill(old.pid, signal.SIGKILL)
        old.wait()
        fresh = valkey.launch(self.home.path / "redis", port, log, secret)
        self.servers.processes["redis"] = fresh
        assert valkey.wait_ready(fresh, port, secret, log)

    def row(self, sql: str, *params: Any) -> tuple[Any, ...] | None:
        """One row from the database, from outside; None while it does not answer."""
        try:
            if self.line is None or self.line.closed:  # asked over and over: knocking anew each time is dear
                self.line = psycopg.connect(self.servers.database_url, connect_timeout=3, autocommit=True)
            return self.line.execute(sql, params).fetchone()
        except psycopg.OperationalError:
            self.line = None
            return None

    # ------------------------------------------------------------------ worlds of the story
    def world(self, name: str) -> str:
        self.run(
            "from worlds import actions\nfrom tests.worlds import story\n"
            f"actions.create({name!r}, seed=7); actions.enter({name!r}); story.begin(); answer = 1"
        )
        return name

    def advance(self, name: str, days: int) -> str:
        """Start the job; its id."""
        job: str = self.run(
            "from worlds import actions, advance\n"
            f"world = actions.enter({name!r}); answer = advance.start(world, {{'duration': 'P{days}D'}}).pk"
        )
        return job

    def undisturbed(self, name: str, days: int) -> str:
        """The state hash of a market of the same story that nothing happened to."""
        state: str = self.run(
            "from worlds import actions, clock, hashing\nfrom common.moments import duration\n"
            "from tests.worlds import story\n"
            f"actions.create({name!r}, seed=7); actions.enter({name!r}); story.begin()\n"
            f"clock.advance(clock.now() + duration('P{days}D')); answer = hashing.state_hash()"
        )
        return state

    def job(self, job_id: str) -> tuple[str, float, Any, Any]:
        found = self.row("SELECT status, progress, result, error FROM worlds_job WHERE id = %s", job_id)
        return found or ("unknown", 0.0, None, None)  # type: ignore[return-value]

    def progress(self, job_id: str, more_than: float) -> float:
        """Wait until the job is further than that, but not over."""

        def far() -> float | None:
            status, progress, _, error = self.job(job_id)
            assert status not in {"done", "failed"}, f"too fast for the test, or broken: {status} {error}"
            return progress if progress > more_than else None

        found: float = until(far, f"job {job_id} to pass {more_than}")
        return found

    def result(self, job_id: str) -> Any:
        def over() -> Any:
            status, _, result, error = self.job(job_id)
            assert status not in {"failed", "cancelled"}, error
            return result if status == "done" else None

        return until(over, f"job {job_id} to be done")
