"""What `./jishi doctor` looks at: each check gives a sentence, and how to mend it when it is not well."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import binaries, external
from . import postgres as pg
from .errors import ServerError
from .home import ROOT, Home
from .market import LEAST_SPACE, listener
from .ports import is_free

OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True)
class Finding:
    check: str
    ok: bool
    says: str
    mend: str = ""

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


def examine(home: Home, port: int) -> list[Finding]:
    checks: list[Callable[[], Iterator[Finding]]] = [
        python,
        pins,
        lambda: space(home),
        lambda: web_port(home, port),
        lambda: leftovers(home),
        lambda: data_folder(home),
        database,
        redis,
    ]
    return [finding for check in checks for finding in check()]


def python(version: tuple[int, int] | None = None) -> Iterator[Finding]:
    seen = version or sys.version_info[:2]
    words = f"Python {seen[0]}.{seen[1]} at {sys.executable}"
    mend = "Install Python 3.11 or newer, remove .venv and run ./jishi up." if seen < OLDEST_PYTHON else ""
    yield Finding("python", seen >= OLDEST_PYTHON, words, mend)


def pins(root: Path = ROOT) -> Iterator[Finding]:
    """Whether what is installed is what is pinned."""
    from importlib.metadata import PackageNotFoundError, version

    wrong = []
    for line in (root / "requirements.txt").read_text().splitlines():
        name, _, wanted = line.partition("==")
        if not wanted:
            continue
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "missing"
        if found != wanted:
            wrong.append(f"{name} {found} (pinned {wanted})")
    says = f"not as pinned: {', '.join(wrong[:5])}" if wrong else "installed packages are the pinned ones"
    yield Finding("packages", not wrong, says, "Remove .venv and run ./jishi up." if wrong else "")


def space(home: Home) -> Iterator[Finding]:
    free = shutil.disk_usage(_existing(home.path)).free
    enough = free >= LEAST_SPACE
    mend = "" if enough else f"Make room: at least {LEAST_SPACE // 2**20} MB on the disk of {home.path}."
    yield Finding("disk", enough, f"{free // 2**20} MB free for {home.path}", mend)


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)


def web_port(home: Home, port: int) -> Iterator[Finding]:
    running = home.owner()
    ours = str((running.answer if running else {}).get("url") or "").endswith(f":{port}")
    if ours or is_free(port):
        yield Finding("port", True, f"port {port} is {'served by this market' if ours else 'free'}")
    else:
        mend = f"Stop that process, or choose another port: ./jishi up --port {port + 1}"
        yield Finding("port", False, f"port {port} is taken by {listener(port)}", mend)


def leftovers(home: Home) -> Iterator[Finding]:
    """Records of an owner that died, and the processes it may have left."""
    record, owned = home.read(), home.owned()
    if owned and record is not None:
        yield Finding("processes", True, f"./jishi {record.command} runs (process {record.owner.pid})")
        return
    if (home.path / "running.json").exists():
        children = (record.child(name) for name in record.children) if record else ()
        alive = [str(child.pid) for child in children if child and child.alive()]
        says = "an earlier run was killed and left its record"
        if alive:
            says += f" and processes that still live: {', '.join(alive)}"
        yield Finding("processes", False, says, "./jishi down ends them; the next ./jishi up does so too.")
        return
    yield Finding("processes", True, "nothing of ours is running")


def data_folder(home: Home) -> Iterator[Finding]:
    """The embedded database's folder."""
    data = home.path / "postgres"
    remove = f"Remove it and start again (this deletes the markets in it): rm -r {data}"
    if home.path.exists() and not os.access(home.path, os.W_OK):
        yield Finding("data", False, f"{home.path} is not writable", f"chown -R $(id -u) {home.path}")
    elif data.exists() and not pg.is_initialised(data):
        yield Finding("data", False, f"{data} is half-initialised: no PG_VERSION in it", remove)
    elif data.exists() and not (data / "global" / "pg_control").exists():
        yield Finding("data", False, f"{data} is half-initialised: no global/pg_control in it", remove)
    elif data.exists():
        made_by = int((data / "PG_VERSION").read_text().split(".")[0])
        yield from _versions(data, made_by)
    else:
        yield Finding("data", True, "no data folder yet; ./jishi up makes one")


def _versions(data: Path, made_by: int) -> Iterator[Finding]:
    try:
        folder = binaries.postgres_folder()
    except ServerError:
        return  # the database check says so
    found = binaries.postgres_version(folder)
    if found == made_by:
        yield Finding("data", True, f"{data} was made by PostgreSQL {made_by}")
    else:
        says = f"{data} was made by PostgreSQL {made_by}; {folder} is version {found}"
        yield Finding("data", False, says, f"Set JISHI_PG_BIN to the programs of version {made_by}.")


def database() -> Iterator[Finding]:
    url = os.environ.get("DATABASE_URL")
    if url:
        complaints = external.database(url)
        for each in complaints:
            yield Finding("database", False, each.says, each.mend)
        if not complaints:
            yield Finding("database", True, "DATABASE_URL answers and can do what markets need")
        return
    try:
        folder = binaries.postgres_folder()
        user = pg.unprivileged()
    except ServerError as problem:
        yield Finding("database", False, str(problem), "See the sentence before.")
        return
    how = {"same": "as this user", "namespace": "in a user namespace"}.get(user, f"as user {user}")
    if ":" in user:
        mend = (
            "It works when that user can reach the project's folder. Otherwise run as an ordinary user, "
            "allow user namespaces (sysctl user.max_user_namespaces=10000), or set DATABASE_URL."
        )
        yield Finding("namespaces", False, f"root may not make user namespaces here; it runs {how}", mend)
    version = binaries.postgres_version(folder)
    yield Finding("database", True, f"embedded PostgreSQL {version} in {folder}, run {how}")


def redis() -> Iterator[Finding]:
    url = os.environ.get("REDIS_URL")
    if url:
        complaints = external.redis(url)
        for each in complaints:
            yield Finding("redis", False, each.says, each.mend)
        if not complaints:
            yield Finding("redis", True, "REDIS_URL answers")
        return
    try:
        yield Finding("redis", True, f"embedded {binaries.redis_program()}")
    except ServerError as problem:
        yield Finding("redis", False, str(problem), "See the sentence before.")
