"""The exact numbers of the literature: Edelman, Ostrovsky and Schwarz 2007; Varian 2007; the rules' own example."""

from __future__ import annotations

from fractions import Fraction

from search.auction.clearing import clear
from search.auction.equilibrium import band
from search.auction.explain import explain
from search.auction.rules import Terms
from search.auction.single import Auction

VALUES, EVEN, CLICKS = [10, 4, 2], [1, 1, 1], [200, 100]
FREE = {"reserve": 0, "increment": 0}


def told(bids=VALUES, quality=EVEN, clicks=CLICKS, **more):
    """The explanation's places, by bidder."""
    names = "ABCDEFGH"[: len(bids)]
    return explain(Auction(names, bids, quality, clicks, **{**FREE, **more}))


def column(explained, name):
    return [place[name] for place in explained["places"]]


def test_truthful_bids_of_10_4_2_pay_4_and_2_by_gsp():
    outcome = clear([VALUES], [EVEN], CLICKS, Terms(reserve_fen=0, increment_fen=0))
    assert outcome.winners.tolist() == [[0, 1]]
    assert outcome.prices.tolist() == [[4, 2]]


def test_truthful_gsp_revenue_is_1000():
    assert told()["revenue_fen"] == 1000


def test_vcg_takes_600_and_200_in_all():
    found = told(mechanism="vcg")
    assert column(found, "vcg_payment_fen") == [600, 200, 0]
    assert column(found, "cost_fen") == [600, 200, 0]
    assert column(found, "price_fen") == [3, 2, None]


def test_vcg_revenue_is_800():
    assert told(mechanism="vcg")["revenue_fen"] == told()["vcg_revenue_fen"] == 800


def test_the_lowest_envy_free_bids_are_10_3_2():
    assert band(VALUES, EVEN, CLICKS).lowest == (10, 3, 2)


def test_the_lowest_envy_free_revenue_is_800_as_vcg_has_it():
    assert band(VALUES, EVEN, CLICKS).lowest_revenue == 800
    assert told(bids=[10, 3, 2])["revenue_fen"] == 800


def test_the_highest_symmetric_equilibrium_revenue_is_1800():
    found = band(VALUES, EVEN, CLICKS)
    assert found.highest == (None, 7, 4)
    assert found.highest_revenue == 1800


def test_bidding_the_highest_symmetric_equilibrium_leaves_no_regret():
    found = told(bids=[10, 7, 4], values=VALUES)
    assert found["revenue_fen"] == 1800
    assert column(found, "regret_fen") == [0, 0, 0]


def test_with_clicks_200_and_199_truth_gains_1200_and_a_bid_of_3_gains_1592():
    first = told(clicks=[200, 199])["places"][0]
    assert (first["gain_fen"], first["best_gain_fen"], first["best_slot"]) == (1200, 1592, 2)
    shaded = told(bids=[3, 4, 2], clicks=[200, 199], values=VALUES)["places"][1]
    assert (shaded["id"], shaded["gain_fen"]) == ("A", 1592)


def test_with_clicks_200_and_199_truth_is_no_equilibrium():
    assert column(told(clicks=[200, 199]), "regret_fen") == [392, 0, 0]


def test_by_quality_a_b_c_d_stand_in_this_order_and_pay_157_241_31_and_the_reserve():
    """2.00 x 8, 2.50 x 5, 1.20 x 10, 0.50 x 6 yuan: 1.5725 is rounded to 1.57."""
    outcome = clear([[200, 250, 120, 50]], [[8, 5, 10, 6]], [4, 3, 2, 1])
    assert outcome.winners.tolist() == [[0, 1, 2, 3]]
    assert outcome.prices.tolist() == [[157, 241, 31, 5]]


def test_the_example_says_why_each_price_is_what_it_is():
    found = told([200, 250, 120, 50], [8, 5, 10, 6], [4, 3, 2, 1], reserve=5, increment=1)
    assert column(found, "why") == [
        "250 x 5 / 8 + 1 = 157.25, rounded 157",
        "120 x 10 / 5 + 1 = 241",
        "50 x 6 / 10 + 1 = 31",
        "nobody stands below: the reserve, 5",
    ]
    assert column(found, "because") == ["next", "next", "next", "reserve"]
    assert column(found, "next") == ["B", "C", "D", None]


def test_a_word_nobody_bids_for_sells_no_slot():
    outcome = clear([[]], [[]], CLICKS)
    assert outcome.winners.shape == (1, 0)
    assert told([], [])["places"] == []


def test_a_bidder_alone_pays_the_reserve():
    for mechanism in ("gsp", "vcg"):
        assert clear([[900]], [[7]], CLICKS, Terms(mechanism)).prices.tolist() == [[5]]


def test_sold_at_the_reserve_is_sold():
    outcome = clear([[5, 4]], [[7, 900]], CLICKS)
    assert outcome.sold.tolist() == [[True, False]]
    assert outcome.prices.tolist() == [[5, 0]]


def test_sold_at_nothing_is_sold():
    outcome = clear([[0]], [[7]], CLICKS, Terms(reserve_fen=0))
    assert outcome.sold.tolist() == [[True]]
    assert outcome.prices.tolist() == [[0]]


def test_an_increment_never_takes_more_than_the_bid():
    found = told([100, 100], [3, 3], CLICKS, reserve=5, increment=1)
    assert column(found, "price_fen") == [100, 5]
    assert column(found, "because") == ["own_bid", "reserve"]
    assert clear([[100, 100]], [[3, 3]], CLICKS, Terms(capped=False)).prices.tolist() == [[101, 5]]


def test_a_quality_of_nothing_stands_last_and_costs_nobody_anything():
    outcome = clear([[900, 10, 900]], [[0, 1, 0]], [3, 2, 1], Terms(reserve_fen=0))
    assert outcome.winners.tolist() == [[1, 0, 2]]
    assert outcome.prices.tolist() == [[1, 1, 0]]


def test_a_half_fen_is_rounded_up():
    assert clear([[100, 25]], [[2, 1]], [2, 1], Terms(reserve_fen=0)).prices[0, 0] == 14  # 12.5 + 1


def test_unrounded_prices_are_the_fractions_themselves():
    assert told([Fraction(5, 2), 1], [3, 1], [2, 1])["places"][0]["price_fen"] == 1 / 3


def test_who_is_below_the_reserve_is_told_so():
    assert told([10, 4], [1, 1], [2, 1], reserve=5, increment=1)["left_out"] == [
        {"id": "B", "bid_fen": 4, "why": "the bid is below the reserve"}
    ]
