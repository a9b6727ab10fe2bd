"""Deeds at their moments: for whoever brings a whole hour of a market's life at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from worlds.clock import pass_to
from worlds.pen import stepping

Deed = tuple[datetime, Callable[[datetime], object]]


def play(deeds: Iterable[Deed]) -> datetime:
    """In one transaction, alone in the market: let time pass to each deed's moment, do it, go on.

    Moments must not fall; one that lies in the market's past is done now. What time itself drives (deadlines,
    the timetable) happens on the way, each at its own moment. Returns where the clock stands.
    """
    with stepping() as moment:
        at = moment.at
        for wanted, act in deeds:
            at = pass_to(max(wanted, at), at)
            act(at)
    return at
