"""No price is off by a fen: the core against a slow reference in fractions, at ordinary and at absurd sizes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from common import random
from search.auction import clearing
from search.auction.clearing import clear, exact, prepare
from search.auction.prices import whole_fen
from search.auction.rules import MECHANISMS, Terms
from tests.auction import reference
from tests.auction.reference import columns, slots

TERMS = st.builds(
    Terms,
    mechanism=st.sampled_from(sorted(MECHANISMS)),
    reserve_fen=st.sampled_from((0, 1, 5, 6, 100)),
    increment_fen=st.sampled_from((0, 1, 7)),
    capped=st.booleans(),
)
HUGE = 10**9


def sales(outcome, row=0):
    """[(bidder, price)] of a row."""
    return [
        (int(who), int(price))
        for who, price in zip(outcome.winners[row], outcome.prices[row], strict=True)
        if who >= 0
    ]


def expected(bids, quality, clicks, terms, shown=None):
    held = reference.hold(
        bids, quality, clicks, mechanism=terms.mechanism, reserve=terms.reserve_fen,
        increment=terms.increment_fen, capped=terms.capped, shown=shown,
    )  # fmt: skip
    return [(sale.bidder, int(sale.price)) for sale in held]


@settings(max_examples=400, deadline=None)
@given(columns(), slots(), TERMS)
@example(([10, 5, 5], [0, 3, 0]), [4, 4, 0, 0], Terms())
def test_every_price_is_the_rules_own(bidders, clicks, terms):
    bids, quality = bidders
    assert sales(clear([bids], [quality], clicks, terms)) == expected(bids, quality, clicks, terms)


@settings(max_examples=300, deadline=None)
@given(columns(bid=HUGE, merit=10**6), slots(clicks=10**6), TERMS)
def test_a_bid_of_ten_million_yuan_is_priced_to_the_fen(bidders, clicks, terms):
    bids, quality = bidders
    assert sales(clear([bids], [quality], clicks, terms)) == expected(bids, quality, clicks, terms)


@settings(max_examples=200, deadline=None)
@given(columns(bid=10**30, merit=10**40), slots(clicks=10**25), TERMS)
def test_numbers_beyond_64_bits_are_priced_as_exactly(bidders, clicks, terms):
    bids, quality = bidders
    outcome = clear(np.array([bids], dtype=object), np.array([quality], dtype=object), clicks, terms)
    assert sales(outcome) == expected(bids, quality, clicks, terms)


@pytest.mark.parametrize("mechanism", sorted(MECHANISMS))
@pytest.mark.parametrize("bid_bits", [1, 20, 40, 45, 46, 47, 52, 58, 61, 62, 63])
def test_nothing_overflows_where_64_bits_end(bid_bits, mechanism):
    """Products just below and just beyond every limit: whichever arithmetic was chosen, it held them."""
    for product_bits in range(max(54, bid_bits), 68):
        for bidders in range(1, 6):
            merit = 2 ** (product_bits - bid_bits)
            bids = [2**bid_bits - 1 - 3 * n for n in range(bidders)]
            quality = [max(0, merit - 1 - 7 * n) for n in range(bidders)]
            for most in (1, 3, 2**20):
                clicks, terms = [most, most // 3, 0], Terms(mechanism, 0)
                bids = [max(0, bid) for bid in bids]
                assert sales(clear([bids], [quality], clicks, terms)) == expected(
                    bids, quality, clicks, terms
                )


def test_rounding_is_exact_where_a_floating_guess_falls_to_the_wrong_side():
    """A hair under and over the half, at quotients so large that floats cannot tell; both corrections are needed."""
    who = np.arange(40_000)
    below = 2**14 + random.integers(5, "below", who, bound=2**14)
    whole = 2**44 + random.integers(5, "whole", who, bound=2**44)
    above = whole * below + below // 2 + random.integers(5, "hair", who, bound=5) - 2
    guess = np.rint(above / below).astype(np.int64)
    found = whole_fen(above, below)
    pairs = zip(above.tolist(), below.tolist(), strict=True)
    assert found.tolist() == [(2 * a + b) // (2 * b) for a, b in pairs]
    assert (found > guess).any()
    assert (found < guess).any()


@settings(max_examples=300, deadline=None)
@given(st.data(), st.integers(0, 44), st.integers(1, 60))
def test_rounding_is_exact_right_beside_a_half(data, quotient_bits, divisor_bits):
    """Quotients a hair from a half are where a floating guess goes wrong."""
    divisor_bits = min(divisor_bits, 60 - quotient_bits)
    below = data.draw(st.integers(1, 2**divisor_bits))
    whole = data.draw(st.integers(0, 2**quotient_bits))
    hair = data.draw(st.integers(-2, 2))
    above = max(0, whole * below + below // 2 + hair)
    found = whole_fen(np.array([[above]], dtype=np.int64), np.array([[below]], dtype=np.int64))
    assert int(found[0, 0]) == reference.half_up(Fraction(above, below))


@settings(max_examples=200, deadline=None)
@given(columns(), slots(), TERMS)
def test_before_rounding_a_price_is_the_very_fraction(bidders, clicks, terms):
    bids, quality = bidders
    held = exact(prepare([bids], [quality], clicks, terms))
    promised = reference.hold(
        bids, quality, clicks, mechanism=terms.mechanism, reserve=terms.reserve_fen,
        increment=terms.increment_fen, capped=terms.capped, rounded=False,
    )  # fmt: skip
    for place, sale in enumerate(promised):
        above, below = int(held.asked.above[0, place]), int(held.asked.below[0, place])
        assert Fraction(above, below) == sale.price
        assert Fraction(int(held.owed[0, place]), int(held.share[0, place])) == sale.payment


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 9), st.integers(1, 7), slots(), TERMS, st.data())
def test_a_block_is_its_auctions_one_by_one(bidders, auctions, clicks, terms, data):
    """Whatever the size of the parts it is worked in, whoever does not take part, whatever reserve each has."""
    cells = st.lists(st.integers(0, 30), min_size=bidders, max_size=bidders)
    rows = st.lists(cells, min_size=auctions, max_size=auctions)
    bids, quality = data.draw(rows), data.draw(rows)
    shown = [[cell % 3 > 0 for cell in row] for row in data.draw(rows)]
    reserves = np.array(data.draw(st.lists(st.integers(0, 9), min_size=auctions, max_size=auctions)))
    each = Terms(terms.mechanism, reserves, terms.increment_fen, terms.capped)
    usual = clearing.CELLS
    clearing.CELLS = data.draw(st.sampled_from((1, 17, usual)))
    try:
        shape = (auctions, bidders)
        outcome = clear(
            np.reshape(bids, shape).astype(int), np.reshape(quality, shape).astype(int), clicks, each,
            shown=np.reshape(shown, shape).astype(bool),
        )  # fmt: skip
    finally:
        clearing.CELLS = usual
    for row in range(auctions):
        alone = Terms(terms.mechanism, int(reserves[row]), terms.increment_fen, terms.capped)
        assert sales(outcome, row) == expected(bids[row], quality[row], clicks, alone, shown[row])


@settings(max_examples=100, deadline=None)
@given(columns(), slots(), TERMS, st.integers(2, 10**6))
def test_the_scale_of_qualities_and_of_clicks_says_nothing(bidders, clicks, terms, factor):
    bids, quality = bidders
    plain = clear([bids], [quality], clicks, terms)
    scaled = clear([bids], [[q * factor for q in quality]], [c * factor for c in clicks], terms)
    assert sales(plain) == sales(scaled)


@pytest.mark.parametrize(
    ("bids", "quality", "clicks", "words"),
    [
        ([[1.5]], [[1]], [1], "bids must be whole numbers"),
        ([[1]], [[True]], [1], "quality must be whole numbers"),
        ([[float("nan")]], [[1]], [1], "bids must be whole numbers"),
        ([[-1]], [[1]], [1], "bids must not be negative"),
        ([[1]], [[1, 2]], [1], "of one shape"),
        ([[1]], [[1]], [1, 2], "best first"),
        ([[1]], [[1]], [[[1]]], r"\(K,\) or \(B, K\)"),
        ([["1"]], [[1]], [1], "whole numbers"),
    ],
)
def test_what_cannot_be_sold_by_is_refused_in_words(bids, quality, clicks, words):
    with pytest.raises(ValueError, match=words):
        clear(bids, quality, clicks)


@pytest.mark.parametrize(
    "terms", [{"mechanism": "third_price"}, {"ties": "alphabet"}, {"reserve_fen": -1}, {"increment_fen": 0.5}]
)
def test_terms_that_no_lever_could_hold_are_refused(terms):
    with pytest.raises(ValueError, match=r"one of|whole number"):
        Terms(**terms)
