"""Elasticities of a panel: the within estimator with errors clustered by shop; and survival by Kaplan and Meier. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.intervals import LEVEL, t_quantile

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LEAST_SHOPS, LEAST_ROWS = 3, 20


@dataclass(frozen=True)
class Estimate:
    """What 1 % more of one thing does to another, in percent; None where the panel cannot tell, and why."""

    elasticity: float | None
    se: float | None
    low: float | None
    high: float | None
    rows: int
    shops: int
    days: int
    why_not: str = ""

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def within(y: Floats, x: Floats, shop: Ints, day: Ints) -> list[Estimate]:
    """The slopes of `y` on the columns of `x`, what is a shop's or a day's own taken out of both.

    Shapes: (n,), (n, k), (n,), (n,). Errors may hang together within a shop in any way (clustered, with the usual
    small-sample factor); the interval is t's with shops - 1 degrees of freedom. A column that does not move within
    shops and days gets no estimate and leaves the others theirs.
    """
    n, k = x.shape
    shops, days = len(np.unique(shop)), len(np.unique(day))
    facts = (n, shops, days)
    if n < LEAST_ROWS or shops < LEAST_SHOPS or days < 2:
        return [Estimate(None, None, None, None, *facts, "too few shops or days")] * k
    s, d = np.unique(shop, return_inverse=True)[1], np.unique(day, return_inverse=True)[1]
    moved = demeaned(np.column_stack([y, x]), s, d)
    y, x = moved[:, 0], moved[:, 1:]
    use = _independent(x)
    if not use:
        return [Estimate(None, None, None, None, *facts, "it does not move")] * k
    z = x[:, use]
    slopes, *_ = np.linalg.lstsq(z, y, rcond=None)
    left = y - z @ slopes
    bread = np.linalg.inv(z.T @ z)
    scores = np.zeros((shops, len(use)))
    np.add.at(scores, s, z * left[:, None])
    small = shops / (shops - 1) * (n - 1) / max(n - len(use) - (days - 1), 1)
    errors = np.sqrt(np.maximum(np.diag(bread @ (scores.T @ scores) @ bread) * small, 0.0))
    half = t_quantile(0.5 + LEVEL / 2, shops - 1)
    made = dict(zip(use, zip(slopes.tolist(), errors.tolist(), strict=True), strict=True))
    return [
        Estimate(
            made[c][0], made[c][1], made[c][0] - half * made[c][1], made[c][0] + half * made[c][1], *facts
        )
        if c in made
        else Estimate(None, None, None, None, *facts, "it does not move, or only as another does")
        for c in range(k)
    ]


def demeaned(values: Floats, shop: Ints, day: Ints, *, rounds: int = 500, near: float = 1e-12) -> Floats:
    """`values` (n, k) less their means by shop and by day, again and again until neither is left."""
    left = values - values.mean(axis=0)
    size = np.abs(left).max(axis=0) + 1e-300
    for _ in range(rounds):
        before = left
        for group in (shop, day):
            count = np.bincount(group).astype(np.float64)
            means = np.column_stack([np.bincount(group, column) for column in left.T]) / count[:, None]
            left = left - means[group]
        if (np.abs(left - before).max(axis=0) / size).max() < near:
            break
    return left


def _independent(x: Floats) -> list[int]:
    """Columns that move, and not only as those before them do."""
    use: list[int] = []
    for column in range(x.shape[1]):
        rest = x[:, column]
        whole = float(rest @ rest)
        if use:
            slopes, *_ = np.linalg.lstsq(x[:, use], rest, rcond=None)
            rest = rest - x[:, use] @ slopes
        if float(rest @ rest) > 1e-9 * max(whole, len(rest) * 1e-6):
            use.append(column)
    return use


def slopes(y: Floats, x: Floats, there: NDArray[np.bool_]) -> list[float | None]:
    """For every row of (rows, columns) the slope of `y` on `x` over the columns that are `there`; None with too little."""
    found: list[float | None] = []
    for one_y, one_x, here in zip(y, x, there, strict=True):
        a, b = one_x[here], one_y[here]
        spread = ((a - a.mean()) ** 2).sum() if a.size >= LEAST_SHOPS else 0.0
        found.append(float(((a - a.mean()) * (b - b.mean())).sum() / spread) if spread > 1e-9 else None)
    return found


def kaplan_meier(days: Sequence[int], died: Sequence[bool]) -> list[dict[str, Any]]:
    """Survival after each day on which somebody died: [{"day", "at_risk", "died", "share", "low", "high"}].

    `days` since opening, to death or to the end of what is known. Greenwood's error, on the log-log scale, so that
    the 95 % interval stays between 0 and 1.
    """
    held, end = np.asarray(days, dtype=np.int64), np.asarray(died, dtype=bool)
    share, summed, curve = 1.0, 0.0, []
    for day in np.unique(held[end]).tolist():
        at_risk, deaths = int((held >= day).sum()), int((held[end] == day).sum())
        share *= 1 - deaths / at_risk
        summed += deaths / (at_risk * (at_risk - deaths)) if at_risk > deaths else 0.0
        low, high = _between(share, summed)
        curve.append(
            {"day": day, "at_risk": at_risk, "died": deaths, "share": share, "low": low, "high": high}
        )
    return curve


def _between(share: float, summed: float) -> tuple[float | None, float | None]:
    if not 0 < share < 1:
        return None, None
    half = 1.959964 * sqrt(summed) / abs(np.log(share))
    return float(share ** np.exp(half)), float(share ** np.exp(-half))
