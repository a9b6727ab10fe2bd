"""Every test of keyword ads ends with their audit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils.module_loading import import_string

from jishi.wiring import AUDITS
from search import recompute
from tests.express.board import Board
from tests.market import Market


@pytest.fixture
def board(market: Market) -> Iterator[Board]:
    yield Board(market)
    assert recompute.odd(at=market.at) == []
    for path in AUDITS["ads"]:
        assert import_string(path)(at=market.at) == []
