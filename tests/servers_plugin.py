"""Starts one throwaway PostgreSQL and one Valkey for the whole run, before Django reads its settings."""

from __future__ import annotations

import atexit
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
for folder in (str(ROOT / "platform"), str(ROOT)):
    if folder not in sys.path:
        sys.path.insert(0, folder)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jishi.settings")
os.environ.setdefault("JISHI_SECRET_KEY", "only for tests")

if not ("DATABASE_URL" in os.environ and "REDIS_URL" in os.environ):
    from jishi import servers

    running = servers.start(Path(tempfile.mkdtemp(prefix="jishi-test-")), throwaway=True)
    os.environ["DATABASE_URL"] = running.database_url
    os.environ["REDIS_URL"] = running.redis_url
    atexit.register(running.stop)
