"""What theory promises of any auction: bounds, incentives, equilibria; on bidders nobody chose."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from search.auction.clearing import clear, exact, prepare
from search.auction.equilibrium import band
from search.auction.explain import explain, standing
from search.auction.replies import best_reply
from search.auction.rules import MECHANISMS, Terms
from search.auction.single import Auction
from tests.auction.reference import columns, slots

FREE = Terms(reserve_fen=0, increment_fen=0)
RESERVES = st.sampled_from((0, 1, 5, 60))
MECHANISM = st.sampled_from(sorted(MECHANISMS))


@st.composite
def values(draw, most=6, best_quality=30, least_quality=1):
    """(values, quality, clicks): what people want, and slots that get strictly worse."""
    wants = draw(st.lists(st.integers(1, 200), min_size=1, max_size=most))
    merits = draw(
        st.lists(st.integers(least_quality, best_quality), min_size=len(wants), max_size=len(wants))
    )
    clicks = draw(st.lists(st.integers(1, 300), min_size=1, max_size=5, unique=True))
    return wants, merits, sorted(clicks, reverse=True)


def auction(bids, quality, clicks, **more):
    return Auction(list(range(len(bids))), bids, quality, clicks, **{"reserve": 0, "increment": 0, **more})


def fractions(block):
    """Per place: (price a click, VCG payment in all), before rounding."""
    held = exact(block)
    return [
        (Fraction(int(above), int(below)), Fraction(int(owed), int(share)))
        for above, below, owed, share, sold in zip(
            held.asked.above[0], held.asked.below[0], held.owed[0], held.share[0], held.ranking.sold[0],
            strict=True,
        )
        if sold
    ]  # fmt: skip


# -- bounds -----------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(columns(), slots(), MECHANISM, RESERVES, st.integers(0, 9))
def test_nobody_pays_more_than_the_bid_or_less_than_the_reserve(
    bidders, clicks, mechanism, reserve, increment
):
    bids, quality = bidders
    outcome = clear([bids], [quality], clicks, Terms(mechanism, reserve, increment))
    for who, price, sold in zip(outcome.winners[0], outcome.prices[0], outcome.sold[0], strict=True):
        assert not sold or reserve <= price <= bids[who]


@settings(max_examples=200, deadline=None)
@given(columns(), slots(), MECHANISM, RESERVES)
def test_as_many_slots_as_bidders_and_all_who_offer_the_reserve_win(bidders, clicks, mechanism, reserve):
    bids, quality = bidders
    outcome = clear([bids], [quality], clicks, Terms(mechanism, reserve))
    standing_there = sum(bid >= reserve for bid in bids)
    assert int(outcome.sold.sum()) == min(standing_there, len(clicks))


@settings(max_examples=200, deadline=None)
@given(columns(), slots(), RESERVES)
def test_gsp_takes_no_less_than_vcg_at_equal_bids(bidders, clicks, reserve):
    bids, quality = bidders
    terms = Terms(reserve_fen=reserve, increment_fen=0)
    for place, (price, owed) in enumerate(fractions(prepare([bids], [quality], clicks, terms))):
        assert price * clicks[place] >= owed


@settings(max_examples=200, deadline=None)
@given(columns(), RESERVES, st.integers(1, 9))
def test_with_one_slot_gsp_and_vcg_are_one(bidders, reserve, clicks):
    bids, quality = bidders
    found = [
        fractions(prepare([bids], [quality], [clicks], Terms(mechanism, reserve, 0)))
        for mechanism in ("gsp", "vcg")
    ]
    assert found[0] == found[1]


@given(st.lists(st.integers(0, 300), min_size=2, max_size=6), RESERVES)
def test_of_equal_quality_the_one_slot_costs_the_second_highest_bid_or_the_reserve(bids, reserve):
    highest, second = sorted(bids, reverse=True)[:2]
    assume(highest >= reserve)
    for mechanism in ("gsp", "vcg"):
        sold = clear([bids], [[7] * len(bids)], [9], Terms(mechanism, reserve, 0))
        assert sold.prices.tolist() == [[max(reserve, second)]]


@settings(max_examples=200, deadline=None)
@given(columns(), slots(), MECHANISM, RESERVES, st.integers(1, 10**6))
def test_equal_quality_cancels(bidders, clicks, mechanism, reserve, merit):
    bids, _ = bidders
    terms = Terms(mechanism, reserve)
    same = clear([bids], [[merit] * len(bids)], clicks, terms)
    one = clear([bids], [[1] * len(bids)], clicks, terms)
    assert same.winners.tolist() == one.winners.tolist()
    assert same.prices.tolist() == one.prices.tolist()


@settings(max_examples=200, deadline=None)
@given(columns(), slots(), RESERVES, st.data())
def test_a_higher_bid_or_a_better_quality_never_stands_lower(bidders, clicks, reserve, data):
    bids, quality = bidders
    assume(bids)
    who = data.draw(st.integers(0, len(bids) - 1))
    more_bid, more_quality = list(bids), list(quality)
    more_bid[who] += data.draw(st.integers(1, 500))
    more_quality[who] += data.draw(st.integers(1, 500))
    wide = [1] * len(bids)  # a slot for everyone, so that the whole order is seen
    terms = Terms(reserve_fen=reserve)

    def place(offers, merits):
        seen = clear([offers], [merits], wide, terms).winners[0].tolist()
        return seen.index(who) if who in seen else len(bids)

    assert place(more_bid, quality) <= place(bids, quality)
    assert place(bids, more_quality) <= place(bids, quality)


@settings(max_examples=200, deadline=None)
@given(columns(), slots(), RESERVES, st.data())
def test_in_the_same_place_the_own_bid_does_not_move_the_price_and_quality_lowers_it(
    bidders, clicks, reserve, data
):
    bids, quality = bidders
    assume(bids)
    who = data.draw(st.integers(0, len(bids) - 1))
    terms = Terms(reserve_fen=reserve, increment_fen=0)
    more_bid = [bid + 50 * (n == who) for n, bid in enumerate(bids)]
    better = [merit + 3 * (n == who) for n, merit in enumerate(quality)]
    usual = clear([bids], [quality], clicks, terms)
    winners = usual.winners[0].tolist()
    assume(who in winners)
    place = winners.index(who)
    for offers, merits, least in ((more_bid, quality, True), (bids, better, False)):
        other = clear([offers], [merits], clicks, terms)
        if other.winners[0].tolist() == winners:
            change = other.prices[0, place] - usual.prices[0, place]
            assert change == 0 if least else change <= 0


@settings(max_examples=100, deadline=None)
@given(columns(), slots(), RESERVES)
def test_first_price_takes_every_bid_as_it_is(bidders, clicks, reserve):
    bids, quality = bidders
    outcome = clear([bids], [quality], clicks, Terms("first_price", reserve))
    assert [bids[who] for who in outcome.winners[0] if who >= 0] == outcome.prices[outcome.sold].tolist()


# -- incentives -------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(columns(most=6, bid=300, merit=30), slots(most=4), RESERVES)
def test_under_vcg_truth_is_the_best_bid_there_is(bidders, clicks, reserve):
    bids, quality = bidders
    asked = auction(bids, quality, clicks, mechanism="vcg", reserve=reserve)
    for place in explain(asked)["places"]:
        assert place["regret_fen"] == 0


@settings(max_examples=60, deadline=None)
@given(values(most=4), RESERVES, st.integers(0, 260), st.data())
def test_under_vcg_no_bid_of_any_size_beats_truth(wants, reserve, other, data):
    """Tried bid by bid, not by the reply's own search."""
    bids, quality, clicks = wants
    who = data.draw(st.integers(0, len(bids) - 1))

    def gain(bid):
        offers = [bid if n == who else each for n, each in enumerate(bids)]
        found = standing(auction(offers, quality, clicks, mechanism="vcg", reserve=reserve))
        return sum(place.clicks * (bids[who] - place.price) for place in found if place.bidder == who)

    assert gain(bids[who]) >= gain(other)


