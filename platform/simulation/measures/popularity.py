"""How viewers fall on items and views on categories, in figures that a sample and a whole market can share.

The trap: a sample of 814 of a million users shows most of its 55,000 items once; a closed market shows each of
its items to many. "The top 1 % of items take x" then measures how many users were drawn, not taste. Both are Poisson
counts of one underlying spread, the log-normal of the items' rates. So, of the distinct viewers of each item:

- `item_sigma`: the log-sd of the *rates*, by maximum likelihood of a Poisson log-normal without its zeros (Bulmer
  1974). It does not depend on how many users were drawn: it compares any two logs.
- `item_top_*_of_rates`: the shares that this log-normal gives to whoever sees all users,
  1 - Phi(Phi^-1(1 - p) - sigma). They compare with figures of a full population.
- `item_top_*`: the raw shares. They compare only at one density: set them beside `expected_top`, what a
  sigma shows at as many viewers a seen item (`item_viewers`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import erf, exp, log, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.measures.figure import Floats, Ints, Statistic

TOPS = {"1": 0.01, "10": 0.10, "20": 0.20}
RANKS = 1000  # the slope is fitted over the first third of the ranks, this many at most
EXACT = 400  # above that a Poisson count tells its rate to 5 %: the rate's own density is used


def popularity(
    user: Ints, item: Ints, category: Ints, viewing: NDArray[np.bool_], users: int
) -> list[Statistic]:
    """Statistics of a log's views by weights of its `users` (0..users-1); weights are 0 or 1."""
    user, item = user[viewing], np.unique(item[viewing], return_inverse=True)[1]
    kind = np.unique(category[viewing], return_inverse=True)[1]
    items = int(item.max(initial=0)) + 1
    pair = np.unique(user * items + item)
    viewer, what = pair // items, pair % items

    @lru_cache(maxsize=2)
    def viewers_of(key: bytes) -> Floats:
        found = np.bincount(what, np.frombuffer(key)[viewer], minlength=items)
        return np.sort(found[found > 0].astype(np.float64))[::-1]

    @lru_cache(maxsize=2)
    def sigma_of(key: bytes) -> float:
        return item_sigma(viewers_of(key).astype(np.int64))

    def viewers(weights: Floats) -> Floats:
        return viewers_of(weights.tobytes())

    def sigma(weights: Floats) -> float:
        return sigma_of(weights.tobytes())

    def categories(weights: Floats) -> Floats:
        found = np.bincount(kind, weights[user])
        return np.sort(found[found > 0].astype(np.float64))[::-1]

    def share(part: float) -> Statistic:
        name = next(name for name, of in TOPS.items() if of == part)
        return Statistic(f"item_top_{name}", lambda weights: top(viewers(weights), part))

    def share_of_rates(part: float) -> Statistic:
        name = next(name for name, of in TOPS.items() if of == part)
        return Statistic(f"item_top_{name}_of_rates", lambda weights: top_of_rates(sigma(weights), part))

    return [
        Statistic("item_viewers", lambda weights: _or_nan(np.mean, viewers(weights))),
        Statistic("item_viewers_log_sd", lambda weights: _or_nan(np.std, np.log(viewers(weights)))),
        Statistic("item_sigma", sigma),
        *(share(part) for part in TOPS.values()),
        *(share_of_rates(part) for part in TOPS.values()),
        Statistic("category_slope", lambda weights: slope(categories(weights))),
    ]


def top(falling: Floats, part: float) -> float:
    """The share of the sum that the first `part` (0..1) of falling numbers takes; at least one of them."""
    if not len(falling):
        return float("nan")
    return float(falling[: max(1, round(part * len(falling)))].sum() / falling.sum())


def top_of_rates(sigma: float, part: float) -> float:
    """The share that the top `part` of a log-normal takes."""
    return _below(sigma - _point(1 - part))


