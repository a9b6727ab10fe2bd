"""Which verdicts count: decided for a pair's whole history at once, so that revealing has no order.

One statement. Rules, in this order:
1. barred verdicts count nothing (struck, no escrow, a sealed account, a tiny order);
2. of a pair's trades in one item the goods of 14 days make one good, the bads one bad: the first of them
   counts, and the next that was traded 14 days (to the second) or more after the one that counted;
3. what a pair's trades of one Shanghai month add up to is cut to [-6, +6]: the latest are cut first.
The levers are those in force when the trade was created; a month's limits those of its latest trade.
Source: rule texts of 2009-02-15 (months), regime `credit.*`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from common.batch import dumps, execute, one, rows
from common.moments import FIRST, LAST
from ratings.rules import NUMBER
from regime import queries as regime

Pair = tuple[int, int, str]  # rater, subject, the rater's side

ERAS = """
    SELECT * FROM json_to_recordset(%(eras)s::json) AS e(
        n int, since timestamptz, until timestamptz, good int, neutral int, bad int, month_least int, month_most int,
        item_days int, item_least int, item_most int, tiny bigint, escrow bool, open_account bool, fake bool)
"""

DECIDED = f"""
    era AS ({ERAS}),
    stood AS (
        SELECT w.feedback_id AS id, f.rater_id, f.subject_id, f.side, f.listing_id, f.traded_at, w.verdict,
               e.n, e.item_days,
               CASE WHEN f.status = 'withdrawn' THEN {NUMBER["withdrawn"]}
                    WHEN w.verdict IS NULL THEN {NUMBER["no_verdict"]}
                    WHEN f.struck > 0 AND (e.fake OR f.struck <> {NUMBER["fake_trade"]}) THEN f.struck
                    WHEN e.escrow AND NOT f.escrowed THEN {NUMBER["no_escrow"]}
                    WHEN e.open_account AND (f.rater_id IN (SELECT id FROM closed)
                                             OR f.subject_id IN (SELECT id FROM closed))
                    THEN {NUMBER["account_sealed"]}
                    WHEN f.order_fen <= e.tiny THEN {NUMBER["tiny_order"]}
                    ELSE 0 END AS bar
          FROM ratings_weight w JOIN ratings_feedback f ON f.id = w.feedback_id
          JOIN era e ON f.traded_at >= e.since AND f.traded_at < e.until
         WHERE {{touched}}
    ),
    sized AS (
        SELECT s.*, bar = 0 AND verdict <> 0
               AND count(*) OVER (PARTITION BY rater_id, subject_id, side, listing_id, verdict) > 1 AS repeated
          FROM stood s
    ),
    -- Repetitions are walked within arrays, one group at a time: no join of the whole with itself.
    walked AS (
        SELECT r.rater_id, r.subject_id, r.side, r.verdict, r.ids[i] AS id, r.ats[i] AS traded_at, r.eras[i] AS n, nth
          FROM (SELECT rater_id, subject_id, side, verdict, array_agg(id ORDER BY traded_at, id) AS ids,
                       array_agg(traded_at ORDER BY traded_at, id) AS ats, array_agg(n ORDER BY traded_at, id) AS eras,
                       array_agg(item_days ORDER BY traded_at, id) AS days
                  FROM sized WHERE repeated GROUP BY rater_id, subject_id, side, listing_id, verdict) r
         CROSS JOIN LATERAL (
            WITH RECURSIVE walk AS (
                SELECT 1 AS i, r.ats[1] AS head, 1 AS nth
                 UNION ALL
                SELECT w.i + 1, CASE WHEN near THEN head ELSE r.ats[w.i + 1] END, CASE WHEN near THEN nth + 1 ELSE 1 END
                  FROM walk w
                 CROSS JOIN LATERAL (
                    SELECT r.ats[w.i + 1] < w.head + make_interval(hours => 24 * r.days[w.i + 1]) AS near) x
                 WHERE w.i < cardinality(r.ids)
            ) SELECT i, nth FROM walk) w
    ),
    told AS (
        SELECT id, rater_id, subject_id, side, verdict, traded_at, bar, n, 1 AS nth FROM sized WHERE repeated IS NOT TRUE
         UNION ALL
        SELECT id, rater_id, subject_id, side, verdict, traded_at, 0, n, nth FROM walked
    ),
    itemed AS (
        SELECT t.id, t.rater_id, t.subject_id, t.side, t.traded_at, t.bar, e.month_least, e.month_most, worth,
               date_trunc('month', t.traded_at AT TIME ZONE 'Asia/Shanghai') AS month,
               CASE WHEN bar > 0 THEN 0
                    WHEN t.verdict = 1
                    THEN least(nth * worth, greatest(worth, item_most))
                         - least((nth - 1) * worth, greatest(worth, item_most))
                    WHEN t.verdict = -1
                    THEN greatest(nth * worth, least(worth, item_least))
                         - greatest((nth - 1) * worth, least(worth, item_least))
                    ELSE worth END AS single
          FROM told t JOIN era e USING (n)
         CROSS JOIN LATERAL (
            SELECT CASE t.verdict WHEN 1 THEN e.good WHEN 0 THEN e.neutral WHEN -1 THEN e.bad ELSE 0 END AS worth) v
    ),
    monthly AS (
        SELECT id, bar, worth, single,
               first_value(month_most) OVER latest AS most, first_value(month_least) OVER latest AS least,
               sum(single) OVER (PARTITION BY rater_id, subject_id, side, month) AS total,
               sum(greatest(single, 0)) OVER later AS cut_up, sum(least(single, 0)) OVER later AS cut_down
          FROM itemed
        WINDOW latest AS (PARTITION BY rater_id, subject_id, side, month ORDER BY traded_at DESC, id DESC),
               later AS (PARTITION BY rater_id, subject_id, side, month ORDER BY traded_at DESC, id DESC
                         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ),
    shared AS (
        SELECT id, bar, worth, single,
               CASE WHEN single > 0
                    THEN single - greatest(0, least(single, total - most - coalesce(cut_up, 0)))
                    WHEN single < 0
                    THEN single - least(0, greatest(single, total - least - coalesce(cut_down, 0)))
                    ELSE 0 END AS points
          FROM monthly
    ),
    decided AS (
        SELECT id, points::smallint AS points,
               (CASE WHEN bar > 0 THEN bar
                     WHEN worth <> 0 AND single = 0 THEN {NUMBER["same_item"]}
                     WHEN single <> 0 AND points = 0 THEN {NUMBER["pair_month"]}
                     ELSE 0 END)::smallint AS reason
          FROM shared
    )
"""
CLOSED = "closed AS (SELECT id FROM members_member WHERE status = 'sealed')"
PAIRS = """pairs AS (
        SELECT DISTINCT * FROM unnest(%(raters)s::bigint[], %(subjects)s::bigint[], %(sides)s::text[])
    )"""
IN_PAIRS = "(f.rater_id, f.subject_id, f.side) IN (SELECT * FROM pairs)"

# Those already added up by the daily run are added up anew for their subject.
SETTLE = f"""
    WITH RECURSIVE {PAIRS}, {CLOSED}, {DECIDED.format(touched=IN_PAIRS)},
    changed AS (
        UPDATE ratings_weight w SET points = d.points, reason = d.reason
          FROM decided d
         WHERE w.feedback_id = d.id AND (w.points, w.reason) IS DISTINCT FROM (d.points, d.reason)
        RETURNING w.subject_id, w.as_seller, w.on
    )
    INSERT INTO ratings_recount (id)
    SELECT DISTINCT c.subject_id * 2 + (NOT c.as_seller)::int
      FROM changed c JOIN ratings_fold l ON c.on <= l.through
     ORDER BY 1
        ON CONFLICT DO NOTHING
"""
ODD = f"""
    WITH RECURSIVE {CLOSED}, {DECIDED.format(touched="TRUE")}
    SELECT w.feedback_id, w.points, w.reason, d.points, d.reason
      FROM decided d JOIN ratings_weight w ON w.feedback_id = d.id
     WHERE (w.points, w.reason) IS DISTINCT FROM (d.points, d.reason) ORDER BY 1
"""
# Pairs of an account whose sealing or opening is not yet in the decisions; found from the accounts,
# which are few.
STALE_PAIRS = f"""
    WITH closed AS MATERIALIZED (SELECT id FROM members_member WHERE status = 'sealed'),
    theirs AS (
        SELECT f.id, f.rater_id, f.subject_id, f.side
          FROM closed c JOIN ratings_feedback f ON f.rater_id = c.id
         UNION
        SELECT f.id, f.rater_id, f.subject_id, f.side
          FROM closed c JOIN ratings_feedback f ON f.subject_id = c.id
    )
    SELECT DISTINCT t.rater_id, t.subject_id, t.side
      FROM theirs t JOIN ratings_weight w ON w.feedback_id = t.id
     WHERE w.reason IN (0, {NUMBER["tiny_order"]}, {NUMBER["same_item"]}, {NUMBER["pair_month"]})
     UNION
    SELECT f.rater_id, f.subject_id, f.side
      FROM ratings_weight w JOIN ratings_feedback f ON f.id = w.feedback_id
      JOIN members_member r ON r.id = f.rater_id JOIN members_member s ON s.id = f.subject_id
     WHERE w.reason = {NUMBER["account_sealed"]} AND r.status <> 'sealed' AND s.status <> 'sealed'
     ORDER BY 1, 2, 3
"""
SEALED_EVER = f"""
    SELECT EXISTS (SELECT FROM members_member WHERE status = 'sealed')
        OR EXISTS (SELECT FROM ratings_weight WHERE reason = {NUMBER["account_sealed"]})
"""


def eras() -> str:
    """The credit levers of every moment as JSON rows; what was before the market has its first rules."""
    timeline = regime.timeline()
    found: list[dict[str, Any]] = []
    for since, levers in zip(timeline.moments, timeline.regimes, strict=True):
        c = levers.credit
        era = {
            "good": c.good_points, "neutral": c.neutral_points, "bad": c.bad_points,
            "month_least": c.pair_month_least_points, "month_most": c.pair_month_most_points,
            "item_days": c.same_item_days, "item_least": c.same_item_least_points,
            "item_most": c.same_item_most_points, "tiny": c.tiny_order_fen, "escrow": c.needs_escrow,
            "open_account": c.needs_open_account, "fake": c.fake_points_removed,
        }  # fmt: skip
        if found and {k: found[-1][k] for k in era} == era:
            continue
        if found:
            found[-1]["until"] = since
        found.append({**era, "n": len(found), "since": since if found else FIRST, "until": LAST})
    return dumps(found)


def settle(pairs: Sequence[Pair]) -> None:
    """Decide anew what the verdicts of these pairs count: after whatever changed in one of them."""
    if pairs:
        raters, subjects, sides = (list(column) for column in zip(*pairs, strict=True))
        execute(SETTLE, {"raters": raters, "subjects": subjects, "sides": sides, "eras": eras()})


def settle_accounts() -> None:
    """Let the sealing and opening of accounts since the last run reach the decisions."""
    if one(SEALED_EVER):
        settle([(rater, subject, side) for rater, subject, side in rows(STALE_PAIRS)])


def odd() -> list[tuple[int, int, int, int, int]]:
    """Audit: (feedback, points, reason, and both by the rules) where they differ; best empty."""
    return rows(ODD, {"eras": eras()})
