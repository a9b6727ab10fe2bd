"""Feedback as each may see it. The one door to it: `SHOWN` reads `ratings_feedback`,
which holds no sealed word.

Only `own_answers` reads the sealed table, for one author and only what that author wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from common.batch import dicts, rows
from common.moments import show
from members.queries import shown_name_sql
from members.rules import ANONYMOUS
from ratings.rules import CODE, QUESTIONS, SIDES, VERDICT_WORDS, VERDICTS

COLUMNS = """
    f.id, f.order_id AS order, f.line_id AS line, f.listing_id AS listing, l.title, l.price_fen,
    f.rater_id AS rater,
    f.subject_id AS subject, f.side, f.status, f.verdict, f.comment, f.anonymous, f.opened_at, f.closes_at,
    f.left_at,
    f.revealed_at, w.points, w.reason, w.silent
"""
FROM = """
      FROM ratings_feedback f JOIN shops_orderline l ON l.id = f.line_id
      LEFT JOIN ratings_weight w ON w.feedback_id = f.id
"""
REMARKS = """
    SELECT feedback_id, kind, text, at FROM ratings_remark WHERE feedback_id = ANY(%s) ORDER BY feedback_id,
    kind, number
"""
NAMED = f"CASE WHEN f.anonymous THEN '{ANONYMOUS}' ELSE {shown_name_sql('m.nick', 'm.openness')} END"


def public(
    *, member: int | None = None, role: str = "seller", listing: int | None = None,
    verdict: str | None = None, before: int = 2**62, limit: int = 50,
) -> list[dict[str, Any]]:  # fmt: skip
    """Revealed feedback about a member in a role, or on a listing; the newest first,
    raters as open as they chose."""
    found = dicts(
        f"""SELECT {COLUMNS}, {NAMED} AS rater_name {FROM} JOIN members_member m ON m.id = f.rater_id
             WHERE f.status = 'revealed' AND f.id < %(before)s AND f.side = %(side)s
               AND (%(member)s::bigint IS NULL OR f.subject_id = %(member)s)
               AND (%(listing)s::bigint IS NULL OR f.listing_id = %(listing)s)
               AND (%(verdict)s::int IS NULL OR f.verdict = %(verdict)s)
             ORDER BY f.id DESC LIMIT %(limit)s""",
        {
            "before": before,
            "side": "seller" if role == "buyer" else "buyer",
            "member": member,
            "listing": listing,
            "verdict": VERDICTS[verdict] if verdict else None,
            "limit": limit,
        },
    )
    return [{key: row[key] for key in PUBLIC} for row in _shown(found)]


PUBLIC = (
    "id", "listing", "title", "price_fen", "side", "rater_name", "verdict", "comment", "anonymous", "silent",
    "revealed_at",
    "counts", "explanations", "follow_ups",
)  # fmt: skip


def received(
    member: int, *, side: str | None = None, before: int = 2**62, limit: int = 50
) -> list[dict[str, Any]]:
    """Revealed feedback about `member`, for their own eyes, the newest first; `side`: the rater's."""
    found = dicts(
        f"""SELECT {COLUMNS} {FROM}
             WHERE f.subject_id = %s AND f.side = ANY(%s) AND f.status = 'revealed' AND f.id < %s
             ORDER BY f.id DESC LIMIT %s""",
        [member, [side] if side else list(SIDES), before, limit],
    )
    return _shown(found)


def given(
    member: int, *, side: str | None = None, before: int = 2**62, limit: int = 50
) -> list[dict[str, Any]]:
    """What `member` answered, sealed or not, with their own stars: for the author's eyes only.
    The newest first."""
    found = dicts(
        f"""SELECT {COLUMNS} {FROM}
             WHERE f.rater_id = %s AND f.side = ANY(%s) AND f.status <> 'open' AND f.id < %s
             ORDER BY f.id DESC LIMIT %s""",
        [member, [side] if side else list(SIDES), before, limit],
    )
    return _with_own(found, member)


def _with_own(found: list[dict[str, Any]], author: int) -> list[dict[str, Any]]:
    answers = own_answers([row["id"] for row in found], author)
    return [{**row, **answers.get(row["id"], {})} for row in _shown(found)]


