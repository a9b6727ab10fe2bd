"""How unevenly something is spread over those who share it: Gini, top shares, Herfindahl-Hirschman."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

TOPS = (1, 10, 20)  # percent of the holders


def gini(values: ArrayLike) -> float | None:
    """0 when all have the same, towards 1 when one has everything; None when there is nothing to share.

    Half the mean absolute difference of two holders, over the mean. Holders of nothing count.
    """
    held = np.sort(np.asarray(values, dtype=np.float64))
    whole = held.sum()
    if not held.size or whole <= 0:
        return None
    rank = np.arange(1, held.size + 1)
    return float(2 * (rank * held).sum() / (held.size * whole) - (held.size + 1) / held.size)


def top_share(values: ArrayLike, percent: float) -> float | None:
    """What the `percent` of holders that have most have of all (0 to 1); at least one holder, rounded up."""
    held = np.sort(np.asarray(values, dtype=np.float64))[::-1]
    whole = held.sum()
    if not held.size or whole <= 0:
        return None
    many = max(1, int(np.ceil(held.size * percent / 100 - 1e-9)))
    return float(held[:many].sum() / whole)


def hhi(values: ArrayLike) -> float | None:
    """Sum of squared shares: 1 / n when n share alike, 1 when one has everything."""
    held = np.asarray(values, dtype=np.float64)
    whole = held.sum()
    return float(((held / whole) ** 2).sum()) if held.size and whole > 0 else None


def spread(values: Sequence[float] | ArrayLike) -> Mapping[str, float | None]:
    """All of them: {"gini", "hhi", "top_1", "top_10", "top_20"}."""
    tops = {f"top_{percent}": top_share(values, percent) for percent in TOPS}
    return {"gini": gini(values), "hhi": hhi(values), **tops}
