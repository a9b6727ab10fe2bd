"""T1: from bare Python to the first HTTP 200, the second `up`, and what it all weighs when nobody asks anything.

Works on a copy of what is committed, in a folder of its own, with a home of its own: nothing of the running
market is used. The first `up` downloads the pins, so it is as fast as the package index.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from jishi.servers.home import ROOT
from jishi.servers.ports import is_free

FIRST, SECOND, WEIGHT = 60.0, 3.0, 300.0
# Idle is when all of it together takes less than a twentieth of a core: blank worlds are made ready first.
IDLE_SHARE, IDLE_SECONDS, IDLE_LATEST = 0.05, 4.0, 120.0


def rows() -> list[dict[str, Any]]:
    """Three rows: seconds of a first and of a second `up`, and megabytes (PSS) of all processes when idle."""
    with tempfile.TemporaryDirectory(prefix="jishi-bench-") as folder:
        copy = Path(folder) / "jishi"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(copy)], check=True)
        port = next(n for n in range(18000, 19000) if is_free(n))
        try:
            first = _timed(lambda: _up(copy, port))
            _jishi(copy, "down")
            second = _timed(lambda: _up(copy, port))
            _wait_until_idle(copy)
            weight = _weight(copy)
        finally:
            _jishi(copy, "down")
            shutil.rmtree(copy, ignore_errors=True)
    return [
        _row("T1 bare Python to the first HTTP 200, with the demo", first, "s", FIRST),
        _row("T1 second up", second, "s", SECOND),
        _row("T1 idle memory of all processes", weight, "MB", WEIGHT),
    ]


def _row(bench: str, value: float, unit: str, limit: float) -> dict[str, Any]:
    ratio = round(value / limit, 2)
    return {
        "bench": bench,
        "value": round(value, 1),
        "unit": unit,
        "limit": limit,
        "ratio": ratio,
        "target": f"<= {limit:g} {unit}",
        "ok": value <= limit,
    }


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _jishi(copy: Path, *words: str) -> dict[str, Any]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "REDIS_URL", "JISHI_HOME"}
    }
    done = subprocess.run(
        [sys.executable, str(copy / "jishi"), *words, "--json"],
        cwd=copy,
        env=kept,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"./jishi {' '.join(words)}: {done.stderr[-500:]}")
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def _up(copy: Path, port: int) -> None:
    url = _jishi(copy, "up", "--detach", "--port", str(port))["url"]
    with urllib.request.urlopen(url, timeout=30) as answer:
        if answer.status != 200:
            raise RuntimeError(f"{url} answered {answer.status}")


def _ours(copy: Path) -> Iterator[psutil.Process]:
    """Every process that works in this copy."""
    for process in psutil.process_iter(["cwd"]):
        if (process.info["cwd"] or "").startswith(str(copy)):
            yield process


def _wait_until_idle(copy: Path) -> None:
    latest = time.monotonic() + IDLE_LATEST
    before = _computed(copy)
    while time.monotonic() < latest:
        time.sleep(IDLE_SECONDS)
        now = _computed(copy)
        if (
            sum(max(0.0, used - before.get(pid, 0.0)) for pid, used in now.items())
            < IDLE_SHARE * IDLE_SECONDS
        ):
            return
        before = now


def _computed(copy: Path) -> dict[int, float]:
    """Seconds of processor time, by process."""
    used = {}
    for process in _ours(copy):
        with suppress(psutil.NoSuchProcess):
            used[process.pid] = sum(process.cpu_times()[:2])
    return used


def _weight(copy: Path) -> float:
    """Megabytes, each shared page divided by its users, of every process that this copy started."""
    weights = []
    for process in _ours(copy):
        with suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            weights.append(process.memory_full_info().pss)
    if not weights:
        raise RuntimeError("nothing of the copy runs")
    return sum(weights) / 2**20
