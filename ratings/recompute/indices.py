"""What is published of the stars: a seller's three indices, and the average of each section of the market.

A seller's indices are published anew only when, since they last were, new answers came from at least `k`
different people, or from nobody but the silent (whose five stars are no secret), and then at least `k`
of them. So no two publications differ by fewer than `k` people's stars, and one buyer's cannot be found
by subtraction.
When no answer is left in the window the indices are withdrawn, which says nothing of any one of them.
"""

from __future__ import annotations

from common.batch import execute, one
from ratings.recompute.credit import Window

# Rounded half up to hundredths of a star, whole numbers only.
MEAN = "((2 * c.{0} + c.answers) / (2 * c.answers))::smallint"
READY = f"""
    SELECT c.member_id, s.section_id, c.voices, c.answers,
           {", ".join(f"{MEAN.format(name)} AS {name}" for name in ("description", "service", "delivery"))}
      FROM {{candidates}} n
      JOIN ratings_credit c ON c.id = n.subject_id * 2
      JOIN shops_shop s ON s.owner_id = n.subject_id
      LEFT JOIN ratings_index i ON i.id = n.subject_id
     CROSS JOIN LATERAL (
        SELECT count(DISTINCT w.rater_id) FILTER (WHERE NOT w.silent) AS people, count(*) AS voices
          FROM ratings_weight w
         WHERE w.subject_id = n.subject_id AND w.as_seller AND w.on > coalesce(i.on, '-infinity')
         AND w.on <= %(through)s
           AND w.on > %(index_after)s AND w.description IS NOT NULL) a
     WHERE c.answers > 0 AND c.voices - coalesce(i.voices, 0) >= %(k)s
       AND (a.people >= %(k)s OR a.people = 0 AND a.voices >= %(k)s)
"""
NEW = """(SELECT DISTINCT subject_id FROM ratings_weight
           WHERE "on" > %(before)s AND "on" <= %(through)s AND as_seller AND description IS NOT NULL)"""
EVERYBODY = "(SELECT id / 2 AS subject_id FROM ratings_credit WHERE id %% 2 = 0)"
EMPTY = """
    SELECT i.id, i.section_id, c.voices, 0, NULL::smallint, NULL::smallint, NULL::smallint
      FROM ratings_index i JOIN ratings_credit c ON c.id = i.id * 2 WHERE i.answers > 0 AND c.answers = 0
"""
PUBLISH = """
    WITH ready AS ({ready} UNION ALL {empty}),
    kept AS (
        INSERT INTO ratings_publication
               (id, member_id, section_id, "on", answers, description, service, delivery)
        SELECT (SELECT coalesce(max(id), 0) FROM ratings_publication)
               + row_number() OVER (ORDER BY member_id),
               member_id, section_id, %(through)s, answers, description, service, delivery
          FROM ready ORDER BY member_id
    )
    INSERT INTO ratings_index
           (id, member_id, section_id, "on", voices, answers, description, service, delivery)
    SELECT member_id, member_id, section_id, %(through)s, voices, answers, description, service, delivery
      FROM ready ORDER BY member_id
        ON CONFLICT (id) DO UPDATE SET section_id = excluded.section_id, "on" = excluded.on,
        answers = excluded.answers, voices = excluded.voices,
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


def publish(before: Window | None, days: Window, k: int) -> int:
    """Publish every index that may be; returns how many. `before` None: look at everybody."""
    candidates = NEW if before else EVERYBODY
    statement = PUBLISH.format(ready=READY.format(candidates=candidates), empty=EMPTY)
    given = {
        "before": before.through if before else None,
        "through": days.through,
        "index_after": days.index_after,
        "k": k,
    }
    published = execute(statement, given)
    execute(AVERAGES, given)
    return published


def thin(k: int) -> int:
    """Audit: publications that rest on fewer than `k` answers though on some; best 0."""
    found: int = one("SELECT count(*) FROM ratings_publication WHERE answers BETWEEN 1 AND %s", [k - 1])
    return found
