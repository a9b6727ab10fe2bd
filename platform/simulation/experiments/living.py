"""How a market of an experiment is filled and lived: the one place that knows the engine.

A trial is done by slices of jobs of other kinds, one after the other (`phases`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regime.rules import plain, read_all
from simulation.found import arguments
from simulation.scenario import changed, find

Phase = tuple[str, dict[str, Any]]  # a kind of job, and its arguments


@dataclass(frozen=True)
class Opening:
    """How a scenario begins: under which regime, when; and how long it says it lasts."""

    regime: str
    start: datetime
    days: int


def opening(scenario: str) -> Opening:
    """Of a scenario's name (or file); raises `NotFound` naming those there are."""
    told = find(scenario)
    return Opening(told.regime, told.start, told.days)


def own_changes(scenario: str, settings: dict[str, Any]) -> list[tuple[int, str, Any]]:
    """The levers that `scenario` itself moves on its way, under whatever regime: (market day, path, value)."""
    told = changed(find(scenario), settings)
    return [
        (one.day, path, plain(value)) for one in told.changes for path, value in read_all(one.levers).items()
    ]


def check(scenario: str, settings: dict[str, Any]) -> None:
    """Raises `Invalid` where `scenario` cannot be with `settings` of its tables set anew."""
    changed(find(scenario), settings)


def phases(scenario: str, *, seed: int, start: datetime, days: int, settings: dict[str, Any]) -> list[Phase]:
    """What makes `days` of `scenario`, with `settings` of its tables set anew, in a blank market at `start`."""
    return [("simulate", arguments(changed(find(scenario), settings), seed=seed, days=days))]
