"""Means and what they could have been: Student's t without a table, and paired differences."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import exp, lgamma, log, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from common import random

LEVEL = 0.95
DRAWS = 10_000
Floats = NDArray[np.float64]


def t_cdf(t: float, df: float) -> float:
    """P(T <= t) of Student's t with `df` degrees of freedom, by the incomplete beta function."""
    tail = 0.5 * _beta(df / (df + t * t), df / 2, 0.5)
    return 1 - tail if t > 0 else tail


@lru_cache(maxsize=256)
def t_quantile(p: float, df: float) -> float:
    """The t below which T stays with probability `p` (0.5 to 1): 2.262 for 0.975 and 9."""
    low, high = 0.0, 1.0
    while t_cdf(high, df) < p:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if t_cdf(middle, df) < p else (low, middle)
    return (low + high) / 2


def _beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function, by Lentz's continued fraction."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(1 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x)) / a
    tiny = 1e-300
    c, d, f = 1.0, 0.0, 1.0
    for i in range(400):
        m = i // 2
        if i == 0:
            term = 1.0
        elif i % 2 == 0:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        else:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / ((1 + term * d) or tiny)
        c = (1 + term / c) or tiny
        f *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return front * (f - 1)


@dataclass(frozen=True)
class Paired:
    """Differences of pairs. `d`: their mean over their standard deviation (d_z), `g`: `d` by Hedges' correction.

    Intervals are of the mean difference, 95 %; None where too few pairs, or all alike, tell nothing.
    """

    n: int
    mean: float
    sd: float | None
    d: float | None
    g: float | None
    t_interval: tuple[float, float] | None
    bootstrap: tuple[float, float] | None
    up: int
    down: int
    same: int


def paired(differences: ArrayLike, *, seed: int = 0, what: str = "") -> Paired:
    """What pairs of equal seed say; the bootstrap draws whole pairs, keyed by `seed` and `what`."""
    held = np.asarray(differences, dtype=np.float64)
    held = held[~np.isnan(held)]
    n = held.size
    signs = int((held > 0).sum()), int((held < 0).sum()), int((held == 0).sum())
    if n == 0:
        return Paired(0, float("nan"), None, None, None, None, None, *signs)
    mean = float(held.mean())
    if n == 1:
        return Paired(1, mean, None, None, None, None, None, *signs)
    sd = float(held.std(ddof=1))
    half = t_quantile(0.5 + LEVEL / 2, n - 1) * sd / sqrt(n)
    drawn = random.stream(seed, "experiment.bootstrap", what).integers(0, n, size=(DRAWS, n))
    low, high = np.quantile(held[drawn].mean(axis=1), [0.5 - LEVEL / 2, 0.5 + LEVEL / 2]).tolist()
    d = mean / sd if sd > 0 else None
    g = d * (1 - 3 / (4 * (n - 1) - 1)) if d is not None else None
    return Paired(n, mean, sd, d, g, (mean - half, mean + half), (low, high), *signs)
