"""A closed day's figures of words and of slots, each rebuilt from auctions and clicks by one statement.

A click is of the day it was made, and of the words its search said.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction

from common.batch import dicts
from common.moments import day_of
from search.closing import Kept, ended, window

AUCTIONS = "search_express_auction WHERE at >= %(start)s AND at < %(end)s"
CLICKS = """
    SELECT (SELECT a.words FROM search_express_auction a WHERE a.id = c.auction_id) AS words, c.slot,
           c.verdict = 'valid' AS valid, c.price_fen, c.seller_id
      FROM search_express_click c
     WHERE c.at >= %(start)s AND c.at < %(end)s
"""
# Searches of the same words mostly have the same bidders: those are unfolded once.
WORDS = f"""
    WITH searched AS MATERIALIZED (
        SELECT words, visitor, keywords, cardinality(placed) AS shown FROM {AUCTIONS}
    ), counted AS (
        SELECT words, count(*) AS searches, count(DISTINCT visitor) AS searchers_daily,
               count(*) FILTER (WHERE keywords = '{{}}') AS unsold, sum(shown)::bigint AS impressions
          FROM searched GROUP BY words
    ), bid AS (
        SELECT b.words, array_agg(DISTINCT c.seller_id ORDER BY c.seller_id) AS bidders,
               array_agg(DISTINCT k.id ORDER BY k.id) AS keywords
          FROM (SELECT DISTINCT words, unnest(keywords) AS keyword
                  FROM (SELECT DISTINCT words, keywords FROM searched) d) b
          JOIN search_express_keyword k ON k.id = b.keyword JOIN search_express_group g ON g.id = k.group_id
          JOIN search_express_campaign c ON c.id = g.campaign_id GROUP BY b.words
    ), clicked AS (
        SELECT words, count(*) FILTER (WHERE valid) AS clicks, count(*) FILTER (WHERE NOT valid) AS invalid_clicks,
               sum(price_fen)::bigint AS cost_fen, array_agg(price_fen ORDER BY price_fen) FILTER (WHERE valid) AS prices,
               array_agg(DISTINCT seller_id ORDER BY seller_id) FILTER (WHERE valid) AS payers
          FROM ({CLICKS}) c GROUP BY words
    )
    SELECT %(day)s::date AS day, string_to_array(words, ' ') AS words, coalesce(searches, 0) AS searches,
           coalesce(searchers_daily, 0) AS searchers_daily, coalesce(unsold, 0) AS unsold,
           coalesce(impressions, 0) AS impressions, coalesce(clicks, 0) AS clicks,
           coalesce(invalid_clicks, 0) AS invalid_clicks, coalesce(cost_fen, 0) AS cost_fen,
           coalesce(bidders, '{{}}') AS bidders, coalesce(payers, '{{}}') AS payers,
           coalesce(keywords, '{{}}') AS keywords, coalesce(prices, '{{}}') AS prices
      FROM counted FULL JOIN clicked USING (words) LEFT JOIN bid USING (words)
"""
SLOTS = f"""
    WITH deep AS (
        SELECT cardinality(placed) AS depth, count(*) AS auctions FROM {AUCTIONS} GROUP BY 1
    ), shown AS (
        SELECT slot, sum(auctions)::bigint AS impressions
          FROM deep CROSS JOIN LATERAL generate_series(1, depth) AS s (slot) GROUP BY slot
    ), clicked AS (
        SELECT slot, count(*) AS clicks FROM ({CLICKS}) c WHERE valid GROUP BY slot
    )
    SELECT %(day)s::date AS day, slot, coalesce(impressions, 0) AS impressions, coalesce(clicks, 0) AS clicks
      FROM shown FULL JOIN clicked USING (slot)
"""


CACHES = (
    Kept(
        "search_cubes_daily", "words",
        "day, words, searches, searchers_daily, unsold, impressions, clicks, invalid_clicks, cost_fen, bidders, payers, "
        "keywords, prices",
        WORDS, "a day's figures of words are what its searches and clicks say",
    ),
    Kept(
        "search_cubes_slot", "slot", "day, slot, impressions, clicks",
        SLOTS, "a day's figures of slots are what its searches and clicks say",
    ),
)  # fmt: skip


@transaction.atomic
def rebuild_day(day: date) -> int:
    """The figures of `day` anew; returns how many rows they are."""
    return sum(cache.rebuild(window(day)) for cache in CACHES)


def close_day(*, at: datetime) -> int:
    """At midnight: the figures of the day that ends."""
    return rebuild_day(ended(at))


DAYS = """
    SELECT DISTINCT day FROM (
        SELECT day FROM search_cubes_daily UNION ALL SELECT day FROM search_cubes_slot
         UNION ALL SELECT at::date FROM search_express_auction UNION ALL SELECT at::date FROM search_express_click) d
     WHERE day < %s ORDER BY day
"""


def odd(*, at: datetime) -> list[dict[str, Any]]:
    """Audit: figures of closed days that differ from a rebuild's; best empty."""
    days = [row["day"] for row in dicts(DAYS, [day_of(at)])]
    return [row for day in days for cache in CACHES for row in cache.odd(window(day))]
