"""`platform/` is a source root: the standard library's module of that name must always win."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.house.places import PLATFORM, ROOT, clean_env, python

SAYS_SYSTEM = "import platform; print(platform.system(), platform.__file__)"
NO_SERVERS = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}


def ours() -> set[str]:
    """Every package of the tree that is importable by a top name."""
    tops = [folder for base in (ROOT, PLATFORM) for folder in base.iterdir() if folder.is_dir()]
    return {folder.name for folder in tops if (folder / "__init__.py").exists() and folder.name != "tests"}


def test_the_standard_platform_wins_from_the_project_root():
    said = python("-c", SAYS_SYSTEM).stdout.split()
    assert said[0] in {"Linux", "Darwin"}
    assert not Path(said[1]).is_relative_to(ROOT)


def test_the_standard_platform_wins_under_manage_py():
    said = python("manage.py", "shell", "-v", "0", "-c", SAYS_SYSTEM, env=clean_env(**NO_SERVERS))
    assert said.returncode == 0, said.stderr
    assert not Path(said.stdout.split()[-1]).is_relative_to(ROOT)


def test_the_standard_platform_wins_under_celery():
    env = clean_env(PYTHONPATH=f"{ROOT}:{PLATFORM}", **NO_SERVERS)
    said = python("-m", "celery", "-A", "jishi.celery:app", "report", env=env)
    assert said.returncode == 0, said.stderr
    assert f"system:{platform.system()}" in said.stdout


def test_the_standard_platform_wins_under_pytest():
    assert not Path(platform.__file__).is_relative_to(ROOT)
    assert str(PLATFORM) in sys.path


def test_the_source_root_never_becomes_a_package():
    assert not (PLATFORM / "__init__.py").exists()


def test_no_top_name_of_ours_is_one_of_the_standard_library():
    assert ours() & set(sys.stdlib_module_names) == set()


def test_no_top_name_of_ours_is_one_of_an_installed_distribution():
    taken = {
        name: owners for name, owners in importlib.metadata.packages_distributions().items() if name in ours()
    }
    assert taken == {}


def test_every_package_of_the_tree_stands_on_a_floor():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = " ".join(settings["contracts"][0]["layers"])
    drawn = {word.strip("()") for word in layers.split() if word != "|"}
    assert ours() <= drawn
    assert ours() == set(settings["root_packages"])


def test_the_floors_hold():
    env = clean_env(PYTHONPATH=f"{ROOT}:{PLATFORM}")
    tool = Path(sys.executable).parent / "lint-imports"
    said = subprocess.run([tool, "--no-logo"], cwd=ROOT, env=env, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout
