"""What a member's verdicts and stars add up to (`ratings_credit`): from nothing, or by what changed.

`SUMS` is the one statement that can rebuild it. The daily run adds the weights of new days, takes away those
that leave a window, and adds up anew whoever is in `ratings_recount`; the result is the same to the last row.
A window of M months through day T is the days after T - M months, up to T.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256

from common.batch import dumps, execute, rows
from regime.levers import Regime

COUNTS = ("points", "good", "neutral", "bad", "uncounted", "recent_good", "recent_all")
STARS = ("spoken", "answers", "description", "service", "delivery")
SUMMED = COUNTS + STARS


@dataclass(frozen=True)
class Window:
    """The days a run adds up: all through `through`, the recent ones after `rate_after` and `index_after`."""

    through: date
    rate_after: date
    index_after: date


def window(through: date, levers: Regime) -> Window:
    """The windows of the run that closes the day `through` under `levers`."""
    found = rows(
        "SELECT (%(t)s::date - make_interval(months => %(rate)s))::date,"
        " (%(t)s::date - make_interval(months => %(stars)s))::date",
        {"t": through, "rate": levers.credit.good_rate_months, "stars": levers.dsr.window_months},
    )
    return Window(through, *found[0])


def digest(levers: Regime) -> str:
    """Changes when a lever does that every member's sums or level depend on: then they are rebuilt."""
    said = [levers.credit.good_rate_months, levers.credit.good_rate_counts_neutral, levers.dsr.window_months]
    return sha256(dumps([said, list(levers.credit.ladder_points)]).encode()).hexdigest()


RECENT, INDEXED = '"on" > %(rate_after)s', '"on" > %(index_after)s'  # "on" is a reserved word
GROUPED = "subject_id * 2 + (NOT as_seller)::int"
SUMS = f"""
    SELECT {GROUPED} AS id,
        sum(points) AS points,
        count(*) FILTER (WHERE verdict = 1 AND reason = 0) AS good,
        count(*) FILTER (WHERE verdict = 0 AND reason = 0) AS neutral,
        count(*) FILTER (WHERE verdict = -1 AND reason = 0) AS bad,
        count(*) FILTER (WHERE reason > 0) AS uncounted,
        count(*) FILTER (WHERE {RECENT} AND verdict = 1 AND reason = 0) AS recent_good,
        count(*) FILTER (WHERE {RECENT} AND reason = 0 AND (verdict <> 0 OR %(neutral)s)) AS recent_all,
        count(description) FILTER (WHERE NOT silent) AS spoken,
        count(description) FILTER (WHERE {INDEXED}) AS answers,
        coalesce(sum(description) FILTER (WHERE {INDEXED}), 0) AS description,
        coalesce(sum(service) FILTER (WHERE {INDEXED}), 0) AS service,
        coalesce(sum(delivery) FILTER (WHERE {INDEXED}), 0) AS delivery
      FROM ratings_weight WHERE "on" <= %(through)s {{some}} GROUP BY 1
"""
NAMES = ", ".join(SUMMED)
LEVEL = "width_bucket({points}, %(ladder)s::bigint[])::smallint"
WRITE = f"""
    INSERT INTO ratings_credit (id, member_id, role, level, {NAMES})
    SELECT id, id / 2, CASE WHEN id %% 2 = 0 THEN 'seller' ELSE 'buyer' END,
    {LEVEL.format(points="points")}, {NAMES}
      FROM {{fresh}}
        ON CONFLICT (id) DO UPDATE SET level = excluded.level,
        {", ".join(f"{n} = excluded.{n}" for n in SUMMED)}
"""
CACHED, FRESH = (", ".join(f"{row}.{name}" for name in SUMMED) for row in "cf")
SAME = f"({CACHED}, c.level) IS NOT DISTINCT FROM ({FRESH}, {LEVEL.format(points='f.points')})"
# Existing rows are updated by a join (no index is asked), new ones inserted,
# those of nobody's weights deleted.
REBUILD = (
    "CREATE TEMP TABLE ratings_fresh ON COMMIT DROP AS " + SUMS.format(some=""),
    f"""UPDATE ratings_credit c SET level = {LEVEL.format(points="f.points")},
    {", ".join(f"{n} = f.{n}" for n in SUMMED)}
          FROM ratings_fresh f WHERE f.id = c.id AND NOT ({SAME})""",
    WRITE.format(
        fresh="""(SELECT * FROM ratings_fresh f
                   WHERE NOT EXISTS (SELECT FROM ratings_credit c WHERE c.id = f.id)) n"""
    ),
    "DELETE FROM ratings_credit c WHERE NOT EXISTS (SELECT FROM ratings_fresh f WHERE f.id = c.id)",
    "DROP TABLE ratings_fresh",
    "DELETE FROM ratings_recount",
)

