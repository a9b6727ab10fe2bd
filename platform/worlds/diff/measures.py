"""What two markets are compared by: tables of statements. `{s}` stands for a market's schema.

A measure gives rows of (id, whole number). `income_fen` is what a seller is left with: sales less refunds, what
ads and the alliance cost, and compensation.
"""

from __future__ import annotations

SOLD = "status NOT IN ('placed', 'cancelled')"

# What ads took from a shop: clicks on paid positions less what came back, and the alliance with its fee.
AD_COST = """
    SELECT shop_id, sum(fen) FROM (
        SELECT shop_id, price_fen AS fen FROM {s}.search_express_click WHERE verdict = 'valid'
        UNION ALL
        SELECT c.shop_id, -p.returned_fen FROM {s}.search_express_spending p
          JOIN {s}.search_express_campaign c ON c.id = p.campaign_id
        UNION ALL
        SELECT shop_id, earning_fen + seller_fee_fen FROM {s}.search_alliance_charge
        UNION ALL
        SELECT shop_id, paid_fen + paid_seller_fee_fen FROM {s}.search_alliance_commission
    ) spent GROUP BY 1
"""

OF_MEMBERS: dict[str, str] = {
    "balance_fen": "SELECT substr(code, 8)::bigint, received_fen - given_fen FROM {s}.payments_account"
    " WHERE starts_with(code, 'member:')",
    "earned_fen": "SELECT seller_id, sum(total_fen - refunded_fen) FROM {s}.shops_order"
    " WHERE status = 'finished' GROUP BY 1",
    "spent_fen": f"SELECT buyer_id, sum(total_fen - refunded_fen) FROM {{s}}.shops_order WHERE {SOLD} GROUP BY 1",
    "credit_as_seller": "SELECT member_id, points FROM {s}.ratings_credit WHERE role = 'seller'",
    "credit_as_buyer": "SELECT member_id, points FROM {s}.ratings_credit WHERE role = 'buyer'",
    "level_as_seller": "SELECT member_id, level FROM {s}.ratings_credit WHERE role = 'seller'",
}

OF_SHOPS: dict[str, str] = {
    "income_fen": f"""
        SELECT shop_id, sum(fen) FROM (
            SELECT shop_id, sum(total_fen - refunded_fen - compensation_fen) AS fen FROM {{s}}.shops_order
             WHERE {SOLD} GROUP BY 1
            UNION ALL SELECT shop_id, -fen FROM ({AD_COST}) c (shop_id, fen)
        ) left_over GROUP BY 1""",
    "sales_fen": f"SELECT shop_id, sum(total_fen - refunded_fen) FROM {{s}}.shops_order WHERE {SOLD} GROUP BY 1",
    "ad_cost_fen": AD_COST,
    "orders": "SELECT shop_id, count(*) FROM {s}.shops_order GROUP BY 1",
    "pv": "SELECT shop_id, count(*) FROM {s}.traffic_pageview WHERE shop_id IS NOT NULL GROUP BY 1",
    "uv": "SELECT shop_id, count(DISTINCT (visitor, (at AT TIME ZONE 'Asia/Shanghai')::date))"
    " FROM {s}.traffic_pageview WHERE shop_id IS NOT NULL GROUP BY 1",
    "level": "SELECT s.id, c.level FROM {s}.shops_shop s JOIN {s}.ratings_credit c ON c.id = s.owner_id * 2",
    "credit_points": "SELECT s.id, c.points FROM {s}.shops_shop s JOIN {s}.ratings_credit c ON c.id = s.owner_id * 2",
    "good_rate_bps": "SELECT s.id, c.recent_good * 10000 / c.recent_all FROM {s}.shops_shop s"
    " JOIN {s}.ratings_credit c ON c.id = s.owner_id * 2 WHERE c.recent_all > 0",
    "dsr_description": "SELECT s.id, i.description FROM {s}.shops_shop s JOIN {s}.ratings_index i ON i.id = s.owner_id",
    "dsr_service": "SELECT s.id, i.service FROM {s}.shops_shop s JOIN {s}.ratings_index i ON i.id = s.owner_id",
    "dsr_delivery": "SELECT s.id, i.delivery FROM {s}.shops_shop s JOIN {s}.ratings_index i ON i.id = s.owner_id",
    "listings_on_sale": "SELECT shop_id, count(*) FROM {s}.shops_listing WHERE status = 'on_sale' GROUP BY 1",
}

