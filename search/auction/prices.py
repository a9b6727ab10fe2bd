"""What each one pays, as exact fractions; and how a fraction becomes whole fen.

A price before rounding is `above / below`, two whole numbers. Reserve and cap are applied to the fraction: since
both are whole fen and rounding never crosses a whole number, that is the same as applying them after rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.auction.ranking import Ranking
from search.auction.rules import HARM, NEXT, OWN_BID, RESERVE, UNSOLD, Whole

QUOTIENT_BITS = 46  # whole_fen may be given quotients below 2**46


@dataclass(frozen=True, slots=True)
class Asked:
    """Prices per click before rounding, `above / below` fen, and why: all (B, M); 0 / 1 where nobody stands."""

    above: Whole
    below: Whole
    because: NDArray[np.uint8]


def gsp(ranking: Ranking, clicks: Whole, reserve: Whole, increment: Whole, *, capped: bool) -> Asked:
    """Next score / own quality + increment; the reserve when nobody stands below; at most the own bid.

    Li & Avgerou; Edelman, Ostrovsky, Schwarz 2007. reserve, increment: (B, 1). clicks do not matter.
    """
    quality = ranking.quality
    following = ranking.scores[:, 1:]
    asked = following + increment * quality
    floor = reserve * quality
    at_reserve = (asked < floor) | (following < 0)
    because = np.where(at_reserve, np.uint8(RESERVE), np.uint8(NEXT))
    above = np.where(at_reserve, floor, asked)
    if capped:
        most = ranking.bids * quality
        because[above > most] = OWN_BID
        above = np.minimum(above, most)
    return _emptied(ranking, Asked(above, quality, because))


def first_price(ranking: Ranking, clicks: Whole, reserve: Whole, increment: Whole, *, capped: bool) -> Asked:
    """The own bid."""
    because = np.full(ranking.bids.shape, OWN_BID, dtype=np.uint8)
    return _emptied(ranking, Asked(ranking.bids, np.ones_like(ranking.bids), because))


def vcg(ranking: Ranking, clicks: Whole, reserve: Whole, increment: Whole, *, capped: bool) -> Asked:
    """The total of `harm` over the slot's clicks; never above the own bid, so neither cap nor increment matter."""
    total = harm(ranking, clicks, reserve)
    none = clicks == 0  # a slot without clicks costs nothing in all; a click of it would cost the reserve
    above = np.where(none, reserve, total)
    below = np.where(none, 1, ranking.quality * clicks)
    at_reserve = above <= reserve * below
    because = np.where(at_reserve, np.uint8(RESERVE), np.uint8(HARM))
    return _emptied(ranking, Asked(above, below, because))


def harm(ranking: Ranking, clicks: Whole, reserve: Whole) -> Whole:
    """What each one's presence costs the others over all its slot's clicks, times its own quality: (B, M) fen.

    Each one below would gain the clicks between its slot and the one above, at its score; a click that is worth
    less than the reserve to whoever would gain it is paid at the reserve. So nobody gains by another bid than
    the truth, with a reserve as without (Vickrey 1961, Clarke 1971; with reserve: Myerson 1981).
    """
    places = clicks.shape[1]
    floor = reserve * ranking.quality
    total = np.zeros_like(floor)
    for last in range(places):
        beyond = clicks[:, last + 1 : last + 2] if last + 1 < places else 0
        gained = clicks[:, last : last + 1] - beyond
        upto = slice(0, last + 1)
        worth = np.maximum(floor[:, upto], ranking.scores[:, last + 1 : last + 2])
        total[:, upto] += gained * worth
    return total


PRICES: dict[str, Callable[..., Asked]] = {"gsp": gsp, "first_price": first_price, "vcg": vcg}


def _emptied(ranking: Ranking, asked: Asked) -> Asked:
    """Nothing is asked where nobody stands."""
    if ranking.bids.size and ranking.scores[:, :-1].min() < 0:
        empty = ~ranking.sold
        above, below = asked.above.copy(), asked.below.copy()
        above[empty], below[empty], asked.because[empty] = 0, 1, UNSOLD
        return Asked(above, below, asked.because)
    return asked


def whole_fen(above: Whole, below: Whole) -> Whole:
    """above / below rounded to whole numbers, a half upwards; above >= 0, below >= 1. Never off by one.

    In int64 the quotient must lie under 2**46 and `2 * below` fit. Converting both numbers and dividing errs by
    less than three parts in 2**53, so the guess is off by less than 2**-5 before it is rounded and by at
    most one after; the remainder, which is exact, says which way.
    """
    if above.dtype == object:
        return np.asarray((2 * above + below) // (2 * below), dtype=object)
    guess = np.rint(above / below).astype(np.int64)
    twice = above - guess * below
    twice += twice
    guess += twice >= below
    guess -= twice < -below
    return guess
