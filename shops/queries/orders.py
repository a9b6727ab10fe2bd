"""Orders as their two sides read them, and what each of them may do now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from common.batch import dicts, one
from common.errors import Invalid, NotFound
from regime import queries as regime
from shops.rules import clocks
from shops.rules.order import IN_ESCROW, TAOBAO_ORDER_STATUS, line_status, steps_open
from shops.rules.refund import REFUND_OPEN

LINES = """
    (SELECT json_agg(json_build_object(
         'id', l.id, 'listing', l.listing_id, 'title', l.title, 'quantity', l.quantity, 'price_fen',
         l.price_fen,
         'paid_fen', l.paid_fen, 'postage_fen', l.postage_fen, 'refunded_fen', l.refunded_fen, 'delivery',
         l.delivery,
         'shipment', l.shipment_id, 'shipped_at', l.shipped_at, 'closed', l.closed_at IS NOT NULL,
         'refund', r.id, 'refund_status', r.status) ORDER BY l.id)
       FROM shops_orderline l
       LEFT JOIN LATERAL (SELECT id, status FROM shops_refund r WHERE r.line_id = l.id
       ORDER BY id DESC LIMIT 1) r ON true
      WHERE l.order_id = o.id) AS lines
"""
ORDER = f"""
    SELECT o.id, o.status, o.kind, o.buyer_id AS buyer, b.nick AS buyer_nick, o.seller_id AS seller,
    s.nick AS seller_nick,
           o.shop_id AS shop, o.deal_id AS deal, o.goods_fen, o.postage_fen, o.discount_fen, o.adjust_fen,
           o.total_fen, o.refunded_fen, o.compensation_fen, o.delivery, o.placed_at, o.pay_by, o.paid_at,
           o.ship_by, o.overdue_at, o.shipped_at, o.confirm_by, extract(epoch
           FROM o.confirm_left)::bigint AS confirm_left_seconds,
           o.finished_at, o.closed_at, o.closed_by, o.modified_at, o.open_refunds, o.seller_extensions,
           o.buyer_extensions, o.message, o.memo, o.flag, o.receiver::json AS receiver, {LINES}
      FROM shops_order o JOIN members_member b ON b.id = o.buyer_id
      JOIN members_member s ON s.id = o.seller_id
"""
FILTERS = {
    "status": "o.status = ANY(%(status)s)",
    "buyer": "o.buyer_id = %(buyer)s",
    "seller": "o.seller_id = %(seller)s",
    "shop": "o.shop_id = %(shop)s",
    "placed_from": "o.placed_at >= %(placed_from)s",
    "placed_to": "o.placed_at < %(placed_to)s",
    "modified_from": "o.modified_at >= %(modified_from)s",
    "modified_to": "o.modified_at < %(modified_to)s",
}
SIDES = {
    "buyer": "o.buyer_id = %(viewer)s",
    "seller": "o.seller_id = %(viewer)s",
    "any": "%(viewer)s IN (o.buyer_id, o.seller_id)",
}


def orders(
    filters: Mapping[str, Any],
    viewer: int | None,
    *,
    role: str = "any",
    after: int = 0,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Orders of `viewer` as buyer, seller or any (None: the platform sees all), by id, one more than
    `limit`.
    """
    tests = ["o.id > %(after)s", *_tests(filters, viewer, role)]
    found = dicts(
        f"{ORDER} WHERE {' AND '.join(tests)} ORDER BY o.id LIMIT %(limit)s",
        {**filters, "viewer": viewer, "after": after, "limit": limit + 1},
    )
    return [_as_seen(row, viewer) for row in found]


def changed(
    filters: Mapping[str, Any],
    viewer: int | None,
    *,
    role: str = "seller",
    after: str = "",
    limit: int = 50,
) -> list[dict[str, Any]]:
    """The same in the order of their last change; `cursor` of the last row asks for those changed after
    it.
    """
    tests = _tests(filters, viewer, role)
    at, number = _cursor(after)
    if at is not None:
        tests.append("(o.modified_at, o.id) > (%(at)s::timestamptz, %(number)s)")
    found = dicts(
        f"{ORDER} WHERE {' AND '.join(tests) or 'TRUE'} ORDER BY o.modified_at, o.id LIMIT %(limit)s",
        {**filters, "viewer": viewer, "at": at, "number": number, "limit": limit + 1},
    )
    return [
        _as_seen(row, viewer) | {"cursor": f"{row['modified_at'].isoformat()}~{row['id']}"} for row in found
    ]


