"""The five processes of a market, and how they come up in the right order."""

import http.client
import importlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT
from typing import Any

import psutil

from . import Servers, external, start
from . import postgres as pg
from . import redis as valkey
from .errors import ServerError
from .fork import fork, share_what_is_loaded
from .home import ROOT, Home, Record
from .ports import is_free
from .prepare import prepare
from .process import Identity
from .supervisor import Job, Supervisor, end_leftovers, say

READY_LIMIT = 600.0  # seconds for migrations and the demo on a slow machine
LEAST_SPACE = 300 * 1024 * 1024  # bytes; below this PostgreSQL would soon refuse to write
WORKER_THREADS = 4  # jobs are SQL most of the time; one process keeps one copy of the code


# What the children would otherwise import for themselves, each its own copy, after the fork.
SHARED = (
    "celery.apps.beat",
    "celery.apps.worker",
    "celery.concurrency.thread",
    "celery.worker.autoscale",
    "celery.worker.components",
    "celery.worker.consumer",
    "celery.worker.control",
    "celery.worker.strategy",
    "granian._loops",
    "granian.server.mp",
    "jishi.servers.web",
    "kombu.transport.redis",
    "shelve",
)


@dataclass(frozen=True)
class Wishes:
    """What was asked of `up`."""

    host: str = "127.0.0.1"
    port: int = 8000
    demo: bool = True


