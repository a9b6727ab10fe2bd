"""Every test of feedback ends with its audits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ratings.queries import audit
from tests.market import Market
from tests.ratings.fair import Fair


@pytest.fixture
def fair(market: Market) -> Iterator[Fair]:
    there = Fair(market)
    yield there
    assert audit.seals() == []
    assert audit.credit(at=market.at) == []
