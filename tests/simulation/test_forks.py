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
from shops.actions import orders
from shops.actions.edits import Edit
from shops.actions.placing import Place, Wanted
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


SOMEBODY = """
    SELECT a.member_id, l.id FROM shops_listing l, simulation_agent a
     WHERE a.kind = 0 AND l.status = 'on_sale' AND l.stock > 5 AND l.supply = 'stock'
       AND a.member_id NOT IN (SELECT buyer_id FROM shops_order) ORDER BY l.price_fen, a.id LIMIT 1
"""
FATES = """
    SELECT o.buyer_id, o.seller_id, o.placed_at, o.status, o.shipped_at, f.verdict, f.left_at, r.status
      FROM shops_order o LEFT JOIN shops_refund r ON r.order_id = o.id
      LEFT JOIN ratings_feedback f ON f.order_id = o.id AND f.rater_id = o.buyer_id
     WHERE o.seller_id <> %s AND o.buyer_id <> %s ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
"""


def test_one_order_more_moves_no_draw_about_anybody_elses(
    populated: Callable[..., World], small: Scenario
) -> None:
    world = populated(small)
    live(world, 3)
    with use_world(world.schema):
        begun = clock.now()
        [(buyer, listing)] = rows(SOMEBODY)
        [(seller,)] = rows(
            "SELECT s.owner_id FROM shops_listing l JOIN shops_shop s ON s.id = l.shop_id WHERE l.id = %s",
            [listing],
        )
        sit_down(buyer)
    fork, _ = actions.fork(world, f"{world.name}o")
    with use_world(fork.schema), writing() as now:
        orders.place_and_pay([Place(buyer, (Wanted(listing),))], at=now.at)
    fates = {}
    for market in (world, fork):
        with use_world(market.schema):
            clock.advance(begun + timedelta(hours=12))
            fates[market.name] = rows(FATES, [seller, buyer])
    new = [fate for fate in fates[world.name] if fate[2] > begun]
    assert any(fate[3] == "shipped" for fate in new)
    assert any(fate[5] for fate in fates[world.name])
    assert fates[world.name] == fates[fork.name], "later orders have other numbers and the same fates"


def sit_down(seller: int) -> None:
    """A person takes the seat of that member."""
    [(agent,)] = rows("SELECT id FROM simulation_agent WHERE member_id = %s", [seller])
    with writing() as now:
        seats.take([seats.Take(agent, "a person")], at=now.at)