def own_answers(ids: Sequence[int], author: int) -> dict[int, dict[str, Any]]:
    """What `author` answered in the feedbacks `ids`; those of others are passed over.
    A withdrawn verdict is not told."""
    found = rows(
        """SELECT a.feedback_id, f.side, f.status, coalesce(f.verdict, a.verdict), a.stars, a.comment,
        a.anonymous
             FROM ratings_answer a JOIN ratings_feedback f ON f.id = a.feedback_id
            WHERE a.feedback_id = ANY(%s) AND f.rater_id = %s""",
        [list(ids), author],
    )
    return {
        key: {
            "verdict": None if status == "withdrawn" else VERDICT_WORDS.get(verdict),
            "stars": dict(zip(QUESTIONS[side], stars, strict=True)),
            "comment": comment,
            "anonymous": anonymous,
        }
        for key, side, status, verdict, stars, comment, anonymous in found
    }


def one_for(feedback: int, member: int | None) -> dict[str, Any] | None:
    """One feedback as `member` may see it: the author all of it, its subject that it is there,
    others once revealed."""
    found = dicts(
        f"""SELECT {COLUMNS}, {NAMED} AS rater_name {FROM} JOIN members_member m ON m.id = f.rater_id
             WHERE f.id = %s""",
        [feedback],
    )
    if not found:
        return None
    row = found[0]
    if member is not None and member == row["rater"]:
        return _with_own(found, member)[0]
    if member == row["subject"]:
        return _shown(found)[0]
    return {key: _shown(found)[0][key] for key in PUBLIC} if row["status"] == "revealed" else None


PENDING = """
    SELECT f.id, f.order_id AS order, f.line_id AS line, f.listing_id AS listing, l.title,
    f.subject_id AS subject, f.side,
           f.opened_at, f.closes_at,
           EXISTS (SELECT FROM ratings_feedback o WHERE o.line_id = f.line_id AND o.side <> f.side
                      AND o.left_at IS NOT NULL) AS other_has_answered
      FROM ratings_feedback f JOIN shops_orderline l ON l.id = f.line_id
     WHERE f.rater_id = %s AND f.status = 'open' AND f.id > %s ORDER BY f.id LIMIT %s
"""


def pending(member: int, *, after: int = 0, limit: int = 50) -> list[dict[str, Any]]:
    """What `member` is asked about and has not answered, in order."""
    return [
        {**row, "opened_at": show(row["opened_at"]), "closes_at": show(row["closes_at"])}
        for row in dicts(PENDING, [member, after, limit])
    ]


def of_orders(orders: Sequence[int]) -> list[int]:
    """Every feedback of these orders, sealed or not (ids only): what a ruling on the trades strikes."""
    return [
        row[0]
        for row in rows(
            "SELECT id FROM ratings_feedback WHERE order_id = ANY(%s) ORDER BY id", [list(orders)]
        )
    ]


def complaints(*, status: str | None = None, after: int = 0, limit: int = 50) -> list[dict[str, Any]]:
    """Complaints in order, for the platform."""
    found = dicts(
        """SELECT id, feedback_id AS feedback, by_id AS by, text, status, made_at, ruled_at, ruling
        FROM ratings_complaint
            WHERE id > %s AND (%s::text IS NULL OR status = %s) ORDER BY id LIMIT %s""",
        [after, status, status, limit],
    )
    return [{**row, "made_at": show(row["made_at"]), "ruled_at": show(row["ruled_at"])} for row in found]


def revisions(feedback: int) -> list[dict[str, Any]]:
    """What was public of a feedback, and since when; nothing of what was sealed."""
    found = dicts(
        "SELECT kind, verdict, why, at FROM ratings_revision WHERE feedback_id = %s ORDER BY id", [feedback]
    )
    return [{**row, "verdict": VERDICT_WORDS.get(row["verdict"]), "at": show(row["at"])} for row in found]


def _shown(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows for the API: words for numbers, whether it counts and why not, the remarks beside it."""
    remarks: dict[int, dict[str, list[dict[str, Any]]]] = {}
    for feedback, kind, text, at in rows(REMARKS, [[row["id"] for row in found]]):
        remarks.setdefault(feedback, {}).setdefault(kind, []).append({"text": text, "at": show(at)})
    return [_row(row, remarks.get(row["id"], {})) for row in found]


def _row(row: dict[str, Any], remarks: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    moments = {key: show(row[key]) for key in ("opened_at", "closes_at", "left_at", "revealed_at")}
    plain = {key: value for key, value in row.items() if key not in ("points", "reason")}
    return {
        **plain,
        **moments,
        "verdict": VERDICT_WORDS.get(row["verdict"]),
        "anonymous": bool(row["anonymous"]),
        "silent": row["silent"],
        "counts": None if row["reason"] is None else row["reason"] == 0,
        "points": row["points"],
        "reason": None if row["reason"] is None else CODE[row["reason"]],
        "explanations": remarks.get("explanation", []),
        "follow_ups": remarks.get("follow_up", []),
    }
