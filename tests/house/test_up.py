"""The whole of `./jishi up`: it opens, survives the death of each part, and leaves nothing when it goes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from jishi.servers.home import Home
from jishi.servers.market import last_line
from jishi.servers.ports import free_port
from tests.house.places import ROOT, clean_env, comes_true

NAMES = ("web", "worker", "beat", "postgres", "redis")

pytestmark = [pytest.mark.servers, pytest.mark.slow]


class House:
    """One `.jishi/` of its own, and the command line on it."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, free_port()
        self.env = clean_env(JISHI_HOME=str(home), PYTHONPATH=f"{ROOT}:{ROOT / 'platform'}")

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", "jishi.cli.main", *words],
            env=self.env,
            cwd="/",
            capture_output=True,
            text=True,
            timeout=120,
        )

    def up(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.command("up", "--no-demo", "--detach", "--json", "--port", str(self.port), *words)

    def status(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.command("status", "--json").stdout)
        return told

    def pids(self) -> dict[str, int]:
        """Of what lives, from the record that `status` reads: asked over and over while something comes back."""
        running = Home(self.home).owner()
        children = [(name, running.child(name)) for name in NAMES] if running else []
        return {name: child.pid for name, child in children if child and child.process()}

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/docs/", timeout=5) as page:
                return bool(page.status == 200)
        except OSError:
            return False

    def processes(self) -> list[psutil.Process]:
        """Everything that runs for this home, by its environment: nothing may hide behind a record."""
        found = []
        for each in psutil.process_iter():
            try:
                if each.environ().get("JISHI_HOME") == str(self.home) or str(self.home) in each.cmdline():
                    found.append(each)
            except psutil.Error:
                continue
        return found


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("house") / "home")
    first = made.up()
    assert first.returncode == 0, first.stderr
    yield made
    made.command("down")
    assert comes_true(lambda: made.processes() == [])


@pytest.fixture
def open_house(house: House) -> House:
    """The house with everything running, whatever the test before did."""
    if set(house.pids()) != set(NAMES):
        assert house.up().returncode == 0
        assert comes_true(lambda: set(house.pids()) == set(NAMES), 20)
    return house


def test_up_says_where_it_is_and_how_long_it_took(open_house):
    told = json.loads(open_house.up().stdout)
    assert {"url", "world", "admin_key", "seconds"} <= set(told)
    assert told["url"] == f"http://127.0.0.1:{open_house.port}"
    assert open_house.answers()


def test_status_names_the_five_processes(open_house):
    told = open_house.status()
    assert {name: told[name]["state"] for name in NAMES} == dict.fromkeys(NAMES, "running")
    assert {name: told[name]["pid"] for name in NAMES} == open_house.pids()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_killed_comes_back_by_itself(open_house, name):
    before = open_house.pids()[name]
    os.kill(before, signal.SIGKILL)
    assert comes_true(lambda: open_house.pids().get(name) not in {before, None}, 5)
    assert comes_true(open_house.answers, 5)


def test_a_killed_web_worker_is_replaced(open_house):
    web = psutil.Process(open_house.pids()["web"])
    before = {each.pid for each in web.children()}
    os.kill(min(before), signal.SIGKILL)
    assert comes_true(
        lambda: len(web.children()) == len(before) and {each.pid for each in web.children()} != before, 5
    )
    assert comes_true(open_house.answers, 5)


def test_a_second_up_on_the_same_home_says_that_it_runs(open_house):
    pids = open_house.pids()
    again = open_house.command("up", "--json")
    assert again.returncode == 0
    assert json.loads(again.stdout)["url"].endswith(f":{open_house.port}")
    assert open_house.pids() == pids


def test_a_taken_port_is_refused_with_its_holder_and_a_way_out(open_house, tmp_path):
    other = House(tmp_path / "home")
    other.port = open_house.port
    said = other.up()
    assert said.returncode == 1
    assert f"Port {open_house.port} is taken by process" in said.stderr
    assert "./jishi up --port" in said.stderr
    assert other.processes() == []


def test_a_port_that_is_lent_to_outgoing_connections_is_refused(tmp_path):
    said = House(tmp_path / "home").command("up", "--port", "40000")
    assert said.returncode == 1
    assert "choose one from 1 to 32767" in said.stderr


def test_wrong_usage_is_exit_code_two(tmp_path):
    assert House(tmp_path / "home").command("up", "--prot", "1").returncode == 2


def test_down_stops_all_it_started_and_only_that(open_house):
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        told = json.loads(open_house.command("down", "--json").stdout)
        assert set(told["stopped"]) == set(NAMES)
        assert comes_true(lambda: open_house.processes() == [])
        assert not open_house.answers()
        assert bystander.poll() is None
        assert json.loads(open_house.command("down", "--json").stdout) == {"stopped": []}
    finally:
        bystander.kill()
        bystander.wait()


def test_a_killed_up_takes_its_children_along_and_the_next_one_starts(open_house):
    told = open_house.status()
    os.kill(told["up"]["pid"], signal.SIGKILL)
    assert comes_true(lambda: open_house.processes() == [])
    again = open_house.up()
    assert again.returncode == 0, again.stderr
    assert open_house.answers()


def test_everything_killed_at_once_leaves_a_home_that_opens_again(open_house):
    for each in open_house.processes():
        each.kill()
    assert comes_true(lambda: open_house.processes() == [])
    again = open_house.up()
    assert again.returncode == 0, again.stderr


def test_an_interrupt_stops_an_up_that_has_a_terminal(tmp_path):
    house = House(tmp_path / "home")
    words = ["up", "--no-demo", "--json", "--port", str(house.port)]
    up = subprocess.Popen(
        [sys.executable, "-P", "-m", "jishi.cli.main", *words],
        env=house.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert up.stdout is not None
    assert json.loads(up.stdout.readline())["url"]
    up.send_signal(signal.SIGINT)
    up.communicate(timeout=30)
    assert up.returncode == 0
    assert house.processes() == []


def test_an_interrupt_before_it_is_ready_leaves_nothing(tmp_path):
    house = House(tmp_path / "home")
    up = subprocess.Popen(
        [sys.executable, "-P", "-m", "jishi.cli.main", "up", "--no-demo", "--port", str(house.port)],
        env=house.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert comes_true((house.home / "logs" / "postgres.log").exists)
    up.send_signal(signal.SIGINT)
    up.communicate(timeout=30)
    assert up.returncode == 130
    assert house.processes() == []


def test_what_a_native_library_complains_of_is_told_and_not_the_frames_it_came_from(tmp_path):
    log = tmp_path / "web.log"
    log.write_text(
        "starting\nthread 'main' panicked at src/main.rs:7:\nno thread could be made\n"
        "stack backtrace:\n   0: rust_begin_unwind\n             at /rustc/1/std/panicking.rs:1\n  75: _start\n"
    )
    assert last_line(log) == "no thread could be made"
    log.write_text("")
    assert last_line(log) == "it said nothing"
