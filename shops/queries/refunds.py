"""Refunds and disputes as their two sides and the platform read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.batch import dicts
from common.errors import NotFound
from shops.rules.order import steps_open
from shops.rules.refund import DISPUTE_STEPS, REFUND_STEPS, TAOBAO_REFUND_STATUS

REFUND = """
    SELECT r.id, r.order_id AS order, r.line_id AS line, l.listing_id AS listing, l.title,
    r.buyer_id AS buyer,
           r.seller_id AS seller, r.status, r.kind, r.phase, r.reason, r.text, r.amount_fen, r.asked_at,
           r.modified_at, r.answer_by, r.send_back_by, r.receive_by, r.escalate_by, r.refusal, r.refused_at,
           r.return_delivery, r.return_carrier, r.return_tracking_no, r.return_postage_fen, r.postage_by,
           r.postage_paid_fen, r.sent_back_at, r.settled_at, r.settled_by,
           (SELECT max(d.id) FROM shops_dispute d WHERE d.refund_id = r.id) AS dispute
      FROM shops_refund r JOIN shops_orderline l ON l.id = r.line_id
"""
DISPUTE = """
    SELECT d.id, d.refund_id AS refund, d.order_id AS order, d.buyer_id AS buyer, d.seller_id AS seller,
    d.status,
           d.opened_at, d.evidence_by, d.reply_by, d.rule_by, d.reply, d.replied_at, d.award_fen,
           d.must_return, d.ruling, d.ruled_by, d.settled_at, r.amount_fen AS asked_fen
      FROM shops_dispute d JOIN shops_refund r ON r.id = d.refund_id
"""
FILTERS = {
    "status": "{t}.status = ANY(%(status)s)",
    "order": "{t}.order_id = %(order)s",
    "refund": "{t}.refund_id = %(refund)s",
    "modified_from": "{t}.modified_at >= %(modified_from)s",
    "modified_to": "{t}.modified_at < %(modified_to)s",
}
SIDES = {
    "buyer": "{t}.buyer_id = %(viewer)s",
    "seller": "{t}.seller_id = %(viewer)s",
    "any": "%(viewer)s IN ({t}.buyer_id, {t}.seller_id)",
}
WAITS = {
    "asked": "answer_by",
    "returning": "send_back_by",
    "returned": "receive_by",
    "refused": "escalate_by",
}
HEARS = {"evidence": "evidence_by", "reply": "reply_by", "ruling": "rule_by"}
DOORS = {"agree_return": "agree", "send_back": "send-back"}


def refunds(
    filters: Mapping[str, Any], viewer: int | None, *, role: str = "any", after: int = 0, limit: int = 50
) -> list[dict[str, Any]]:
    """Refunds of `viewer` (None: the platform sees all), by id, one more than `limit`."""
    return [
        _as_seen(row) for row in _listed(REFUND, "r", filters, viewer, role=role, after=after, limit=limit)
    ]


def disputes(
    filters: Mapping[str, Any], viewer: int | None, *, role: str = "any", after: int = 0, limit: int = 50
) -> list[dict[str, Any]]:
    """Disputes of `viewer` (None: the platform sees all), by id, one more than `limit`."""
    return _listed(DISPUTE, "d", filters, viewer, role=role, after=after, limit=limit)


def _listed(
    sql: str, t: str, filters: Mapping[str, Any], viewer: int | None, *, role: str, after: int, limit: int
) -> list[dict[str, Any]]:
    tests = [f"{t}.id > %(after)s", *(FILTERS[name].format(t=t) for name in filters)]
    if viewer is not None:
        tests.append(SIDES[role].format(t=t))
    return dicts(
        f"{sql} WHERE {' AND '.join(tests)} ORDER BY {t}.id LIMIT %(limit)s",
        {**filters, "viewer": viewer, "after": after, "limit": limit + 1},
    )


def _as_seen(row: dict[str, Any]) -> dict[str, Any]:
    row["taobao_status"] = TAOBAO_REFUND_STATUS[row["status"]]
    return row


def refund(number: int, viewer: int | None) -> dict[str, Any]:
    """One refund and what `viewer` may do; `NotFound` also for everybody but its sides."""
    found = dicts(f"{REFUND} WHERE r.id = %s", [number])
    if not found or viewer not in (None, found[0]["buyer"], found[0]["seller"]):
        raise NotFound(
            f"there is no refund {number}", field="refund", rule="refund_exists", way_out="List yours."
        )
    row = _as_seen(found[0])
    until = row[WAITS[row["status"]]] if row["status"] in WAITS else None
    row["may"] = [
        {
            "action": step.action,
            "by": who,
            "until": until,
            "door": f"/api/refunds/{number}/{DOORS.get(step.action, step.action)}/",
        }
        for who in _roles(row, viewer)
        for step in steps_open(row["status"], who, REFUND_STEPS)
        if step.action not in ("ship_instead", "agree_return" if row["kind"] == "refund_only" else "agree")
    ]
    return row


def _roles(row: Mapping[str, Any], viewer: int | None) -> tuple[str, ...]:
    if viewer is None:
        return ("buyer", "seller")
    return ("buyer",) if viewer == row["buyer"] else ("seller",)


def dispute(number: int, viewer: int | None) -> dict[str, Any]:
    """One dispute with the evidence brought; `NotFound` also for everybody but its sides and the platform."""
    found = dicts(f"{DISPUTE} WHERE d.id = %s", [number])
    if not found or viewer not in (None, found[0]["buyer"], found[0]["seller"]):
        raise NotFound(
            f"there is no dispute {number}", field="dispute", rule="dispute_exists", way_out="List yours."
        )
    row = found[0]
    row["evidence"] = dicts(
        "SELECT id, member_id AS member, text, at FROM shops_evidence WHERE dispute_id = %s ORDER BY id",
        [number],
    )
    until = row[HEARS[row["status"]]] if row["status"] in HEARS else None
    roles = ("platform",) if viewer is None else _roles(row, viewer)
    row["may"] = [
        {"action": step.action, "by": who, "until": until, "door": f"/api/disputes/{number}/{step.action}/"}
        for who in roles
        for step in steps_open(row["status"], who, DISPUTE_STEPS)
        if step.action not in ("concede", "drop")
    ]
    if row["status"] == "evidence" and viewer is not None:
        door = f"/api/disputes/{number}/evidence/"
        row["may"].append({"action": "evidence", "by": roles[0], "until": until, "door": door})
    return row
