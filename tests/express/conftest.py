"""Every test of keyword ads ends with their audit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from search.express import recompute as judge
from tests.express.board import Board
from tests.market import Market
from worlds import checks


@pytest.fixture
def board(market: Market) -> Iterator[Board]:
    there = Board(market)
    yield there
    if there.by_hand:
        judge.everything(at=market.at)
    assert {book: wrong for book, wrong in checks.audit().items() if wrong} == {}
