"""The trade's one audit, told as two books: what escrow holds, and what was in stock."""

from __future__ import annotations

from typing import Any

from shops.queries.audit import findings


def escrow() -> list[dict[str, Any]]:
    """Orders whose escrow is not what they still owe."""
    return [row for row in findings() if _of_escrow(row)]


def stock() -> list[dict[str, Any]]:
    """Every other broken rule of orders, refunds and stock."""
    return [row for row in findings() if not _of_escrow(row)]


def _of_escrow(row: dict[str, Any]) -> bool:
    return "escrow" in row["rule"]
