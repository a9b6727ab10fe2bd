"""Growth and levels, brought up to date at night by what happened since the last one: events say which trades.

`SPENT` is the one statement that can rebuild what was spent; the night adds to it and takes from it (`MOVED`), to the
same result. What happened is asked of the outbox by name and number, so nothing is counted twice and nothing is left out.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from common.batch import dicts, execute
from common.moments import show
from community.rules import FEN_A_YUAN
from events.actions import emit
from regime import queries as regime

# Trades that succeeded after the event number `since`, and what was given back of any trade after it.
SINCE = """
    finished AS (SELECT subject_id AS id FROM events_event WHERE name = 'order.finished' AND id > {since}),
    returned AS (
        SELECT r.order_id AS id, sum(r.amount_fen)::bigint AS fen
          FROM events_event e
         CROSS JOIN LATERAL (SELECT order_id, amount_fen FROM shops_refund WHERE id = e.subject_id OFFSET 0) r
         WHERE e.name = 'refund.succeeded' AND e.id > {since} GROUP BY 1
    )
"""
LEFT = "o.total_fen - o.refunded_fen"  # what the buyer has paid and not got back, postage among it
SPENT = f"""
    SELECT o.buyer_id AS member_id, sum(({LEFT} + coalesce(r.fen, 0)) / {FEN_A_YUAN})::bigint AS yuan
      FROM shops_order o LEFT JOIN returned r ON r.id = o.id
     WHERE o.status = 'finished' AND o.id NOT IN (SELECT id FROM finished) GROUP BY 1
"""
# The night's few rows are looked up one by one (OFFSET 0 keeps it so), whatever the planner thinks of their number.
MOVED = f"""
    SELECT o.buyer_id AS member_id, sum(o.left_fen / {FEN_A_YUAN} - CASE WHEN m.fresh THEN 0
                                        ELSE (o.left_fen + m.fen) / {FEN_A_YUAN} END)::bigint AS yuan
      FROM (SELECT coalesce(f.id, r.id) AS id, f.id IS NOT NULL AS fresh, r.fen
              FROM finished f FULL JOIN returned r ON r.id = f.id) m
     CROSS JOIN LATERAL (SELECT buyer_id, {LEFT} AS left_fen FROM shops_order o
                          WHERE o.id = m.id AND o.status = 'finished' OFFSET 0) o
     GROUP BY 1
"""
# Whoever spent or got money back, whose hold is over, or (by other levers) everybody: one statement judges them all.
NIGHT = f"""
    WITH {SINCE.format(since="%(since)s")}, moved AS ({MOVED}),
    touched AS (
        SELECT member_id FROM moved WHERE yuan <> 0
         UNION SELECT member_id FROM community_vip WHERE level > earned_level AND level_holds_until <= %(at)s
         UNION SELECT member_id FROM community_vip WHERE %(everybody)s
    ), counted AS (
        SELECT t.member_id, coalesce(v.spent_yuan, 0) + coalesce(m.yuan, 0) AS spent_yuan,
               coalesce(v.level, 0) AS before, v.level_holds_until AS held
          FROM touched t LEFT JOIN moved m USING (member_id)
          LEFT JOIN LATERAL (SELECT * FROM community_vip WHERE member_id = t.member_id OFFSET 0) v ON TRUE
    ), grown AS (
        SELECT *, spent_yuan * %(rate)s::int AS growth,
               width_bucket(spent_yuan * %(rate)s::int, %(ladder)s::bigint[])::smallint AS earned FROM counted
    ), judged AS (
        SELECT *, CASE WHEN earned >= before OR held <= %(at)s THEN earned ELSE before END AS level FROM grown
    ), settled AS (
        SELECT *, CASE WHEN level > before THEN %(at)s::timestamptz + make_interval(days => %(days)s::int)
                       WHEN level > 0 THEN held END AS holds FROM judged
    ), kept AS (
        INSERT INTO community_vip (member_id, spent_yuan, growth_points, earned_level, level, level_holds_until)
        SELECT member_id, spent_yuan, growth, earned, level, holds FROM settled ORDER BY member_id
            ON CONFLICT (member_id) DO UPDATE
           SET spent_yuan = excluded.spent_yuan, growth_points = excluded.growth_points, level = excluded.level,
               earned_level = excluded.earned_level, level_holds_until = excluded.level_holds_until
    )
    SELECT member_id, before, level, growth, holds FROM settled WHERE level <> before ORDER BY member_id
"""
# How far growth is counted, and whether there is anything to do that the levers did not change. The newest of a name is
# one look into an index; whether there is one after `through` would be a scan to a planner that cannot know the number.
LATEST = "coalesce((SELECT max(id) FROM events_event WHERE name = '{}'), 0)"
LAST = f"""
    SELECT coalesce((SELECT max(id) FROM events_event), 0) AS now, t.through, t.rate, t.ladder,
           greatest({LATEST.format("order.finished")}, {LATEST.format("refund.succeeded")}) > t.through
           OR EXISTS (SELECT FROM community_vip WHERE level > earned_level AND level_holds_until <= %s) AS stirred
      FROM (SELECT coalesce(max(through), 0) AS through, max(per_yuan_points) AS rate, max(ladder_points) AS ladder
              FROM community_tally) t
"""
KEEP = """
    INSERT INTO community_tally (id, through, per_yuan_points, ladder_points) VALUES (1, %s, %s, %s)
        ON CONFLICT (id) DO UPDATE SET through = excluded.through, per_yuan_points = excluded.per_yuan_points,
           ladder_points = excluded.ladder_points
"""


@transaction.atomic
def run(*, at: datetime) -> None:
    """Every night: what was spent or given back since the last one, new levels, and levels whose hold is over."""
    levers = regime.at(at).members
    rate, ladder = levers.growth_per_yuan_points, list(levers.vip_growth_points)
    [last] = dicts(LAST, [at])
    changed = (rate, ladder) != (last["rate"], last["ladder"])
    if not changed and not last["stirred"]:
        return
    moved = dicts(
        NIGHT,
        {
            "since": last["through"],
            "at": at,
            "everybody": changed,
            "rate": rate,
            "ladder": ladder,
            "days": levers.vip_level_least_days,
        },
    )
    execute(KEEP, [last["now"], rate, ladder])
    emit(
        "vip.level_changed",
        [
            {
                "id": row["member_id"],
                "members": [row["member_id"]],
                "before": row["before"],
                "after": row["level"],
                "growth_points": row["growth"],
                "holds_until": show(row["holds"]),
            }
            for row in moved
        ],
        at=at,
    )
