"""Bids that no bidder envies another's place at: the band of symmetric equilibria of the second-price auction.

Varian 2007, "Position auctions"; Edelman, Ostrovsky, Schwarz 2007, whose "locally envy-free" is the same. Exact.
With clicks x and places by value times quality, the bid at place j lies where

    x[j-1] * bid = (x[j-1] - x[j]) * value of j      + x[j] * price of j      lowest: j is as well off above
    x[j-1] * bid = (x[j-1] - x[j]) * value of j - 1  + x[j] * price of j      highest: j - 1 is as well off below

with values and bids in scores, and a price the score that follows, or the reserve. The first place's own bid binds
nobody: its lowest is its value (as the sources have it), its highest is unbounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from search.auction.single import Number


@dataclass(frozen=True, slots=True)
class Band:
    """By bidder, in fen: None for who does not reach the reserve, and for the first's highest bid.

    envy_free: both ends are what they should be. So it is without a reserve, or with equal qualities; where a
    reserve in fen meets unequal qualities there may be no such bids in this order, and these are only near them.
    """

    lowest: tuple[Fraction | None, ...]
    highest: tuple[Fraction | None, ...]
    lowest_revenue: Fraction
    highest_revenue: Fraction
    envy_free: bool


def band(
    values: Sequence[Number], quality: Sequence[Number], clicks: Sequence[Number], reserve: Number = 0
) -> Band:
    """From what a click is worth to each bidder (fen), in the order in which ties go."""
    worth, merit, reserve = [Fraction(v) for v in values], [Fraction(q) for q in quality], Fraction(reserve)
    standing = [n for n, value in enumerate(worth) if value >= reserve]
    places = sorted(standing, key=lambda n: -worth[n] * merit[n])  # stable: equal ones as they came
    slots = [Fraction(c) for c in clicks][: len(places)]
    low, low_revenue = _bids(worth, merit, places, slots, reserve, above=0)
    high, high_revenue = _bids(worth, merit, places, slots, reserve, above=1)
    content = all(_content(worth, merit, places, slots, reserve, bids) for bids in (low, high))
    if places:
        high[places[0]] = None
    return Band(tuple(low), tuple(high), low_revenue, high_revenue, content)


def _bids(
    worth: list[Fraction],
    merit: list[Fraction],
    places: list[int],
    slots: list[Fraction],
    reserve: Fraction,
    *,
    above: int,
) -> tuple[list[Fraction | None], Fraction]:
    """From the last place up. above: whose indifference binds, 0 one's own, 1 that of the one above.

    Whom no slot could reach by standing one higher bids the value.
    """
    bids: list[Fraction | None] = [None] * len(worth)
    revenue, following = Fraction(0), Fraction(0)  # the score of the bid one below
    for j in range(len(places) - 1, -1, -1):
        n = places[j]
        here = slots[j] if j < len(slots) else Fraction(0)
        price = max(reserve, following / merit[n]) if merit[n] else reserve
        revenue += here * price
        over = slots[j - 1] if 0 < j <= len(slots) else Fraction(0)
        bid = worth[n]
        if over and merit[n]:
            m = places[j - above]
            bid = ((over - here) * worth[m] * merit[m] / merit[n] + here * price) / over
        bids[n], following = bid, bid * merit[n]
    return bids, revenue


def _content(
    worth: list[Fraction],
    merit: list[Fraction],
    places: list[int],
    slots: list[Fraction],
    reserve: Fraction,
    bids: list[Fraction | None],
) -> bool:
    """Does everyone like the own place at its price no less than any other place at the price it has there?"""
    scores = [(bids[n] or Fraction(0)) * merit[n] for n in places]
    following = [*scores[1:], Fraction(0)][: len(slots)]
    for j, n in enumerate(places):
        if not merit[n]:
            continue
        gains = [
            here * (worth[n] - max(reserve, score / merit[n]))
            for here, score in zip(slots, following, strict=True)
        ]
        if any(gain > (gains[j] if j < len(gains) else 0) for gain in gains):
            return False
    return True
