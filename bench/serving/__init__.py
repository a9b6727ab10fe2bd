"""The real web server with a few plain views beside ours, and a small client: both sides of a ratio."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, sleep

from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # seconds


@contextmanager
def served() -> Iterator[int]:
    """Granian as `up` runs it, on this process's database, with `bench.serving.urls`; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    database = settings.DATABASES["default"]
    url = f"postgresql://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    env = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "bench.serving.settings", "DATABASE_URL": url,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'platform'}", "JISHI_SECRET_KEY": "only for a bench",
    }  # fmt: skip
    words = [sys.executable, "-m", "jishi.servers.web", "127.0.0.1", str(port)]
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(words, cwd=ROOT, env=env, stdout=log, stderr=log)
        try:
            _wait(port, server)
            yield port
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(15)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    began = perf_counter()
    while perf_counter() - began < PATIENCE:
        if server.poll() is not None:
            raise RuntimeError("the web server of the bench ended by itself")
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            sleep(0.1)
    raise RuntimeError("the web server of the bench does not answer")


def request(method: str, path: str, body: bytes = b"", key: str = "") -> bytes:
    """A whole HTTP/1.1 request."""
    head = [
        f"{method} {path} HTTP/1.1",
        "Host: bench",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    head += [f"Authorization: Bearer {key}"] if key else []
    return "\r\n".join([*head, "", ""]).encode() + body


def rate(port: int, sent: bytes, seconds: float, *, status: int = 200, connections: int = 8) -> float:
    """Requests a second of so many connections sending the same again and again; raises on another status."""
    return asyncio.run(_rate(port, sent, seconds, b" %d " % status, connections))


async def _rate(port: int, sent: bytes, seconds: float, status: bytes, connections: int) -> float:
    began = perf_counter()
    counts = await asyncio.gather(*(_drive(port, sent, began + seconds, status) for _ in range(connections)))
    return sum(counts) / (perf_counter() - began)


async def _drive(port: int, sent: bytes, until: float, status: bytes) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    try:
        while perf_counter() < until:
            writer.write(sent)
            head = await reader.readuntil(b"\r\n\r\n")
            lower = head.lower()
            length = int(lower.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
            body = await reader.readexactly(length)
            if status not in head[:16]:
                raise RuntimeError(f"the door answered {head[:60]!r} {body[:300]!r}")
            count += 1
    finally:
        writer.close()
    return count
