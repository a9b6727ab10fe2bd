"""The embedded servers: real, ours alone, gone when we are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from redis import Redis

from jishi import servers
from jishi.servers import postgres as pg
from jishi.servers import redis as valkey
from jishi.servers.errors import ServerError
from jishi.servers.home import Home
from tests.house.places import PLATFORM, clean_env, comes_true

STARTS_AND_WAITS = """
import sys
from pathlib import Path
from jishi import servers
running = servers.start(Path(sys.argv[1]))
print(*running.pids.values(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def alone(monkeypatch) -> None:
    """No servers configured, as on a new machine."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Iterator[servers.Servers]:
    """A pair of servers whose folder is kept, as `up` starts them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DATABASE_URL", "REDIS_URL"):
            patch.delenv(name, raising=False)
        running = servers.start(tmp_path_factory.mktemp("kept") / "home")
    yield running
    running.stop()


def test_similarity_sees_chinese_letters(kept):
    with psycopg.connect(kept.database_url) as line:
        line.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        row = line.execute("SELECT similarity('连衣裙女夏', '连衣裙女夏长款')").fetchone()
    assert row is not None
    assert row[0] > 0.5


def test_there_is_room_for_the_locks_of_many_markets(kept):
    with psycopg.connect(kept.database_url) as line:
        row = line.execute(
            "SELECT current_setting('max_locks_per_transaction')::int"
            " * current_setting('max_connections')::int"
        ).fetchone()
    assert row is not None
    assert row[0] >= 60_000


def test_redis_keeps_nothing_on_disk_and_wants_its_password(kept):
    with Redis.from_url(kept.redis_url) as line:
        assert line.config_get("save") == {"save": ""}
        assert line.config_get("appendonly") == {"appendonly": "no"}
    assert not valkey.ping(kept.ports["redis"], "a guess")


def test_another_user_of_the_machine_cannot_enter_the_database_without_the_password(kept):
    open_door = kept.database_url.replace(kept.home.secret(), "guess")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(open_door)
    assert (kept.home.path / "secret").stat().st_mode & 0o077 == 0


def test_the_password_is_in_no_argument_that_others_may_read(kept):
    for pid in kept.pids.values():
        assert kept.home.secret() not in " ".join(psutil.Process(pid).cmdline())


def test_ports_are_below_those_lent_to_outgoing_connections(kept):
    assert all(port < 32768 for port in kept.ports.values())


def test_an_acknowledged_commit_survives_a_kill_of_the_server(kept):
    data, port = kept.home.path / "postgres", kept.ports["postgres"]
    with psycopg.connect(kept.database_url, autocommit=True) as line:
        line.execute("CREATE TABLE IF NOT EXISTS promise (kept int)")
        for number in range(200):
            line.execute("INSERT INTO promise VALUES (%s)", [number])
        os.kill(kept.pids["postgres"], signal.SIGKILL)
    kept.processes["postgres"].wait()
    pg.end_orphans(data)
    process = pg.launch(data, port, kept.home.log("postgres"), throwaway=False)
    assert pg.wait_ready(process, data, kept.home.log("postgres"))
    kept.processes["postgres"] = process
    with psycopg.connect(kept.database_url) as line:
        assert line.execute("SELECT count(*) FROM promise").fetchone() == (200,)


def test_configured_servers_are_used_and_none_is_started(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/market")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere/0")
    with servers.start(tmp_path) as running:
        assert running.pids == {}
        assert (running.database_url, running.redis_url) == (
            "postgresql://elsewhere/market",
            "redis://elsewhere/0",
        )


def test_a_port_lost_to_somebody_else_is_tried_again_elsewhere(kept, tmp_path, monkeypatch, alone):
    offers = iter([kept.ports["redis"], kept.ports["postgres"], valkey.free_port()])
    monkeypatch.setattr(valkey, "free_port", lambda: next(offers))
    with servers.start(tmp_path, postgres=False) as running:
        assert running.ports["redis"] not in kept.ports.values()


def test_a_folder_to_be_thrown_away_must_be_new(tmp_path, alone):
    (tmp_path / "somebody's work").write_text("precious")
    with pytest.raises(ServerError, match="is not empty"):
        servers.start(tmp_path, throwaway=True)
    assert (tmp_path / "somebody's work").exists()


def test_a_thrown_away_folder_is_gone_with_its_servers(tmp_path, alone):
    running = servers.start(tmp_path / "home", postgres=False, throwaway=True)
    pid = running.pids["redis"]
    running.stop()
    running.stop()
    assert not psutil.pid_exists(pid)
    assert not (tmp_path / "home").exists()


def test_a_data_folder_is_made_whole_or_not_at_all(tmp_path, monkeypatch):
    def breaks(*_: object, **__: object) -> None:
        raise ServerError("no")

    monkeypatch.setattr(pg, "alone", breaks)
    with pytest.raises(ServerError):
        pg.initialise(tmp_path / "postgres", "secret")
    assert not (tmp_path / "postgres").exists()


def test_somebody_elses_folder_is_not_taken_for_a_database(tmp_path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "letters.txt").write_text("precious")
    with pytest.raises(ServerError, match="no PG_VERSION"):
        pg.initialise(tmp_path / "postgres", "secret")
    assert (tmp_path / "postgres" / "letters.txt").exists()


def test_servers_end_with_a_parent_that_is_killed(tmp_path):
    script = tmp_path / "starts.py"
    script.write_text(STARTS_AND_WAITS)
    parent = subprocess.Popen(
        [sys.executable, script, tmp_path / "home"],
        env=clean_env(PYTHONPATH=str(PLATFORM)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    pids = [int(word) for word in parent.stdout.readline().split()]
    assert len(pids) == 2
    parent.kill()
    parent.communicate()
    assert comes_true(lambda: not any(psutil.pid_exists(pid) for pid in pids))
    assert comes_true(lambda: pg.processes_of(tmp_path / "home" / "postgres") == [])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_root_without_namespaces_runs_the_database_as_an_unprivileged_user(monkeypatch, alone):
    import tempfile

    monkeypatch.setenv("JISHI_NO_NAMESPACES", "1")
    pg.unprivileged.cache_clear()
    folder = Path(tempfile.mkdtemp(prefix="jishi-house-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        with servers.start(folder / "home", redis=False, throwaway=True) as running:
            assert psutil.Process(running.pids["postgres"]).uids().real != 0
            with psycopg.connect(running.database_url) as line:
                assert line.execute("SELECT 1").fetchone() == (1,)
    finally:
        pg.unprivileged.cache_clear()
        folder.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="namespaces are for root")
def test_root_runs_the_database_in_a_namespace_and_keeps_owning_its_files(kept):
    assert pg.unprivileged() == "namespace"
    assert (kept.home.path / "postgres" / "PG_VERSION").stat().st_uid == 0


def test_a_home_is_owned_by_one_and_free_again_when_that_one_is_gone(tmp_path):
    home = Home(tmp_path / "home")
    with home.owning() as first:
        assert first
        with Home(tmp_path / "home").owning() as second:
            assert not second
        assert home.owned()
    assert not home.owned()
