"""What a bidder could have had by another bid, the others' staying as they are: the regret of this one.

No formula stands here: each bid that could change the place is held by the core itself. To stand just above another
one offers the least that does; more never costs less.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from search.auction.clearing import exact, prepare
from search.auction.prices import whole_fen
from search.auction.rules import Terms
from search.auction.single import Auction, scale, whole


@dataclass(frozen=True, slots=True)
class Reply:
    """The best of all bids: what it gains over the slot's clicks (fen; 0 by staying away), the bid, its slot.

    With exact money the bid is a bound: a hair more wins the place, and gains a hair less than said.
    """

    gain: Fraction
    bid: Fraction | None
    slot: int | None


def best_reply(auction: Auction, bidder: int) -> Reply:
    """Against the others' bids, if a click is worth `auction.worth[bidder]`."""
    quality = whole(auction.quality, scale(auction.quality))
    money = scale([*auction.bids, auction.reserve]) * (1 if auction.rounded else max(1, quality[bidder]))
    bids = whole(auction.bids, money)
    offers = _offers(auction, bidder, bids, quality, int(auction.reserve * money))
    rows = np.array([bids] * len(offers), dtype=object).reshape(len(offers), len(bids))
    rows[:, bidder] = offers
    clicks = scale(auction.clicks)
    placed, terms = auction.placed(), auction.terms(money)
    if not auction.rounded and quality[bidder]:  # a hair more wins every tie; of no quality, it wins none
        placed = [float(n != bidder) for n in range(len(bids))]
        terms = Terms(terms.mechanism, terms.reserve_fen, terms.increment_fen, terms.capped)
    block = prepare(rows, [quality] * len(offers), whole(auction.clicks, clicks), terms, placed=placed)
    held = exact(block)
    price = whole_fen(held.asked.above, held.asked.below) if auction.rounded else None
    best = Reply(Fraction(0), None, None)
    for row, slot in zip(*np.nonzero(held.ranking.order[:, :-1] == bidder), strict=True):
        paid = (
            Fraction(int(held.asked.above[row, slot]), int(held.asked.below[row, slot]))
            if price is None
            else Fraction(int(price[row, slot]))
        )
        gain = Fraction(auction.clicks[slot]) * (Fraction(auction.worth[bidder]) - paid / money)
        if gain > best.gain:
            best = Reply(gain, Fraction(offers[row], money), int(slot) + 1)
    return best


def _offers(auction: Auction, bidder: int, bids: list[int], quality: list[int], reserve: int) -> list[int]:
    """The bids worth trying: the own one, the reserve, and the least that stand above each of the others."""
    own = quality[bidder]
    others = sorted(
        (bid * merit for n, (bid, merit) in enumerate(zip(bids, quality, strict=True))
         if n != bidder and bid >= reserve),
        reverse=True,
    )[: len(auction.clicks)]  # fmt: skip
    found = {reserve, bids[bidder]}
    for score in others if own else ():
        found.update({score // own, score // own + 1} if auction.rounded else {score // own})
        found.add(-(-score // own))
    return sorted(offer for offer in found if offer >= reserve)
