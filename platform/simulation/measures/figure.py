"""A figure with its interval: statistics that can be taken again with other weights on the users.

Users are the units drawn: one user's acts hang together, so every interval resamples whole users (a cluster
bootstrap; Cameron, Gelbach & Miller 2008). A statistic is a function of one weight a user; all ones is the
figure itself. Draws are keyed by the figure's place, so the same log always gives the same interval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.random import uniforms

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Weighted = Callable[[Floats], float]
REPEATS = 200
TAILS = (2.5, 97.5)  # per cent: what a 95 % interval leaves out on each side


@dataclass(frozen=True)
class Figure:
    """`value` and its 95 % interval; nan where the log cannot say (no buys, no second weekday)."""

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Statistic:
    """A name and the number it takes under weights of the users (or of the shops)."""

    name: str
    of: Weighted


def ratio(name: str, above: Floats | Ints, below: Floats | Ints, scale: float = 1.0) -> Statistic:
    """`scale` × sum of `above` / sum of `below`; each has one entry a user."""
    return Statistic(name, lambda weights: scale * _divided(float(weights @ above), float(weights @ below)))


def share(name: str, marked: NDArray[np.bool_], owner: Ints, users: int) -> Statistic:
    """Of things that belong to users, the share that is marked. `owner` is 0..users-1."""
    return ratio(name, np.bincount(owner[marked], minlength=users), np.bincount(owner, minlength=users))


def quantiles(names: dict[str, float], values: Floats | Ints, owner: Ints) -> list[Statistic]:
    """Quantiles (0..1, by name) of values that belong to users: the least value with that share at or below."""
    order = np.argsort(values, kind="stable")
    values, owner = values[order], owner[order]

    def at(point: float) -> Weighted:
        def of(weights: Floats) -> float:
            below = np.cumsum(weights[owner])
            if not len(below) or not below[-1]:
                return float("nan")
            return float(values[np.searchsorted(below, point * below[-1] * (1 - 1e-12))])

        return of

    return [Statistic(name, at(point)) for name, point in names.items()]


def spread(name: str, values: Floats, owner: Ints) -> Statistic:
    """Standard deviation (population form) of values that belong to users."""

    def of(weights: Floats) -> float:
        mine = weights[owner]
        mean = _divided(float(mine @ values), float(mine.sum()))
        return float(np.sqrt(_divided(float(mine @ (values - mean) ** 2), float(mine.sum()))))

    return Statistic(name, of)


def bootstrapped(statistics: Iterable[Statistic], users: int, repeats: int = REPEATS) -> list[Figure]:
    """Each statistic with its percentile interval over `repeats` samples of as many users, with replacement."""
    draws = [_sample(users, number) for number in range(repeats)]
    found = []
    for statistic in statistics:
        again = np.array([statistic.of(weights) for weights in draws])
        found.append(_figure(statistic, users, again[~np.isnan(again)]))
    return found


def jackknifed(statistics: Iterable[Statistic], users: int, groups: int = 20) -> list[Figure]:
    """Each statistic with a normal interval from leaving out one of `groups` of users in turn.

    For what counts distinct users, which a bootstrap would count twice. Users fall into groups by number.
    """
    member = np.arange(users) % groups
    found = []
    for statistic in statistics:
        value = statistic.of(np.ones(users))
        left = np.array(
            [statistic.of((member != group).astype(float)) for group in range(min(groups, users))]
        )
        reach = 1.96 * float(np.sqrt((len(left) - 1) * np.var(left))) if len(left) > 1 else float("nan")
        found.append(Figure(statistic.name, value, value - reach, value + reach))
    return found


def _sample(users: int, number: int) -> Floats:
    picked = (uniforms(0, "measures.bootstrap", np.arange(users), number) * users).astype(np.int64)
    return np.bincount(picked, minlength=users).astype(np.float64)


def _figure(statistic: Statistic, users: int, again: Floats) -> Figure:
    low, high = np.percentile(again, TAILS) if len(again) else (np.nan, np.nan)
    return Figure(statistic.name, statistic.of(np.ones(users)), float(low), float(high))


def _divided(above: float, below: float) -> float:
    return above / below if below else float("nan")
