"""A side answers: five stars, a verdict, words. Kept sealed until the regime shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from common.batch import dicts, dumps, execute
from common.errors import Conflict, Invalid, NotFound, Refusal, several
from common.moments import show
from common.transitions import step_over
from events.actions import emit
from ratings.actions.reveals import fact, reveal, schedule
from ratings.actions.windows import lines_of
from ratings.models import Feedback
from ratings.rules import COMMENT_CHARACTERS, FEEDBACK_STEP, GOOD, SELLER, VERDICT_WORDS
from regime import queries as regime


@dataclass(frozen=True, slots=True)
class Leave:
    """`rater` answers about one order line. A star of None is a question left unanswered (the regime's
    stars)."""

    line: int
    rater: int
    verdict: int = GOOD
    stars: tuple[int | None, ...] = (None,) * 5
    comment: str = ""
    anonymous: bool = False


ASKED = """
    SELECT f.id, i.n, f.line_id AS line, f.order_id, f.listing_id, f.rater_id, f.subject_id, f.side, f.status,
           f.opened_at, f.closes_at
      FROM unnest(%s::bigint[], %s::bigint[]) WITH ORDINALITY AS i(line, rater, n)
      LEFT JOIN ratings_feedback f ON f.line_id = i.line AND f.rater_id = i.rater ORDER BY i.n
"""
KEEP = """
    INSERT INTO ratings_answer (feedback_id, verdict, stars, comment, anonymous, silent, at)
    SELECT feedback_id, verdict, stars, comment, anonymous, false, %s
      FROM json_populate_recordset(NULL::ratings_answer, %s::json)
"""


@transaction.atomic
def leave(intents: Sequence[Leave], *, at: datetime) -> list[int]:
    """Keep these answers, and show what the regime shows now; return the feedbacks' ids in order.

    Raises, naming each row: `Invalid` for stars, verdict or words that are none,
    `NotFound` where this member is
    not asked about that line, `Conflict` when they have answered or the window has closed.
    """
    asked = dicts(ASKED, [[i.line for i in intents], [i.rater for i in intents]])
    refused: dict[int, Refusal] = {}
    seen: set[int] = set()
    for n, (intent, row) in enumerate(zip(intents, asked, strict=True)):
        if refusal := _wrong(intent, row) or (_twice(row) if row["id"] in seen else None):
            refused[n] = refusal
        seen.add(row["id"])
    if refused:
        raise several(refused)
    ids: list[int] = [row["id"] for row in asked]
    step_over(Feedback, ids, FEEDBACK_STEP["leave"], left_at=at)
    execute(KEEP, [at, dumps([_answer(i, row) for i, row in zip(intents, asked, strict=True)])])
    emit("feedback.left", [fact(row) for row in asked], at=at)
    reveal(schedule(lines_of(ids).values(), closing=False, at=at), at=at)
    return ids


def _answer(intent: Leave, row: dict[str, Any]) -> dict[str, Any]:
    silent = regime.at(row["opened_at"]).feedback.silent_stars
    return {
        "feedback_id": row["id"],
        "verdict": intent.verdict,
        "stars": [silent if star is None else star for star in intent.stars],
        "comment": intent.comment,
        "anonymous": intent.anonymous,
    }


def _wrong(intent: Leave, row: dict[str, Any]) -> Refusal | None:
    """What is wrong with one intent, if anything; words about the author's own answer only."""
    if intent.verdict not in VERDICT_WORDS:
        return Invalid(
            "a verdict is good, neutral or bad", field="verdict", rule="verdict_is_bad_neutral_or_good"
        )
    if len(intent.stars) != 5 or not all(star is None or star in range(1, 6) for star in intent.stars):
        return Invalid(
            "five answers of one to five stars", field="stars", rule="five_answers_of_one_to_five_stars"
        )
    if refusal := words_wrong(intent.comment, "comment", COMMENT_CHARACTERS, needed=False):
        return refusal
    if row["id"] is None:
        return NotFound(
            f"you are not asked about order line {intent.line}",
            field="line",
            rule="a_window_is_open",
            way_out="GET /api/feedback/pending/ lists what you are asked about; a trade that succeeds asks.",
        )
    if intent.anonymous and row["side"] == SELLER:
        return Invalid(
            "only a buyer may stay anonymous", field="anonymous", rule="a_seller_is_never_anonymous"
        )
    return _twice(row) if row["status"] != "open" else None


def _twice(row: dict[str, Any]) -> Conflict:
    return Conflict(
        f"order line {row['line']} has your answer, or its window closed at {show(row['closes_at'])}",
        field="line",
        rule="leave_from_open",
        way_out="A neutral or bad may be edited once; GET /api/feedback/?box=given shows your answers.",
    )


def words_wrong(text: str, field: str, most: int, *, needed: bool = True) -> Invalid | None:
    """What is wrong with words somebody wrote, if anything: too long, empty, or not text."""
    if len(text) > most or "\x00" in text or (needed and not text.strip()):
        least = "1" if needed else "0"
        return Invalid(
            f"{field} is {least} to {most} characters",
            field=field,
            rule=f"{field}_fits",
            way_out="Shorten it.",
        )
    return None
