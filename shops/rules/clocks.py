"""Every span of a trade as a pure function of moments and levers; the moments themselves are columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from common.moments import SHANGHAI, day_of, start_of
from regime.levers import Dispute, Protection, Refund, Trade

SURFACE = {"mail": "surface"}


def pay_by(at: datetime, kind: str, trade: Trade) -> datetime:
    """When an order placed at `at` closes unpaid."""
    if kind == "flash":
        return at + timedelta(minutes=trade.flash_unpaid_close_minutes)
    return at + timedelta(hours=trade.unpaid_close_hours)


def ship_by(
    at: datetime,
    lines: Sequence[tuple[str, datetime | None, int | None]],
    *,
    protected: bool,
    trade: Trade,
    protection: Protection,
) -> datetime:
    """When an order paid at `at` is overdue. `lines`: (supply, ready_at, ship_within_days) of each.

    Goods made ahead: the rule's hours, or the protection scheme's for its shops. Pre-orders and goods made to
    order: the seller's own days from payment,
    or the rule's hours from the day they are ready; the latest counts.
    """
    ready = timedelta(
        hours=min(protection.ship_by_hours, trade.ship_by_hours) if protected else trade.ship_by_hours
    )
    moments = []
    for supply, ready_at, within_days in lines:
        if supply != "stock" and within_days is not None:
            moments.append(at + timedelta(days=within_days))
        elif supply != "stock" and ready_at is not None and ready_at > at:
            moments.append(ready_at + ready)
        else:
            moments.append(at + ready)
    return max(moments, default=at + ready)


def confirm_span(delivery: str, trade: Trade) -> timedelta:
    """How long after shipping silence counts as receipt; `delivery` is a listing's word."""
    return trade.auto_confirm(SURFACE.get(delivery, delivery))


def answer_by(at: datetime, *, phase: str, delivery: str, refund: Refund) -> datetime:
    """When a seller's silence on a request made at `at` counts as yes."""
    if phase == "unshipped":
        return at + timedelta(hours=refund.before_shipping_hours)
    return at + timedelta(
        days=refund.virtual_days if delivery in ("auto", "virtual") else refund.after_shipping_days
    )


def send_back_by(at: datetime, refund: Refund) -> datetime:
    return at + timedelta(days=refund.send_back_days)


def receive_by(at: datetime, delivery: str, refund: Refund) -> datetime:
    """When a seller's silence on a parcel sent back at `at` counts as having it."""
    return at + timedelta(
        days=refund.return_surface_days if delivery == "mail" else refund.return_express_days
    )


def escalate_by(at: datetime, refund: Refund) -> datetime:
    return at + timedelta(days=refund.refused_idle_days)


def no_reason_until(signed_at: datetime, refund: Refund) -> datetime:
    """The end of the no-reason return: so many hours from 00:00 of the day after signing, or from signing."""
    start = signed_at
    if refund.no_reason_from == "midnight_after_signing":
        start = start_of(day_of(signed_at) + timedelta(days=1))
    return start + timedelta(hours=refund.no_reason_hours)


def after_sale_until(finished_at: datetime, trade: Trade) -> datetime | None:
    """The last moment at which money is asked back after the trade's success; None: it is not (0 days)."""
    return finished_at + timedelta(days=trade.after_sale_days) if trade.after_sale_days else None


def evidence_by(at: datetime, dispute: Dispute) -> datetime:
    return at + timedelta(days=dispute.evidence_days)


def reply_by(at: datetime, dispute: Dispute) -> datetime:
    return at + timedelta(hours=dispute.seller_reply_hours)


def rule_by(at: datetime, dispute: Dispute) -> datetime:
    """So many working days on, at the same time of day. Monday to Friday work; holidays are not modelled."""
    local = at.astimezone(SHANGHAI)
    left = dispute.ruling_working_days
    while left:
        local += timedelta(days=1)
        left -= local.weekday() < 5
    return local
