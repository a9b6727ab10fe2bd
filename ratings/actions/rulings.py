"""The platform takes points away for a reason, and gives them back when the reason falls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from common.batch import dicts, execute, insert, update
from common.errors import Conflict, Invalid, NotFound
from events.actions import emit
from ratings.actions.amends import reweigh
from ratings.actions.reveals import STARS, fact
from ratings.models import Complaint, Feedback, Revision
from ratings.rules import CODE, NUMBER

STRIKES = ("fake_trade", "malicious")
AFFECTED = """
    SELECT id, line_id AS line, order_id, listing_id, rater_id, subject_id, side, status, struck, verdict
      FROM ratings_feedback WHERE id = ANY(%s) ORDER BY id
"""
# What is struck weighs nothing in the indices either; what is restored weighs as it did.
RESTAR = f"""
    WITH moved AS (
        UPDATE ratings_weight w SET (description, service, delivery) = (SELECT {STARS})
          FROM ratings_feedback f JOIN ratings_answer a ON a.feedback_id = f.id
         WHERE f.id = w.feedback_id AND f.id = ANY(%s)
    )
    SELECT 1
"""


@transaction.atomic
def strike(ids: Sequence[int], *, reason: str, why: str, at: datetime) -> list[int]:
    """Feedbacks `ids` count for nothing, sealed ones too when their time comes; `reason` is one of `STRIKES`.

    Governance strikes the feedback of trades ruled fake (`queries.feedback.of_orders` finds it).
    Returns those struck.
    """
    if reason not in STRIKES:
        raise Invalid(
            f"points are taken for {' or '.join(STRIKES)}", field="reason", rule="strike_reason_is_known"
        )
    return _mark([row for row in _affected(ids) if row["struck"] == 0], NUMBER[reason], why, at)


@transaction.atomic
def restore(ids: Sequence[int], *, why: str, at: datetime) -> list[int]:
    """What was struck counts again, as if it never had been. Returns those restored."""
    return _mark([row for row in _affected(ids) if row["struck"] > 0], 0, why, at)


def _affected(ids: Sequence[int]) -> list[dict[str, Any]]:
    found = dicts(AFFECTED, [list(ids)])
    if missing := sorted(set(ids) - {row["id"] for row in found}):
        raise NotFound(
            f"there is no feedback {missing[0]}",
            field="id",
            rule="feedback_exists",
            rows=[n for n, i in enumerate(ids) if i in missing],
        )
    return found


def _mark(found: list[dict[str, Any]], number: int, why: str, at: datetime) -> list[int]:
    ids: list[int] = [row["id"] for row in found]
    if not ids:
        return []
    Feedback.objects.filter(id__in=ids).update(struck=number)
    execute(RESTAR, [ids])
    insert(
        Revision,
        [
            {
                "feedback_id": row["id"],
                "kind": "struck" if number else "restored",
                "verdict": row["verdict"],
                "why": why,
                "by_id": None,
                "at": at,
            }
            for row in found
        ],
    )
    reweigh(ids)
    told = {"reason": CODE[number]} if number else {}
    emit("feedback.struck" if number else "feedback.restored", [fact(row) | told for row in found], at=at)
    return ids


@dataclass(frozen=True, slots=True)
class Ruling:
    """The platform's word on a complaint: `upheld` takes the feedback's points."""

    complaint: int
    upheld: bool
    why: str = ""


@transaction.atomic
def rule(rulings: Sequence[Ruling], *, at: datetime) -> list[int]:
    """Rule on open complaints; return their ids. `Conflict` names those that were ruled already."""
    wanted = [r.complaint for r in rulings]
    standing = {c.pk: c for c in Complaint.objects.filter(pk__in=wanted)}
    if missing := [n for n, c in enumerate(wanted) if c not in standing]:
        raise NotFound(
            f"there is no complaint {wanted[missing[0]]}", field="id", rule="complaint_exists", rows=missing
        )
    if ruled := [n for n, c in enumerate(wanted) if standing[c].status != "open" or c in wanted[:n]]:
        raise Conflict("that complaint was ruled already", field="status", rule="rule_from_open", rows=ruled)
    update(
        Complaint,
        [
            {
                "id": r.complaint,
                "status": "upheld" if r.upheld else "refused",
                "ruled_at": at,
                "ruling": r.why,
            }
            for r in rulings
        ],
    )
    about = {r.complaint: standing[r.complaint].feedback_id for r in rulings}
    strike(
        [about[r.complaint] for r in rulings if r.upheld], reason="malicious", why="complaint upheld", at=at
    )
    found = {row["id"]: row for row in dicts(AFFECTED, [list(about.values())])}
    emit(
        "feedback.ruled",
        [fact(found[about[r.complaint]]) | {"complaint": r.complaint, "upheld": r.upheld} for r in rulings],
        at=at,
    )
    return wanted
