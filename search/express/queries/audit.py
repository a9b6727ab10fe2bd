"""What must hold of keyword ads at any moment: every click that was billed is a posting and a page view, and no other is.

Each finding names the rule, what it is about, and the day.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from common.batch import dicts
from traffic.rules import SOURCE

# A row for every valid click, posting of kind ad_click and view of source keyword_ad, side by side.
SIDES = f"""
    WITH clicks AS (
        SELECT * FROM search_express_click WHERE verdict = 'valid'
    ), postings AS (
        SELECT CASE WHEN t.key ~ '^ad_click:[0-9]+$' THEN substr(t.key, 10)::bigint END AS click, t.id AS transfer,
               t.amount_fen, t.reference, d.code, t.at
          FROM payments_transfer t JOIN payments_account d ON d.id = t.debit_id WHERE t.kind = 'ad_click'
    ), views AS (
        SELECT charge_id AS click, count(*) AS views, min(listing_id) AS listing_id, min(shop_id) AS shop_id,
               min(visitor) AS visitor, min(at) AS at
          FROM traffic_pageview WHERE source = {SOURCE["keyword_ad"].code} GROUP BY charge_id
    ), sides AS (
        SELECT coalesce(c.id, p.click, v.click) AS click, coalesce(c.at, p.at, v.at)::date AS day, c.id AS is_click,
               c.price_fen, c.campaign_id, c.seller_id, c.listing_id, c.shop_id, c.visitor, p.transfer, p.amount_fen,
               p.reference, p.code, coalesce(v.views, 0) AS views, v.listing_id AS viewed, v.shop_id AS viewed_in,
               v.visitor AS viewer, c.at AS clicked_at, p.at AS posted_at, v.at AS viewed_at
          FROM clicks c FULL JOIN postings p ON p.click = c.id FULL JOIN views v ON v.click = coalesce(c.id, p.click)
    )
"""
# fmt: off
BILLS = (
    # rule                                          where it is broken
    ("a valid click has no posting",                "is_click IS NOT NULL AND price_fen > 0 AND transfer IS NULL"),
    ("a posting has no valid click",                "is_click IS NULL AND transfer IS NOT NULL"),
    ("a posting differs from its click",
     """is_click IS NOT NULL AND transfer IS NOT NULL AND ((amount_fen, reference, code, posted_at::date) IS DISTINCT FROM
        (price_fen, 'campaign:' || campaign_id, 'ads:' || seller_id, clicked_at::date) OR posted_at < clicked_at)"""),
    ("a valid click has no page view",              "is_click IS NOT NULL AND views = 0"),
    ("a bought page view has no valid click",       "is_click IS NULL AND views > 0"),
    ("a click bought more than one page view",      "is_click IS NOT NULL AND views > 1"),
    ("a bought page view is not of what was clicked",
     """is_click IS NOT NULL AND views > 0 AND (viewed, viewed_in, viewer, viewed_at)
        IS DISTINCT FROM (listing_id, shop_id, visitor, clicked_at)"""),
)
# fmt: on
BILLED = SIDES + " UNION ALL ".join(
    f"SELECT {n} AS nth, '{rule}' AS rule, click, day FROM sides WHERE {broken}"
    for n, (rule, broken) in enumerate(BILLS)
)

# Totals of each day: billed clicks, postings, bought views; they may agree while the rows do not, so both are looked at.
DAYS = f"""{SIDES}
    SELECT 'a day''s billed clicks, postings and bought views are as many' AS rule, day,
           count(*) FILTER (WHERE price_fen > 0) AS clicks, count(transfer) AS postings,
           (sum(views) FILTER (WHERE price_fen IS DISTINCT FROM 0))::bigint AS views
      FROM sides GROUP BY day
    HAVING count(*) FILTER (WHERE price_fen > 0) <> count(transfer)
        OR count(transfer) <> sum(views) FILTER (WHERE price_fen IS DISTINCT FROM 0) ORDER BY day
"""
# A click is of the ad that stood in its slot, at the price of it, in the shop that advertised.
PLACED = """
    SELECT 'a click is of the ad that was shown' AS rule, b.id AS click, b.at::date AS day
      FROM search_express_click b LEFT JOIN search_express_auction a ON a.id = b.auction_id
      LEFT JOIN search_express_keyword k ON k.id = a.keywords[a.placed[b.slot] + 1]
      LEFT JOIN search_express_group g ON g.id = k.group_id LEFT JOIN search_express_campaign c ON c.id = g.campaign_id
     WHERE (b.keyword_id, b.creative_id, b.group_id, b.campaign_id, b.listing_id, b.shop_id, b.seller_id)
           IS DISTINCT FROM (k.id, a.creatives[b.slot], g.id, c.id, g.listing_id, c.shop_id, c.seller_id)
        OR b.verdict = 'valid' AND b.price_fen IS DISTINCT FROM a.prices[b.slot] ORDER BY b.id
"""
SPENT = """
    WITH clicked AS (
        SELECT campaign_id, at::date AS day, count(*) AS clicks, sum(price_fen)::bigint AS fen
          FROM search_express_click WHERE verdict = 'valid' GROUP BY 1, 2
    ), returned AS (
        SELECT split_part(key, ':', 2)::bigint AS campaign_id, split_part(key, ':', 3)::date AS day, amount_fen AS fen
          FROM payments_transfer WHERE kind = 'ad_click_return' AND key ~ '^ad_click_return:[0-9]+:[0-9-]{10}$'
    )
    SELECT 'what a campaign spent is the sum of its clicks' AS rule, coalesce(s.campaign_id, k.campaign_id) AS campaign,
           coalesce(s.day, k.day) AS day, s.spent_fen, k.fen AS clicked_fen, s.returned_fen, r.fen AS posted_back_fen
      FROM search_express_spending s FULL JOIN clicked k ON (k.campaign_id, k.day) = (s.campaign_id, s.day)
      LEFT JOIN returned r ON (r.campaign_id, r.day) = (s.campaign_id, s.day)
     WHERE (s.spent_fen, s.clicks, s.returned_fen) IS DISTINCT FROM (k.fen, k.clicks, coalesce(r.fen, 0)) ORDER BY 2, 3
"""


def bills() -> list[dict[str, Any]]:
    """Clicks against postings against bought views, each and by the day; clicks against auctions; budgets. Best empty."""
    found = [
        {name: value for name, value in row.items() if name != "nth"}
        for row in dicts(f"{BILLED} ORDER BY nth, click")
    ]
    for sql in (DAYS, PLACED, SPENT):
        found += dicts(sql)
    return [
        {name: str(value) if isinstance(value, date) else value for name, value in row.items()}
        for row in found
    ]
