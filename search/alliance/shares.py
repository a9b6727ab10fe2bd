"""How much of a commission stands: pure arithmetic, to the fen, whatever the order of refunds and settlement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.money import share, split

BASES = ("paid_without_postage", "paid")


@dataclass(frozen=True, slots=True)
class Due:
    """What the seller owes for a commission: to the owner, and the platform's fees on both sides. Fen."""

    earning_fen: int
    seller_fee_fen: int
    owner_fee_fen: int

    def less(self, other: Due) -> Due:
        return Due(
            self.earning_fen - other.earning_fen,
            self.seller_fee_fen - other.seller_fee_fen,
            self.owner_fee_fen - other.owner_fee_fen,
        )


NONE_DUE = Due(0, 0, 0)


def base_of(goods_fen: int, postage_fen: int, base: str) -> int:
    """What the commission is a share of, of a line that paid so much for goods and postage."""
    return goods_fen + postage_fen if base == "paid" else goods_fen


def earning_of(goods_fen: int, postage_fen: int, base: str, rate_bps: int) -> int:
    """The commission of a line of which nothing was refunded."""
    return share(base_of(goods_fen, postage_fen, base), rate_bps)


def standing(row: Mapping[str, Any]) -> Due:
    """What stands of commission `row` (columns of `Commission`) after the refunds it knows.

    A refund gives goods and postage back in proportion; the commission and both fees shrink with what is left of
    their base, each from its full amount: so many small refunds end where one large one does, and a full refund
    leaves nothing.
    """
    goods, postage = row["goods_fen"], row["postage_fen"]
    base = base_of(goods, postage, row["base"])
    refunded = row["refunded_fen"]
    back = refunded if row["base"] == "paid" else split(refunded, [goods, postage])[0]
    weights = [base - back, back]
    full = Due(
        row["earning_fen"],
        share(row["earning_fen"], row["seller_fee_bps"]),
        share(row["earning_fen"], row["owner_fee_bps"]),
    )
    return Due(
        split(full.earning_fen, weights)[0],
        split(full.seller_fee_fen, weights)[0],
        split(full.owner_fee_fen, weights)[0],
    )


def paid(row: Mapping[str, Any]) -> Due:
    """What of it was paid and not taken back."""
    return Due(row["paid_fen"], row["paid_seller_fee_fen"], row["paid_owner_fee_fen"])
