"""How two markets differ, told in figures; and the audits and explanations the command line prints."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from common.batch import execute
from common.errors import Invalid, NotFound
from members.actions import Registration, register
from payments import ledger
from regime.actions import change
from tests.command_line import typed
from worlds import actions, checks, clock
from worlds.current import use_world
from worlds.diff import diff
from worlds.models import World
from worlds.pen import writing

Worlds = Any


def people(world: Any, *nicks: str) -> list[int]:
    with use_world(world.schema), writing() as moment:
        return register([Registration(nick, 330100) for nick in nicks], at=moment.at)


def pay_in(world: Any, member: int, fen: int) -> None:
    with use_world(world.schema), writing() as moment:
        ledger.top_up([ledger.TopUp(member, fen, f"in:{member}:{fen}")], at=moment.at)


def test_a_fork_differs_by_what_was_done_to_it_and_by_nothing_else(worlds: Worlds) -> None:
    world = worlds("a")
    bob, eve = people(world, "bob", "eve")
    pay_in(world, bob, 5_000)
    fork, _ = actions.fork(world, f"{worlds.mark}b")
    same = diff(world, fork)
    assert (same["levers"], same["members"], same["shops"]) == ([], [], [])
    assert all(figure["change"] == 0 for figure in same["totals"].values())

    (ann,) = people(fork, "ann")
    pay_in(fork, eve, 700)
    pay_in(world, bob, 20)
    with use_world(fork.schema), writing() as moment:
        change({"feedback.window_days": 9}, at=moment.at, by=None, why="to see what it does")
    told = diff(world, fork)
    assert [row["lever"] for row in told["levers"]] == ["feedback.window_days"]
    assert told["levers"][0]["b"] == 9
    assert told["totals"]["members"] == {"a": 2, "b": 3, "change": 1}
    assert told["totals"]["money_moved_fen"]["change"] == 680
    rows = {row["name"]: row for row in told["members"]}
    assert rows["eve"]["changed"] == {"balance_fen": {"a": 0, "b": 700, "change": 700}}
    assert rows["bob"]["changed"]["balance_fen"]["change"] == -20
    assert (rows["ann"]["id"], rows["ann"]["only_in"]) == (ann, "b")
    assert next(iter(rows)) == "eve", "the largest change first"
    tables = told["tables"]
    assert tables["members_member"] == {
        "a": 2, "b": 3, "only_a": 0, "only_b": 1, "changed": 0, "renumbered": 0, "shops": [], "members": [ann]
    }  # fmt: skip
    assert tables["payments_transfer"]["changed"] == 1, "the second transfer is another one in each world"
    assert "shops_order" not in tables


def test_an_unbalanced_book_is_found_and_a_sound_market_has_none(worlds: Worlds) -> None:
    world = worlds()
    (bob,) = people(world, "bob")
    pay_in(world, bob, 100)
    with use_world(world.schema):
        books = checks.audit()
        assert {"money", "credit", "stock", "seals", "escrow"} <= set(books)
        assert not any(books.values())
        execute(
            "UPDATE payments_account SET received_fen = received_fen + 1 WHERE code = %s", [f"member:{bob}"]
        )
        assert checks.audit()["money"]


def test_what_cannot_be_explained_is_refused_in_words(worlds: Worlds) -> None:
    with use_world(worlds().schema):
        with pytest.raises(NotFound, match="nothing called weather"):
            checks.explain("weather", ["1"])
        with pytest.raises(Invalid, match="takes MEMBER"):
            checks.explain("credit", [])
        with pytest.raises(Invalid, match="not a member's number"):
            checks.explain("credit", ["0; DROP"])


@pytest.fixture
def jishi(worlds: Worlds) -> Callable[..., Any]:
    return typed


def test_a_world_s_life_on_the_command_line(worlds: Worlds, jishi: Callable[..., Any]) -> None:
    a, b = f"{worlds.mark}a", f"{worlds.mark}b"
    code, made = jishi("world", "create", a, "--seed", "5", "--json")
    assert code == 0
    assert set(made) >= {"world", "admin_key", "now", "state_hash"}
    taken = f"there is a world called {a}. Choose another name or drop that world."
    assert jishi("world", "create", a) == (1, taken), "what is wrong, and the way out"
    assert jishi("world", "snapshot", a, "one", "--json")[1]["state_hash"] == made["state_hash"]
    _, went = jishi("advance", a, "P3D", "--json")
    assert (went["from"], went["to"]) == ("2010-03-01T00:00:00+08:00", "2010-03-04T00:00:00+08:00")
    assert set(went) >= {"from", "to", "state_hash", "events", "seconds"}
    assert jishi("world", "fork", a, b, "--json")[1]["state_hash"] == went["state_hash"]
    assert jishi("world", "hash", b, "--json")[1]["state_hash"] == went["state_hash"]
    assert jishi("world", "reset", a, "one", "--json")[1]["state_hash"] == made["state_hash"]
    code, told = jishi("world", "diff", a, b, "--json")
    assert (code, told["tables"]["traffic_dayclose"]["only_b"]) == (0, 3), "the other lived three days more"
    assert set(told) >= {
        "a",
        "b",
        "levers",
        "members",
        "shops",
        "totals",
        "bids",
        "sources",
        "gains",
        "summary",
    }
    assert {w["world"] for w in jishi("world", "list", "--json")[1]["worlds"]} >= {a, b}
    assert jishi("audit", a, "--json")[0] == 0
    assert jishi("world", "drop", b, "--json")[0] == 0
    assert jishi("world", "show", b) == (1, f"there is no world called {b}. List the worlds.")
    assert jishi("advance", a)[0] == 2
    assert jishi("advance", a, "P1M")[0] == 1


def test_the_command_line_finishes_what_a_dead_worker_left_first(
    worlds: Worlds, jishi: Callable[..., Any]
) -> None:
    from worlds import advance

    world = worlds()
    with use_world(world.schema):
        began = clock.now()
        advance.start(world, {"duration": "P2D"}, wake=False)
    code, went = jishi("advance", world.name, "P1D", "--json")
    assert code == 0
    with use_world(World.objects.get(pk=world.pk).schema):
        assert clock.now() - began == timedelta(days=3)
    assert went["from"] == "2010-03-03T00:00:00+08:00"
