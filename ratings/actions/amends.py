"""What may be added to a revealed feedback: a kinder verdict, an explanation, a follow-up, a complaint.

All of it waits for the reveal: words or an edit before it would tell what is sealed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from common.batch import dicts, execute, insert
from common.errors import Conflict, Forbidden, Gone, Invalid, NotFound, Refusal, several
from common.moments import show
from common.transitions import take
from events.actions import emit
from ratings.actions.answers import words_wrong
from ratings.actions.reveals import fact
from ratings.models import Complaint, Feedback, Remark, Revision
from ratings.recompute.decisions import settle
from ratings.rules import DELETED, FEEDBACK_STEP, VERDICT_WORDS, VERDICTS
from regime import queries as regime
from regime.levers.reputation import Feedback as Levers


@dataclass(frozen=True, slots=True)
class Edit:
    """`by` changes the verdict of their feedback to `verdict`: "good", or "deleted"."""

    feedback: int
    by: int
    verdict: str


@dataclass(frozen=True, slots=True)
class Remarked:
    """`by` adds `text` to a feedback."""

    feedback: int
    by: int
    text: str


Row = dict[str, Any]
FOUND = """
    SELECT f.id, f.line_id AS line, f.order_id, f.listing_id, f.rater_id, f.subject_id, f.side, f.status,
    f.verdict,
           f.opened_at, f.left_at, f.revealed_at,
           (SELECT count(*) FROM ratings_revision r WHERE r.feedback_id = f.id AND r.kind IN ('edited',
           'withdrawn')) AS edits,
           (SELECT count(*) FROM ratings_remark m WHERE m.feedback_id = f.id
           AND m.kind = 'explanation') AS explanations,
           (SELECT count(*) FROM ratings_remark m WHERE m.feedback_id = f.id
           AND m.kind = 'follow_up') AS follow_ups,
           EXISTS (SELECT FROM ratings_complaint c WHERE c.feedback_id = f.id) AS complained,
           EXISTS (SELECT FROM ratings_feedback o WHERE o.line_id = f.line_id AND o.side <> f.side
                      AND o.left_at IS NOT NULL) AS mutual
      FROM unnest(%s::bigint[]) WITH ORDINALITY AS i(id, n) LEFT JOIN ratings_feedback f ON f.id = i.id
      ORDER BY i.n
"""


@transaction.atomic
def edit(intents: Sequence[Edit], *, at: datetime) -> list[int]:
    """Change neutral or bad verdicts, once, while they are young: to good, or away.
    Stars stay as they were given.

    Raises `Forbidden` for another's feedback, `Conflict` for a good or a second edit,
    `Gone` when it is too late.
    """
    found = _checked(intents, at, _edit_refusal)
    pairs = list(zip(intents, found, strict=True))
    kept = [row["id"] for intent, row in pairs if intent.verdict != DELETED]
    gone = [row["id"] for intent, row in pairs if intent.verdict == DELETED]
    by_verdict: dict[int, list[int]] = {}
    for intent, row in pairs:
        if intent.verdict != DELETED:
            by_verdict.setdefault(VERDICTS[intent.verdict], []).append(row["id"])
    for verdict, ids in sorted(by_verdict.items()):
        take(Feedback, ids, FEEDBACK_STEP["edit"], verdict=verdict)
    take(Feedback, gone, FEEDBACK_STEP["withdraw"], verdict=None, comment="")
    insert(Revision, [_revision(intent, at) for intent in intents])
    reweigh(kept + gone)
    emit(
        "feedback.edited",
        [fact(row) | {"before": VERDICT_WORDS[row["verdict"]], "after": i.verdict} for i, row in pairs],
        at=at,
    )
    return [row["id"] for row in found]


REWEIGH = """
    WITH moved AS (
        UPDATE ratings_weight w SET verdict = f.verdict FROM ratings_feedback f
         WHERE f.id = w.feedback_id AND f.id = ANY(%s) RETURNING w.subject_id, w.as_seller, w.on
    )
    INSERT INTO ratings_recount (id)
    SELECT DISTINCT m.subject_id * 2 + (NOT m.as_seller)::int FROM moved m
    JOIN ratings_fold l ON m.on <= l.through ORDER BY 1
        ON CONFLICT DO NOTHING
