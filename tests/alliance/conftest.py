"""What the alliance's tests stand on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.alliance.web import Web


@pytest.fixture
def web(market: Any) -> Web:
    """wang's blog beside bob's shop, in a market that is rolled back."""
    return Web()
