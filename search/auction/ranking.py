"""Who stands where: bid times quality, ties by rule, only those who offer the reserve or more.

The trick is one sort of whole numbers. A bidder's key is `-score << bits | column`: keys are distinct, so any
sort puts the best first and, among equal scores, the lower column first; score and column are read back from
the key. Nothing is compared as a floating number, so no two scores can be confused or swapped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.auction.rules import Whole

NOBODY = -1  # the column, and the score, of a place where nobody stands


@dataclass(frozen=True, slots=True)
class Ranking:
    """The best of each auction, best first: M places, and one more for who sets the last one's price.

    order: column of the bidder, NOBODY where there is none, (B, M + 1). scores: bid times quality, NOBODY
    likewise. bids (fen) and quality of those in the M places; where nobody stands 0 and 1. A quality of 0
    scores 0 and counts as 1 afterwards: nothing below it has a score to divide.
    """

    order: NDArray[np.int64]
    scores: Whole
    bids: Whole
    quality: Whole

    @property
    def sold(self) -> NDArray[np.bool_]:
        """(B, M): does somebody stand there? Told by the bidder, never by the price."""
        return self.order[:, :-1] != NOBODY


def bits_for(bidders: int) -> int:
    """Bits that hold a column."""
    return max(bidders - 1, 1).bit_length()


def rank(
    bids: Whole, quality: Whole, reserve: Whole, shown: NDArray[np.bool_] | None, places: int
) -> Ranking:
    """Order a block. bids, quality: (B, N) of one dtype, N >= 1; reserve: (B, 1); shown: (B, N) or None for all.

    Exact as long as score << bits_for(N) fits the dtype: `clearing` sees to that.
    """
    auctions, bidders = bids.shape
    bits = bits_for(bidders)
    stands = bids >= reserve
    if shown is not None:
        stands &= shown
    keys = np.multiply(bids, quality)
    np.negative(keys, out=keys)
    if not stands.all():
        keys[~stands] = 1  # below every score, 0 included
    keys <<= bits
    keys |= np.arange(bidders)
    keys.sort(axis=1)
    top = keys[:, : places + 1]
    if bidders <= places:
        blank = np.full((auctions, places + 1 - bidders), 1 << bits, dtype=keys.dtype)
        top = np.concatenate((top, blank), axis=1)
    scores = -(top >> bits)
    order = (top & ((1 << bits) - 1)).astype(np.int64, copy=False)
    flat = order[:, :-1] + np.arange(0, auctions * bidders, bidders)[:, None]
    own_bids, own_quality = bids.reshape(-1).take(flat), quality.reshape(-1).take(flat)
    np.maximum(own_quality, 1, out=own_quality)
    nobody = scores < 0
    if nobody.any():
        order[nobody] = NOBODY
        own_bids[nobody[:, :-1]] = 0
        own_quality[nobody[:, :-1]] = 1
    return Ranking(order, scores, own_bids, own_quality)