"""
PAIRS = "SELECT rater_id, subject_id, side FROM ratings_feedback WHERE id = ANY(%s)"


def reweigh(ids: Sequence[int]) -> None:
    """Let a changed verdict reach its weight, its pair's decisions and the next daily run."""
    execute(REWEIGH, [list(ids)])
    settle([(row["rater_id"], row["subject_id"], row["side"]) for row in dicts(PAIRS, [list(ids)])])


def _revision(intent: Edit, at: datetime) -> dict[str, Any]:
    deleted = intent.verdict == DELETED
    return {
        "feedback_id": intent.feedback,
        "kind": "withdrawn" if deleted else "edited",
        "verdict": None if deleted else VERDICTS[intent.verdict],
        "why": "",
        "by_id": intent.by,
        "at": at,
    }


def _edit_refusal(intent: Edit, row: Row, levers: Levers, at: datetime) -> Refusal | None:
    if intent.by != row["rater_id"]:
        return Forbidden("only who gave it edits it", field="id", rule="an_edit_is_the_raters")
    if intent.verdict not in levers.edit_to:
        return Invalid(
            f"it may be changed to {' or '.join(levers.edit_to)}", field="verdict", rule="edit_to_is_allowed"
        )
    if VERDICT_WORDS[row["verdict"]] not in levers.edit_from:
        return Conflict(
            f"a {VERDICT_WORDS[row['verdict']]} is never changed",
            field="verdict",
            rule="edit_from_is_allowed",
        )
    if row["edits"] >= levers.edit_limit_count:
        return Conflict("it was edited already", field="id", rule="edits_are_limited")
    return _late(row["left_at"] or row["opened_at"], levers.edit_window_days, "edit", at)


@transaction.atomic
def explain(intents: Sequence[Remarked], *, at: datetime) -> list[int]:
    """The subject answers in public, once, within 30 days of the reveal. Returns the feedbacks' ids."""
    return _remark("explanation", "feedback.explained", intents, at, _explain_refusal)


def _explain_refusal(intent: Remarked, row: Row, levers: Levers, at: datetime) -> Refusal | None:
    if intent.by != row["subject_id"]:
        return Forbidden(
            "only whom it is about explains it", field="id", rule="an_explanation_is_the_subjects"
        )
    if refusal := words_wrong(intent.text, "text", levers.explanation_characters):
        return refusal
    if row["explanations"] >= levers.explanation_limit_count:
        return Conflict("it was explained already", field="id", rule="explanations_are_limited")
    return _late(row["revealed_at"], levers.explanation_window_days, "explanation", at)


@transaction.atomic
def follow_up(intents: Sequence[Remarked], *, at: datetime) -> list[int]:
    """The rater adds words, once, within 180 days of the trade's success; no score.
    Returns the feedbacks' ids."""
    return _remark("follow_up", "feedback.followed_up", intents, at, _follow_up_refusal)


def _follow_up_refusal(intent: Remarked, row: Row, levers: Levers, at: datetime) -> Refusal | None:
    if intent.by != row["rater_id"]:
        return Forbidden("only who gave it follows it up", field="id", rule="a_follow_up_is_the_raters")
    if refusal := words_wrong(intent.text, "text", levers.follow_up_characters):
        return refusal
    if row["follow_ups"] >= levers.follow_up_limit_count:
        return Conflict("it was followed up already", field="id", rule="follow_ups_are_limited")
    return _late(row["opened_at"], levers.follow_up_window_days, "follow-up", at)