@settings(max_examples=100, deadline=None)
@given(
    values(most=4, best_quality=3),
    st.sampled_from(("gsp", "first_price", "vcg")),
    RESERVES,
    st.integers(0, 3),
)
def test_the_best_reply_is_the_best_of_all_bids_of_whole_fen(wants, mechanism, reserve, who):
    """Whoever replies: the first wins every tie, the last loses each."""
    bids, quality, clicks = wants
    asked = auction(bids, quality, clicks, mechanism=mechanism, reserve=reserve, increment=1)
    who %= len(bids)
    best = best_reply(asked, who)
    seen = []
    for bid in range(202):
        offers = [bid if n == who else each for n, each in enumerate(bids)]
        found = standing(auction(offers, quality, clicks, mechanism=mechanism, reserve=reserve, increment=1))
        seen += [place.clicks * (bids[who] - place.price) for place in found if place.bidder == who]
    assert best.gain == max([0, *seen])


@settings(max_examples=150, deadline=None)
@given(values())
def test_at_the_lowest_envy_free_bids_everyone_pays_as_under_vcg(wants):
    worth, quality, clicks = wants
    envy = band(worth, quality, clicks)
    found = standing(auction(list(envy.lowest), quality, clicks, values=worth))
    truthful = {place.bidder: place.payment for place in standing(auction(worth, quality, clicks))}
    assert sum(place.cost for place in found) == envy.lowest_revenue == sum(truthful.values())
    if len(set(envy.lowest)) == len(worth):
        for place in found:
            assert place.cost == truthful[place.bidder]


