"""The embedded servers: a real PostgreSQL and a real Valkey, started and stopped by us.

    with servers.start(Path(".jishi")) as running:
        running.database_url, running.redis_url

Needs the standard library and psutil only. With DATABASE_URL or REDIS_URL set, that server is used and
none is started in its place. Call from the main thread: the servers end with the thread that made them.
"""

import os
import secrets
import shutil
import signal
import subprocess
from pathlib import Path
from types import TracebackType

import psutil

from . import postgres as pg
from . import redis as valkey
from .errors import ServerError
from .process import end

__all__ = ["ServerError", "Servers", "start"]


class Servers:
    """What runs, where, and how to end it. `stop` may be called twice."""

    def __init__(self, home: Path, *, throwaway: bool) -> None:
        self.home = home
        self.throwaway = throwaway
        self.database_url = os.environ.get("DATABASE_URL", "")
        self.redis_url = os.environ.get("REDIS_URL", "")
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.ports: dict[str, int] = {}

    @property
    def pids(self) -> dict[str, int]:
        return {name: process.pid for name, process in self.processes.items()}

    def log(self, name: str) -> Path:
        folder = self.home / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{name}.log"

    def start_postgres(self) -> None:
        data = self.home / "postgres"
        process, port = pg.start(data, self.log("postgres"), password(self.home), throwaway=self.throwaway)
        self.processes["postgres"], self.ports["postgres"] = process, port
        self.database_url = pg.url(port, password(self.home))

    def start_redis(self) -> None:
        process, port = valkey.start(self.home / "redis", self.log("redis"), password(self.home))
        self.processes["redis"], self.ports["redis"] = process, port
        self.redis_url = valkey.url(port, password(self.home))

    def stop(self) -> None:
        for name in ("redis", "postgres"):
            process = self.processes.pop(name, None)
            if process is not None and process.poll() is None:
                # SIGINT is PostgreSQL's fast shutdown: sessions are ended, everything is written.
                gently = signal.SIGINT if name == "postgres" else signal.SIGTERM
                end(psutil.Process(process.pid), gently, patience=30)
                process.wait()
        if self.throwaway:
            shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self) -> "Servers":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def password(home: Path) -> str:
    """The secret of this folder's servers, made once; readable by its owner only."""
    file = home / "secret"
    if not file.exists():
        home.mkdir(parents=True, exist_ok=True)
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
            handle.write(secrets.token_hex(16))
    return file.read_text().strip()


def start(home: Path, *, postgres: bool = True, redis: bool = True, throwaway: bool = False) -> Servers:
    """Start what is asked for in `home` and is not already given by DATABASE_URL or REDIS_URL.

    `throwaway` (tests): no flushing to disk, and `stop` removes the folder.
    """
    home = home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    servers = Servers(home, throwaway=throwaway)
    try:
        if postgres and not servers.database_url:
            servers.start_postgres()
        if redis and not servers.redis_url:
            servers.start_redis()
    except BaseException:
        servers.stop()
        raise
    return servers
