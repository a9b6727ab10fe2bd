"""Facts that carry a moment of their own: of the open day, and not after the call's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from common.errors import Conflict, Refusal
from common.moments import day_of, start_of


def own(given: Sequence[datetime | None], *, at: datetime) -> list[datetime]:
    """The moment of each; one that has none is of the call's."""
    return [moment or at for moment in given]


def faults(moments: Sequence[datetime], noun: str, *, at: datetime) -> dict[int, Refusal]:
    """Row -> refusal, of the rows of another day than the open one or of the future. `noun`: with its article."""
    opened = start_of(day_of(at))
    return {
        i: Conflict(
            f"{noun} is of the market's open day and not of its future", field="at",
            rule=f"{noun.replace(' ', '_')}_is_of_the_open_day",
            way_out="Leave `at` out for now, or let time pass first.",
        )
        for i, moment in enumerate(moments)
        if not opened <= moment <= at
    }  # fmt: skip