@settings(max_examples=150, deadline=None)
@given(values(), st.integers(0, 4))
def test_no_bidder_regrets_a_bid_of_the_band(wants, mix):
    """At the lowest, the highest, and between: equilibria, and dearer than VCG."""
    worth, quality, clicks = wants
    envy = band(worth, quality, clicks)
    top = max(envy.lowest) * 1000
    bids = [
        low + ((high if high is not None else top) - low) * Fraction(mix, 4)
        for low, high in zip(envy.lowest, envy.highest, strict=True)
    ]
    order = sorted(range(len(worth)), key=lambda n: (-worth[n] * quality[n], n))
    scores = [bids[n] * quality[n] for n in order]
    assume(all(a > b for a, b in pairwise(scores)))
    asked = auction(bids, quality, clicks, values=worth)
    assert [place["regret_fen"] for place in explain(asked)["places"]] == [0] * len(worth)
    revenue = sum(place.cost for place in standing(asked))
    assert envy.lowest_revenue <= revenue <= envy.highest_revenue


@settings(max_examples=200, deadline=None)
@given(values(), RESERVES, st.booleans())
def test_a_band_that_says_so_holds_with_a_reserve_too(wants, reserve, highest):
    worth, quality, clicks = wants
    envy = band(worth, quality, clicks, reserve)
    assert envy.envy_free or (reserve and len(set(quality)) > 1)
    assume(envy.envy_free)
    top = max((low for low in envy.lowest if low is not None), default=0) * 1000
    bids = [
        0 if low is None else low if not highest else top if high is None else high
        for low, high in zip(envy.lowest, envy.highest, strict=True)
    ]
    standing_there = [n for n, low in enumerate(envy.lowest) if low is not None]
    order = sorted(standing_there, key=lambda n: (-worth[n] * quality[n], n))
    assume(all(bids[a] * quality[a] > bids[b] * quality[b] for a, b in pairwise(order)))
    assume(all(bids[n] >= reserve for n in standing_there))
    places = explain(auction(bids, quality, clicks, values=worth, reserve=reserve))["places"]
    assert [place["regret_fen"] for place in places] == [0] * len(order)


def test_a_band_that_does_not_hold_says_so():
    """The reserve of 40 is worth 1120 in the score of the second and 720 in the first's, who would rather be second."""
    assert not band([97, 153], [28, 18], [215, 190], 40).envy_free
    assert band([97, 153], [28, 18], [215, 190], 0).envy_free


@settings(max_examples=100, deadline=None)
@given(values(least_quality=3, best_quality=3), RESERVES)
def test_with_a_reserve_and_equal_quality_the_lowest_bids_still_pay_as_vcg(wants, reserve):
    worth, quality, clicks = wants
    envy = band(worth, quality, clicks, reserve)
    truthful = standing(auction(worth, quality, clicks, reserve=reserve))
    assert envy.lowest_revenue == sum(place.payment for place in truthful)


# -- ties -------------------------------------------------------------------------------------------------


def test_ties_go_to_the_earlier_bid():
    assert clear([[9, 9, 9]], [[2, 2, 2]], [1, 1]).winners.tolist() == [[0, 1]]
    by_moment = clear([[9, 9, 9]], [[2, 2, 2]], [1, 1], placed=[30, 10, 20])
    assert by_moment.winners.tolist() == [[1, 2]]


def test_where_the_regime_says_so_ties_go_to_the_later_bid():
    later = Terms(ties="later_bid")
    assert clear([[9, 9, 9]], [[2, 2, 2]], [1, 1], later).winners.tolist() == [[2, 1]]
    assert clear([[9, 9, 9]], [[2, 2, 2]], [1, 1], later, placed=[30, 10, 20]).winners.tolist() == [[0, 2]]


def test_a_tie_of_unlike_bids_is_a_tie_of_scores():
    assert clear([[6, 4, 12]], [[2, 3, 1]], [1], Terms(reserve_fen=0)).winners.tolist() == [[0]]


@pytest.mark.parametrize("mechanism", sorted(MECHANISMS))
@given(st.lists(st.integers(0, 5), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_whoever_wins_a_tie_the_prices_are_the_same(mechanism, bids, dice):
    """Equal quality: the order of equals changes names, never prices."""
    placed = [dice.random() for _ in bids]
    terms = Terms(mechanism, 1)
    one = clear([bids], [[1] * len(bids)], [5, 3, 2], terms)
    other = clear([bids], [[1] * len(bids)], [5, 3, 2], terms, placed=placed)
    assert one.prices.tolist() == other.prices.tolist()
