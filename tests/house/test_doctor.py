"""The doctor names each illness and how to mend it."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from jishi.servers import binaries, external, findings
from jishi.servers import postgres as pg
from jishi.servers.home import Home, Record
from jishi.servers.process import Identity
from tests.house.places import ROOT, clean_env, python


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.make()
    return made


def only(found: list[findings.Finding]) -> findings.Finding:
    assert len(found) == 1
    return found[0]


def test_a_healthy_machine_has_nothing_to_mend(home):
    env = clean_env(JISHI_HOME=str(home.path), PYTHONPATH=f"{ROOT}:{ROOT / 'platform'}")
    said = python("-m", "jishi.cli.main", "doctor", "--port", "8765", "--json", env=env)
    told = json.loads(said.stdout)
    assert [each for each in told["findings"] if not each["ok"]] == []
    assert (told["ok"], said.returncode) == (True, 0)


def test_an_old_python_is_named():
    found = only(list(findings.python((3, 10))))
    assert not found.ok
    assert "3.11" in found.mend


def test_a_taken_port_is_named_with_its_holder(home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = only(list(findings.web_port(home, port)))
    assert not found.ok
    assert f"process {os.getpid()}" in found.says
    assert f"--port {port + 1}" in found.mend


def test_a_full_disk_is_named(home, monkeypatch):
    monkeypatch.setattr(findings, "LEAST_SPACE", 2**80)
    found = only(list(findings.space(home)))
    assert not found.ok
    assert "Make room" in found.mend


def test_a_half_initialised_data_folder_is_named(home):
    (home.path / "postgres" / "base").mkdir(parents=True)
    found = only(list(findings.data_folder(home)))
    assert not found.ok
    assert "half-initialised" in found.says
    assert f"rm -r {home.path / 'postgres'}" in found.mend


def test_a_data_folder_of_another_version_is_named(home):
    (home.path / "postgres" / "global").mkdir(parents=True)
    (home.path / "postgres" / "global" / "pg_control").touch()
    (home.path / "postgres" / "PG_VERSION").write_text("14\n")
    found = only(list(findings.data_folder(home)))
    assert not found.ok
    assert "made by PostgreSQL 14" in found.says


def test_the_record_of_a_killed_run_is_named_with_what_still_lives(home):
    me = Identity.of(os.getpid())
    dead = Identity(me.pid, me.created - 3600, me.boot)
    home.write(Record(dead, "up", children={"web": me.as_record()}))
    found = only(list(findings.leftovers(home)))
    assert not found.ok
    assert str(me.pid) in found.says
    assert "./jishi down" in found.mend


def test_a_database_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    found = only(list(findings.database()))
    assert not found.ok
    assert "does not answer" in found.says


def test_a_redis_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    found = only(list(findings.redis()))
    assert not found.ok
    assert "does not answer" in found.says


def test_few_locks_are_named(monkeypatch):
    monkeypatch.setattr(external, "LEAST_LOCK_SLOTS", 10**9)
    says = [each.says for each in external.database(os.environ["DATABASE_URL"])]
    assert any("locks" in each for each in says)


def test_a_sound_configured_database_has_nothing_to_mend_and_is_left_as_it_was():
    import psycopg

    url = os.environ["DATABASE_URL"]
    extensions = "SELECT array_agg(extname ORDER BY extname) FROM pg_extension"
    with psycopg.connect(url) as line:
        before = line.execute(extensions).fetchone()
    assert external.database(url) == []
    with psycopg.connect(url) as line:
        assert line.execute(extensions).fetchone() == before


def test_a_database_that_sees_no_letters_in_chinese_is_named():
    import psycopg

    url = os.environ["DATABASE_URL"]
    name = f"deaf_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as line:
        line.execute(
            f"CREATE DATABASE {name} ENCODING 'UTF8' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C' "
            "TEMPLATE template0"
        )
        try:
            says = [each.says for each in external.database(url.rsplit("/", 1)[0] + f"/{name}")]
        finally:
            line.execute(f"DROP DATABASE {name}")
    assert says == ["similarity sees no letters in Chinese, so search would find little"]


def test_missing_server_programs_are_named(monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("JISHI_PG_BIN", "/nowhere")
    binaries.postgres_folder.cache_clear()
    try:
        found = only(list(findings.database()))
    finally:
        binaries.postgres_folder.cache_clear()
    assert not found.ok
    assert "No PostgreSQL" in found.says


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs namespaces")
def test_missing_namespaces_are_named_for_root(monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("JISHI_NO_NAMESPACES", "1")
    pg.unprivileged.cache_clear()
    try:
        found = {each.check: each for each in findings.database()}
    finally:
        pg.unprivileged.cache_clear()
    assert not found["namespaces"].ok
    assert "max_user_namespaces" in found["namespaces"].mend
