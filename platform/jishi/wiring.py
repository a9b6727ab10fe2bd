"""Who listens to what, what time drives, and what the state hash leaves out: four tables, read top to bottom."""

from __future__ import annotations

from datetime import datetime

from payments.ledger import open_accounts
from payments.rules import PLATFORM_ACCOUNTS
from regime.actions import load
from worlds.clock import Due, Entry

# An event below (left) is told to those above (right), in order, in the same transaction.
SUBSCRIPTIONS: dict[str, tuple[str, ...]] = {}

# What a market does by itself when a deadline column comes due. Order matters only within one moment.
DEADLINES: tuple[Due, ...] = (
    Due("a deal page lapses", "shops_deal", "expires_at", "shops.actions.deals.lapse", "status = 'issued'"),
)

# What a market does by itself again and again. At one moment deadlines come first, then these, top to bottom.
TIMETABLE: tuple[Entry, ...] = ()

# Long work a Celery worker does for a market: kind -> the function that does one slice of it.
JOBS: dict[str, str] = {
    "advance": "worlds.advance.advance",
}

# (table or *, column or *) -> why it is not part of a market's meaning.
NOT_HASHED: dict[tuple[str, str], str] = {
    ("*", "recorded_at"): "when this machine wrote it, for debugging",
    ("worlds_idempotencykey", "*"): "answers kept for clients that ask again",
    ("worlds_clock", "uid"): "a cache key, new in every fork",
    ("worlds_clock", "mode"): "how the clock is driven, not what time it is",
    ("worlds_clock", "live_speed"): "how the clock is driven, not what time it is",
    ("worlds_clock", "live_since"): "real time",
    ("worlds_clock", "live_from"): "how the clock is driven, not what time it is",
}


def found(*, regime: str, at: datetime, seed: int) -> None:
    """What a new market needs before its first member: its regime's levers, the platform's accounts."""
    load(regime, at=at)
    open_accounts(PLATFORM_ACCOUNTS)
