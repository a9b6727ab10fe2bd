"""Many finished trades at once, their feedback answered and sealed, ready to be revealed in any order.

Orders and lines are written as finished ones stand; answers, reveals, decisions and daily runs are the real
ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from common.batch import execute, insert, rows
from ratings.models import Feedback
from shops.models import Order, OrderLine
from tests.ratings.fair import Fair


@dataclass(frozen=True)
class Told:
    """One trade line of the past: who, what, when created (hours after the market began), what was said."""

    buyer: int
    item: int
    hours: int
    verdict: int
    fen: int = 9_900
    stars: tuple[int, int, int] = (5, 5, 5)
    silent: bool = False
    in_index: bool = True


def write(fair: Fair, told: list[Told], *, seller: str = "bob") -> list[int]:
    """Sealed feedbacks of these trades about `seller`, in order; all succeed the moment they were created."""
    owner = fair.member(seller)
    began = fair.at
    listings = {t.item: fair.listing(seller, f"货{t.item}") for t in told}
    buyers = {t.buyer: fair.member(f"buyer{t.buyer}") for t in told}
    moments = [began + timedelta(hours=t.hours) for t in told]
    orders = insert(
        Order, [_order(buyers[t.buyer], owner, t, at) for t, at in zip(told, moments, strict=True)]
    )
    lines = insert(OrderLine, [_line(o, listings[t.item], t) for o, t in zip(orders, told, strict=True)])
    ids = insert(
        Feedback,
        [
            {"line_id": line, "order_id": order, "listing_id": listings[t.item], "rater_id": buyers[t.buyer],
             "subject_id": owner, "side": "buyer", "status": "sealed", "order_fen": t.fen, "escrowed": True,
             "in_index": t.in_index, "dispatch_hundredths": None, "dispatch_bps": 0, "struck": 0,
             "traded_at": at, "opened_at": at, "closes_at": at + timedelta(days=15),
             "left_at": None if t.silent else at, "comment": ""}
            for line, order, t, at in zip(lines, orders, told, moments, strict=True)
        ],
    )  # fmt: skip
    for key, t, at in zip(ids, told, moments, strict=True):
        execute(
            "INSERT INTO ratings_answer VALUES (%s, %s, %s, '', false, %s, %s)",
            [key, t.verdict, [*t.stars, 5, 5], t.silent, at],
        )
    return ids


def _order(buyer: int, seller: int, t: Told, at: datetime) -> dict[str, Any]:
    shop = rows("SELECT id FROM shops_shop WHERE owner_id = %s", [seller])[0][0]
    return {
        "buyer_id": buyer, "seller_id": seller, "shop_id": shop, "kind": "plain", "status": "finished",
        "goods_fen": t.fen, "postage_fen": 0, "discount_fen": 0, "adjust_fen": 0, "total_fen": t.fen,
        "refunded_fen": 0, "compensation_fen": 0, "delivery": "express", "placed_at": at, "pay_by": at,
        "paid_at": at, "ship_by": at, "shipped_at": at, "confirm_by": at, "finished_at": at, "closed_by": "",
        "modified_at": at, "open_refunds": 0, "seller_extensions": 0, "buyer_extensions": 0, "message": "",
        "memo": "", "flag": 0, "receiver": {},
    }  # fmt: skip


def _line(order: int, listing: int, t: Told) -> dict[str, Any]:
    return {
        "order_id": order, "listing_id": listing, "title": "货", "quantity": 1, "price_fen": t.fen,
        "paid_fen": t.fen, "postage_fen": 0, "refunded_fen": 0, "delivery": "express", "snapshot": {},
        "taken_count": 0,
    }  # fmt: skip
