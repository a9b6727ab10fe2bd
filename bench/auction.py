"""T8: auctions a second, whole: quality, reserve, cap, rounding to the fen, and why each price is what it is.

Beside it in the same round: the least that numpy could do (sort by score in floating numbers and divide the next
score by the own quality; no reserve, no rounding, no ties, no reasons), and the same rules in plain Python.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import paid
from common import random
from search.auction.clearing import clear
from search.auction.explain import explain
from search.auction.rules import Terms
from search.auction.single import Auction

ROUNDS = 7
AUCTIONS = 50_000
PLAIN = 2_000  # auctions held in plain Python
SHAPES = ((10, 5), (48, 3), (10, 13))
SHARE, TIMES = 0.25, 8.0
Integers = NDArray[np.int64]


def rows() -> list[dict[str, Any]]:
    """Two rows a shape; orientation: other mechanisms, one auction alone, one explained; searches with auctions."""
    found: list[dict[str, Any]] = []
    for bidders, slots in SHAPES:
        found += _shape(bidders, slots)
    return [*found, *_orientation(), *paid.rows()]


def instance(auctions: int, bidders: int) -> tuple[Integers, Integers]:
    """Bids of 0.05 to 99.99 yuan and qualities of 1 to 10,000, the same on every machine."""
    who, which = np.arange(auctions)[:, None], np.arange(bidders)[None, :]
    bids = 5 + random.integers(8, "bench.bid", who, which, bound=9_995)
    return bids, 1 + random.integers(8, "bench.quality", who, which, bound=10_000)


def bare(scores: NDArray[np.float64], quality: NDArray[np.float64], slots: int) -> tuple[Any, Any]:
    """The peer of numpy: order by argsort, price by division; the last one pays nothing."""
    order = np.argsort(-scores, axis=1)[:, : slots + 1]
    best = np.take_along_axis(scores, order, axis=1)
    own = np.take_along_axis(quality, order[:, :slots], axis=1)
    following = np.zeros_like(own)
    following[:, : best.shape[1] - 1] = best[:, 1 : own.shape[1] + 1]
    return order, following / own


def plain(
    bids: list[int], quality: list[int], slots: int, reserve: int, increment: int
) -> list[tuple[int, int]]:
    """The peer in plain Python: the same rules for one auction, in whole numbers."""
    standing = [n for n, bid in enumerate(bids) if bid >= reserve]
    standing.sort(key=lambda n: -bids[n] * quality[n])
    sold = []
    for place, n in enumerate(standing[:slots]):
        price = reserve
        if place + 1 < len(standing):
            below = standing[place + 1]
            score, own = bids[below] * quality[below], quality[n]
            price = max(reserve, (2 * score + own) // (2 * own) + increment)
        sold.append((n, min(price, bids[n])))
    return sold


def _shape(bidders: int, slots: int) -> list[dict[str, Any]]:
    bids, quality = instance(AUCTIONS, bidders)
    clicks = np.arange(slots, 0, -1)
    floating, merit = bids.astype(np.float64), quality.astype(np.float64)
    few = bids[:PLAIN].tolist(), quality[:PLAIN].tolist()
    outcome = clear(bids[:PLAIN], quality[:PLAIN], clicks)
    by_hand = [plain(b, q, slots, 5, 1) for b, q in zip(*few, strict=True)]
    ours = [
        list(zip(w, p, strict=True))
        for w, p in zip(outcome.winners.tolist(), outcome.prices.tolist(), strict=True)
    ]
    if ours != by_hand:
        raise RuntimeError("the core and plain Python sell differently")
    rates = _rates(
        {
            "ours": (AUCTIONS, lambda: clear(bids, quality, clicks)),
            "bare": (AUCTIONS, lambda: bare(floating * merit, merit, slots)),
            "plain": (PLAIN, lambda: [plain(b, q, slots, 5, 1) for b, q in zip(*few, strict=True)]),
        }
    )
    value = statistics.median(rates["ours"])
    beside = (
        ("bare", "a bare numpy argsort GSP", SHARE, f">= {SHARE:g}"),
        ("plain", "plain Python", TIMES, f">= {TIMES:g}x"),
    )
    found = []
    for name, words, least, target in beside:
        ratios = [mine / other for mine, other in zip(rates["ours"], rates[name], strict=True)]
        ratio = statistics.median(ratios)
        found.append({
            "bench": f"T8 auctions of {bidders} bidders and {slots} slots, beside {words}", "value": round(value),
            "unit": "auctions/s", "peer": round(statistics.median(rates[name])), "peer_is": words,
            "ratio": round(ratio, 2), "spread": [round(min(ratios), 2), round(max(ratios), 2)],
            "target": target, "ok": ratio >= least,
        })  # fmt: skip
    return found


def _orientation() -> list[dict[str, Any]]:
    bids, quality = instance(AUCTIONS, 10)
    clicks = np.arange(5, 0, -1)
    one = Auction("ABCDEFGHIJ", bids[0].tolist(), quality[0].tolist(), clicks.tolist())
    rates = _rates(
        {
            "VCG auctions of 10 bidders and 5 slots": (AUCTIONS, lambda: clear(bids, quality, clicks, Terms("vcg"))),
            "first-price auctions of 10 bidders and 5 slots": (
                AUCTIONS, lambda: clear(bids, quality, clicks, Terms("first_price")),
            ),
            "auctions of 10 bidders and 5 slots, one a call": (
                200, lambda: [clear(bids[n : n + 1], quality[n : n + 1], clicks) for n in range(200)],
            ),
            "explanations of 10 bidders and 5 slots": (1, lambda: explain(one)),
        }
    )  # fmt: skip
    return [
        {"bench": f"T8 {name}", "value": round(statistics.median(found)), "unit": "auctions/s",
         "target": "orientation", "ok": True}
        for name, found in rates.items()
    ]  # fmt: skip


def _rates(works: dict[str, tuple[int, Callable[[], object]]]) -> dict[str, list[float]]:
    """Auctions per processor second of each work, round after round; the first round is thrown away."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS + 1):
        for name, (auctions, work) in works.items():
            times, began = 0, process_time()
            while (spent := process_time() - began) < 0.05:
                work()
                times += 1
            found[name].append(auctions * times / spent)
    return {name: rates[1:] for name, rates in found.items()}