def environment(database_url: str, redis_url: str, home: Home) -> dict[str, str]:
    """What every child and command is told, whatever shell we were started from."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "platform")])
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "JISHI_HOME": str(home.path),
        "DJANGO_SETTINGS_MODULE": "jishi.settings",
        "PYTHONPATH": path,
        "PYTHONUNBUFFERED": "1",
        # One thread a calculation: sums are then made in one order, and idle pools cost no memory.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
        "CELERY_SKIP_CHECKS": "1",  # Django's system checks are the suite's business, not every start's
    }


def load() -> None:
    """Import everything the children run, once, so that they share it."""
    from django.urls import get_resolver

    from jishi.celery import app
    from jishi.wsgi import application  # noqa: F401

    for name in SHARED:
        importlib.import_module(name)
    app.loader.init_worker()  # the tasks; done here, it is not done again in each child
    app.finalize()
    _ = get_resolver().url_patterns
    share_what_is_loaded()


def run_worker() -> None:
    """As `celery worker` would, without the imports of its command line."""
    from jishi.celery import app

    worker = app.Worker(
        pool="threads",
        concurrency=WORKER_THREADS,
        loglevel="INFO",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker.start()
    raise SystemExit(worker.exitcode)


def run_beat(schedule: Path) -> None:
    """As `celery beat` would."""
    from jishi.celery import app

    app.Beat(schedule=str(schedule), loglevel="WARNING", pidfile=None).run()


def python_jobs(home: Home, wishes: Wishes) -> dict[str, Job]:
    """The three children that share our memory; `load` comes first."""

    def web_server() -> None:
        from . import web

        web.main(wishes.host, str(wishes.port))

    def job(name: str, work: Callable[[], None], patience: float) -> Job:
        return Job(name, lambda: fork(name, work, home.fresh_log(name)), patience=patience)

    return {
        "web": job("web", web_server, 5.0),
        "worker": job("worker", run_worker, 4.0),
        "beat": job("beat", lambda: run_beat(home.path / "beat"), 2.0),
    }


def server_jobs(home: Home, servers: Servers) -> dict[str, Job]:
    """How to start the embedded servers again, at the port their clients know."""
    data, jobs = home.path / "postgres", {}
    if "postgres" in servers.processes:
        port, log = servers.ports["postgres"], home.log("postgres")
        jobs["postgres"] = Job(
            "postgres",
            lambda: pg.launch(data, port, log, throwaway=False),
            stop_signal=SIGINT,
            patience=30.0,
            clean=lambda: pg.end_orphans(data),
        )
    if "redis" in servers.processes:
        redis_port, redis_log = servers.ports["redis"], home.log("redis")
        jobs["redis"] = Job(
            "redis", lambda: valkey.launch(home.path / "redis", redis_port, redis_log, home.secret())
        )
    return jobs


def listener(port: int) -> str:
    """Who listens on a port, as far as we may know."""
    try:
        for line in psutil.net_connections(kind="tcp"):
            if line.status == psutil.CONN_LISTEN and line.laddr.port == port and line.pid:
                name = " ".join(psutil.Process(line.pid).cmdline())[:80]
                return f"process {line.pid} ({name})"
    except psutil.Error:
        pass
    return "another user's process"


def check_port(wishes: Wishes) -> None:
    if not 0 < wishes.port < 32768:
        raise ServerError(
            f"Port {wishes.port} cannot be used: choose one from 1 to 32767 "
            "(higher ones are lent to outgoing connections)."
        )
    if wishes.port < 1024 and os.geteuid() != 0:
        raise ServerError(f"Port {wishes.port} is for root only; choose one from 1024 to 32767.")
    if not is_free(wishes.port, wishes.host):
        other = next((p for p in range(wishes.port + 1, 32768) if is_free(p, wishes.host)), 8001)
        raise ServerError(
            f"Port {wishes.port} is taken by {listener(wishes.port)}. "
            f"Choose another: ./jishi up --port {other}"
        )


def check_space(home: Home) -> None:
    free = shutil.disk_usage(home.path).free
    if free < LEAST_SPACE:
        raise ServerError(
            f"Only {free // 2**20} MB are free on the disk of {home.path}; "
            f"make room (at least {LEAST_SPACE // 2**20} MB) and try again."
        )


def check_external() -> None:
    """Refuse a configured database that could not do the work."""
    url, redis_url = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    complaints = external.database(url) if url else []
    complaints += external.redis(redis_url) if redis_url else []
    if complaints:
        raise ServerError(" ".join(f"{each.says}. {each.mend}" for each in complaints))


def answers(wishes: Wishes) -> bool:
    """Whether the front page is served (a refusal of ours counts, a server error does not)."""
    host = "127.0.0.1" if wishes.host in ("", "0.0.0.0", "::") else wishes.host
    line = http.client.HTTPConnection(host, wishes.port, timeout=30)
    try:
        line.request("GET", "/")
        return line.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


class Market:
    """Everything `up` starts. Use inside `home.owning()`, in the main thread."""

    def __init__(self, home: Home, wishes: Wishes) -> None:
        self.home, self.wishes = home, wishes
        self.record = Record(Identity.of(os.getpid()), "up")
        self.supervisor = Supervisor(self._changed)
        self.servers: Servers | None = None

    def _changed(self, supervisor: Supervisor) -> None:
        self.record.children = {name: each.as_record() for name, each in supervisor.children.items()}
        self.home.write(self.record)

    def open(self) -> dict[str, Any]:
        """Start everything; gives what `up --json` prints. ServerError when it cannot be done."""
        began = time.perf_counter()
        check_port(self.wishes)
        check_space(self.home)
        earlier = self.home.read()
        if earlier and (ended := end_leftovers(earlier)):
            say(f"ended what an earlier run left: {', '.join(ended)}")
        self.home.write(self.record)
        check_external()
        servers = self.servers = start(self.home.path)
        self.record.database_url, self.record.redis_url = servers.database_url, servers.redis_url
        for name, job in server_jobs(self.home, servers).items():
            self.supervisor.adopt(job, servers.processes[name])
        os.environ.update(environment(servers.database_url, servers.redis_url, self.home))
        os.chdir(ROOT)
        load()
        jobs = python_jobs(self.home, self.wishes)
        demo = self._prepare()
        self.supervisor.start(jobs["web"])
        self._wait(lambda: answers(self.wishes), "The web server did not answer")
        self.supervisor.start(jobs["worker"])
        self.supervisor.start(jobs["beat"])
        shown = "127.0.0.1" if self.wishes.host in ("0.0.0.0", "::") else self.wishes.host
        self.record.answer = {
            "url": f"http://{shown}:{self.wishes.port}",
            "world": demo.get("world"),
            "admin_key": demo.get("admin_key"),
            "seconds": round(time.perf_counter() - began, 2),
        }
        self.record.state = "ready"
        self.home.write(self.record)
        return self.record.answer

    def _prepare(self) -> dict[str, Any]:
        """Tables and demo, made in a child: a process that forks must not hold connections."""
        answer, log = self.home.path / "prepared.json", self.home.fresh_log("prepare")
        answer.unlink(missing_ok=True)
        process = fork("prepare", lambda: prepare(answer, demo=self.wishes.demo), log)
        self.record.children["prepare"] = Identity.of(process.pid).as_record()
        self.home.write(self.record)
        try:
            self._wait(lambda: process.poll() is not None, "The database could not be prepared")
        finally:
            process.kill()
            process.wait()
        if process.returncode:
            raise ServerError(
                f"The database could not be prepared: {last_line(log)} (all of it: ./jishi logs prepare)."
            )
        told: dict[str, Any] = json.loads(answer.read_text())
        return told

    def _wait(self, done: Callable[[], bool], complaint: str) -> None:
        end = time.monotonic() + READY_LIMIT

        def over() -> bool:
            web = self.supervisor.children.get("web")
            failed = web is not None and web.deaths >= 2
            if failed:
                log = self.home.log("web")
                raise ServerError(f"The web server ends as soon as it starts: {last_line(log)} (see {log}).")
            return done() or time.monotonic() > end

        self.supervisor.watch(over, poll=0.05)
        if self.supervisor.stopping:
            raise KeyboardInterrupt
        if time.monotonic() > end:
            raise ServerError(f"{complaint} within {READY_LIMIT:.0f} s; see ./jishi logs.")

    def close(self) -> list[str]:
        """Stop what runs: first those who use the servers, then the servers."""
        self.record.state = "stopping"
        self.home.write(self.record)
        stopped = self.supervisor.stop(("web", "worker", "beat"))
        stopped += self.supervisor.stop()
        if self.servers is not None:
            self.servers.stop()
        self.home.forget()
        return stopped


# What a native library says after its complaint: the frames it came from, and how to see more of them.
FRAME = re.compile(r"\s*(\d+: |at |stack backtrace:|note: )")


def last_line(log: Path) -> str:
    """The last thing that was said in it, frames of a native library's stack left out."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    said = [line for line in lines if not FRAME.match(line)] or lines
    return said[-1].strip()[:300] if said else "it said nothing"
