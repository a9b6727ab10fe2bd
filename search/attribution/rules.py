"""Touches, and the models that share a sale out to them: tables and pure functions.

A touch is a visit of the later buyer to the shop: page views one after another, from one source. Within a visit
(no pause longer than `traffic.session_gap_minutes`) a view from a source of no scheme (`OWN_WAY`: direct, repeat)
follows the one before it: who clicks about in a shop was brought by what brought them there. Any other source starts
another touch, and so does a visit. A touch counts that began within `traffic.attribution_days` before the order was placed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from common.money import split
from traffic.rules import SOURCE, SOURCES

OWN_WAY = tuple(source.code for source in SOURCES if source.scheme == "none")
DIRECT = SOURCE["direct"].code
THOUSAND = 1_000  # orders are shared out in thousandths


@dataclass(frozen=True)
class Model:
    """A way to share a sale out to what brought it. `weights`: of each touch, from the sources in their order."""

    name: str
    weights: Callable[[Sequence[int]], list[int]]
    words: str


def _only(which: int, many: int) -> list[int]:
    return [int(n == which) for n in range(many)]


def _brought(path: Sequence[int]) -> int:
    """The place of the last touch that a scheme brought; of the last where none did."""
    return max((n for n, source in enumerate(path) if source not in OWN_WAY), default=len(path) - 1)


# fmt: off
MODELS = (
    #     name               weights of the touches                          words
    Model("first",           lambda path: _only(0, len(path)),               "all to the touch that came first: who made the shop known"),
    Model("last",            lambda path: _only(len(path) - 1, len(path)),   "all to the last touch before the order: who closed the sale"),
    Model("last_non_direct", lambda path: _only(_brought(path), len(path)),  "all to the last touch that some scheme brought; direct and repeat only where nothing else was"),
    Model("linear",          lambda path: [1] * len(path),                   "as much to each touch"),
)
# fmt: on
MODEL = {model.name: model for model in MODELS}


def path_of(touches: Sequence[int]) -> list[int]:
    """The sources of a sale's touches; a sale that nobody was seen coming to came direct."""
    return list(touches) or [DIRECT]


def shares(amount: int, path: Sequence[int], model: str) -> dict[int, int]:
    """`amount` (fen, or thousandths of orders) by source, in the order in which each first came; the sum is `amount`.

    What is left over goes to the largest remainders, ties to the earlier source (`common.money.split`).
    """
    weights: dict[int, int] = dict.fromkeys(path, 0)
    for source, weight in zip(path, MODEL[model].weights(path), strict=True):
        weights[source] += weight
    return dict(zip(weights, split(amount, list(weights.values())), strict=True))
