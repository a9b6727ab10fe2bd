"""Sixteen hands on money for ten clicks: ten are charged. And the control: looking first and writing later is not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from common.batch import one, rows
from payments import ledger
from search.express.actions.clicks import Press, judge, press, record
from tests.express.board import Board
from tests.market import Market
from worlds.current import use_world
from worlds.pen import glance, writing

CLICKERS, MONEY_FOR = 16, 10


@pytest.fixture
def board(committed_world: Any) -> Iterator[Board]:
    with use_world(committed_world.schema):
        there = Board(Market())
        there.world = committed_world.schema  # type: ignore[attr-defined]
        yield there
        assert ledger.drift() == []


def ready(board: Board) -> list[Press]:
    """A page of results for each clicker; a click costs 3 yuan, and the day's budget is 30."""
    board.set_lever(auction__reserve_fen=300)
    board.ad(bid_fen=300, budget_fen=3_000)
    return [Press(board.looks(visitor=f"v{n}")["auction"], 1, f"v{n}") for n in range(CLICKERS)]


def race(schema: str, act: Callable[[Press, threading.Barrier], str], presses: list[Press]) -> list[str]:
    """Everybody at once, each on a connection of their own; the verdicts."""
    together = threading.Barrier(len(presses))
    verdicts = [""] * len(presses)

    def run(n: int) -> None:
        try:
            with use_world(schema):
                verdicts[n] = act(presses[n], together)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(presses))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(verdicts)


def under_the_pen(given: Press, together: threading.Barrier) -> str:
    together.wait(30)
    with writing() as moment:
        return str(press([given], at=moment.at)[0]["verdict"])


def looking_first(given: Press, together: threading.Barrier) -> str:
    """The verdict from what was seen before the pen was won; ids and postings are made under it all the same."""
    judged = judge([given], at=glance().at)
    together.wait(30)
    with writing() as moment:
        return str(record(*judged, at=moment.at)[0]["verdict"])


def charged() -> tuple[int, int, int]:
    """Postings, paid views, fen spent of the budget."""
    [(count,)] = rows("SELECT count(*) FROM payments_transfer WHERE kind = 'ad_click'")
    return (
        count,
        one("SELECT count(*) FROM traffic_pageview WHERE charge_id IS NOT NULL"),
        one("SELECT spent_fen FROM search_express_spending"),
    )


def test_a_budget_for_ten_clicks_pays_for_ten_of_sixteen(board: Board) -> None:
    verdicts = race(board.world, under_the_pen, ready(board))  # type: ignore[attr-defined]
    assert verdicts == ["over_budget"] * (CLICKERS - MONEY_FOR) + ["valid"] * MONEY_FOR
    assert charged() == (MONEY_FOR, MONEY_FOR, 3_000)
    assert one("SELECT count(*) FROM traffic_pageview") == CLICKERS


def test_control_looking_first_and_writing_later_overspends(board: Board) -> None:
    """The race is real: without the look under the pen all sixteen are charged."""
    assert race(board.world, looking_first, ready(board)) == ["valid"] * CLICKERS  # type: ignore[attr-defined]
    assert charged() == (CLICKERS, CLICKERS, 4_800)
