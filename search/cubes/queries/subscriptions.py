"""Who may read the keyword market, until when; and whether every period was paid for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from common.batch import dicts, one
from common.errors import Forbidden
from common.moments import show
from regime import queries as regime

COLUMNS = "id, member_id AS member, paid_fen, bought_at, starts_at, ends_at"


def subscription(id_: int) -> dict[str, Any]:
    """A period that was bought."""
    return dicts(f"SELECT {COLUMNS} FROM search_cubes_subscription WHERE id = %s", [id_])[0]


def standing(member: int, *, at: datetime) -> dict[str, Any]:
    """Until when a member may read, and what the next period costs."""
    levers = regime.at(at).cubes
    ends = _ends(member)
    return {
        "member": member, "running": ends is not None and ends > at, "ends_at": ends, "fee_fen": levers.fee_fen,
        "period_days": levers.period_days,
    }  # fmt: skip


def check(member: int | None, *, at: datetime) -> None:
    """Refuse a member without a running subscription; None is the platform, which reads all."""
    if member is None:
        return
    ends = _ends(member)
    if ends is None or ends <= at:
        raise Forbidden(
            "the keyword market is told to who subscribes"
            + (f"; the subscription ran out at {show(ends)}" if ends else ""),
            field="Authorization", rule="words_are_for_subscribers",
            way_out="Subscribe: POST /api/ads/words/subscription/; a GET of it says what that costs.",
        )  # fmt: skip


def _ends(member: int) -> datetime | None:
    """Periods follow each other without a gap while one runs, so the last one's end is all there is to know."""
    ends: datetime | None = one(
        "SELECT max(ends_at) FROM search_cubes_subscription WHERE member_id = %s", [member]
    )
    return ends


# Each period that cost something has its posting, and each posting its period.
PAID = """
    WITH posted AS (
        SELECT t.id AS transfer, t.amount_fen, t.reference, t.at, d.code, t.key
          FROM payments_transfer t JOIN payments_account d ON d.id = t.debit_id WHERE t.kind = 'subscription'
    )
    SELECT 'a subscription is what its posting says' AS rule, s.id AS subscription, p.transfer
      FROM (SELECT * FROM search_cubes_subscription WHERE paid_fen > 0) s
      FULL JOIN posted p ON p.key = 'subscription:' || s.id
     WHERE (s.paid_fen, 'member:' || s.member_id, 'member:' || s.member_id, s.bought_at)
           IS DISTINCT FROM (p.amount_fen, p.reference, p.code, p.at) ORDER BY 2, 3
"""
FOLLOWS = """
    SELECT 'a period begins when it is bought, or where the last one ends' AS rule, id AS subscription
      FROM (SELECT id, starts_at, bought_at, lag(ends_at) OVER (PARTITION BY member_id ORDER BY id) AS before
              FROM search_cubes_subscription) s
     WHERE starts_at <> greatest(bought_at, before) ORDER BY id
"""


def odd() -> list[dict[str, Any]]:
    """Audit: subscriptions against postings, and against each other; best empty."""
    return [*dicts(PAID), *dicts(FOLLOWS)]
