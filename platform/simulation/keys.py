"""What keys the draws about a dealing (who, with whom and when) and about a listing (whose, and which of theirs).

Not their numbers: numbers are given in order, so one order more would move the draws about everybody's later ones, and
two markets that differ by a bid would differ everywhere.
"""

from __future__ import annotations

LISTINGS = 1 << 20  # more than anybody ever lists


def dealing(row: str, at: str, seller: str = "seller_id") -> str:
    """SQL of the key (63 bits) of `row`, between its `buyer_id` and `seller`, by the moment in its column `at`."""
    when = f"(mod(extract(epoch FROM {row}.{at})::bigint, 2147483648) << 32)"
    return f"({when} + mod({row}.buyer_id * 65599 + {seller if '.' in seller else f'{row}.{seller}'}, 4294967296))"


# Of a listing called l: how many its shop listed before it.
NTH = "(SELECT count(*) FROM shops_listing e WHERE e.shop_id = l.shop_id AND e.id < l.id)"
TRADE = dealing("o", "placed_at")  # of an order called o


def of_order(number: str) -> str:
    """SQL of the key of the order that `number` names; asked row by row, where a join might read all orders."""
    return f"(SELECT {TRADE} FROM shops_order o WHERE o.id = {number})"
