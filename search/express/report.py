"""The day's report of keyword ads, rebuilt from auctions, clicks and conversions by one statement.

Attribution: what was paid on the day counts for the last valid click that its buyer made on an ad of that shop, within
a day (`rules.ATTRIBUTION_DAYS`) before the order was placed. A click's member is who clicked, or whom its visitor was
seen as from then to the day's end.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from common.batch import dicts
from common.moments import day_of
from search import closing
from search.closing import Kept
from search.express.rules import ATTRIBUTION_DAYS, DIMENSIONS

KEYS = tuple(column for _, column in DIMENSIONS.values())
NUMBERS = (
    "impressions", "slot_sum", "clicks", "invalid_clicks", "cost_fen", "orders", "direct_orders", "paid_fen",
)  # fmt: skip


def _cut() -> tuple[str, str]:
    """SQL of the dimension and the key of a row that is grouped by one of KEYS."""
    dimension = " ".join(f"WHEN grouping({column}) = 0 THEN {code}" for code, column in DIMENSIONS.values())
    return f"CASE {dimension} END::smallint", f"coalesce({', '.join(KEYS)})"


DIMENSION, KEY = _cut()
# Every place that was shown: auction `a`, its slot `p`, and the keyword, ad group and campaign that stood there.
SHOWN = """
    search_express_auction a CROSS JOIN LATERAL unnest(a.placed) WITH ORDINALITY AS p (place, slot)
      JOIN search_express_keyword k ON k.id = a.keywords[p.place + 1]
      JOIN search_express_group g ON g.id = k.group_id JOIN search_express_campaign c ON c.id = g.campaign_id
"""
FIGURES = f"""
    WITH shown AS (
        SELECT c.seller_id, c.id AS campaign_id, g.id AS group_id, k.id AS keyword_id, a.creatives[p.slot] AS creative_id, p.slot
          FROM {SHOWN} WHERE a.at >= %(start)s AND a.at < %(end)s
    ), bought AS (
        SELECT c.id, c.order_id, c.member_id, c.shop_id, c.listing_id, c.amount_fen,
               (SELECT p.at FROM traffic_conversion p WHERE p.line_id = c.line_id AND p.act = 'placed') AS placed_at
          FROM traffic_conversion c
         WHERE c.act = 'paid' AND c.at >= %(start)s AND c.at < %(end)s
    ), near AS MATERIALIZED (
        SELECT * FROM search_express_click
         WHERE verdict = 'valid' AND at < %(end)s
           AND at > (SELECT min(placed_at) - %(within)s::interval FROM bought)
    ), by_member AS (
        SELECT n.*, n.member_id AS buyer_id FROM near n WHERE n.member_id IS NOT NULL
         UNION
        SELECT n.*, v.member_id FROM near n JOIN traffic_pageview v ON v.visitor = n.visitor AND v.at >= n.at
         WHERE v.member_id IS NOT NULL AND v.at >= (SELECT min(at) FROM near) AND v.at < %(end)s
    ), sold AS (
        SELECT DISTINCT ON (b.id) b.order_id, b.amount_fen, b.listing_id = n.listing_id AS direct,
               n.seller_id, n.campaign_id, n.group_id, n.keyword_id, n.creative_id
          FROM bought b JOIN by_member n ON n.buyer_id = b.member_id AND n.shop_id = b.shop_id
           AND n.at <= b.placed_at AND n.at > b.placed_at - %(within)s::interval
         ORDER BY b.id, n.at DESC, n.id DESC
    ), facts AS (
        SELECT {", ".join(KEYS)}, slot, NULL::boolean AS valid, NULL::bigint AS price_fen, NULL::bigint AS order_id,
               NULL::boolean AS direct, NULL::bigint AS amount_fen FROM shown
         UNION ALL
        SELECT {", ".join(KEYS)}, NULL, verdict = 'valid', price_fen, NULL, NULL, NULL
          FROM search_express_click WHERE at >= %(start)s AND at < %(end)s
         UNION ALL
        SELECT {", ".join(KEYS)}, NULL, NULL, NULL, order_id, direct, amount_fen FROM sold
    )
    SELECT %(day)s::date AS day, {DIMENSION} AS dimension, {KEY} AS key, count(slot) AS impressions,
           coalesce(sum(slot), 0)::bigint AS slot_sum, count(*) FILTER (WHERE valid) AS clicks,
           count(*) FILTER (WHERE NOT valid) AS invalid_clicks, coalesce(sum(price_fen), 0)::bigint AS cost_fen,
           count(DISTINCT order_id) AS orders, count(DISTINCT order_id) FILTER (WHERE direct) AS direct_orders,
           coalesce(sum(amount_fen), 0)::bigint AS paid_fen
      FROM facts GROUP BY GROUPING SETS ({", ".join(f"({column})" for column in KEYS)})
"""
COLUMNS = ", ".join(("day", "dimension", "key", *NUMBERS))


CACHE = Kept(
    "search_express_daily", "dimension, key", COLUMNS, FIGURES, "a day's report of ads is what its rows say"
)


def window(day: date) -> dict[str, Any]:
    """The day's bounds, and how long a click counts."""
    return {**closing.window(day), "within": timedelta(days=ATTRIBUTION_DAYS)}


@transaction.atomic
def rebuild_day(day: date) -> int:
    """The report of `day` anew; returns how many rows it has."""
    return CACHE.rebuild(window(day))


def close_day(*, at: datetime) -> int:
    """At midnight: the report of the day that ends."""
    return rebuild_day(closing.ended(at))


def odd(*, at: datetime) -> list[dict[str, Any]]:
    """Audit: figures of closed days that differ from a rebuild's; best empty."""
    days = dicts(
        """SELECT DISTINCT day FROM (SELECT day FROM search_express_daily
             UNION ALL SELECT at::date FROM search_express_auction UNION ALL SELECT at::date FROM search_express_click) d
            WHERE day < %s ORDER BY day""",
        [day_of(at)],
    )
    return [row for each in days for row in CACHE.odd(window(each["day"]))]
