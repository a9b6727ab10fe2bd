"""Who stands higher at equal bid times quality: the earlier bid, the later one, or a draw per auction."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from common import random

PURPOSE = "auction.tie"


def drawn(seed: int, auctions: ArrayLike, bidders: int) -> NDArray[np.float64]:
    """`placed` for `clear`, from the numbers of the auctions (64 bits each): (B, bidders), all in [0, 1).

    The same number draws the same, in any block and on any machine; another number draws anew.
    """
    numbers = np.asarray(auctions).reshape(-1, 1)
    return random.uniforms(seed, PURPOSE, numbers, np.arange(bidders).reshape(1, -1))


def precedence(
    placed: NDArray[np.generic] | None, shape: tuple[int, int], *, later: bool
) -> NDArray[np.int64] | None:
    """Columns in the order in which ties go to them, (B, N); None when that is the order they stand in.

    placed: when each bid was placed, (B, N) or (N,), any sortable numbers; equal ones go by column.
    """
    if placed is None and not later:
        return None
    if placed is None:
        first = np.broadcast_to(np.arange(shape[1]), shape)
    else:
        first = np.argsort(np.broadcast_to(placed, shape), axis=1, kind="stable")
    return np.ascontiguousarray(first[:, ::-1] if later else first)
