"""What must hold of the second ledger at any moment; returns what does not (best: nothing)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from common.batch import by_hashing, dicts
from common.moments import day_of
from traffic.recompute import COLUMNS, FIGURES, window
from worlds.clock import now

# Rows as they lie, beside the ways in which the day's figures cut them, beside what was written at its close.
BOOKS = """
    WITH lying AS (
        SELECT at::date AS day, count(*) AS rows, count(*) FILTER (WHERE shop_id IS NULL) AS elsewhere
          FROM traffic_pageview WHERE at < (SELECT max(day) + 1 FROM traffic_dayclose) GROUP BY 1
    ), cut AS (
        SELECT day, coalesce(sum(pv) FILTER (WHERE dimension = 0), 0) AS market,
               coalesce(sum(pv) FILTER (WHERE dimension = 1), 0) AS source,
               coalesce(sum(pv) FILTER (WHERE dimension = 3), 0) AS shop,
               coalesce(sum(pv) FILTER (WHERE dimension = 4), 0) AS shop_source FROM traffic_daily GROUP BY 1
    )
    SELECT coalesce(c.day, lying.day, cut.day) AS day, c.rows AS closed_with, coalesce(lying.rows, 0) AS rows,
           coalesce(market, 0) AS market, coalesce(source, 0) AS by_source,
           coalesce(shop, 0) + coalesce(elsewhere, 0) AS by_shop,
           coalesce(shop_source, 0) + coalesce(elsewhere, 0) AS by_shop_and_source
      FROM traffic_dayclose c FULL JOIN lying ON lying.day = c.day
      FULL JOIN cut ON cut.day = coalesce(c.day, lying.day)
     WHERE (c.rows, c.rows, c.rows, c.rows, c.rows, c.rows, c.rows)
           IS DISTINCT FROM (coalesce(lying.rows, 0), coalesce(market, 0)::bigint,
                             coalesce(source, 0)::bigint,
                             (coalesce(shop, 0) + coalesce(elsewhere, 0))::bigint, c.by_source, c.by_shop,
                             (coalesce(shop_source, 0) + coalesce(elsewhere, 0))::bigint)
     ORDER BY 1
"""
# The same ways to count, straight from the rows of days that are not closed; all of them are of the open day.
OPEN = f"""
    WITH cut AS (
        SELECT coalesce(sum(pv) FILTER (WHERE dimension = 0), 0)::bigint AS market,
               coalesce(sum(pv) FILTER (WHERE dimension = 1), 0)::bigint AS source,
               coalesce(sum(pv) FILTER (WHERE dimension = 3), 0)::bigint AS shop,
               coalesce(sum(pv) FILTER (WHERE dimension = 4), 0)::bigint AS shop_source FROM ({FIGURES}) f
    ), lying AS (
        SELECT count(*) AS rows, count(*) FILTER (WHERE shop_id IS NULL) AS elsewhere FROM traffic_pageview
         WHERE at >= coalesce((SELECT max(day) + 1 FROM traffic_dayclose), '-infinity'::date)
    )
    SELECT %(day)s::date AS day, rows, market, source AS by_source, shop + elsewhere AS by_shop,
           shop_source + elsewhere AS by_shop_and_source FROM cut, lying
     WHERE NOT EXISTS (SELECT FROM traffic_dayclose WHERE day = %(day)s) AND (rows, rows, rows, rows) IS DISTINCT FROM (market, source, shop + elsewhere, shop_source + elsewhere)
"""
REBUILT = f"""
    WITH rebuilt AS (SELECT {COLUMNS} FROM ({FIGURES}) f),
         kept AS (SELECT {COLUMNS} FROM traffic_daily WHERE day = %(day)s)
    SELECT 'kept' AS side, k.* FROM (TABLE kept EXCEPT ALL TABLE rebuilt) k
    UNION ALL SELECT 'rebuilt', r.* FROM (TABLE rebuilt EXCEPT ALL TABLE kept) r
     ORDER BY dimension, key, source, side
"""
# Every line of an order that was paid (placed) counts once, at that moment, for what was paid.
CONVERSIONS = """
    WITH traded AS (
        SELECT l.id AS line, 'placed' AS act, o.id AS order_id, o.placed_at AS at, o.buyer_id, o.shop_id,
               l.listing_id, l.quantity, NULL::bigint AS paid_fen
          FROM shops_orderline l JOIN shops_order o ON o.id = l.order_id
        UNION ALL
        SELECT l.id, 'paid', o.id, o.paid_at, o.buyer_id, o.shop_id, l.listing_id, l.quantity, l.paid_fen
          FROM shops_orderline l JOIN shops_order o ON o.id = l.order_id WHERE o.paid_at IS NOT NULL
    )
    SELECT coalesce(t.line, c.line_id) AS line, coalesce(t.act, c.act) AS act
      FROM traded t FULL JOIN traffic_conversion c ON c.line_id = t.line AND c.act = t.act
     WHERE (t.order_id, t.at, t.buyer_id, t.shop_id, t.listing_id, t.quantity)
           IS DISTINCT FROM (c.order_id, c.at, c.member_id, c.shop_id, c.listing_id, c.quantity)
        OR t.paid_fen IS NOT NULL AND t.paid_fen IS DISTINCT FROM c.amount_fen
     ORDER BY 1, 2
"""


def audit(*, at: datetime | None = None) -> list[dict[str, Any]]:
    """Every day's books, the open one's too (`at`: the market's now), the figures of closed ones against a rebuild,
    conversions against orders: what is off."""
    wrong = balance(at=at)
    for row in dicts("SELECT day FROM traffic_dayclose ORDER BY day"):
        wrong += off(row["day"])
    wrong += [{"rule": "conversions agree with orders", **row} for row in dicts(CONVERSIONS)]
    return [
        {name: str(value) if isinstance(value, date) else value for name, value in row.items()}
        for row in wrong
    ]


def balance(*, at: datetime | None = None) -> list[dict[str, Any]]:
    """Days whose views do not come to the same sum by every way to count them; the open day (`at`: now) like closed ones."""
    with by_hashing():
        books = [*dicts(BOOKS), *dicts(OPEN, window(day_of(at or now())))]
    return [{"rule": "a day's books balance", **row} for row in books]


def off(day: date) -> list[dict[str, Any]]:
    """Slices of a closed day that differ from a rebuild of it."""
    with by_hashing():
        found = dicts(REBUILT, window(day))
    return [{"rule": "a day's figures are what its rows say", **row} for row in found]


def reconciliation(since: date | None, before: date | None, limit: int) -> list[dict[str, Any]]:
    """The closes of days, the latest first, each with the rows it was closed with, by each way to count."""
    found = dicts(
        """SELECT day, rows, by_source, by_shop, closed_at FROM traffic_dayclose
            WHERE day >= %s AND day < %s ORDER BY day DESC LIMIT %s""",
        [since or date.min, before or date.max, limit],
    )
    return [row | {"day": row["day"].isoformat()} for row in found]
