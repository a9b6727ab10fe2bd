"""Where a member stands in the VIP club, why, and whether the club's book is sound."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from common.batch import dicts
from common.moments import day_of, show, start_of
from community.recompute import LEFT, SINCE, SPENT
from community.rules import FEN_A_YUAN, to_next
from regime import queries as regime
from worlds.clock import now

STANDING = """
    SELECT spent_yuan, growth_points, earned_level, level, level_holds_until FROM community_vip WHERE member_id = %s
"""
NEWCOMER = {"spent_yuan": 0, "growth_points": 0, "earned_level": 0, "level": 0, "level_holds_until": None}
TRADES = f"""
    SELECT o.id AS order, o.finished_at, o.total_fen, o.refunded_fen, ({LEFT}) / {FEN_A_YUAN} AS yuan
      FROM shops_order o WHERE o.buyer_id = %s AND o.status = 'finished' ORDER BY o.id DESC LIMIT %s
"""


def standing(member: int) -> dict[str, Any]:
    """Level, growth and how long the level holds, as of last night; by the next night's ladder, what is lacking."""
    ladder = regime.at(now()).members.vip_growth_points
    found = dicts(STANDING, [member])
    row: dict[str, Any] = found[0] if found else NEWCOMER
    return {
        "member": member,
        "level": row["level"],
        "level_holds_until": show(row["level_holds_until"]),
        "growth_points": row["growth_points"],
        "earned_level": row["earned_level"],
        "spent_yuan": row["spent_yuan"],
        "to_next_points": to_next(row["level"], row["growth_points"], ladder),
    }


def explain(member: int, *, limit: int = 50) -> dict[str, Any]:
    """A member's standing, today's levers, and the newest trades with the whole yuan that each counts."""
    levers = regime.at(now()).members
    trades = [{**row, "finished_at": show(row["finished_at"])} for row in dicts(TRADES, [member, limit])]
    return {
        "standing": standing(member),
        "growth_per_yuan_points": levers.growth_per_yuan_points,
        "ladder_points": list(levers.vip_growth_points),
        "trades": trades,
    }


THROUGH = "(SELECT coalesce(max(through), 0) FROM community_tally)"
RULES = {
    "what a member spent is the whole yuan of their finished trades, net of refunds": f"""
        WITH {SINCE.format(since=THROUGH)}, spent AS ({SPENT})
        SELECT coalesce(v.member_id, s.member_id) AS member, v.spent_yuan, s.yuan
          FROM community_vip v FULL JOIN spent s ON s.member_id = v.member_id
         WHERE coalesce(v.spent_yuan, 0) <> coalesce(s.yuan, 0) ORDER BY 1""",
    "growth and what it gives follow from what was spent": """
        SELECT v.member_id AS member, v.spent_yuan, v.growth_points, v.earned_level
          FROM community_vip v LEFT JOIN community_tally t ON TRUE
         WHERE (v.growth_points, v.earned_level::int) IS DISTINCT FROM
               (v.spent_yuan * t.per_yuan_points, width_bucket(v.spent_yuan * t.per_yuan_points, t.ladder_points))
         ORDER BY 1""",
    "a level and its hold are what the member was told": """
        SELECT coalesce(v.member_id, e.subject_id) AS member, v.level, e.level AS told
          FROM community_vip v FULL JOIN (
               SELECT DISTINCT ON (subject_id) subject_id, (payload ->> 'after')::int AS level,
                      (payload ->> 'holds_until')::timestamptz AS holds_until
                 FROM events_event WHERE name = 'vip.level_changed' ORDER BY subject_id, id DESC) e
            ON e.subject_id = v.member_id
         WHERE (coalesce(v.level, 0), v.level_holds_until) IS DISTINCT FROM (coalesce(e.level, 0), e.holds_until)
         ORDER BY 1""",
    "no level outlasts both its hold and its growth": """
        SELECT member_id AS member, level, earned_level FROM community_vip
         WHERE level > earned_level AND level_holds_until <= %(midnight)s ORDER BY 1""",
}


def odd(*, at: datetime) -> list[dict[str, Any]]:
    """The club's book against a rebuild from trades and refunds, and levels against what was told; best empty."""
    given = {"midnight": start_of(day_of(at))}
    return [
        {"rule": rule, **row}
        for rule, sql in RULES.items()
        for row in dicts(sql, given if "%(" in sql else None)
    ]
