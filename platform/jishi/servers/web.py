"""The web server: granian, its workers forked from a process that has the application loaded.

    python -m jishi.servers.web HOST PORT

Run by `up` as a fork that has the application loaded already, and by docker/compose.yml as a program.
Each worker dies with the process that forked it, so killing that one leaves no orphan on the port.
"""

import ctypes
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


def load_application() -> Callable[..., Any]:
    from jishi.wsgi import application

    return application


def in_worker(_target: str) -> Callable[..., Any]:
    """Called by granian in each worker."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    return load_application()


def main(host: str, port: str) -> None:
    if sys.platform == "linux":
        multiprocessing.set_start_method("fork", force=True)
        load_application()  # before the fork, so that it is shared
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
        respawn_interval=0.2,
        workers_kill_timeout=3,
    ).serve(target_loader=in_worker)


if __name__ == "__main__":
    main(*sys.argv[1:])
