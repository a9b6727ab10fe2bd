"""Every test of keyword ads ends with their audit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils.module_loading import import_string

from jishi.wiring import AUDITS
from search import recompute
from search.express import recompute as judge
from tests.express.board import Board
from tests.market import Market


@pytest.fixture
def board(market: Market) -> Iterator[Board]:
    there = Board(market)
    yield there
    if there.by_hand:
        judge.everything(at=market.at)
    assert recompute.odd(at=market.at) == []
    for path in AUDITS["ads"]:
        assert import_string(path)(at=market.at) == []
