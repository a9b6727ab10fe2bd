"""The tick: whenever an hour (or several) of a market with a population is over, its agents do in it what they wanted.

They look, they wish, the wishes are grouped by verb, and each verb is one call of the action people use; then time goes
on, with deadlines and timetable at their own moments. The tick is a deadline like others (`jishi/wiring.py`), so a jump,
a live clock, a fork and a killed job all live the same hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from common.moments import day_of, start_of
from simulation import buyers, sellers
from simulation.intents import Done, do
from simulation.scene import look_again, over, population, scene

# After these, buyers of the same tick see other shelves than sellers did.
CHANGES_SHELVES = {
    "enter", "list", "relist", "edit", "delist", "restock", "showcase", "protect", "decorate", "close", "brush",
}  # fmt: skip
# These sellers' wishes are done together with the buyers' of the same verb, in one call. Not `bring`: what sellers bring in
# they spend in the same tick, on fakes and on ads.
WITH_BUYERS = {"say", "like", "confirm", "judge", "withdraw", "explain"}
LAST_SECOND = timedelta(seconds=1)  # a tick is met a second before its hour is over: within its day


def first_tick(at: datetime, hours: int) -> datetime:
    """The end of the tick that `at` lies in."""
    begun = start_of(day_of(at))
    passed = (at - begun) // timedelta(hours=hours) + 1
    end = begun + passed * timedelta(hours=hours) - LAST_SECOND
    return end if end > at else end + timedelta(hours=hours)


def tick(ids: Sequence[int], *, at: datetime) -> Sequence[int]:
    """Everybody lives the hours up to `at`. Alone in the market, in the clock's transaction."""
    row = population()
    now = scene(row, at=at)
    done = Done()
    wishes = sellers.turn(now)
    do([wish for wish in wishes if wish.verb not in WITH_BUYERS], done, at=at, agents=now.agent)
    if CHANGES_SHELVES & set(done.of):
        look_again(now)
    buyers.turn(now, [wish for wish in wishes if wish.verb in WITH_BUYERS], done)
    over(next_at=at + timedelta(hours=row["tick_hours"]))
    return ids