def _cursor(text: str) -> tuple[datetime | None, int]:
    if not text:
        return None, 0
    moment, _, number = text.partition("~")
    try:
        at = datetime.fromisoformat(moment)
        if at.tzinfo is None or not (number.isascii() and number.isdigit() and len(number) <= 18):
            raise ValueError
        return at, int(number)
    except ValueError:
        raise Invalid(
            "that is no cursor",
            field="after",
            rule="cursor_is_one_we_gave",
            way_out="Follow `next` as it is.",
        ) from None


def _tests(filters: Mapping[str, Any], viewer: int | None, role: str) -> list[str]:
    return [*(FILTERS[name] for name in filters), *([SIDES[role]] if viewer is not None else [])]


def _as_seen(row: dict[str, Any], viewer: int | None) -> dict[str, Any]:
    """The row with Taobao's names; the seller's memo and flag for the seller (and the platform) only."""
    row["taobao_status"] = TAOBAO_ORDER_STATUS[row["status"]]
    for line in row["lines"]:
        closed = line.pop("closed")
        line["status"] = line_status(row["status"], shipped=line["shipped_at"] is not None, closed=closed)
        line["taobao_status"] = TAOBAO_ORDER_STATUS[line["status"]]
    if viewer not in (None, row["seller"]):
        row["memo"] = row["flag"] = None
    return row


def order(number: int, viewer: int | None, *, at: datetime) -> dict[str, Any]:
    """One order with its parcels and what `viewer` may do at `at`; `NotFound` also for everybody but its
    sides."""
    found = dicts(f"{ORDER} WHERE o.id = %s", [number])
    if not found or viewer not in (None, found[0]["buyer"], found[0]["seller"]):
        raise NotFound(
            f"there is no order {number}", field="order", rule="order_exists", way_out="List your orders."
        )
    row = _as_seen(found[0], viewer)
    row["shipments"] = shipments(number)
    row["may"] = may(row, _role(row, viewer), at, _askable_until(row, at))
    row["next"] = following(row)
    return row


def _role(row: Mapping[str, Any], viewer: int | None) -> str:
    if viewer is None:
        return "platform"
    return "buyer" if viewer == row["buyer"] else "seller"


def shipments(number: int) -> list[dict[str, Any]]:
    """The parcels of an order, each with what its carrier reported."""
    return dicts(
        """SELECT s.id, s.delivery, s.carrier, s.tracking_no, s.shipped_at, s.signed_at,
                  coalesce((SELECT json_agg(json_build_object('kind', e.kind, 'place', e.place, 'text',
                  e.text, 'at', e.at)
                                            ORDER BY e.id)
                              FROM shops_trackingevent e WHERE e.shipment_id = s.id), '[]'::json) AS tracking
             FROM shops_shipment s WHERE s.order_id = %s ORDER BY s.id""",
        [number],
    )


def snapshots(number: int, viewer: int | None) -> list[dict[str, Any]]:
    """What was promised of each line when it was ordered; for both sides and the platform."""
    found = dicts(
        """SELECT l.id, l.listing_id AS listing, l.snapshot::json AS snapshot, o.placed_at, o.buyer_id,
        o.seller_id
             FROM shops_orderline l JOIN shops_order o ON o.id = l.order_id WHERE l.order_id = %s
             ORDER BY l.id""",
        [number],
    )
    if not found or viewer not in (None, found[0]["buyer_id"], found[0]["seller_id"]):
        raise NotFound(
            f"there is no order {number}", field="order", rule="order_exists", way_out="List your orders."
        )
    return [{name: row[name] for name in ("id", "listing", "snapshot", "placed_at")} for row in found]


UNTIL = {"pay": "pay_by", "adjust": "pay_by", "cancel": "pay_by", "ship": "ship_by", "ship_part": "ship_by",
         "confirm": "confirm_by", "extend": "confirm_by"}  # fmt: skip
