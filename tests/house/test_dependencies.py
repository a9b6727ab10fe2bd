"""The pins are whole, exact, installed and explained."""

from __future__ import annotations

import importlib.metadata
import re
from functools import cache

import pytest
from packaging.requirements import Requirement

from tests.house.places import ROOT

FILES = ("requirements.txt", "requirements-dev.txt")


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(file: str) -> dict[str, str]:
    lines = (line.strip() for line in (ROOT / file).read_text().splitlines())
    return {plain(Requirement(line).name): line for line in lines if line and not line.startswith("#")}


@cache
def needs(name: str) -> list[Requirement]:
    return [Requirement(text) for text in importlib.metadata.requires(name) or []]


@pytest.mark.parametrize("file", FILES)
def test_every_pin_is_exact_and_installed(file):
    for name, line in pins(file).items():
        assert re.fullmatch(r"[\w.-]+==[\w.]+", line), line
        assert importlib.metadata.version(name) == line.split("==")[1]


# The oldest Python we run on, which needs what newer ones have built in, and those that came after it.
PYTHONS = ("3.11.0", "3.11.2", "3.12.0", "3.13.0", "3.14.0")


@pytest.mark.parametrize("system", ["linux", "darwin"])
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("files", [FILES[:1], FILES], ids=["to run", "to test"])
def test_the_lists_are_whole_so_they_install_without_resolving(files, python, system):
    here = {
        "extra": "",
        "python_full_version": python,
        "python_version": ".".join(python.split(".")[:2]),
        "sys_platform": system,
        "platform_system": system.capitalize(),
    }
    listed = {name for file in files for name in pins(file)}
    lacking = {}
    for name in listed:
        for need in needs(name):
            if need.marker is not None and not need.marker.evaluate(here):
                continue
            if plain(need.name) not in listed:
                lacking[plain(need.name)] = name
            elif need.specifier:
                assert need.specifier.contains(importlib.metadata.version(need.name), prereleases=True), need
    assert lacking == {}


def test_no_pin_stands_in_both_lists():
    assert set(pins(FILES[0])) & set(pins(FILES[1])) == set()


@pytest.mark.parametrize("file", FILES)
def test_every_pin_has_its_reason(file):
    page = (ROOT / "docs" / "dependencies.md").read_text().split("## Looked at and left out")[0]
    rows = [line for line in page.splitlines() if line.startswith("|")]
    named = {plain(word) for row in rows for word in re.split(r"[|,\s]+", row) if word}
    assert set(pins(file)) - named == set()
