"""What a change reaches: a fork that changes nothing stays equal; one that changes a bid differs where that bid reaches.

Draws are keyed by who acts, so what a bid does not touch goes on as if nothing had happened. On the day of the change that
is seen row by row; later it spreads by what people saw and bought instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from common.batch import rows
from search.express.actions import keywords
from shops.actions.edits import Edit
from simulation import seats
from simulation.scenario.shapes import Scenario
from tests.simulation.conftest import live
from worlds import actions, clock
from worlds.current import use_world
from worlds.diff import diff
from worlds.models import World
from worlds.pen import writing

pytestmark = pytest.mark.slow


def test_a_fork_that_changes_nothing_stays_equal_for_thirty_days(
    populated: Callable[..., World], small: Scenario
) -> None:
    few = replace(small, tick_hours=24, buyers=replace(small.buyers, count=20))
    world = populated(few)
    live(world, 2)
    fork, _ = actions.fork(world, f"{world.name}f")
    assert live(world, 30) == live(fork, 30)


# The last day's searches in which each keyword of one seller stood, the seller with most of them first.
STOOD = """
    SELECT c.seller_id, k.id, (SELECT count(*) FROM search_express_auction a WHERE k.id = ANY(a.keywords))
      FROM search_express_keyword k JOIN search_express_group g ON g.id = k.group_id
      JOIN search_express_campaign c ON c.id = g.campaign_id WHERE k.status = 'on' AND g.status = 'on' ORDER BY 3 DESC, 2
"""
SEEN = "SELECT visitor, listing_id, source, at FROM traffic_pageview WHERE at > %s"
MET = "SELECT DISTINCT visitor FROM search_express_auction WHERE at > %s AND %s = ANY(keywords)"


def test_a_bid_that_is_changed_reaches_those_who_search_for_its_word_and_nobody_else(
    populated: Callable[..., World], small: Scenario
) -> None:
    world = populated(small)
    live(world, 3)
    with use_world(world.schema):
        begun = clock.now()
        stood = rows(STOOD)
        seller, searched, _ = stood[0]
        unsearched = next((k for s, k, many in stood if s == seller and many == 0), None)
        sit_down(seller)  # nobody else changes its bids
    forks = {}
    for keyword in filter(None, (searched, unsearched)):
        forks[keyword], _ = actions.fork(world, f"{world.name}k{keyword}")
        with use_world(forks[keyword].schema), writing() as now:
            keywords.edit([Edit(keyword, {"bid_fen": 1_999})], by=None, at=now.at)
    seen, met = {}, {}
    for market in (world, *forks.values()):
        with use_world(market.schema):
            clock.advance(begun + timedelta(hours=12))
            seen[market.name] = set(rows(SEEN, [begun]))
            met[market.name] = {row[0] for row in rows(MET, [begun, searched])}
    told = diff(world, forks[searched])
    [bid] = told["bids"]
    assert (bid["what"], bid["id"], bid["fen"]["b"]) == ("keyword", searched, 1_999)
    differ = {row[0] for row in seen[world.name] ^ seen[forks[searched].name]}
    assert differ <= met[world.name] | met[forks[searched].name], (
        "who never met the word saw what they would have seen"
    )
    assert len(seen[world.name]) > 10 * len(differ)
    if unsearched is not None:
        assert set(diff(world, forks[unsearched])["tables"]) == {"search_express_keyword", "events_event"}


def sit_down(seller: int) -> None:
    """A person takes the seat of that member."""
    [(agent,)] = rows("SELECT id FROM simulation_agent WHERE member_id = %s", [seller])
    with writing() as now:
        seats.take([seats.Take(agent, "a person")], at=now.at)
