"""The cast and the verbs of test sentences: `market.member("bob")`, `market.pass_days(11)`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from common.moments import duration
from worlds import clock, pen


class Market:
    """A market as a test speaks of it. Each app's tests may build on it; verbs call the ordinary actions."""

    def __init__(self) -> None:
        self.members: dict[str, int] = {}

    @property
    def at(self) -> datetime:
        """The market's now."""
        return clock.now()

    def writing(self) -> Any:
        return pen.writing()

    def pass_time(self, text: str) -> None:
        """Let an ISO 8601 duration pass."""
        clock.advance(self.at + duration(text))

    def pass_days(self, days: float) -> None:
        clock.advance(self.at + timedelta(days=days))

    def pass_hours(self, hours: float) -> None:
        clock.advance(self.at + timedelta(hours=hours))

    def advance_to(self, at: datetime) -> None:
        clock.advance(at)

    def books_balance(self) -> None:
        """What must hold after every test, tick and crash."""
        from payments import ledger

        assert ledger.drift() == []
