"""Every test of search ends with its audit: what is described is what a rebuild would describe."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from search import actions
from tests.market import Market
from tests.search.street import Street, tables


@pytest.fixture
def street(market: Market) -> Iterator[Street]:
    there = Street(market)
    yield there
    before = tables()
    actions.rebuild(at=market.at)
    assert tables() == before
