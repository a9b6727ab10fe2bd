"""The figures of a market's shops: reputation, sales, goods. Pure functions over one row a shop.

Intervals resample shops. Real counterpart: 40,000 shops of a shop search of 2017 with these very columns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from simulation.measures.figure import Figure, Floats, Statistic, bootstrapped

LEVEL = 0.95  # the positive rate below which a buyer is warned in most guides; the real file's own threshold
PAIRS = (
    ("description", "service"),
    ("description", "logistics"),
    ("service", "logistics"),
    ("description", "positive"),
    ("service", "positive"),
    ("logistics", "positive"),
    ("description", "sales"),
    ("service", "sales"),
    ("logistics", "sales"),
)


@dataclass(frozen=True, eq=False)
class Shops:
    """One entry a shop, nan where it has none yet: `positive` 0..1, indices 1..5 stars, `sales` pieces, `items` on sale."""

    positive: Floats
    description: Floats
    service: Floats
    logistics: Floats
    sales: Floats
    items: Floats


def shop_figures(shops: Shops, repeats: int = 200) -> list[Figure]:
    """Medians, tails, spreads and rank correlations of shops, with 95 % intervals over shops."""
    selling = shops.sales[shops.sales > 0]
    rated = shops.positive[~np.isnan(shops.positive)]
    found = bootstrapped(
        [
            _of("positive_median", rated, np.median),
            _of("positive_p5", rated, _quantile(0.05)),
            _of("positive_p95", rated, _quantile(0.95)),
            _of("positive_below_95", rated, lambda v: float((v < LEVEL).mean())),
        ],
        len(rated),
        repeats,
    )
    for name in ("description", "service", "logistics"):
        index = getattr(shops, name)
        index = index[~np.isnan(index)]
        found += bootstrapped(
            [_of(f"{name}_median", index, np.median), _of(f"{name}_p5", index, _quantile(0.05))],
            len(index),
            repeats,
        )
    for one, other in PAIRS:
        found += _correlation(one, other, getattr(shops, one), getattr(shops, other), repeats)
    found += bootstrapped(
        [
            _of("shop_sales_median", selling, np.median),
            _of("shop_sales_log_sd", np.log(selling), np.std),
            _of("shop_sales_gini", selling, gini),
            _of(
                "shop_sales_top_1",
                selling,
                lambda v: float(np.sort(v)[-max(1, round(len(v) / 100)) :].sum() / v.sum()),
            ),
        ],
        len(selling),
        repeats,
    )
    stocked = shops.items[shops.items > 0]
    return found + bootstrapped(
        [
            _of("items_per_shop_median", stocked, np.median),
            _of("items_per_shop_log_sd", np.log(stocked), np.std),
        ],
        len(stocked),
        repeats,
    )


def gini(values: Floats) -> float:
    """Gini coefficient, 0 (all equal) to 1, of values >= 0; nan if they add up to nothing."""
    rising = np.sort(values)
    total = rising.sum()
    if not total:
        return float("nan")
    count = len(rising)
    return float((2 * np.arange(1, count + 1) - count - 1) @ rising / (count * total))


def spearman(one: Floats, other: Floats) -> float:
    """Rank correlation, ties at their mean rank; nan when one side does not vary or there are fewer than 3."""
    if len(one) < 3:
        return float("nan")
    first, second = _ranks(one), _ranks(other)
    if not first.std() or not second.std():
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])


def _of(name: str, values: Floats, take: Callable[[Floats], float]) -> Statistic:
    def of(weights: Floats) -> float:
        again = np.repeat(values, weights.astype(np.int64))
        return float(take(again)) if len(again) else float("nan")

    return Statistic(name, of)


def _correlation(one: str, other: str, x: Floats, y: Floats, repeats: int) -> list[Figure]:
    both = ~(np.isnan(x) | np.isnan(y))
    x, y = x[both], y[both]

    def of(weights: Floats) -> float:
        times = weights.astype(np.int64)
        return spearman(np.repeat(x, times), np.repeat(y, times))

    return bootstrapped([Statistic(f"spearman_{one}_{other}", of)], len(x), repeats)


def _quantile(point: float) -> Callable[[Floats], float]:
    return lambda values: float(np.quantile(values, point))


def _ranks(values: Floats) -> Floats:
    _, place, times = np.unique(values, return_inverse=True, return_counts=True)
    upto = np.cumsum(times)
    return (upto - (times - 1) / 2.0)[place]
