"""Trades as traffic counts them: subscribers of what shops tell (`jishi/wiring.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from common.batch import insert, rows
from traffic.models import Conversion


def count_placed(facts: Sequence[Mapping[str, Any]], *, at: datetime) -> None:
    """Subscriber of `order.placed`."""
    _convert("placed", facts)


def count_paid(facts: Sequence[Mapping[str, Any]], *, at: datetime) -> None:
    """Subscriber of `order.paid`."""
    _convert("paid", facts)


def _convert(act: str, facts: Sequence[Mapping[str, Any]]) -> None:
    """Each line counts at the buyer's own moment, which is of the day that is told."""
    untold = sorted({line["listing"] for fact in facts for line in fact["lines"] if "section" not in line})
    sections = (
        dict(rows("SELECT id, section_id FROM shops_listing WHERE id = ANY(%s)", [untold])) if untold else {}
    )
    insert(
        Conversion,
        [
            {
                "act": act,
                "order_id": fact["id"],
                "line_id": line["line"],
                "member_id": fact["buyer"],
                "shop_id": fact["shop"],
                "listing_id": line["listing"],
                "section_id": line["section"] if "section" in line else sections[line["listing"]],
                "quantity": line["quantity"],
                "amount_fen": line["paid_fen"],
                "at": fact[f"{act}_at"],
            }
            for fact in facts
            for line in fact["lines"]
        ],
    )
