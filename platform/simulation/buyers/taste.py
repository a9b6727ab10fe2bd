"""What goods are worth to buyers who see them: price, sales, grade, good rate, indices, badge and content, as one number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common import exact
from simulation.scenario.shapes import Behaviour
from simulation.shelf import Shelf

Floats = NDArray[np.float64]

USUAL_GOOD_RATE = 0.98  # what a shop without a record is taken for, as is one without indices
USUAL_INDEX = 4.7
ACCEPTED = 0.8  # of usual goods that somebody meant to buy: the others are better or worse than that
ACCEPT_LEAST, ACCEPT_MOST = 0.05, 1.0


@dataclass(frozen=True, eq=False)
class Worth:
    """By place on the shelf. `drawn`: how much more often goods are clicked than others beside them; `bought`: e to the
    log-odds of choosing them; `accepted`: the share of buyers who go through with it; `record`: log-odds that reputation
    alone gives, for those who care more or less than others."""

    drawn: Floats
    bought: Floats
    accepted: Floats
    record: Floats


def worth(shelf: Shelf, b: Behaviour) -> Worth:
    """From what result pages and item pages show."""
    of = shelf.of
    sales = exact.log(1.0 + of["sales"].astype(float))
    good = np.where(of["good_rate_bps"] >= 0, of["good_rate_bps"] / 10_000.0, USUAL_GOOD_RATE)
    stars = sum(
        np.where(of[name] >= 0, of[name] / 100.0, USUAL_INDEX)
        for name in ("description", "service", "delivery")
    )
    content = 0.7 * of["richness"] / 100.0 + 0.3 * np.minimum(of["pictures"], 10) / 10.0
    record = (
        b.reputation_weight * of["level"] / 5.0
        + b.good_rate_weight * (good - USUAL_GOOD_RATE) * 10.0
        + b.dsr_weight * (stars / 3.0 - USUAL_INDEX)
        + b.badge_weight * of["protection"]
    )
    rest = b.content_weight * (content - 0.5) - b.price_weight * shelf.usual
    crowd = b.sales_weight * (sales - (sales.mean() if len(sales) else 0.0))
    odds = record + rest + crowd
    seen = 0.5 * (record + b.content_weight * (content - 0.5) + crowd) - 0.3 * b.price_weight * shelf.usual
    return Worth(
        drawn=exact.exp(np.clip(shelf.appeal + seen, -12.0, 12.0)),
        bought=exact.exp(np.clip(odds, -6.0, 6.0)),
        accepted=np.clip(
            ACCEPTED * exact.exp(np.clip(0.5 * (record + rest), -4.0, 4.0)), ACCEPT_LEAST, ACCEPT_MOST
        ),
        record=record,
    )
