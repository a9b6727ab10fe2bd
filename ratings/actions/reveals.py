"""From sealed to public: when, and what becomes of it. The only code that opens a sealed answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from common.batch import dicts, execute, insert, update
from common.errors import Conflict
from common.moments import day_of
from events.actions import emit
from ratings.models import Feedback, Revision
from ratings.recompute.decisions import Pair, settle
from ratings.rules import OTHER, VERDICT_WORDS, reveal_moment
from regime import queries as regime
from regime.levers.reputation import SEALED


@dataclass
class Sealed:
    """One side of a line as the actions see it; `verdict` may be sealed (None: has not answered)."""

    id: int
    line: int
    order_id: int
    listing_id: int
    rater_id: int
    subject_id: int
    side: str
    status: str
    opened_at: datetime
    reveal_at: datetime | None
    left_at: datetime | None
    verdict: int | None
    silent: bool = False

    @property
    def pair(self) -> Pair:
        return (self.rater_id, self.subject_id, self.side)

    def fact(self) -> dict[str, Any]:
        """What an event may say of it: that it is there, not what it says."""
        return fact(self.__dict__)


def fact(row: dict[str, Any]) -> dict[str, Any]:
    """The part of every event about a feedback that holds no word of it. Keys: see `Sealed`."""
    return {
        "id": row["id"],
        "members": [row["rater_id"], row["subject_id"]],
        "order": row["order_id"],
        "line": row["line"],
        "listing": row["listing_id"],
        "rater": row["rater_id"],
        "subject": row["subject_id"],
        "side": row["side"],
    }


def schedule(lines: Iterable[Sequence[Sealed]], *, closing: bool, at: datetime) -> list[int]:
    """Set when the sealed sides of these lines are shown; return those to be shown now."""
    now, later = [], []
    for line in lines:
        for row in line:
            if row.status != "sealed":
                continue
            moment = _moment(row, line, closing, at)
            if moment is not None and moment <= at:
                now.append(row.id)
            elif moment is not None and moment != row.reveal_at:
                later.append({"id": row.id, "reveal_at": moment})
    update(Feedback, later)
    return sorted(now)


def _moment(row: Sealed, line: Sequence[Sealed], closing: bool, at: datetime) -> datetime | None:
    """When `row` is shown, seen at `at`; None: it waits for the other side or the close."""
    levers = regime.at(row.opened_at).feedback
    other = next((o for o in line if o.side == OTHER[row.side]), None)
    if closing and levers.reveal == SEALED:
        return at
    if closing and not row.silent:
        return row.reveal_at or at  # the moment it was given when it was left alone
    if closing:
        waits = other is not None and other.status == "sealed" and not other.silent
        return max(at, other.reveal_at or at) if waits and other else at
    return reveal_moment(
        levers, row.verdict or 0, other.verdict if other else None, opened_at=row.opened_at, at=at
    )


SHOW = """
    UPDATE ratings_feedback f
       SET status = 'revealed', revealed_at = %(at)s, reveal_at = NULL,
           verdict = a.verdict, comment = a.comment, anonymous = a.anonymous
      FROM ratings_answer a
     WHERE a.feedback_id = f.id AND f.id = ANY(%(ids)s) AND f.status = 'sealed'
    RETURNING f.id, f.line_id AS line, f.order_id, f.listing_id, f.rater_id, f.subject_id, f.side, f.verdict,
              a.silent, f.comment <> '' AS words
"""
# Stars enter the indices when they are the buyer's, among the first of the month, and not struck; a struck
# answer's never do. Delivery is mixed with the recorded dispatch, rounded half up.
STARS = """
    CASE WHEN f.in_index AND f.struck = 0 THEN a.stars[1] * 100 END,
    CASE WHEN f.in_index AND f.struck = 0 THEN a.stars[2] * 100 END,
    CASE WHEN f.in_index AND f.struck = 0
         THEN ((10000 - f.dispatch_bps) * a.stars[3] * 100 + f.dispatch_bps *
         coalesce(f.dispatch_hundredths, 0) + 5000) / 10000
     END"""
WEIGH = f"""
    INSERT INTO ratings_weight (feedback_id, subject_id, rater_id, "on", verdict, points, reason,
                                description, service, delivery, as_seller, silent)
    SELECT f.id, f.subject_id, f.rater_id, %(on)s, f.verdict, 0, 0, {STARS}, f.side = 'buyer', a.silent
      FROM ratings_feedback f CROSS JOIN LATERAL (
           SELECT stars, silent FROM ratings_answer WHERE feedback_id = f.id LIMIT 1) a
     WHERE f.id = ANY(%(ids)s) ORDER BY f.id
"""


def weigh(ids: Sequence[int], *, at: datetime) -> None:
    """Give revealed or lapsed feedbacks their weight; what they count is settled afterwards."""
    execute(WEIGH, {"ids": list(ids), "on": day_of(at)})


@transaction.atomic(savepoint=False)
def reveal(ids: Sequence[int], *, at: datetime) -> list[int]:
    """Show the sealed feedbacks `ids`: verdict and words become public, points are decided. Returns `ids`.

    Raises `Conflict` when one is not sealed (any more).
    """
    if not ids:
        return []
    shown = sorted(dicts(SHOW, {"ids": list(ids), "at": at}), key=lambda row: row["id"])
    if len(shown) != len(set(ids)):
        missing = set(ids) - {row["id"] for row in shown}
        raise Conflict(
            f"feedback {min(missing)} is not sealed",
            field="status",
            rule="reveal_from_sealed",
            way_out="Read it again.",
        )
    weigh(ids, at=at)
    settle([(row["rater_id"], row["subject_id"], row["side"]) for row in shown])
    insert(
        Revision,
        [
            {
                "feedback_id": r["id"],
                "kind": "revealed",
                "verdict": r["verdict"],
                "why": "",
                "by_id": None,
                "at": at,
            }
            for r in shown
        ],
    )
    said = [
        fact(row) | {"verdict": VERDICT_WORDS[row["verdict"]], "silent": row["silent"], "words": row["words"]}
        for row in shown
    ]
    emit("feedback.revealed", said, at=at)
    return list(ids)