# Of these the sum over shops means something, and so do shares of it and how evenly it is spread.
SHARED = ("pv", "uv", "orders", "sales_fen", "income_fen", "ad_cost_fen")
GAINS = (
    "pv",
    "uv",
    "orders",
    "sales_fen",
    "income_fen",
    "level",
    "dsr_description",
    "dsr_service",
    "dsr_delivery",
)
WORDS = {
    "pv": "views",
    "uv": "visitors (days added up)",
    "orders": "orders",
    "sales_fen": "sales",
    "income_fen": "income",
    "ad_cost_fen": "ad costs",
    "level": "levels of the grade",
    "dsr_description": "description (DSR, hundredths)",
    "dsr_service": "service (DSR, hundredths)",
    "dsr_delivery": "delivery (DSR, hundredths)",
}

TOTALS: dict[str, str] = {
    "members": "SELECT count(*) FROM {s}.members_member",
    "shops": "SELECT count(*) FROM {s}.shops_shop",
    "listings": "SELECT count(*) FROM {s}.shops_listing",
    "orders": "SELECT count(*) FROM {s}.shops_order",
    "orders_finished": "SELECT count(*) FROM {s}.shops_order WHERE status = 'finished'",
    "gmv_fen": f"SELECT coalesce(sum(total_fen), 0) FROM {{s}}.shops_order WHERE {SOLD}",
    "refunded_fen": "SELECT coalesce(sum(refunded_fen), 0) FROM {s}.shops_order",
    "ad_cost_fen": f"SELECT coalesce(sum(fen), 0) FROM ({AD_COST}) c (shop_id, fen)",
    "pv": "SELECT count(*) FROM {s}.traffic_pageview",
    "feedback": "SELECT count(*) FROM {s}.ratings_feedback",
    "money_moved_fen": "SELECT coalesce(sum(amount_fen), 0) FROM {s}.payments_transfer",
    "events": "SELECT count(*) FROM {s}.events_event",
}

# What a shop has by the source that brought its visitors: (shop, source's code, views, visitors of each day added up).
BY_SOURCE = """
    SELECT shop_id, source, count(*), count(DISTINCT (visitor, (at AT TIME ZONE 'Asia/Shanghai')::date))
      FROM {s}.traffic_pageview WHERE shop_id IS NOT NULL GROUP BY 1, 2
"""

# What sellers bid, word by word and ad by ad.
BIDS = """
    SELECT 'keyword' AS what, k.id, c.shop_id AS shop, k.word AS name, k.bid_fen, k.status
      FROM {s}.search_express_keyword k JOIN {s}.search_express_group g ON g.id = k.group_id
      JOIN {s}.search_express_campaign c ON c.id = g.campaign_id
    UNION ALL
    SELECT 'group', g.id, c.shop_id, c.name, g.bid_fen, g.status
      FROM {s}.search_express_group g JOIN {s}.search_express_campaign c ON c.id = g.campaign_id
    UNION ALL
    SELECT 'campaign', c.id, c.shop_id, c.name, c.budget_fen, c.status FROM {s}.search_express_campaign c
"""

LEVERS = """
    WITH a AS (SELECT DISTINCT ON (name) name, value FROM {a}.regime_lever
                WHERE effective_at <= (SELECT now_at FROM {a}.worlds_clock)
                ORDER BY name, effective_at DESC, id DESC),
         b AS (SELECT DISTINCT ON (name) name, value FROM {b}.regime_lever
                WHERE effective_at <= (SELECT now_at FROM {b}.worlds_clock)
                ORDER BY name, effective_at DESC, id DESC)
    SELECT name AS lever, a.value::text AS a, b.value::text AS b FROM a FULL JOIN b USING (name)
     WHERE a.value IS DISTINCT FROM b.value ORDER BY name
"""
