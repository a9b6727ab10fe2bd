"""The daily run: decisions, sums, publication. At midnight for the day that ended."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction

from common.batch import dicts, execute, rows
from common.moments import day_of
from events.actions import emit
from ratings.recompute import credit, decisions, indices
from ratings.rules import grade
from regime import queries as regime
from regime.levers import Regime

# In the order of the partial index `grades_to_be_told`, so that it is read and not the whole table.
MOVED = """
    SELECT id, member_id, role, points, told_level AS before, level FROM ratings_credit
     WHERE told_level <> level ORDER BY id
"""
TOLD = "UPDATE ratings_credit SET told_level = level WHERE id = ANY(%s)"
KEEP = """
    INSERT INTO ratings_fold (id, through, levers) VALUES (1, %s, %s)
        ON CONFLICT (id) DO UPDATE SET through = excluded.through, levers = excluded.levers
"""


@transaction.atomic
def run(*, at: datetime, full: bool = False) -> None:
    """Bring credit and indices up to the end of yesterday; nothing to do when they are.
    `full`: from nothing."""
    through, levers = day_of(at) - timedelta(days=1), regime.at(at)
    last, under = folded()
    if last is not None and last >= through and not full:
        return
    days = credit.window(through, levers)
    decisions.settle_accounts()
    before = credit.window(last, levers) if last is not None else None
    k = levers.dsr.publish_after_count
    if before is None or full or under != credit.digest(levers):
        credit.rebuild(days, levers)
        indices.publish(None, days, k)
    else:
        recounted = credit.update(before, days, levers)
        indices.publish(before, days, k, recounted)
    execute(KEEP, [through, credit.digest(levers)])
    _tell(levers, at)


def folded() -> tuple[date | None, str]:
    """The last day that is added up (None: none yet), and the digest of the levers it was under."""
    found = rows("SELECT through, levers FROM ratings_fold")
    return (found[0][0], found[0][1]) if found else (None, "")


def _tell(levers: Regime, at: datetime) -> None:
    """`grade.changed` for whoever stands on another level than they were last told."""
    ladder = levers.credit.ladder_points
    moved = dicts(MOVED)
    if moved:
        execute(TOLD, [[row["id"] for row in moved]])
    emit(
        "grade.changed",
        [
            {
                "id": row["member_id"],
                "members": [row["member_id"]],
                "public": True,
                "role": row["role"],
                "points": row["points"],
                "before": row["before"],
                "after": row["level"],
                "badge": badge.badge if (badge := grade(row["points"], ladder)) else None,
            }
            for row in moved
        ],
        at=at,
    )
