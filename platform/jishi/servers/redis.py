"""A real Valkey (or Redis) for queues, locks and caches: nothing in it that cannot be rebuilt."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from . import binaries
from .errors import ServerError
from .ports import free_port
from .process import spawn

START_LIMIT = 20.0
PORT_TRIES = 5


def configuration(port: int, password: str) -> str:
    """Nothing is kept on disk: what Redis holds here is rebuilt from PostgreSQL."""
    return "\n".join(
        [
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {password}",
            'save ""',
            "appendonly no",
            "databases 16",
            "maxmemory-policy noeviction",
            "timeout 0",
            "tcp-keepalive 60",
            "",
        ]
    )


def launch(folder: Path, port: int, log: Path, password: str) -> "subprocess.Popen[bytes]":
    """Start the server; its password comes from a private file, since arguments are visible to all."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings = folder / "valkey.conf"
    with open(os.open(settings, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        handle.write(configuration(port, password))
    with log.open("ab") as handle_log:
        return spawn(
            [binaries.redis_program(), settings], log=handle_log, cwd=folder, death_signal=signal.SIGTERM
        )


def ping(port: int, password: str) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5) as line:
        line.sendall(f"AUTH {password}\r\nPING\r\n".encode())
        answer = b""
        while b"PONG" not in answer:
            part = line.recv(256)
            if not part or b"-" in part[:1]:
                return False
            answer += part
        return True
    return False


def wait_ready(process: "subprocess.Popen[bytes]", port: int, password: str, log: Path) -> bool:
    """True when the server answers, False when it ended instead."""
    end = time.monotonic() + START_LIMIT
    while time.monotonic() < end:
        if process.poll() is not None:
            return False
        if ping(port, password):
            return True
        time.sleep(0.005)
    process.kill()
    raise ServerError(f"Valkey did not answer within {START_LIMIT:.0f} s; see {log}.")


def url(port: int, password: str) -> str:
    return f"redis://:{password}@127.0.0.1:{port}/0"


def start(folder: Path, log: Path, password: str) -> tuple["subprocess.Popen[bytes]", int]:
    """A running server and its port; tries other ports when one is lost to somebody else."""
    for _try in range(PORT_TRIES):
        port = free_port()
        process = launch(folder, port, log, password)
        if wait_ready(process, port, password, log):
            return process, port
    raise ServerError(f"Valkey did not start; see {log}.")
