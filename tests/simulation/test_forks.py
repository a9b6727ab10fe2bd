"""What a change reaches: a fork that changes nothing stays equal; one that changes a bid differs where that bid reaches.

Draws are keyed by who acts, so what a bid does not touch goes on as if nothing had happened. On the day of the change that
is seen row by row; later it spreads by what people saw and bought instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from simulation.scenario.shapes import Scenario
from tests.simulation.conftest import live
from worlds import actions
from worlds.models import World

pytestmark = pytest.mark.slow


def test_a_fork_that_changes_nothing_stays_equal_for_thirty_days(
    populated: Callable[..., World], small: Scenario
) -> None:
    world = populated(replace(small, tick_hours=24))
    live(world, 2)
    fork, _ = actions.fork(world, f"{world.name}f")
    for days in (1, 9, 20):
        assert live(world, days) == live(fork, days)


def test_a_bid_that_is_changed_reaches_the_searches_for_its_word_and_nothing_else_that_day(
    populated: Callable[..., World], small: Scenario
) -> None:
    world = populated(small)
    live(world, 3)
    searched, unsearched = words(world)
    forks = [actions.fork(world, f"{world.name}{n}")[0] for n in range(2)]
    for fork, keyword in zip(forks, (searched, unsearched), strict=True):
        bid(fork, keyword, 9_900)
    for market in (world, *forks):
        pass_hours(market, 24)
    idle, reached = (only_in(world, fork) for fork in forks[::-1])
    assert set(idle) == {"search_express_keyword", "events_event", *DECIDED}
    raise AssertionError((idle, reached))
