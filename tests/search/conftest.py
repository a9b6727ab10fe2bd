"""Every test of search ends with its audit: what is described is what a rebuild would describe."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from search import actions, recompute, used
from search.queries.asked import now
from tests.market import Market
from tests.ratings.fair import Fair
from tests.search.street import Street, tables


@pytest.fixture
def street(market: Market) -> Iterator[Street]:
    there = Street(market)
    for key in used._redis().scan_iter(f"search:used:{now().uid}:*"):  # Redis rolls nothing back
        used._redis().delete(key)
    yield there
    assert recompute.odd(at=market.at) == []
    before = tables()
    actions.rebuild(at=market.at)
    assert tables() == before


@pytest.fixture
def fair(market: Market) -> Fair:
    return Fair(market)
