"""The web server: granian, its workers forked from a process that has the application loaded.

    python -m jishi.servers.web HOST PORT

Forking after loading lets the workers share what they do not change: with two workers it saves about a
third of their memory and one of two imports. Each worker dies with the process that forked it.
"""

import ctypes
import gc
import multiprocessing
import signal
import sys
from collections.abc import Callable
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.server.mp import MPServer

WORKERS = 2
THREADS = 8  # per worker; requests wait for PostgreSQL and for the pen, so more than cores
PR_SET_PDEATHSIG = 1


def load(_target: str) -> Callable[..., Any]:
    """Called in each worker."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    from jishi.wsgi import application

    return application


def main(host: str, port: str) -> None:
    if sys.platform == "linux":
        multiprocessing.set_start_method("fork")
        import jishi.wsgi  # noqa: F401  before the fork, so that it is shared

        gc.collect()
        gc.freeze()  # the collector would otherwise write into every shared object
    MPServer(
        "jishi.wsgi:application",
        address=host,
        port=int(port),
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=WORKERS,
        blocking_threads=THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=3,
    ).serve(target_loader=load)


if __name__ == "__main__":
    main(*sys.argv[1:])