@transaction.atomic
def complain(intents: Sequence[Remarked], *, at: datetime) -> list[int]:
    """The subject calls a feedback malicious, within 30 days of the reveal; returns the complaints' ids."""
    found = _checked(intents, at, _complaint_refusal)
    records = [
        {
            "feedback_id": i.feedback,
            "by_id": i.by,
            "text": i.text,
            "status": "open",
            "made_at": at,
            "ruling": "",
        }
        for i in intents
    ]
    ids = insert(Complaint, records)
    emit(
        "feedback.complained",
        [fact(row) | {"complaint": c} for row, c in zip(found, ids, strict=True)],
        at=at,
    )
    return ids


def _complaint_refusal(intent: Remarked, row: Row, levers: Levers, at: datetime) -> Refusal | None:
    if intent.by != row["subject_id"]:
        return Forbidden("only whom it is about complains", field="id", rule="a_complaint_is_the_subjects")
    if refusal := words_wrong(intent.text, "text", 500):
        return refusal
    if levers.complaint_needs_mutual and not row["mutual"]:
        return Conflict(
            "who gave no feedback may not complain of one", field="id", rule="a_complaint_needs_mutual"
        )
    if row["complained"]:
        return Conflict("it was complained of already", field="id", rule="one_complaint_per_feedback")
    return _late(row["revealed_at"], levers.complaint_window_days, "complaint", at)


Check = Callable[[Any, Row, Levers, datetime], Refusal | None]


def _remark(kind: str, event: str, intents: Sequence[Remarked], at: datetime, check: Check) -> list[int]:
    found = _checked(intents, at, check)
    tally = "explanations" if kind == "explanation" else "follow_ups"
    records = [
        {
            "feedback_id": i.feedback,
            "kind": kind,
            "number": row[tally] + 1,
            "by_id": i.by,
            "text": i.text,
            "at": at,
        }
        for i, row in zip(intents, found, strict=True)
    ]
    ids = insert(Remark, records)
    emit(event, [fact(row) | {"remark": r} for row, r in zip(found, ids, strict=True)], at=at)
    return [row["id"] for row in found]


def _checked(intents: Sequence[Any], at: datetime, check: Check) -> list[Row]:
    """The feedbacks of `intents`, once none of them is refused; the rules are those of when the window
    opened."""
    found = dicts(FOUND, [[intent.feedback for intent in intents]])
    refused: dict[int, Refusal] = {}
    seen: set[int] = set()
    for n, (intent, row) in enumerate(zip(intents, found, strict=True)):
        refusal = _readable(intent.feedback, intent.by, row)
        if refusal is None and row["id"] in seen:
            refusal = Conflict("the batch names it twice", field="id", rule="one_row_per_feedback")
        refusal = refusal or check(intent, row, regime.at(row["opened_at"]).feedback, at)
        if refusal is not None:
            refused[n] = refusal
        seen.add(intent.feedback)
    if refused:
        raise several(refused)
    return found


def _readable(feedback: int, by: int, row: Row) -> Refusal | None:
    """Only what is revealed can be amended. Strangers are told no more than that they see nothing."""
    if row["id"] is None or (
        row["status"] not in ("revealed", "withdrawn") and by not in (row["rater_id"], row["subject_id"])
    ):
        return NotFound(f"there is no feedback {feedback} to be read", field="id", rule="feedback_exists")
    if row["status"] != "revealed":
        words = "it was withdrawn" if row["status"] == "withdrawn" else "it is not revealed yet"
        return Conflict(
            words, field="status", rule="amended_once_revealed", way_out="Wait until both sides can read it."
        )
    return None


def _late(since: datetime, days: int, what: str, at: datetime) -> Gone | None:
    """Spans run from `since`, their end excluded: at the very second it is over."""
    until = since + timedelta(days=days)
    if at < until:
        return None
    return Gone(
        f"the time for an {what} ended at {show(until)}", field="id", rule=f"{what.replace('-', '_')}_in_time"
    )
