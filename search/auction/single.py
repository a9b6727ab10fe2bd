"""One auction in numbers as people write them: fractions of a fen, decimal qualities, names for bidders.

The core wants whole numbers. Money, quality and clicks are each brought to a scale in which they are whole;
that changes no order and no ratio, and the scale is divided out of the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from search.auction import ties
from search.auction.clearing import Block, Exact, exact, prepare
from search.auction.rules import Terms

Number = int | Fraction
Id = str | int


@dataclass(frozen=True, slots=True)
class Auction:
    """ids, bids (fen) and quality of N bidders, clicks of K slots, best first; numbers >= 0.

    Money is whole fen and prices are rounded, unless the increment is 0: then both are exact. values: what a
    click is worth to each, in fen, where it is not the bid. seed and number: for drawn ties.
    """

    ids: Sequence[Id]
    bids: Sequence[Number]
    quality: Sequence[Number]
    clicks: Sequence[Number]
    mechanism: str = "gsp"
    reserve: Number = 5
    increment: Number = 1
    capped: bool = True
    ties: str = "earlier_bid"
    values: Sequence[Number] | None = None
    seed: int = 0
    number: int = 0

    @property
    def rounded(self) -> bool:
        return self.increment != 0

    @property
    def worth(self) -> Sequence[Number]:
        """What a click is worth to each: the bid, where nothing else is said."""
        return self.bids if self.values is None else self.values

    def placed(self) -> list[float] | None:
        """What drawn ties go by; None when they go by column."""
        if self.ties != "drawn":
            return None
        return [float(each) for each in ties.drawn(self.seed, [self.number], len(self.ids))[0]]

    def terms(self, money: int = 1) -> Terms:
        """With a fen cut into `money` parts."""
        return Terms(
            self.mechanism, int(self.reserve * money), int(self.increment * money), self.capped, self.ties
        )


def scale(numbers: Sequence[Number]) -> int:
    """The smallest factor that makes all of them whole."""
    odd = [each.denominator for each in numbers if type(each) is not int]
    return lcm(*odd) if odd else 1


def whole(numbers: Sequence[Number], factor: int) -> list[int]:
    return [int(each * factor) for each in numbers] if factor > 1 else [int(each) for each in numbers]


@dataclass(frozen=True, slots=True)
class Scaled:
    """An auction as a block of one, and the factors its numbers were multiplied by."""

    block: Block
    money: int
    clicks: int

    def held(self) -> Exact:
        return exact(self.block)


def scaled(auction: Auction, *, every_place: bool = False) -> Scaled:
    """every_place: with a slot of no clicks for whoever would stand beyond the last."""
    money, clicks = scale([*auction.bids, auction.reserve]), scale(auction.clicks)
    given = whole(auction.clicks, clicks)
    if every_place:
        given += [0] * (len(auction.ids) - len(given))
    block = prepare(
        [whole(auction.bids, money)],
        [whole(auction.quality, scale(auction.quality))],
        given,
        auction.terms(money),
        placed=auction.placed(),
    )
    return Scaled(block, money, clicks)


def half_up(amount: Number) -> int:
    """Rounded to a whole number, a half upwards."""
    return (2 * amount.numerator + amount.denominator) // (2 * amount.denominator)


def told(amount: Number) -> int | float:
    """As JSON has it: an integer where it is one, else the nearest decimal of 53 bits."""
    return amount.numerator if amount.denominator == 1 else amount.numerator / amount.denominator
