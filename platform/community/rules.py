"""What makes growth, what growth makes of a member, and how long that lasts.

| what happens                              | growth                                                         |
|-------------------------------------------|----------------------------------------------------------------|
| a trade succeeds                          | + `members.growth_per_yuan_points` for each whole yuan of it   |
| money of it is given back, at any time    | - what that trade gave beyond the whole yuan that are left     |
| a rate or a threshold changes             | everybody's is reckoned anew by it, the next night             |
| a public album item                       | none yet: albums are not built, their lever stands ready       |

| at night                                  | level                                                          |
|-------------------------------------------|----------------------------------------------------------------|
| growth reaches a higher level             | that one, which holds `members.vip_level_least_days` from then |
| growth gives less, and the level holds    | as it was                                                      |
| growth gives less, and it holds no more   | what growth gives, without a new hold: nobody climbed          |

**Spending is money that was paid and stayed paid.** A trade whose feedback was struck as fake counts like any other: a
strike rules on what a verdict is worth, line by line, and can be taken back; the money of the trade was paid into escrow,
reached the seller and was not given back. Nor is it asked whether buyer and seller are one person: the market does not
know. What a brusher's membership deserves is a sanction, which is governance's to speak (not built). Compensation for
late parcels and the postage of returns are no refunds: they are paid for trouble, not off the price.
"""

from __future__ import annotations

from collections.abc import Sequence

LEVELS_MOST = 6
FEN_A_YUAN = 100


def to_next(level_now: int, growth_points: int, ladder: Sequence[int]) -> int | None:
    """Growth that is lacking for the level after `level_now`; None on the highest."""
    return max(ladder[level_now] - growth_points, 0) if level_now < len(ladder) else None
