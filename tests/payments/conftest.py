from __future__ import annotations

import pytest

from tests.market import Market
from tests.payments.till import Till


@pytest.fixture
def till(market: Market) -> Till:
    """Ann with 100 yuan, Bob with nothing."""
    till = Till(market)
    till.member("ann", 10_000)
    till.member("bob")
    return till
