"""A day's figures, rebuilt from the rows by one statement; the books of a day, closed and reconciled."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from common.batch import by_hashing, dicts, execute, one, rows
from common.moments import day_of, start_of
from regime import queries as regime

# Each view belongs to a visit of its visitor; each visit is folded once for every slice it touched, the folded
# visits are added up by visitor, and the visitors (each counts once) by slice. What was kept, put in carts, ordered and paid joins by the same slices; a paid
# line's source is that of its member's last view of the shop before paying, that day (else direct).
CUT = """
WITH viewed AS (
    SELECT id, at, visitor, member_id, page, source, shop_id, listing_id, section_id, stay_seconds,
           lag(at) OVER w AS before, lead(at) OVER w AS after
      FROM traffic_pageview WHERE at >= %(start)s AND at < %(end)s{visitors}
    WINDOW w AS (PARTITION BY visitor ORDER BY at, id)
), numbered AS (
    SELECT *, count(*) FILTER (WHERE before IS NULL OR at - before > %(gap)s)
                  OVER (PARTITION BY visitor ORDER BY at, id) AS visit,
           coalesce(stay_seconds,
                    CASE WHEN after - at <= %(gap)s THEN floor(date_part('epoch', after - at))::int END,
                    0) AS stay
      FROM viewed
), folded AS (
    SELECT visitor, visit, source, section_id, shop_id, listing_id,
           grouping(source, section_id, shop_id, listing_id) AS slice,
           count(*)::int AS pv, count(*) FILTER (WHERE page = 5)::int AS ipv, sum(stay) AS stay
      FROM numbered
     GROUP BY GROUPING SETS ((visitor, visit), (visitor, visit, source), (visitor, visit, section_id),
                             (visitor, visit, shop_id), (visitor, visit, shop_id, source),
                             (visitor, visit, listing_id))
), met AS (
    SELECT CASE slice WHEN 15 THEN 0 WHEN 7 THEN 1 WHEN 11 THEN 2 WHEN 13 THEN 3 WHEN 5 THEN 4 ELSE 5
            END AS dimension,
           coalesce(section_id, shop_id, listing_id, 0) AS key, coalesce(source, 0) AS source, visitor,
           sum(pv)::int AS pv, sum(ipv)::int AS ipv, count(*)::int AS visits,
           count(*) FILTER (WHERE pv <= %(bounce)s)::int AS bounces, sum(stay)::bigint AS stay
      FROM folded
     WHERE slice IN (15, 7) OR section_id IS NOT NULL OR shop_id IS NOT NULL OR listing_id IS NOT NULL
     GROUP BY 1, 2, 3, 4
), seen AS (
    SELECT dimension, key, source, sum(pv) AS pv, count(*) AS uv_daily, sum(ipv) AS ipv,
           count(*) FILTER (WHERE ipv > 0) AS ipv_uv_daily, sum(visits) AS visits, sum(bounces) AS bounces,
           sum(stay) AS stay_seconds
      FROM met GROUP BY 1, 2, 3
), converted AS (
    SELECT DISTINCT ON (c.id) c.*, v.source
      FROM traffic_conversion c
      LEFT JOIN viewed v ON v.member_id = c.member_id AND v.shop_id = c.shop_id AND v.at <= c.at
     WHERE c.at >= %(start)s AND c.at < %(end)s{conversions}
     ORDER BY c.id, v.at DESC, v.id DESC
), acts AS (
    SELECT source, section_id, shop_id, listing_id, member_id, act, NULL::bigint AS order_id, quantity,
           0 AS amount_fen
      FROM traffic_interest WHERE at >= %(start)s AND at < %(end)s{acts}
       AND act IN ('favourite', 'cart')
    UNION ALL
    SELECT coalesce(source, 1), section_id, shop_id, listing_id, member_id, act, order_id, quantity,
           amount_fen
      FROM converted
), done AS (
    SELECT CASE grouping(source, section_id, shop_id, listing_id)
                WHEN 15 THEN 0 WHEN 7 THEN 1 WHEN 11 THEN 2 WHEN 13 THEN 3 WHEN 5 THEN 4 ELSE 5
            END AS dimension,
           coalesce(section_id, shop_id, listing_id, 0) AS key, coalesce(source, 0) AS source,
           count(*) FILTER (WHERE act = 'favourite') AS favourites,
           count(*) FILTER (WHERE act = 'cart') AS carts,
           count(DISTINCT order_id) FILTER (WHERE act = 'placed') AS orders_placed,
           count(DISTINCT order_id) FILTER (WHERE act = 'paid') AS orders_paid,
           count(DISTINCT member_id) FILTER (WHERE act = 'paid') AS buyers_daily,
           coalesce(sum(quantity) FILTER (WHERE act = 'paid'), 0) AS pieces_paid,
           coalesce(sum(amount_fen) FILTER (WHERE act = 'paid'), 0) AS paid_fen
      FROM acts
     GROUP BY GROUPING SETS ((), (source), (section_id), (shop_id), (shop_id, source), (listing_id))
    HAVING count(*) > 0
)
SELECT %(day)s::date AS day, dimension, key, source, coalesce(pv, 0) AS pv, coalesce(uv_daily, 0) AS uv_daily,
       coalesce(ipv, 0) AS ipv, coalesce(ipv_uv_daily, 0) AS ipv_uv_daily, coalesce(visits, 0) AS visits,
       coalesce(bounces, 0) AS bounces, coalesce(stay_seconds, 0)::bigint AS stay_seconds,
       coalesce(favourites, 0) AS favourites, coalesce(carts, 0) AS carts,
       coalesce(orders_placed, 0) AS orders_placed,
       coalesce(orders_paid, 0) AS orders_paid, coalesce(buyers_daily, 0) AS buyers_daily,
       coalesce(pieces_paid, 0) AS pieces_paid, coalesce(paid_fen, 0)::bigint AS paid_fen
  FROM seen FULL JOIN done USING (dimension, key, source)
