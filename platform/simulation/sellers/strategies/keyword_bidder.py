"""The keyword bidder: the shop lives by bought search words.

A click is worth what it earns: price times margin times the share of clicks that buy. Two ways of bidding below that.
*Budget*: spread the day's money over the day: spent faster than the hours pass, bid less; slower, bid more. *Best
response*: whoever paid p for a click knows that p keeps the place, for the price is what the next one forces; so bid just
that, and when the words bring nothing, climb. Many who do so step each other up and fall back: the sawtooth of early
keyword auctions (Edelman, Ostrovsky & Schwarz 2007; Edelman & Ostrovsky 2007). Nobody sees another's bid.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simulation.intents import Wish
from simulation.scene import Scene
from simulation.sellers.nature import Bools, Floats, Ints
from simulation.sellers.seen import Seen
from simulation.sellers.strategies import shared

DAYS = 5.0
STEP_UP, STEP_DOWN = 1.15, 0.85  # a pacing bidder's steps (assumption)
CLIMB = 1.25  # a best responder whose words bring nothing bids so many times as much (assumption)
TRIES_ABOVE = 1.10  # and now and then tries for the place above (assumption)
BEHIND, AHEAD = 0.9, 1.1  # of the share of the day that has passed: less spent is behind, more is ahead


def every(scene: Scene, mine: Ints) -> Floats:
    return np.full(len(mine), DAYS)


def morning(scene: Scene, mine: Ints, seen: Seen) -> Iterator[Wish]:
    """The page is looked after a little; bids are `advertising`'s, several times a day."""
    yield from shared.protect(scene, seen, mine)
    yield from shared.showcase(scene, seen, mine)


def worth(
    price_fen: Ints, margin_bps: Ints, clicks: Ints, orders: Ints, usual: float, share: Floats
) -> Floats:
    """What a click may cost, in fen: `share` of what it earns. Own clicks and orders tell how many buy, as if there had
    been two hundred before that bought as `usual`."""
    buys = (orders + 200.0 * usual) / (clicks + 200.0)
    value: Floats = price_fen * (margin_bps / 10_000.0) * buys * share
    return value


def paced(bid: Floats, spent: Ints, budget: Ints, passed: float, most: Floats) -> Floats:
    """Bids of who spreads a day's budget; `passed`: the share of the day that is over; `most`: never more."""
    share = spent / np.maximum(budget, 1)
    new = np.where(
        share > AHEAD * passed, bid * STEP_DOWN, np.where(share < BEHIND * passed, bid * STEP_UP, bid)
    )
    return np.minimum(new, most)


def best_response(bid: Floats, paid: Ints, shown: Ints, tries: Bools, most: Floats) -> Floats:
    """Bids of who answers yesterday's prices. `paid`: the highest price of a click lately, 0 for none: the lowest bid
    that keeps the place. `shown`: how often the ad was shown; `tries`: who tries for the place above this time."""
    keeps = np.where(paid > 0, np.where(tries, paid * TRIES_ABOVE + 1, paid), bid)
    new = np.where((paid == 0) & (shown == 0), bid * CLIMB + 1, keeps)
    return np.minimum(new, most)
