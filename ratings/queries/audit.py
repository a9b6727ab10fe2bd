"""What must hold of feedback and credit at any moment; each returns what does not (best: nothing)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from common.batch import dicts
from ratings.recompute import credit as sums
from ratings.recompute import decisions
from ratings.recompute.daily import folded
from regime import queries as regime

SEALS = {
    "a revealed feedback has a sealed answer, a weight and says what was answered or edited": """
        SELECT f.id FROM ratings_feedback f
          LEFT JOIN ratings_answer a ON a.feedback_id = f.id LEFT JOIN ratings_weight w ON w.feedback_id =
          f.id
         WHERE f.status IN ('revealed', 'withdrawn') AND (a.feedback_id IS NULL OR w.feedback_id IS NULL
               OR w.verdict IS DISTINCT FROM f.verdict
               OR f.status = 'revealed' AND f.verdict <> a.verdict AND NOT EXISTS (
                  SELECT FROM ratings_revision r WHERE r.feedback_id = f.id AND r.kind = 'edited'))""",
    "nothing sealed or open weighs anything": """
        SELECT f.id FROM ratings_weight w JOIN ratings_feedback f ON f.id = w.feedback_id
         WHERE f.status IN ('open', 'sealed')""",
    "nothing sealed has a public history": """
        SELECT f.id FROM ratings_revision r JOIN ratings_feedback f ON f.id = r.feedback_id
         WHERE f.status IN ('open', 'sealed') AND r.verdict IS NOT NULL""",
    "no window stands open after its close, nothing is sealed after its reveal": """
        SELECT f.id FROM ratings_feedback f, worlds_clock c
         WHERE f.status = 'open' AND f.closes_at < c.now_at OR f.status = 'sealed'
         AND f.reveal_at < c.now_at""",
    "an answer stands beside every side that is not open, and no other": """
        SELECT f.id FROM ratings_feedback f LEFT JOIN ratings_answer a ON a.feedback_id = f.id
         WHERE (f.status = 'open') <> (a.feedback_id IS NULL)""",
    "a verdict is not told before its reveal": """
        SELECT e.subject_id AS id FROM events_event e LEFT JOIN ratings_feedback f ON f.id = e.subject_id
         WHERE e.name LIKE 'feedback.%%' AND e.payload ? 'verdict' AND (f.revealed_at IS NULL OR e.at <
         f.revealed_at)""",
}
# Under the sealed regime: both had answered, or the window had closed.
EARLY = """
    SELECT f.id, f.opened_at, f.revealed_at FROM ratings_feedback f JOIN ratings_feedback o
        ON o.line_id = f.line_id AND o.side <> f.side
     WHERE f.revealed_at IS NOT NULL AND f.revealed_at < f.closes_at
       AND (f.left_at IS NULL OR o.left_at IS NULL OR f.revealed_at < greatest(f.left_at, o.left_at))
"""


def seals() -> list[dict[str, Any]]:
    """Nothing is revealed early, nothing unrevealed counts or is told: [{rule, feedback}]."""
    broken = [
        {"rule": rule, "feedback": row["id"]}
        for rule, sql in SEALS.items()
        for row in dicts(f"{sql} ORDER BY 1", [])
    ]
    early = [row["id"] for row in dicts(EARLY) if regime.at(row["opened_at"]).feedback.reveal == "sealed"]
    return broken + [
        {"rule": "sealed until both have answered or the window closes", "feedback": i} for i in early
    ]


def credit(*, at: datetime) -> list[dict[str, Any]]:
    """The caches against their rebuild: decisions of every pair, sums of every member (as of the last
    run)."""
    wrong: list[dict[str, Any]] = [{"rule": "decisions", "feedback": row[0]} for row in decisions.odd()]
    through, _ = folded()
    if through is not None:
        levers = regime.at(at)
        wrong += [{"rule": "sums", "credit": i} for i in sums.odd(sums.window(through, levers), levers)]
    return wrong
