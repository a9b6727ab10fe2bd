"""What the house tests share: where things are, a clean environment, waiting for something to come true."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLATFORM = ROOT / "platform"
OUTSIDE = ("DATABASE_URL", "REDIS_URL", "JISHI_HOME", "JISHI_PG_BIN", "JISHI_NO_NAMESPACES", "PYTHONPATH")


def clean_env(**more: str) -> dict[str, str]:
    """The environment of somebody who has just cloned the project."""
    kept = {name: value for name, value in os.environ.items() if name not in OUTSIDE}
    return {**kept, **more}


def python(
    *words: str, env: dict[str, str] | None = None, cwd: Path = ROOT, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env=env or clean_env(),
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def comes_true(condition: Callable[[], object], seconds: float = 10.0) -> bool:
    """Whether `condition` becomes true within `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return bool(condition())
