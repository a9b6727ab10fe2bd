"""`clear` holds many auctions at once: (B, N) bids and qualities in, (B, M) bidders and prices out.

    outcome = clear([[1000, 400, 200]], [[1, 1, 1]], clicks=[200, 100], terms=Terms(reserve_fen=0, increment_fen=0))
    outcome.winners  -> [[0, 1]]        outcome.prices -> [[400, 200]]

One auction is a block of one. All arithmetic is on whole numbers: int64 where every product provably fits, and
Python's own integers (about a hundred times slower) where one may not; the answer is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from search.auction.prices import PRICES, QUOTIENT_BITS, Asked, harm, whole_fen
from search.auction.ranking import NOBODY, Ranking, bits_for, rank
from search.auction.rules import Per, Terms, Whole
from search.auction.ties import precedence

CELLS = 40_000  # bids worked on at a time: what they need then stays in the processor's cache
LIMIT = 1 << 61  # so that three times a divisor, which whole_fen may meet, fits as well


@dataclass(frozen=True, slots=True)
class Block:
    """Auctions made ready: arrays of one dtype. bids, quality (B, N); clicks (B, M); reserve, increment (B, 1)."""

    bids: Whole
    quality: Whole
    clicks: Whole
    reserve: Whole
    increment: Whole
    shown: NDArray[np.bool_] | None
    turns: NDArray[np.int64] | None  # columns by precedence, when they do not stand so
    terms: Terms


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of B auctions with M places: the slots, or as many as there are bidders.

    order: column of the bidder in each place and, last, of the first one without a place; NOBODY (-1) where
    there is none: (B, M + 1). scores: their bid times quality. prices: whole fen a click, (B, M), 0 where nobody
    stands (a price of 0 can also be a price: ask `sold`). because: positions in rules.BECAUSE.
    """

    order: NDArray[np.int64]
    scores: Whole
    prices: Whole
    because: NDArray[np.uint8]

    @property
    def winners(self) -> NDArray[np.int64]:
        """(B, M): the bidder in each slot, best first."""
        return self.order[:, :-1]

    @property
    def sold(self) -> NDArray[np.bool_]:
        return self.winners != NOBODY

    @property
    def setters(self) -> NDArray[np.int64]:
        """(B, M): who stands one below each place."""
        return self.order[:, 1:]


@dataclass(frozen=True, slots=True)
class Exact:
    """The same before rounding: prices a click are above / below fen, payments in all owed / share fen (VCG)."""

    ranking: Ranking
    asked: Asked
    owed: Whole
    share: Whole


