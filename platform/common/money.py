"""Money is whole fen. One hundred fen are one yuan; rates are basis points. No floats."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from common.errors import Invalid

MAX_FEN = 10**15  # ten trillion yuan: far above any market, far below 2**63
YUAN = re.compile(r"^\d{1,13}(\.\d{1,2})?$")


def yuan(text: str) -> int:
    """Fen of a decimal amount in yuan (`"12.30"` -> 1230). Raises `Invalid` for anything else."""
    if not YUAN.match(text):
        raise Invalid(f"{text!r} is not an amount in yuan", rule="amount_in_yuan", way_out='Write "12.30".')
    return int((Decimal(text) * 100).to_integral_exact())


def show_yuan(fen: int) -> str:
    """`1230` -> `"12.30"`; negative amounts keep their sign."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def share(amount_fen: int, bps: int) -> int:
    """`bps` basis points of `amount_fen`, rounded half up to the fen (both >= 0)."""
    return (amount_fen * bps + 5000) // 10000


def round_half_up(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def split(amount_fen: int, weights: list[int]) -> list[int]:
    """`amount_fen` in whole parts proportional to `weights`; the parts add up to the fen.

    The left-over fen go to the largest remainders, ties to the earlier part.
    """
    if len(weights) == 1:
        return [amount_fen]
    total = sum(weights)
    if total == 0:
        return [amount_fen] + [0] * (len(weights) - 1) if weights else []
    parts = [amount_fen * weight // total for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(amount_fen * weights[i] % total), i))
    for i in order[: amount_fen - sum(parts)]:
        parts[i] += 1
    return parts
