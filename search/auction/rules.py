"""What an auction is held under: the mechanism, the reserve, the increment, the cap, and who wins a tie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[Any]  # int64 while every product fits in it, else Python's own integers (dtype object)
Per = int | Whole  # one for all auctions, or one for each: shape (B,)

# fmt: off
MECHANISMS = {
    "gsp":         "pays what would just have kept the place, plus the increment",
    "first_price": "pays the own bid",
    "vcg":         "pays what the others lose by its being there",
}
TIES = {
    "earlier_bid": "the bid placed earlier stands higher",
    "later_bid":   "the bid placed later stands higher",
    "drawn":       "drawn anew for each auction from its own number",
}

# Why a price is what it is: `Outcome.because` holds positions in this table.
BECAUSE = (
    ("unsold",  "no bidder stands in this slot"),
    ("next",    "the next one's score, divided by the own quality, plus the increment"),
    ("reserve", "nobody below asks for more than the reserve"),
    ("own_bid", "no click costs more than the own bid"),
    ("harm",    "what those below lose, shared over the slot's clicks"),
)
# fmt: on
UNSOLD, NEXT, RESERVE, OWN_BID, HARM = range(5)


@dataclass(frozen=True, slots=True)
class Terms:
    """The regime's `auction.*` levers that an auction needs; the defaults are those of `thesis-2010`.

    reserve_fen and increment_fen: whole fen >= 0, for all auctions or an array with one for each.
    An unknown mechanism or tie rule is a ValueError.
    """

    mechanism: str = "gsp"
    reserve_fen: Per = 5
    increment_fen: Per = 1
    capped: bool = True
    ties: str = "earlier_bid"

    def __post_init__(self) -> None:
        if self.mechanism not in MECHANISMS:
            raise ValueError(f"the mechanism is one of {', '.join(MECHANISMS)}, not {self.mechanism!r}")
        if self.ties not in TIES:
            raise ValueError(f"ties go by one of {', '.join(TIES)}, not {self.ties!r}")
        for name in ("reserve_fen", "increment_fen"):
            given = np.asarray(getattr(self, name))
            if given.dtype.kind not in "iuO" or (given.size and given.min() < 0):
                raise ValueError(f"{name} is a whole number of fen, 0 or more")
