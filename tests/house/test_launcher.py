"""./jishi on a machine that has nothing but a Python."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.house.places import ROOT, clean_env

ECHO = "import json, os, sys\nprint(json.dumps([sys.argv[1:], sys.prefix, os.environ['PYTHONPATH']]))\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The launcher with nothing to install, and a command line that says what it was given."""
    shutil.copy(ROOT / "jishi", tmp_path / "jishi")
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).write_text("# nothing yet\n")
    cli = tmp_path / "platform" / "jishi" / "cli"
    cli.mkdir(parents=True)
    (cli.parent / "__init__.py").touch()
    (cli / "__init__.py").touch()
    (cli / "main.py").write_text(ECHO)
    return tmp_path


def run(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    base = str(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info[1]}")
    return subprocess.run(
        [base, project / "jishi", *words],
        env=clean_env(),
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
    )


def launcher(path: Path) -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("launcher", str(path))
    spec = importlib.util.spec_from_loader("launcher", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_it_makes_its_own_python_and_hands_over_every_word(project):
    said = run(project, "world", "create", "a b", "--json")
    words, prefix, path = json.loads(said.stdout)
    assert words == ["world", "create", "a b", "--json"]
    assert Path(prefix) == project / ".venv"
    assert path.split(os.pathsep)[:2] == [str(project), str(project / "platform")]


def test_a_second_call_installs_nothing(project):
    assert "installed in" in run(project, "up").stderr
    assert run(project, "up").stderr == ""


def test_a_changed_pin_is_installed(project):
    run(project, "up")
    (project / "requirements.txt").write_text("# another list\n")
    assert "installed in" in run(project, "up").stderr


def test_the_suites_pins_are_installed_for_the_suite_only(project):
    run(project, "up")
    assert "installed in" in run(project, "test").stderr
    assert run(project, "test").stderr == ""


def test_an_environment_whose_python_is_gone_is_made_anew(project):
    run(project, "up")
    (project / ".venv" / "bin" / "python").unlink()
    said = run(project, "up")
    assert "making .venv" in said.stderr
    assert json.loads(said.stdout)[0] == ["up"]


def test_a_pin_that_cannot_be_had_is_one_clear_sentence(project):
    (project / "requirements.txt").write_text("nothing-of-ours @ file:///nowhere/at_all-1-py3-none-any.whl\n")
    said = run(project, "up")
    assert said.returncode == 1
    assert "installing the pins failed" in said.stderr
    assert "Traceback" not in said.stderr


def test_an_old_python_looks_for_a_newer_one_and_else_says_so(project, monkeypatch, capsys):
    module = launcher(project / "jishi")
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(module, "newer_python", lambda: None)
    with pytest.raises(SystemExit) as left:
        module.main()
    assert left.value.code == 1
    assert "this is Python 3.9; Jishi needs Python 3.11 or newer" in capsys.readouterr().err


def test_an_old_python_hands_over_to_a_newer_one(project, monkeypatch):
    module = launcher(project / "jishi")
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(module, "newer_python", lambda: "/usr/bin/python3.13")
    monkeypatch.setattr(sys, "argv", ["jishi", "up", "--port", "9000"])
    handed: list[object] = []

    def hand_over(program: str, words: list[str]) -> None:
        handed.extend([program, words])
        raise SystemExit

    monkeypatch.setattr(os, "execv", hand_over)
    with pytest.raises(SystemExit):
        module.main()
    words = ["/usr/bin/python3.13", str(project / "jishi"), "up", "--port", "9000"]
    assert handed == ["/usr/bin/python3.13", words]


def test_a_python_without_pip_or_ensurepip_says_what_to_install(project, monkeypatch, capsys):
    module = launcher(project / "jishi")
    monkeypatch.setattr(module, "pip_wheels", list)
    monkeypatch.setattr(module.subprocess, "call", lambda *_, **__: 1)
    with pytest.raises(SystemExit):
        module.make_venv()
    assert "-venv. Then run ./jishi again" in capsys.readouterr().err
    assert not (project / ".venv").exists()
