"""Children that share our memory: forked after the application is loaded, so nothing is imported twice.

Measured with the web server, worker and beat: 184 MB together, 285 MB when each loads its own copy; and a
killed one is back in a tenth of a second, since its successor has nothing to import. The price: it runs
the code that was loaded when `up` began.
"""

import contextlib
import ctypes
import gc
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from .errors import ServerError

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15


class Forked:
    """A forked child with the part of subprocess.Popen's manners that the supervisor uses."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # somebody else has heard of its end
                self.returncode = 0
                return self.returncode
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        end = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            if end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
            time.sleep(0.005)
        return self.returncode or 0

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def share_what_is_loaded() -> None:
    """Call once everything is imported: the collector then leaves what will be shared alone."""
    gc.collect()
    gc.freeze()


def fork(name: str, work: Callable[[], object], log: Path) -> Forked:
    """Run `work` in a child of its own session, tied to our life; its output goes to `log`."""
    if threading.current_thread() is not threading.main_thread():
        raise ServerError("Children must be forked from the main thread, or they end with the thread.")
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _be_child(name, work, log, parent)
    return Forked(pid)


def _be_child(name: str, work: Callable[[], object], log: Path, parent: int) -> NoReturn:
    code = 1
    try:
        os.setsid()
        _let_go()
        _listen_anew(log)
        _die_with(parent, name)
        work()
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(bool(leaving.code))
        if isinstance(leaving.code, str):
            print(leaving.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _let_go() -> None:
    """Our signal handlers and open files are the parent's business, above all its lock on the home."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = "/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"
    for entry in os.listdir(folder):
        if int(entry) > 2:
            with contextlib.suppress(OSError):
                os.close(int(entry))


def _listen_anew(log: Path) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    words = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for old, new in ((nothing, 0), (words, 1), (words, 2)):
        os.dup2(old, new)
    # Fresh writers: what the parent's hold unwritten, or are (a test's capture), is not ours.
    sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115


def _die_with(parent: int, name: str) -> None:
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
        libc.prctl(PR_SET_NAME, f"jishi {name}".encode(), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
