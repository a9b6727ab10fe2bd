"""What is published of the stars: a seller's three indices, and the average of each section of the market.

A seller's indices are published anew only when, since they last were, new answers came from at least `k`
different people, or from nobody but the silent (whose five stars are no secret), and then at least `k`
of them. So no two publications differ by fewer than `k` people's stars, and one buyer's cannot be found
by subtraction.
When no answer is left in the window the indices are withdrawn, which says nothing of any one of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from common.batch import execute, one
from ratings.recompute.credit import Window

# Rounded half up to hundredths of a star, whole numbers only.
MEAN = "((2 * c.{0} + c.answers) / (2 * c.answers))::smallint"
MEANS = ", ".join(f"{MEAN.format(name)} AS {name}" for name in ("description", "service", "delivery"))
# Whose sums of stars changed by days that came or left, and whether an answer is new. Grouped by one expression,
# so that the planner knows how many there are and that each is there once: it keeps them in memory and reads the
# caches once, past them.
TOUCHED = """
    SELECT subject_id * 2 AS id, bool_or("on" > %(before)s) AS new
      FROM ratings_weight
     WHERE as_seller AND description IS NOT NULL
       AND ("on" > %(before)s AND "on" <= %(through)s
            OR "on" > %(index_before)s AND "on" <= least(%(index_after)s::date, %(before)s::date))
     GROUP BY subject_id * 2
"""
EVERYBODY = "SELECT id, TRUE AS new FROM ratings_credit WHERE id %% 2 = 0"
# Step by step, so that what is dear is asked of few. `asked`: who has answers that are new and, by the two counts
# of those who spoke, from nobody or from enough (the counts tell nothing of who left the window unpublished: then
# too), and who has no answer left. `heard`: those of the former whose new answers are indeed from enough people.
# Whoever was recounted may have lost the last answer to a ruling.
PUBLISH = f"""
    WITH asked AS MATERIALIZED (
        SELECT c.member_id, c.spoken, c.answers, c.description, c.service, c.delivery, i.section_id, i.on
          FROM ({{touched}}) t
          JOIN ratings_credit c ON c.id = t.id AND (t.new OR c.answers = 0)
          LEFT JOIN ratings_index i ON i.id = c.member_id
         WHERE CASE WHEN c.answers = 0 THEN i.answers > 0
                    ELSE i.on IS NULL OR i.on <= %(index_after)s
                         OR abs(c.spoken - i.spoken) NOT BETWEEN 1 AND %(k)s - 1 END
    ),
    heard AS MATERIALIZED (
        SELECT c.*
          FROM asked c
         CROSS JOIN LATERAL (
            SELECT count(DISTINCT w.rater_id) FILTER (WHERE NOT w.silent) AS people, count(*) AS voices
              FROM ratings_weight w
             WHERE w.subject_id = c.member_id AND w.as_seller AND w.on > coalesce(c.on, '-infinity')
               AND w.on <= %(through)s AND w.on > %(index_after)s AND w.description IS NOT NULL) a
         WHERE c.answers > 0 AND (a.people >= %(k)s OR a.people = 0 AND a.voices >= %(k)s)
    ),
    ready AS (
        SELECT c.member_id, s.section_id, c.spoken, c.answers, {MEANS}
          FROM heard c JOIN shops_shop s ON s.owner_id = c.member_id
         UNION
        SELECT member_id, section_id, spoken, 0, NULL, NULL, NULL FROM asked WHERE answers = 0
         UNION
        SELECT i.id, i.section_id, c.spoken, 0, NULL, NULL, NULL
          FROM ratings_credit c JOIN ratings_index i ON i.id = c.member_id
         WHERE c.id = ANY(%(recounted)s::bigint[]) AND c.role = 'seller' AND c.answers = 0 AND i.answers > 0
    ),
    kept AS (
        INSERT INTO ratings_publication
               (id, member_id, section_id, "on", answers, description, service, delivery)
        SELECT (SELECT coalesce(max(id), 0) FROM ratings_publication)
               + row_number() OVER (ORDER BY member_id),
               member_id, section_id, %(through)s, answers, description, service, delivery
          FROM ready ORDER BY member_id
    )
    INSERT INTO ratings_index
           (id, member_id, section_id, "on", spoken, answers, description, service, delivery)
    SELECT member_id, member_id, section_id, %(through)s, spoken, answers, description, service, delivery
      FROM ready ORDER BY member_id
        ON CONFLICT (id) DO UPDATE SET section_id = excluded.section_id, "on" = excluded.on,
        answers = excluded.answers, spoken = excluded.spoken,
           description = excluded.description, service = excluded.service, delivery = excluded.delivery
"""
# Every shop counts once, whatever its size; rounded half up.
AVERAGES = """
    INSERT INTO ratings_sectionaverage (id, section_id, "on", shops, description, service, delivery)
    SELECT (SELECT coalesce(max(id), 0) FROM ratings_sectionaverage)
           + row_number() OVER (ORDER BY section_id),
           section_id, %(through)s, n, (2 * d + n) / (2 * n), (2 * s + n) / (2 * n), (2 * v + n) / (2 * n)
      FROM (SELECT section_id, count(*) AS n, sum(description) AS d, sum(service) AS s, sum(delivery) AS v
              FROM ratings_index WHERE answers > 0 GROUP BY section_id) a
     ORDER BY section_id
        ON CONFLICT (section_id, "on") DO NOTHING
"""


def publish(before: Window | None, days: Window, k: int, recounted: Sequence[int] = ()) -> int:
    """Publish every index that may be; returns how many.

    `before`: the windows of the run before, None to look at everybody. `recounted`: ids of the credit rows that
    were added up anew.
    """
    given = {
        "before": before.through if before else None,
        "index_before": before.index_after if before else None,
        "through": days.through,
        "index_after": days.index_after,
        "k": k,
        "recounted": list(recounted),
    }
    published = execute(PUBLISH.format(touched=TOUCHED if before else EVERYBODY), given)
    execute(AVERAGES, given)
    return published


def thin(k: int) -> int:
    """Audit: publications that rest on fewer than `k` answers though on some; best 0."""
    found: int = one("SELECT count(*) FROM ratings_publication WHERE answers BETWEEN 1 AND %s", [k - 1])
    return found