# `new` rows add to everything; a row that comes into a window adds to its sums (`rate`, `stars`: 1), one that
# leaves it takes from them (-1). Plain integers, so that nothing is added up as numeric. One pass over the days
# that matter, grouped by one expression and in no order: so the planner knows how many come out and that each is
# there once, keeps them in memory and reads the cache's pages once, in the order they lie in.
DELTA = f"""
    WITH moved AS (
        SELECT {GROUPED} AS id, ("on" > %(before)s)::int AS new,
               ({RECENT})::int - ("on" > %(rate_before)s AND "on" <= %(before)s)::int AS rate,
               ({INDEXED})::int - ("on" > %(index_before)s AND "on" <= %(before)s)::int AS stars,
               points, verdict, reason, silent, description, service, delivery
          FROM ratings_weight
         WHERE "on" > %(before)s AND "on" <= %(through)s
            OR "on" > %(rate_before)s AND "on" <= least(%(rate_after)s::date, %(before)s::date)
            OR "on" > %(index_before)s AND "on" <= least(%(index_after)s::date, %(before)s::date)
    ),
    fresh AS (
        SELECT id, sum(points * new) AS points,
               count(*) FILTER (WHERE new = 1 AND verdict = 1 AND reason = 0) AS good,
               count(*) FILTER (WHERE new = 1 AND verdict = 0 AND reason = 0) AS neutral,
               count(*) FILTER (WHERE new = 1 AND verdict = -1 AND reason = 0) AS bad,
               count(*) FILTER (WHERE new = 1 AND reason > 0) AS uncounted,
               coalesce(sum(rate) FILTER (WHERE verdict = 1 AND reason = 0), 0) AS recent_good,
               coalesce(sum(rate) FILTER (WHERE reason = 0 AND (verdict <> 0 OR %(neutral)s)), 0)
                   AS recent_all,
               count(description) FILTER (WHERE new = 1 AND NOT silent) AS spoken,
               coalesce(sum(stars) FILTER (WHERE description IS NOT NULL), 0) AS answers,
               coalesce(sum(stars * description), 0) AS description,
               coalesce(sum(stars * service), 0) AS service,
               coalesce(sum(stars * delivery), 0) AS delivery
          FROM moved GROUP BY id
    )
    MERGE INTO ratings_credit c USING fresh f ON c.id = f.id
     WHEN MATCHED THEN UPDATE SET level = {LEVEL.format(points="c.points + f.points")},
          {", ".join(f"{n} = c.{n} + f.{n}" for n in SUMMED)}
     WHEN NOT MATCHED THEN INSERT (id, member_id, role, level, {NAMES})
          VALUES (f.id, f.id / 2, CASE WHEN f.id %% 2 = 0 THEN 'seller' ELSE 'buyer' END,
                  {LEVEL.format(points="f.points")}, {", ".join(f"f.{n}" for n in SUMMED)})
"""
SOME = "AND subject_id IN (SELECT id / 2 FROM ratings_recount)"
AGAIN = WRITE.format(fresh=f"({SUMS.format(some=SOME)}) f WHERE id IN (SELECT id FROM ratings_recount)")
ODD = f"""
    SELECT coalesce(c.id, f.id) FROM ratings_credit c FULL JOIN ({SUMS.format(some="")}) f ON f.id = c.id
     WHERE NOT coalesce({SAME}, false) AND coalesce(c.id, f.id) NOT IN (SELECT id FROM ratings_recount)
     ORDER BY 1
"""


def params(days: Window, levers: Regime) -> dict[str, object]:
    return {
        **asdict(days),
        "neutral": levers.credit.good_rate_counts_neutral,
        "ladder": list(levers.credit.ladder_points),
    }


def rebuild(days: Window, levers: Regime) -> None:
    """Add everything up from nothing."""
    execute("SELECT set_config('work_mem', '128MB', true)")
    for statement in REBUILD:
        execute(statement, params(days, levers))


def update(before: Window, days: Window, levers: Regime) -> list[int]:
    """Add up what the days after `before.through` brought, what left the windows, and whoever is to be
    recounted: returns the ids of the latter."""
    given = params(days, levers) | {
        "before": before.through,
        "rate_before": before.rate_after,
        "index_before": before.index_after,
    }
    execute(DELTA, given)
    recounted = [row[0] for row in rows("SELECT id FROM ratings_recount ORDER BY id")]
    if recounted:
        execute(AGAIN, given)
        execute("DELETE FROM ratings_recount")
    return recounted


def odd(days: Window, levers: Regime) -> list[int]:
    """Audit: credit rows (ids) that differ from the rebuild, those to be recounted aside; best empty."""
    return [row[0] for row in rows(ODD, params(days, levers))]
