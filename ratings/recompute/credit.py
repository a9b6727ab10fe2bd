"""What a member's verdicts and stars add up to (`ratings_credit`): from nothing, or by what changed.

`SUMS` is the one statement that can rebuild it. The daily run adds the weights of new days, takes away those
that leave a window, and adds up anew whoever is in `ratings_recount`; the result is the same to the last row.
A window of M months through day T is the days after T - M months, up to T.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256

from common.batch import dumps, execute, one, rows
from regime.levers import Regime

COUNTS = ("points", "good", "neutral", "bad", "uncounted", "recent_good", "recent_all")
STARS = ("answers", "description", "service", "delivery")
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


def _sums(recent: str, indexed: str, sign: str = "") -> str:
    """The eleven sums over weights, `recent` and `indexed` saying which rows lie in the two windows."""
    return f"""
        {sign}sum(points) AS points,
        {sign}count(*) FILTER (WHERE verdict = 1 AND reason = 0) AS good,
        {sign}count(*) FILTER (WHERE verdict = 0 AND reason = 0) AS neutral,
        {sign}count(*) FILTER (WHERE verdict = -1 AND reason = 0) AS bad,
        {sign}count(*) FILTER (WHERE reason > 0) AS uncounted,
        {sign}count(*) FILTER (WHERE {recent} AND verdict = 1 AND reason = 0) AS recent_good,
        {sign}count(*) FILTER (WHERE {recent} AND reason = 0 AND (verdict <> 0 OR %(neutral)s)) AS recent_all,
        {sign}count(description) FILTER (WHERE {indexed}) AS answers,
        {sign}coalesce(sum(description) FILTER (WHERE {indexed}), 0) AS description,
        {sign}coalesce(sum(service) FILTER (WHERE {indexed}), 0) AS service,
        {sign}coalesce(sum(delivery) FILTER (WHERE {indexed}), 0) AS delivery"""


GROUPED = "subject_id * 2 + (NOT as_seller)::int"
# "on" is a reserved word; the windows' bounds are parameters, so the planner sees constants
SUMS = f"""
    SELECT {GROUPED} AS id, {_sums('"on" > %(rate_after)s', '"on" > %(index_after)s')}
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

DELTA = f"""
    WITH moved AS (
        SELECT {GROUPED} AS id, {_sums('"on" > %(rate_after)s', '"on" > %(index_after)s')}
          FROM ratings_weight WHERE "on" > %(before)s AND "on" <= %(through)s GROUP BY 1
         UNION ALL
        SELECT {GROUPED}, 0, 0, 0, 0, 0,
               -count(*) FILTER (WHERE verdict = 1 AND reason = 0),
               -count(*) FILTER (WHERE reason = 0 AND (verdict <> 0 OR %(neutral)s)), 0, 0, 0, 0
          FROM ratings_weight WHERE "on" > %(rate_before)s AND "on" <= least(%(rate_after)s, %(before)s)
          GROUP BY 1
         UNION ALL
        SELECT {GROUPED}, 0, 0, 0, 0, 0, 0, 0, -count(*), -sum(description), -sum(service), -sum(delivery)
          FROM ratings_weight WHERE "on" > %(index_before)s AND "on" <= least(%(index_after)s, %(before)s)
           AND description IS NOT NULL GROUP BY 1
    ),
    fresh AS (SELECT id, {", ".join(f"sum({n})::bigint AS {n}" for n in SUMMED)} FROM moved GROUP BY 1)
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


def update(before: Window, days: Window, levers: Regime) -> None:
    """Add up what the days after `before.through` brought, what left the windows,
    and whoever is to be recounted."""
    given = params(days, levers) | {
        "before": before.through,
        "rate_before": before.rate_after,
        "index_before": before.index_after,
    }
    execute(DELTA, given)
    if one("SELECT EXISTS (SELECT FROM ratings_recount)"):
        execute(AGAIN, given)
        execute("DELETE FROM ratings_recount")


def odd(days: Window, levers: Regime) -> list[int]:
    """Audit: credit rows (ids) that differ from the rebuild, those to be recounted aside; best empty."""
    return [row[0] for row in rows(ODD, params(days, levers))]
