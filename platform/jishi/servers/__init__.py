"""The embedded servers: a real PostgreSQL and a real Valkey, started and stopped by us.

    with servers.start(Path(".jishi")) as running:
        running.database_url, running.redis_url

Needs the standard library and psutil only. With DATABASE_URL or REDIS_URL set, that server is used and
none is started in its place. Call from the main thread: the servers end with the thread that made them.
"""

import os
import shutil
import signal
import subprocess
from pathlib import Path
from types import TracebackType

import psutil

from . import postgres as pg
from . import redis as valkey
from .errors import ServerError
from .home import Home
from .process import end

__all__ = ["ServerError", "Servers", "start"]


class Servers:
    """What runs, where, and how to end it. `stop` may be called twice."""

    def __init__(self, home: Home, *, throwaway: bool) -> None:
        self.home = home
        self.throwaway = throwaway
        self.database_url = os.environ.get("DATABASE_URL", "")
        self.redis_url = os.environ.get("REDIS_URL", "")
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.ports: dict[str, int] = {}

    @property
    def pids(self) -> dict[str, int]:
        return {name: process.pid for name, process in self.processes.items()}

    def start_postgres(self) -> None:
        data, log, password = self.home.path / "postgres", self.home.fresh_log("postgres"), self.home.secret()
        process, port = pg.start(data, log, password, throwaway=self.throwaway)
        self.processes["postgres"], self.ports["postgres"] = process, port
        self.database_url = pg.url(port, password)

    def start_redis(self) -> None:
        folder, log, password = self.home.path / "redis", self.home.fresh_log("redis"), self.home.secret()
        process, port = valkey.start(folder, log, password)
        self.processes["redis"], self.ports["redis"] = process, port
        self.redis_url = valkey.url(port, password)

    def stop(self) -> None:
        for name in ("redis", "postgres"):
            process = self.processes.pop(name, None)
            if process is not None and process.poll() is None:
                # SIGINT is PostgreSQL's fast shutdown: sessions are ended, everything is written.
                gently = signal.SIGINT if name == "postgres" else signal.SIGTERM
                end(psutil.Process(process.pid), gently, patience=30)
                process.wait()
        if self.throwaway:
            shutil.rmtree(self.home.path, ignore_errors=True)

    def __enter__(self) -> "Servers":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def start(home: Path, *, postgres: bool = True, redis: bool = True, throwaway: bool = False) -> Servers:
    """Start what is asked for in `home` and is not already given by DATABASE_URL or REDIS_URL.

    `throwaway` (tests): no flushing to disk, and `stop` removes the folder, which must be new or empty.
    """
    folder = Home(home)
    folder.make()
    if throwaway and any(folder.path.iterdir()):
        raise ServerError(f"{folder.path} is not empty; a folder to be thrown away must start empty.")
    servers = Servers(folder, throwaway=throwaway)
    try:
        if postgres and not servers.database_url:
            servers.start_postgres()
        if redis and not servers.redis_url:
            servers.start_redis()
    except BaseException:
        servers.stop()
        raise
    return servers
