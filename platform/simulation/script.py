"""What follows a purchase, drawn once: when it is sent, received and judged, and how.

The log says who bought what and when. It does not say what came after, so that is drawn: the shares are those
of the calibration data where it has any, else marked as assumptions.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from common import random
from simulation.cast import Cast
from simulation.userbehavior import Ints

HOUR = 3600
SHIP_HOURS = (3, 36)  # after paying: assumption
CONFIRM_HOURS = (30, 170)  # after shipping: assumption
CONFIRMS = 0.7  # the others let the clock confirm: assumption
BUYER_RATES = 0.6  # of those who confirm; silence is the regime's default: assumption
SELLER_RATES = 0.8  # assumption
RATE_HOURS = (0, 72)
VERDICTS = (1, 0, -1)
VERDICT_SHARES = (0.983, 0.008, 0.009)  # median positive rate 98.5 % of 40,000 shops
# Stars 1..5 by verdict; good ones give means near 4.8, the median of 40,000 shops' indices.
STAR_SHARES = {
    1: (0.004, 0.006, 0.03, 0.11, 0.85),
    0: (0.05, 0.15, 0.5, 0.2, 0.1),
    -1: (0.55, 0.25, 0.12, 0.05, 0.03),
}
KINDS = ("ship", "confirm", "judge_seller", "judge_buyer")


@dataclass(frozen=True)
class Script:
    """The log's hours and what each holds.

    `rows[hour]`: the log's rows of that hour (unix seconds // 3600), as a slice; `later[hour]`: what is due on
    the hour, by kind: numbers of purchases. `hours`: every hour with something in it, ascending; `last`: the
    last hour that has something to do with each purchase.
    """

    rows: dict[int, slice]
    later: dict[int, dict[str, list[int]]]
    hours: list[int]
    last: Ints
    verdict: Ints
    stars: NDArray[np.int64]
    buyer_verdict: Ints


@lru_cache(maxsize=2)
def script(who: Cast) -> Script:
    """The script of a cast's purchases, each drawn by its number in the log."""
    log, seed = who.log, who.seed
    hours = log.ts // HOUR
    starts = np.flatnonzero(np.r_[True, hours[1:] != hours[:-1]])
    ends = np.r_[starts[1:], len(hours)]
    rows = {int(hours[a]): slice(int(a), int(b)) for a, b in zip(starts, ends, strict=True)}
    number = np.arange(len(who.buys))
    bought = hours[who.buys]
    sent = bought + 1 + _between(seed, "script.ship", number, SHIP_HOURS)
    received = sent + _between(seed, "script.confirm", number, CONFIRM_HOURS)
    confirms = random.chances(seed, "script.confirms", number, probability=CONFIRMS)
    rates = confirms & random.chances(seed, "script.rates", number, probability=BUYER_RATES)
    answers = confirms & random.chances(seed, "script.answers", number, probability=SELLER_RATES)
    later: dict[int, dict[str, list[int]]] = defaultdict(lambda: {kind: [] for kind in KINDS})
    rated = received + _between(seed, "script.rate", number, RATE_HOURS)
    answered = received + _between(seed, "script.answer", number, RATE_HOURS)
    _put(later, "ship", sent, np.full(len(number), True))
    _put(later, "confirm", received, confirms)
    _put(later, "judge_seller", rated, rates)
    _put(later, "judge_buyer", answered, answers)
    verdict = np.array(VERDICTS)[random.choices(seed, "script.verdict", number, weights=VERDICT_SHARES)]
    return Script(
        rows=rows,
        later=dict(later),
        hours=sorted({*rows, *later}),
        last=np.maximum.reduce(
            [sent, np.where(confirms, received, 0), np.where(rates, rated, 0), np.where(answers, answered, 0)]
        ),
        verdict=verdict,
        stars=_stars(seed, verdict),
        buyer_verdict=np.array(VERDICTS)[
            random.choices(seed, "script.buyer", number, weights=(0.995, 0.003, 0.002))
        ],
    )


def _between(seed: int, purpose: str, number: Ints, span: tuple[int, int]) -> Ints:
    return span[0] + random.integers(seed, purpose, number, bound=span[1] - span[0] + 1)


def _put(later: dict[int, dict[str, list[int]]], kind: str, hours: Ints, chosen: NDArray[np.bool_]) -> None:
    for number in np.flatnonzero(chosen).tolist():
        later[int(hours[number])][kind].append(number)


def _stars(seed: int, verdict: Ints) -> NDArray[np.int64]:
    """Five answers for each purchase, as the verdict makes likely; shape (n, 5)."""
    number = np.arange(len(verdict))
    weights = np.array([STAR_SHARES[v] for v in verdict.tolist()]).reshape(-1, 5)
    if not len(number):
        return np.zeros((0, 5), dtype=np.int64)
    return np.stack(
        [
            1 + random.choices(seed, ("script.stars", question), number, weights=weights)
            for question in range(5)
        ],
        axis=1,
    )
