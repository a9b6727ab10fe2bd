"""A deal page's life: the steps, and how long it stands."""

from __future__ import annotations

from datetime import datetime, timedelta

from common.transitions import Step, statuses, steps_by_action

# fmt: off
DEAL_STEPS = (
    #    action      from      to           by        then
    Step("use",      "issued", "used",      "buyer",  "the order is placed at its price"),
    Step("decline",  "issued", "declined",  "buyer"),
    Step("withdraw", "issued", "withdrawn", "seller"),
    Step("lapse",    "issued", "lapsed",    "time",   "at expires_at, to the second"),
)
# fmt: on
DEAL_STEP = steps_by_action(DEAL_STEPS)
DEAL_STATUSES = list(statuses(DEAL_STEPS))
EVENT = {"use": "deal.used", "decline": "deal.declined", "withdraw": "deal.withdrawn", "lapse": "deal.lapsed"}
TERMS_CHARACTERS = 1_000
LINES_MOST = 50
QUANTITY_MOST = 10**6
STANDS_DAYS_MOST = 90


def expiry(at: datetime, days: int) -> datetime:
    """When a page issued at `at` lapses if it says nothing else; `days` is the lever `deal.expiry_days`."""
    return at + timedelta(days=days)