"""

FEW = 10_000  # views that are gone through as fast as they are found
SORTED_IN = "128MB"  # a day of 200,000 views is folded without touching the disk
FIGURES = CUT.format(visitors="", conversions="", acts="")
COLUMNS = (
    "day, dimension, key, source, pv, uv_daily, ipv, ipv_uv_daily, visits, bounces, stay_seconds, "
    "favourites, carts, orders_placed, orders_paid, buyers_daily, pieces_paid, paid_fen"
)


def window(day: date) -> dict[str, Any]:
    """What FIGURES asks for: the day's bounds, and the levers as they stood at its end."""
    levers = regime.at(start_of(day + timedelta(days=1)) - timedelta(microseconds=1)).traffic
    return {
        "day": day,
        "start": start_of(day),
        "end": start_of(day + timedelta(days=1)),
        "gap": timedelta(minutes=levers.session_gap_minutes),
        "bounce": levers.bounce_page_count,
    }


# Only what touches one slice: whoever came there is followed everywhere (a visit is a visit of the market).
OF = {"section": "section_id", "shop": "shop_id", "listing": "listing_id"}
ONLY = """ AND visitor IN (SELECT visitor FROM traffic_pageview
                             WHERE at >= %(start)s AND at < %(end)s AND {column} = %(of)s)"""


def figures(day: date, *, of: str = "market", key: int = 0) -> list[dict[str, Any]]:
    """The figures of `day` straight from the rows, for a day still open.

    `of` a shop, section or listing, by its `key`: then slices of that one are right, others not to be used.
    """
    if of == "market":
        with by_hashing():
            return dicts(FIGURES, window(day))
    column = OF[of]
    sql = CUT.format(
        visitors=ONLY.format(column=column),
        conversions=f" AND c.{column} = %(of)s",
        acts=f" AND {column} = %(of)s",
    )
    with by_hashing():
        return dicts(sql, {**window(day), "of": key})


def rebuild_day(day: date) -> int:
    """Rebuild the figures of `day` from its rows; returns how many slices it has."""
    execute("DELETE FROM traffic_daily WHERE day = %s", [day])
    with by_hashing(SORTED_IN):
        return execute(
            f"INSERT INTO traffic_daily ({COLUMNS}) SELECT {COLUMNS} FROM ({FIGURES}) f", window(day)
        )


def know_views() -> None:
    """Let the planner find a day among the views although the market was filled within minutes, before the database
    itself had looked: their index by moments is brought up to date, their moments are sampled when they have doubled."""
    rows("SELECT brin_summarize_new_values('views_of_a_day'::regclass)")
    if one(
        """SELECT sum(d.rows) > greatest(2 * c.reltuples, %s) FROM traffic_dayclose d, pg_class c
            WHERE c.oid = 'traffic_pageview'::regclass GROUP BY c.oid, c.reltuples""",
        [FEW],
    ):
        execute("ANALYZE (SKIP_LOCKED) traffic_pageview (at)")


def close_days(*, at: datetime) -> None:
    """Close the books of the day that ends at `at`, views or none: figures rebuilt, totals compared and kept.

    The daily run calls it at 00:00, so one call closes one day. The clock's step stands alone in the market:
    no view of that day is half written, and none can come after.
    """
    day = day_of(at) - timedelta(days=1)
    know_views()
    rebuild_day(day)
    execute(
        f"""INSERT INTO traffic_dayclose (day, rows, by_source, by_shop, closed_at)
            SELECT %(day)s, rows, by_source, by_shop + elsewhere, %(at)s FROM ({BALANCE}) b""",
        {"day": day, "start": start_of(day), "end": start_of(day + timedelta(days=1)), "at": at},
    )


# rows as they lie; the same by the two ways the day's figures cut them; and pages that belong to no shop
BALANCE = """
    SELECT count(*) AS rows, count(*) FILTER (WHERE shop_id IS NULL) AS elsewhere,
           (SELECT coalesce(sum(pv), 0) FROM traffic_daily WHERE day = %(day)s AND dimension = 1)
               AS by_source,
           (SELECT coalesce(sum(pv), 0) FROM traffic_daily WHERE day = %(day)s AND dimension = 3) AS by_shop
      FROM traffic_pageview WHERE at >= %(start)s AND at < %(end)s
"""