def slope(falling: Floats) -> float:
    """Minus the least-squares slope of log count over log rank, of the first third of the ranks (at most RANKS)."""
    falling = falling[: min(RANKS, len(falling) // 3)]
    if len(falling) < 3:
        return float("nan")
    return float(-np.polyfit(np.log(np.arange(1, len(falling) + 1)), np.log(falling), 1)[0])


def item_sigma(viewers: Ints) -> float:
    """Log-sd of the items' rates, from how many users viewed each seen item (> 0); nan for fewer than 20 items.

    The likelihood's maximum over log-mean and sigma, by a grid that closes in (to about 0.01).
    """
    if len(viewers) < 20:
        return float("nan")
    counts, times = np.unique(viewers, return_counts=True)
    mean, sigma, wide, high = float(np.log(viewers.mean())) - 2.0, 2.0, 2.5, 0.9
    for _ in range(9):
        grid = [
            (mean + a * wide, max(0.05, sigma + b * high))
            for a in (-2, -1, 0, 1, 2)
            for b in (-1, -0.5, 0, 0.5, 1)
        ]
        mean, sigma = max(grid, key=lambda at: _likelihood(counts, times, *at))
        wide, high = wide * 0.55, high * 0.6
    return sigma


def poisson_lognormal(counts: Ints, mean: float, sigma: float) -> Floats:
    """P(count) of a Poisson count whose rate's logarithm is normal (`mean`, `sigma`); summed over a fine grid."""
    rates = np.arange(mean - 6.5 * sigma, mean + 6.5 * sigma, min(0.08, sigma / 6))
    density = np.exp(-0.5 * ((rates - mean) / sigma) ** 2)
    density /= density.sum()
    small = counts[counts <= EXACT]
    factorials = np.r_[0.0, np.cumsum(np.log(np.arange(1, EXACT + 1)))]
    found = np.empty(len(counts))
    found[counts <= EXACT] = [
        density @ np.exp(count * rates - np.exp(rates) - factorials[count]) for count in small
    ]
    large = counts[counts > EXACT]
    found[counts > EXACT] = np.exp(-0.5 * ((np.log(large) - mean) / sigma) ** 2) / (
        sigma * sqrt(2 * np.pi) * large
    )
    return found


def expected_top(sigma: float, viewers: float, part: float) -> float:
    """The raw share of the top `part` of *seen* items, if rates have log-sd `sigma` and a seen item has `viewers`
    (> 1) on the mean."""
    low, high = -30.0, 15.0
    for _ in range(40):
        middle = (low + high) / 2
        none = float(poisson_lognormal(np.array([0]), middle, sigma)[0])
        seen = exp(middle + sigma * sigma / 2) / max(1 - none, 1e-12)
        low, high = (middle, high) if seen < viewers else (low, middle)
    edges = np.unique(
        np.r_[np.arange(1, EXACT), np.geomspace(EXACT, EXACT + exp(low + 5.5 * sigma), 600).astype(np.int64)]
    )
    width = np.r_[np.diff(edges), 1]
    items = poisson_lognormal(edges, low, sigma) * width
    views = items * (edges + (width - 1) / 2)
    return float(np.interp(part, np.cumsum(items[::-1]) / items.sum(), np.cumsum(views[::-1]) / views.sum()))


def _likelihood(counts: Ints, times: Ints, mean: float, sigma: float) -> float:
    chance = np.maximum(poisson_lognormal(np.r_[0, counts], mean, sigma), 1e-300)
    return float(times @ np.log(chance[1:]) - times.sum() * log(max(1e-300, 1 - chance[0])))


def _or_nan(take: Callable[[Floats], Any], values: Floats) -> float:
    return float(take(values)) if len(values) else float("nan")


def _below(point: float) -> float:
    return 0.5 * (1 + erf(point / sqrt(2)))


def _point(part: float) -> float:
    low, high = -10.0, 10.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _below(middle) < part else (low, middle)
    return low
