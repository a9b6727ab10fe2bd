"""The folder `.jishi/`: what runs now, whose it is, its logs and secrets.

running.json   who owns the servers, every child with pid, creation time and boot id, and the addresses
lock           held by the owner for as long as it lives; the kernel lets go when it dies, however it dies
users          held shared by commands that use another's servers, so that a short-lived owner waits
demo.json      the demo market's name and key, shown again by every `up`
postgres/ redis/ logs/ secret
"""

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from .errors import ServerError
from .process import Identity

ROOT = Path(__file__).resolve().parents[3]
LOG_LIMIT = 10 * 1024 * 1024  # bytes; a longer log is set aside as NAME.log.1 when its owner starts


def default_home() -> Path:
    return Path(os.environ.get("JISHI_HOME") or ROOT / ".jishi")


@dataclass
class Record:
    """running.json. `state` is starting, ready or stopping; `command` what the owner is doing."""

    owner: Identity
    command: str
    state: str = "starting"
    children: dict[str, dict[str, Any]] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=dict)  # what `up --json` says
    database_url: str = ""
    redis_url: str = ""

    def child(self, name: str) -> Identity | None:
        return Identity.read(self.children[name]) if name in self.children else None


class Home:
    """One `.jishi/` folder."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = (path or default_home()).resolve()

    def make(self) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as problem:
            raise ServerError(f"Cannot make {self.path}: {problem.strerror}.") from problem

    def log(self, name: str) -> Path:
        folder = self.path / "logs"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder / f"{name}.log"

    def fresh_log(self, name: str) -> Path:
        """The log, its older part set aside when it has grown long."""
        file = self.log(name)
        if file.exists() and file.stat().st_size > LOG_LIMIT:
            file.replace(file.with_suffix(".log.1"))
        return file

    def secret(self) -> str:
        """The servers' password, made once; readable by its owner only."""
        file = self.path / "secret"
        if not file.exists():
            self.make()
            write_private(file, secrets.token_hex(16))
        return file.read_text().strip()

    def read(self) -> Record | None:
        """The record of the last owner, alive or not; None when there is none or it cannot be read."""
        try:
            kept = json.loads((self.path / "running.json").read_text())
            return Record(**{**kept, "owner": Identity.read(kept["owner"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def write(self, record: Record) -> None:
        shown = {**record.__dict__, "owner": record.owner.as_record()}
        write_private(self.path / "running.json", json.dumps(shown, indent=1))

    def forget(self) -> None:
        (self.path / "running.json").unlink(missing_ok=True)

    def owned(self) -> bool:
        """Whether a living process owns the servers now."""
        with contextlib.suppress(FileNotFoundError), (self.path / "lock").open("ab") as handle:
            return not _try_lock(handle, fcntl.LOCK_SH)
        return False

    def owner(self) -> Record | None:
        """The living owner's record."""
        return self.read() if self.owned() else None

    @contextlib.contextmanager
    def owning(self) -> Iterator[bool]:
        """Own the servers; gives False, and owns nothing, when another process does."""
        self.make()
        with (self.path / "lock").open("ab") as handle:
            yield _try_lock(handle, fcntl.LOCK_EX)

    @contextlib.contextmanager
    def using(self) -> Iterator[None]:
        """Be a user of somebody else's servers; they stay up meanwhile."""
        with (self.path / "users").open("ab") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH)
            yield

    def wait_for_users(self) -> None:
        with (self.path / "users").open("ab") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)


def write_private(file: Path, text: str) -> None:
    """Replace `file` at once; never half-written, readable by its owner only."""
    part = file.with_name(f"{file.name}.{os.getpid()}")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        handle.write(text)
    part.replace(file)


def _try_lock(handle: IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
