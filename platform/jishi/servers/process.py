"""Starting a guarded process, knowing it again later, ending it and nobody else."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import psutil

from .errors import ServerError

GUARD = Path(__file__).with_name("guard.py")


def boot_id() -> str:
    """Names this run of the machine: a record from before a reboot speaks of other processes."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return str(int(psutil.boot_time()))


@dataclass(frozen=True)
class Identity:
    """One process, so exactly that a later one with the same number is not mistaken for it."""

    pid: int
    created: float  # seconds since the epoch, as psutil reports it
    boot: str

    @classmethod
    def of(cls, pid: int) -> "Identity":
        return cls(pid, psutil.Process(pid).create_time(), boot_id())

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> "Identity":
        return cls(int(record["pid"]), float(record["created"]), str(record["boot"]))

    def as_record(self) -> dict[str, Any]:
        return asdict(self)

    def process(self) -> psutil.Process | None:
        """The living process this names, or None."""
        if self.boot != boot_id():
            return None
        try:
            found = psutil.Process(self.pid)
            same = abs(found.create_time() - self.created) < 0.05
            return found if same and found.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None

    def alive(self) -> bool:
        return self.process() is not None


def guarded(
    command: Sequence[str | os.PathLike[str]],
    user: str = "same",
    death_signal: signal.Signals = signal.SIGTERM,
) -> list[str]:
    """The words that run `command` under the guard."""
    guard = [sys.executable, "-I", "-S", str(GUARD), str(os.getpid()), str(int(death_signal)), user, "--"]
    return guard + [os.fspath(word) for word in command]


def spawn(
    command: Sequence[str | os.PathLike[str]],
    *,
    log: IO[bytes] | int,
    env: Mapping[str, str] | None = None,
    cwd: str | os.PathLike[str] = "/",
    death_signal: signal.Signals = signal.SIGTERM,
    user: str = "same",
    stdin: int = subprocess.DEVNULL,
) -> "subprocess.Popen[bytes]":
    """Start `command` (its first word an absolute path) in a session of its own, tied to our life.

    The kernel ties a child to the *thread* that made it, so only the main thread may call this.
    """
    if threading.current_thread() is not threading.main_thread():
        raise ServerError("Servers must be started from the main thread, or they end with the thread.")
    words = guarded(command, user, death_signal)
    return subprocess.Popen(
        words, stdin=stdin, stdout=log, stderr=subprocess.STDOUT, env=env, cwd=cwd, start_new_session=True
    )


def end(process: psutil.Process, gently: signal.Signals = signal.SIGTERM, patience: float = 5.0) -> None:
    """Ask `process` to stop; after `patience` seconds make it, with what it started."""
    try:
        family = [process, *process.children(recursive=True)]
        process.send_signal(gently)
    except psutil.NoSuchProcess:
        return
    _gone, alive = psutil.wait_procs([process], timeout=patience)
    if alive:
        family = [*family, *_children(process)]
    for each in family:
        try:
            if each.is_running():
                each.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(family, timeout=5)


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
