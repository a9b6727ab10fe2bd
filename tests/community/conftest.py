"""Every test of the VIP club ends with its audit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from community import queries
from jishi.wiring import TIMETABLE
from tests.community.club import Club
from tests.market import Market
from worlds import clock


@pytest.fixture
def club(market: Market, monkeypatch: pytest.MonkeyPatch) -> Iterator[Club]:
    """Deadlines are met as ever, but at night only the club's work is done, so that half a year passes quickly."""
    alone = tuple(entry for entry in TIMETABLE if entry.act == "community.recompute.run")
    monkeypatch.setattr(clock, "timetable", lambda: alone)
    there = Club(market)
    yield there
    assert queries.odd(at=market.at) == []
