"""Drawn ties: a function of the seed and the auction's number, and of nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from search.auction.clearing import clear
from search.auction.rules import Terms
from search.auction.ties import drawn

DRAWN = Terms(ties="drawn")


def winners(seed, numbers, bidders=6):
    shape = (len(numbers), bidders)
    bids, quality = np.full(shape, 50), np.full(shape, 3)
    return clear(bids, quality, [3, 2, 1], DRAWN, placed=drawn(seed, numbers, bidders)).winners


def test_the_same_auction_replays_identically_in_any_block():
    block = winners(7, range(500))
    assert winners(7, range(500)).tolist() == block.tolist()
    assert winners(7, [499, 3]).tolist() == block[[499, 3]].tolist()


def test_two_auctions_of_the_same_shape_draw_differently():
    block = winners(7, range(3000))
    assert len({tuple(row) for row in block.tolist()}) == 6 * 5 * 4
    assert winners(8, range(3000)).tolist() != block.tolist()


def test_every_bidder_wins_its_share():
    first = np.bincount(winners(1, range(30_000))[:, 0], minlength=6)
    assert np.all(np.abs(first - 5000) < 5 * np.sqrt(5000))


def test_only_ties_are_drawn_for():
    bids = [[50, 60, 50]] * 200
    found = clear(bids, np.ones_like(bids), [2, 1], DRAWN, placed=drawn(3, range(200), 3)).winners
    assert set(found[:, 0].tolist()) == {1}
    assert set(found[:, 1].tolist()) == {0, 2}


def test_a_draw_without_a_number_is_refused():
    with pytest.raises(ValueError, match="drawn ties want"):
        clear([[1]], [[1]], [1], DRAWN)