DOORS = {"adjust": "price", "ship_part": "ship"}
BY_TIME = {
    "placed": ("expire", "pay_by"),
    "paid": ("overdue", "ship_by"),
    "shipped_part": ("overdue", "ship_by"),
    "shipped": ("auto_confirm", "confirm_by"),
}


def may(
    row: Mapping[str, Any], role: str, at: datetime, askable_until: datetime | None
) -> list[dict[str, Any]]:
    """What `role` (buyer, seller, platform: both) may do at `at`: action, by when (or null), and where."""
    roles = ("buyer", "seller") if role == "platform" else (role,)
    allowed: list[dict[str, Any]] = []
    for who in roles:
        for step in steps_open(row["status"], who):
            if _guarded(step.action, who, row, at):
                continue
            door = (
                "prolong"
                if (step.action, who) == ("extend", "buyer")
                else DOORS.get(step.action, step.action)
            )
            until = row[UNTIL[step.action]] if step.action in UNTIL else None
            allowed.append(
                {"action": step.action, "by": who, "until": until, "door": f"/api/orders/{row['id']}/{door}/"}
            )
        askable = row["status"] in IN_ESCROW or (askable_until is not None and at <= askable_until)
        if who == "buyer" and askable and _askable(row["lines"]):
            until = row["confirm_by"] if row["status"] in IN_ESCROW else askable_until
            allowed.append({"action": "ask_refund", "by": who, "until": until, "door": "/api/refunds/"})
        if who == "seller":
            door = f"/api/orders/{row['id']}/remark/"
            allowed.append({"action": "remark", "by": who, "until": None, "door": door})
    return allowed


PROMISED = """
    SELECT max(coalesce(p.signed_at, o.finished_at)) FROM shops_orderline l JOIN shops_order o ON o.id = l.order_id
      JOIN shops_shipment p ON p.id = l.shipment_id
     WHERE o.id = %s AND l.closed_at IS NULL AND l.delivery NOT IN ('auto', 'virtual')
       AND (l.snapshot->>'seven_day_return')::boolean
       AND NOT EXISTS (SELECT FROM shops_refund r WHERE r.line_id = l.id AND r.status = ANY(%s))
"""


def _askable_until(row: Mapping[str, Any], at: datetime) -> datetime | None:
    """Until when money of a finished order may be asked back: the after-sale days, or a return without a reason that
    lasts longer. None: it may not, or the order is not finished."""
    if row["status"] != "finished":
        return None
    rules = regime.at(at)
    ends = [clocks.after_sale_until(row["finished_at"], rules.trade)]
    if (signed_at := one(PROMISED, [row["id"], list(REFUND_OPEN)])) is not None:
        ends.append(clocks.no_reason_until(signed_at, rules.refund))
    return max((end for end in ends if end is not None), default=None)


def _askable(lines: Sequence[Mapping[str, Any]]) -> bool:
    return any(line["status"] != "closed" and line["refund_status"] not in REFUND_OPEN for line in lines)


def _guarded(action: str, who: str, row: Mapping[str, Any], at: datetime) -> bool:
    """Is there more in the way of this step than the order's state?"""
    if action == "confirm":
        return bool(row["open_refunds"])
    if action in ("ship", "ship_part"):
        waiting = [line for line in row["lines"] if line["status"] == "paid"]
        free = [line for line in waiting if line["refund_status"] != "disputed"]
        return len(free) < (2 if action == "ship_part" else 1) or (
            action == "ship" and len(free) < len(waiting)
        )
    if action != "extend":
        return False
    trade = regime.at(at).trade
    if row["confirm_by"] is None:
        return True
    if who == "seller":
        most = trade.seller_extension_limit_count
        return bool(most) and row["seller_extensions"] >= most
    most = trade.buyer_extension_limit_count
    early = row["confirm_by"] > at + timedelta(days=trade.buyer_extension_last_days)
    return early or (bool(most) and row["buyer_extensions"] >= most)


def following(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """What time does to the order by itself, and when; None when it waits for nothing."""
    found = BY_TIME.get(row["status"])
    if found is None or row[found[1]] is None or (found[0] == "overdue" and row["overdue_at"] is not None):
        return None
    if found[0] == "auto_confirm" and row["open_refunds"]:
        return None
    return {"action": found[0], "at": row[found[1]]}