def clear(
    bids: ArrayLike,
    quality: ArrayLike,
    clicks: ArrayLike,
    terms: Terms | None = None,
    *,
    shown: ArrayLike | None = None,
    placed: ArrayLike | None = None,
) -> Outcome:
    """Rank, sell and price a block.

    bids: fen, (B, N) or (N,). quality: whole numbers in any one scale, likewise; only their ratios matter.
    clicks: of each slot, best first, (K,) or (B, K); whole numbers in any one scale. shown: False for who does
    not take part. placed: when each bid was placed (or `ties.drawn`); without it, in the order of columns.
    A bidder takes part with a bid at the reserve or above. ValueError for anything negative, fractional or
    misshapen, and for slots that get better downwards.
    """
    block = prepare(bids, quality, clicks, terms or Terms(), shown=shown, placed=placed)
    price = PRICES[block.terms.mechanism]
    auctions, places = block.clicks.shape
    order = np.empty((auctions, places + 1), dtype=np.int64)
    scores = np.empty((auctions, places + 1), dtype=block.bids.dtype)
    prices = np.empty((auctions, places), dtype=block.bids.dtype)
    because = np.empty((auctions, places), dtype=np.uint8)
    step = max(1, CELLS // max(1, block.bids.shape[1]))
    for start in range(0, auctions, step):
        rows = slice(start, start + step)
        part = _part(block, rows)
        ranking = _ranked(part)
        asked = price(ranking, part.clicks, part.reserve, part.increment, capped=part.terms.capped)
        order[rows], scores[rows], because[rows] = ranking.order, ranking.scores, asked.because
        prices[rows] = whole_fen(asked.above, asked.below)
    return Outcome(order, scores, prices, because)


def exact(block: Block) -> Exact:
    """Rank and price a block without rounding, and what VCG asks of each over all its slot's clicks."""
    ranking = _ranked(block)
    price = PRICES[block.terms.mechanism]
    asked = price(ranking, block.clicks, block.reserve, block.increment, capped=block.terms.capped)
    return Exact(ranking, asked, harm(ranking, block.clicks, block.reserve), ranking.quality)


def prepare(
    bids: ArrayLike,
    quality: ArrayLike,
    clicks: ArrayLike,
    terms: Terms,
    *,
    shown: ArrayLike | None = None,
    placed: ArrayLike | None = None,
) -> Block:
    """Check what `clear` was given and bring it into one dtype that holds every product."""
    offers, merits = np.atleast_2d(_whole("bids", bids)), np.atleast_2d(_whole("quality", quality))
    if offers.shape != merits.shape or offers.ndim != 2:
        raise ValueError(f"bids {offers.shape} and quality {merits.shape} must be of one shape, (B, N)")
    auctions, bidders = offers.shape
    wanted = _whole("clicks", clicks)
    if wanted.ndim not in (1, 2) or (wanted.ndim == 2 and wanted.shape[0] not in (1, auctions)):
        raise ValueError(f"clicks {wanted.shape} must be (K,) or (B, K)")
    wanted = np.broadcast_to(wanted, (auctions, wanted.shape[-1]))
    if bool((wanted[:, 1:] > wanted[:, :-1]).any()):
        raise ValueError("slots stand best first: no slot has more clicks than the one above it")
    wanted = wanted[:, :bidders]
    reserve = _column("reserve_fen", terms.reserve_fen, auctions)
    increment = _column("increment_fen", terms.increment_fen, auctions)
    beyond = _most(offers) + 1
    if _most(reserve) > beyond:
        reserve = np.minimum(reserve, beyond)  # a reserve above every bid says no more than that
    kind = _dtype(offers, merits, wanted, increment)
    mask = None if shown is None else np.broadcast_to(np.asarray(shown, dtype=bool), offers.shape)
    if terms.ties == "drawn" and placed is None:
        raise ValueError("drawn ties want `placed`, from ties.drawn(seed, numbers of the auctions, bidders)")
    moments = None if placed is None else np.asarray(placed)
    turns = precedence(moments, (auctions, bidders), later=terms.ties == "later_bid")
    return Block(
        offers.astype(kind, copy=False),
        merits.astype(kind, copy=False),
        wanted.astype(kind, copy=False),
        reserve.astype(kind, copy=False),
        increment.astype(kind, copy=False),
        mask,
        turns,
        terms,
    )


def _ranked(block: Block) -> Ranking:
    auctions, places = block.clicks.shape
    if block.bids.shape[1] == 0:
        nothing = np.zeros((auctions, 0), dtype=block.bids.dtype)
        none = np.full((auctions, 1), NOBODY, dtype=np.int64)
        return Ranking(none, none.astype(block.bids.dtype), nothing, nothing)
    if block.turns is None:
        return rank(block.bids, block.quality, block.reserve, block.shown, places)
    turns = block.turns
    bids, quality = (np.take_along_axis(part, turns, axis=1) for part in (block.bids, block.quality))
    shown = None if block.shown is None else np.take_along_axis(block.shown, turns, axis=1)
    found = rank(bids, quality, block.reserve, shown, places)
    back = np.take_along_axis(turns, np.maximum(found.order, 0), axis=1)
    return Ranking(np.where(found.order == NOBODY, NOBODY, back), found.scores, found.bids, found.quality)


def _part(block: Block, rows: slice) -> Block:
    """Some of the auctions."""

    def cut(part: Any) -> Any:
        return None if part is None else part[rows]

    return Block(
        block.bids[rows], block.quality[rows], block.clicks[rows], block.reserve[rows], block.increment[rows],
        cut(block.shown), cut(block.turns), block.terms,
    )  # fmt: skip


# -- what comes in -----------------------------------------------------------------------------------------


def _whole(name: str, given: ArrayLike) -> Whole:
    """An array of whole numbers, none negative: int64, or Python's integers when one is larger."""
    array = np.asarray(given)
    if array.size == 0:
        return array.astype(np.int64)
    if array.dtype.kind == "f" or (array.dtype.kind == "u" and array.dtype.itemsize == 8):
        array = np.asarray(given, dtype=object)  # numpy makes floats of integers beyond 64 bits
    if array.dtype == object:
        if not all(type(each) is int for each in array.reshape(-1)):
            raise ValueError(f"{name} must be whole numbers")
    elif array.dtype.kind not in "iu":
        raise ValueError(f"{name} must be whole numbers")
    if array.min() < 0:
        raise ValueError(f"{name} must not be negative")
    return array if array.dtype == object else array.astype(np.int64, copy=False)


def _column(name: str, given: Per, auctions: int) -> Whole:
    array = _whole(name, given)
    if array.ndim > 1 or (array.ndim == 1 and array.shape != (auctions,)):
        raise ValueError(f"{name} is one number, or one for each of {auctions} auctions")
    return np.broadcast_to(array.reshape(-1, 1), (auctions, 1))


def _most(array: Whole) -> int:
    return int(array.max()) if array.size else 0


def _dtype(bids: Whole, quality: Whole, clicks: Whole, increment: Whole) -> type:
    """int64 when nothing computed from these can leave it; else object.

    Largest of all: keys (score << bits), the harm of VCG (score * clicks), prices before the cap, and twice the
    divisor of whole_fen. The reserve is only met where it is at most the bid.
    """
    highest, best, widest = _most(bids) + _most(increment), max(1, _most(quality)), max(1, _most(clicks))
    score = max(1, highest) * best
    fits = (
        score << bits_for(bids.shape[1]) < LIMIT and score * widest < LIMIT and highest < 1 << QUOTIENT_BITS
    )
    return np.int64 if fits else object
