"""Keeps the market's processes alive, and ends exactly them.

A child that dies is started again at once; one that keeps dying waits longer each time. Every child leads
a session of its own and dies with us (see guard.py); what it leaves behind when it is killed is ended
before its successor starts.
"""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

import psutil

from .errors import ServerError
from .fork import Forked
from .home import Record
from .process import Identity, end

Running = subprocess.Popen[bytes] | Forked
FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0  # seconds before a dead child is started again
STEADY = 20.0  # seconds of life after which a child's past deaths are forgotten


@dataclass(frozen=True)
class Job:
    """How to start one child and how to ask it to stop."""

    name: str
    launch: Callable[[], Running]
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 5.0  # seconds between asking and making it stop
    clean: Callable[[], None] = lambda: None  # before a start, after a death


@dataclass
class Child:
    job: Job
    process: Running
    identity: Identity
    since: float  # monotonic seconds
    deaths: int = 0
    again_at: float | None = None  # monotonic seconds; None while it lives

    def as_record(self) -> dict[str, Any]:
        return {**self.identity.as_record(), "restarts": self.deaths}


class Supervisor:
    """Starts jobs in the order given, watches them, stops them in the opposite order."""

    def __init__(self, changed: Callable[["Supervisor"], None] = lambda _: None) -> None:
        self.children: dict[str, Child] = {}
        self.changed = changed
        self.stopping = False
        self._ear, self._mouth = socket.socketpair()
        for each in (self._ear, self._mouth):
            each.setblocking(False)

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Hear the signals that end us and the deaths of children."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._asked_to_stop) for number in numbers}
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        wakeup = signal.set_wakeup_fd(self._mouth.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        if self.stopping:
            # Asked twice: no patience left.
            for child in self.children.values():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(child.process.pid, signal.SIGKILL)
        self.stopping = True

    def start(self, job: Job) -> Child:
        """Launch `job` now and look after it from now on."""
        self.adopt(job, job.launch())
        return self.children[job.name]

    def adopt(self, job: Job, process: Running) -> None:
        """Look after a process that runs already; `job` says how to start its successor."""
        deaths = self.children[job.name].deaths if job.name in self.children else 0
        self.children[job.name] = Child(job, process, Identity.of(process.pid), time.monotonic(), deaths)
        self.changed(self)

    def watch(self, until: Callable[[], bool] = lambda: False, poll: float = 1.0) -> None:
        """Keep every child alive until `until` says so or we are asked to stop."""
        while not self.stopping and not until():
            for child in list(self.children.values()):
                self._look_after(child)
            pauses = [child.again_at for child in self.children.values() if child.again_at is not None]
            pause = min([poll, *(max(0.0, at - time.monotonic()) for at in pauses)])
            with contextlib.suppress(InterruptedError):
                select.select([self._ear], [], [], pause)
            with contextlib.suppress(BlockingIOError):
                while self._ear.recv(512):
                    pass

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.again_at is None:
            if child.process.poll() is None:
                return
            end_group(child.process.pid)  # what it left behind
            child.deaths = 1 if now - child.since > STEADY else child.deaths + 1
            wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (child.deaths - 1))
            code = how(child.process.returncode or 0)
            say(f"{child.job.name} ended ({code}); starting it again in {wait:.1f} s")
            child.again_at = now + wait
        elif now >= child.again_at:
            child.again_at = None
            child.job.clean()
            self.start(child.job)

    def stop(self, names: Iterable[str] | None = None) -> list[str]:
        """Ask all to stop, last started first, each group of the same patience at once; then make them."""
        self.stopping = True
        wanted = [name for name in reversed(list(self.children)) if names is None or name in names]
        leaving = [self.children.pop(name) for name in wanted]
        for child in leaving:
            if child.process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    child.process.send_signal(child.job.stop_signal)
        deadline = time.monotonic() + max((child.job.patience for child in leaving), default=0.0)
        for child in leaving:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, deadline - time.monotonic()))
            end_group(child.process.pid)  # its leader too, when that was deaf to being asked
            child.process.wait()
        return wanted


def end_group(leader: int) -> None:
    """End a child's whole process group: what it started, and itself."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def say(sentence: str) -> None:
    """A line for the log; people read it on the terminal or by `./jishi logs up`."""
    stamp = time.strftime("%H:%M:%S")
    print(f"{stamp} {sentence}", file=sys.stderr, flush=True)


def end_leftovers(record: Record, patience: float = 10.0) -> list[str]:
    """End the children of a dead owner that still live; gives their names. Strangers are never touched."""
    found = {name: record.child(name) for name in record.children}
    alive = {name: process for name, known in found.items() if known and (process := known.process())}
    for name, process in alive.items():
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGINT if name == "postgres" else signal.SIGTERM)
    psutil.wait_procs(list(alive.values()), timeout=patience)
    for process in alive.values():
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.is_running():
                end(process, signal.SIGKILL)
    still = [name for name, known in found.items() if known and known.alive()]
    if still:
        raise ServerError(f"Could not end what an earlier run left: {', '.join(still)}.")
    return list(alive)
