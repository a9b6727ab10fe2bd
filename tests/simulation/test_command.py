"""The commands about a population: what is refused leaves nothing behind, and every refusal says what to do instead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulation import found, queries
from simulation.scenario import find
from tests.command_line import typed
from worlds import actions
from worlds.current import use_world
from worlds.models import World

TINY = Path(__file__).with_name("tiny.toml")


@pytest.fixture
def jishi() -> Callable[..., Any]:
    return typed


def test_a_market_that_cannot_be_filled_is_not_made(mark: str, jishi: Callable[..., Any]) -> None:
    code, said = jishi("simulate", TINY, "--world", mark, "--days", "-1")
    assert (code, said) == (1, "days are 0 to 3660. Ask again after them.")
    assert not World.objects.filter(name=mark).exists()
    code, told = jishi("simulate", TINY, "--world", mark, "--days", "0", "--json")
    assert (code, told["world"], bool(told["admin_key"])) == (0, mark, True)


def test_a_killed_call_is_not_taken_for_another(mark: str, jishi: Callable[..., Any]) -> None:
    plan = find(TINY)
    world, _ = actions.create(mark, seed=3, regime=plan.regime, start=plan.start)
    with use_world(world.schema):
        found.start(world, plan, seed=3, days=0)  # and nobody does it
    code, said = jishi("simulate", TINY, "--world", mark, "--seed", "4")
    assert (code, "seed 3" in said, "choose another world" in said) == (1, True, True)
    code, said = jishi("simulate", "quiet_street", "--world", mark)
    assert (code, "lives tiny" in said) == (1, True)
    assert jishi("simulate", TINY, "--world", mark, "--seed", "3", "--json")[1]["days"] == 0


def test_a_call_that_asks_for_other_days_than_the_one_under_way_is_not_told_its_figures(
    mark: str, jishi: Callable[..., Any]
) -> None:
    jishi("simulate", TINY, "--world", mark, "--seed", "3", "--days", "0")
    world = World.objects.get(name=mark)
    with use_world(world.schema):
        found.start(world, None, days=1)  # it goes on with those who are there, and nobody does it
    code, said = jishi("simulate", TINY, "--world", mark, "--days", "2")
    assert (code, "(1 of --days)" in said, "choose another world" in said) == (1, True, True)
    code, said = jishi("simulate", "quiet_street", "--world", mark)
    assert (code, "lives tiny, seed 3" in said) == (1, True)
    code, said = jishi("simulate", TINY, "--world", mark, "--seed", "4")
    assert (code, "seed 3" in said) == (1, True)
    assert jishi("simulate", TINY, "--world", mark, "--days", "1", "--json")[1]["days"] == 1


def test_a_scenario_of_any_name_finds_a_market_of_one(
    mark: str, jishi: Callable[..., Any], tmp_path: Path
) -> None:
    from jishi.cli.populations import _named

    assert [_named(name, 1) for name in ("quiet_street", "class_of_40")] == [
        "quiet-street-1",
        "class-of-40-1",
    ]
    assert [_named(name, 1) for name in ("茶叶街", "Tea Street", "40 shops")] == [
        "market-1",
        "tea-street-1",
        "shops-1",
    ]
    assert len(_named("a" * 40, -(2**63))) <= 40 - len("-9999")
    file = tmp_path / f"{mark} 茶叶街.toml"
    file.write_bytes(TINY.read_bytes())
    code, told = jishi("simulate", file, "--days", "0", "--json")
    assert (code, told["world"]) == (0, f"{mark}-1")


def test_a_scenario_that_was_changed_since_does_not_pass_for_the_one_that_lives(
    mark: str, jishi: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "tiny.toml"
    file.write_bytes(TINY.read_bytes())
    jishi("simulate", file, "--world", mark, "--days", "0")
    with use_world(World.objects.get(name=mark).schema):
        assert not queries.changed_since(find(file))
        file.write_text(
            TINY.read_text(encoding="utf-8").replace("count = 60", "count = 61"), encoding="utf-8"
        )
        assert queries.changed_since(find(file))


def test_a_picture_that_cannot_be_written_is_refused_in_words(
    mark: str, jishi: Callable[..., Any], tmp_path: Path
) -> None:
    jishi("simulate", TINY, "--world", mark, "--days", "0")
    nowhere = tmp_path / "no" / "such.svg"
    code, said = jishi("circulation", mark, "-o", nowhere)
    assert (code, said) == (
        1,
        f"{nowhere} cannot be written: No such file or directory. Choose another file.",
    )
    assert jishi("export", mark, "-o", nowhere) == (code, said)
