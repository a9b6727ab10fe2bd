"""A single command finds servers, or brings its own for as long as it lasts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from jishi.servers import borrow
from jishi.servers.home import Home, Record
from jishi.servers.process import Identity
from tests.house.places import PLATFORM, clean_env, comes_true

BORROWS = """
import sys
from pathlib import Path
from jishi.servers import borrow
from jishi.servers.home import Home
with borrow.servers(sys.argv[2], Home(Path(sys.argv[1]))) as urls:
    print(urls.database, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def alone(monkeypatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)


def command(home: Path, name: str) -> subprocess.Popen[str]:
    script = home.parent / "borrows.py"
    script.write_text(BORROWS)
    return subprocess.Popen(
        [sys.executable, script, home, name],
        env=clean_env(PYTHONPATH=str(PLATFORM)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def let_go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_configured_servers_are_used_as_they_are(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/market")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere/0")
    with borrow.servers("replay", Home(tmp_path / "home")) as urls:
        assert urls == borrow.Urls("postgresql://elsewhere/market", "redis://elsewhere/0", False)


def test_a_running_markets_servers_are_used_and_left_alone(tmp_path, alone):
    home = Home(tmp_path / "home")
    with home.owning():
        me = Identity.of(os.getpid())
        home.write(Record(me, "up", "ready", database_url="postgresql://up", redis_url="redis://up"))
        with borrow.servers("replay", Home(tmp_path / "home")) as urls:
            assert urls == borrow.Urls("postgresql://up", "redis://up", True)
        assert home.read() is not None


def test_servers_of_its_own_last_until_the_last_command_that_uses_them_is_done(tmp_path):
    home = tmp_path / "home"
    first = command(home, "replay")
    url = said(first)
    second = command(home, "export")
    assert said(second) == url
    record = Home(home).owner()
    assert record is not None
    assert record.command == "replay"
    pids = [each["pid"] for each in record.children.values()]
    let_go(first)
    assert comes_true(lambda: (Home(home).read() or record).state == "stopping")
    assert all(psutil.pid_exists(pid) for pid in pids)
    let_go(second)
    assert second.wait(20) == 0
    assert first.wait(20) == 0
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert Home(home).read() is None


def test_a_command_that_is_killed_takes_its_servers_along(tmp_path):
    home = tmp_path / "home"
    process = command(home, "replay")
    assert said(process)
    record = Home(home).owner()
    assert record is not None
    pids = [each["pid"] for each in record.children.values()]
    process.kill()
    process.communicate()
    assert comes_true(lambda: not any(psutil.pid_exists(pid) for pid in pids))
    assert not Home(home).owned()
