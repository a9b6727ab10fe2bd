"""The day's attribution, rebuilt from views, trades and charges: a statement for its sales, one for its figures.

A view belongs to the member it names, else to the first member seen with its cookie after it, by the end of the day on
which the order was paid: as the alliance recognises its clicks.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from regime import queries as regime
from search import closing
from search.alliance.rules import CHARGES
from search.attribution.models import BY_MODEL, NUMBERS
from search.attribution.rules import DIRECT, MODELS, OWN_WAY, THOUSAND
from search.closing import Kept
from traffic.rules import SOURCE


def _codes(codes: tuple[int, ...]) -> str:
    return f"({', '.join(str(code) for code in codes)})"


# Read from the bottom: a sale's touches are where a visit begins, or where what leads it changes (`rules`, first
# lines). `known_from` numbers the stretches of a cookie's views that end with one whose member is known: asked only of
# cookies that looked at a sale's shop without a name.
SALES = f"""
    WITH sold AS (
        SELECT c.order_id, c.shop_id, c.member_id, sum(c.amount_fen)::bigint AS paid_fen, min(coalesce(
               (SELECT p.at FROM traffic_conversion p WHERE p.line_id = c.line_id AND p.act = 'placed'), c.at)) AS placed_at
          FROM traffic_conversion c
         WHERE c.act = 'paid' AND c.at >= %(start)s AND c.at < %(end)s GROUP BY c.order_id, c.shop_id, c.member_id
    ), near AS MATERIALIZED (
        SELECT id, at, source, shop_id, visitor, member_id FROM traffic_pageview
         WHERE at > (SELECT min(placed_at) - %(within)s::interval FROM sold) AND at < %(end)s
           AND shop_id IN (SELECT shop_id FROM sold)
           AND (member_id IS NULL OR member_id IN (SELECT member_id FROM sold))
    ), followed AS (
        SELECT id, at, source, shop_id, visitor, member_id,
               count(member_id) OVER (PARTITION BY visitor ORDER BY at DESC, id DESC) AS known_from
          FROM traffic_pageview
         WHERE at > (SELECT min(placed_at) - %(within)s::interval FROM sold) AND at < %(end)s
           AND visitor IN (SELECT visitor FROM near WHERE member_id IS NULL)
    ), recognised AS (
        SELECT *, max(member_id) OVER (PARTITION BY visitor, known_from) AS owner_id FROM followed
    ), owned AS (
        SELECT id, at, source, shop_id, member_id FROM near WHERE member_id IS NOT NULL
         UNION ALL
        SELECT id, at, source, shop_id, owner_id FROM recognised WHERE member_id IS NULL
    ), viewed AS (
        SELECT s.order_id, v.id, v.at, v.source, v.at - lag(v.at) OVER w > %(gap)s AS apart
          FROM sold s JOIN owned v ON v.member_id = s.member_id AND v.shop_id = s.shop_id
           AND v.at <= s.placed_at AND v.at > s.placed_at - %(within)s::interval
        WINDOW w AS (PARTITION BY s.order_id ORDER BY v.at, v.id)
    ), visited AS (
        SELECT *, count(*) FILTER (WHERE apart) OVER (PARTITION BY order_id ORDER BY at, id) AS visit FROM viewed
    ), stretched AS (
        SELECT *, count(*) FILTER (WHERE source NOT IN {_codes(OWN_WAY)})
                      OVER (PARTITION BY order_id, visit ORDER BY at, id) AS stretch FROM visited
    ), led AS (
        SELECT *, first_value(source) OVER (PARTITION BY order_id, visit, stretch ORDER BY at, id) AS led_by
          FROM stretched
    ), turned AS (
        SELECT *, (visit, led_by) IS DISTINCT FROM (lag(visit) OVER w, lag(led_by) OVER w) AS touch
          FROM led WINDOW w AS (PARTITION BY order_id ORDER BY at, id)
    ), paths AS (
        SELECT order_id, array_agg(led_by ORDER BY at, id) AS sources, array_agg(at ORDER BY at, id) AS touched_at
          FROM turned WHERE touch GROUP BY order_id
    )
    SELECT s.order_id, %(day)s::date AS day, s.shop_id, s.placed_at, s.paid_fen,
           coalesce(p.sources, '{{}}')::smallint[] AS sources, coalesce(p.touched_at, '{{}}') AS touched_at
      FROM sold s LEFT JOIN paths p ON p.order_id = s.order_id
"""


def _evenly(amount: str) -> str:
    """SQL of `rules.shares` for `linear`: of `amount` of an order, what a source with `many` of its `touches` gets."""
    return f"""({amount} * touches / many + (row_number() OVER (PARTITION BY order_id ORDER BY mod({amount} * touches, many) DESC, place)
             <= {amount} - sum({amount} * touches / many) OVER (PARTITION BY order_id))::int)::bigint"""


AMOUNTS = {"thousandths": "orders", "paid_fen": "paid_fen", "refunded_fen": "refunded_fen"}


def _by_model(model: str, number: str) -> str:
    """SQL of what a source gets of an order's number by a model."""
    amount = AMOUNTS[number]
    if model == "linear":
        return (
            f"{_evenly('after_fen')} - {_evenly('before_fen')}"
            if amount == "refunded_fen"
            else _evenly(amount)
        )
    whole = "after_fen - before_fen" if amount == "refunded_fen" else amount
    return f"CASE WHEN {model} THEN {whole} ELSE 0 END"


# Goods that refunds took back of a line until then: of a refund, goods and postage share as they were paid.
GOODS = """(2 * coalesce(sum(r.amount_fen){until}, 0)::bigint * l.paid_fen + l.paid_fen + l.postage_fen)
                / nullif(2 * (l.paid_fen + l.postage_fen), 0)"""
SHARED = ", ".join(
    f"{_by_model(model.name, number)} AS {model.name}_{number}" for model in MODELS for number in AMOUNTS
)
COST = " ".join(f"WHEN '{kind}' THEN {way}" for kind, way in CHARGES.items())
COLUMNS = ("day", "shop_id", "source", *NUMBERS, *BY_MODEL)
FIGURES = f"""
    WITH back AS (
        SELECT l.order_id, {GOODS.format(until=" FILTER (WHERE r.settled_at < %(start)s)")} AS before_fen,
               {GOODS.format(until="")} AS after_fen
          FROM shops_refund r JOIN shops_orderline l ON l.id = r.line_id
         WHERE r.status = 'succeeded' AND r.settled_at < %(end)s AND r.order_id IN (
               SELECT order_id FROM shops_refund
                WHERE status = 'succeeded' AND settled_at >= %(start)s AND settled_at < %(end)s)
         GROUP BY l.id
    ), returned AS (
        SELECT order_id, sum(before_fen)::bigint AS before_fen, sum(after_fen)::bigint AS after_fen FROM back GROUP BY 1
    ), moved AS (
        SELECT s.order_id, s.shop_id, s.sources, CASE WHEN s.sources = '{{}}' THEN '{{{DIRECT}}}' ELSE s.sources END AS path,
               CASE s.day WHEN %(day)s THEN {THOUSAND} ELSE 0 END AS orders,
               CASE s.day WHEN %(day)s THEN s.paid_fen ELSE 0 END AS paid_fen,
               coalesce(r.before_fen, 0) AS before_fen, coalesce(r.after_fen, 0) AS after_fen
          FROM search_attribution_sale s LEFT JOIN returned r ON r.order_id = s.order_id
         WHERE s.day = %(day)s OR s.order_id IN (SELECT order_id FROM returned)
    ), met AS (
        SELECT m.order_id, t.source, count(*) AS touches, min(t.n) AS place, max(t.n) AS latest
          FROM moved m CROSS JOIN LATERAL unnest(m.path) WITH ORDINALITY AS t (source, n) GROUP BY 1, 2
    ), weighed AS (
        SELECT m.order_id, m.shop_id, m.orders, m.paid_fen, m.before_fen, m.after_fen, t.source, t.touches, t.place,
               cardinality(m.path) AS many, cardinality(m.sources) > 0 AS seen, t.place = 1 AS first,
               t.latest = cardinality(m.path) AS last,
               t.latest = coalesce(max(t.latest) FILTER (WHERE t.source NOT IN {_codes(OWN_WAY)}) OVER (PARTITION BY m.order_id),
                                   cardinality(m.path)) AS last_non_direct
          FROM moved m JOIN met t ON t.order_id = m.order_id
    ), shared AS (
        SELECT shop_id, source, CASE WHEN seen AND orders > 0 THEN touches ELSE 0 END AS touches,
               (orders > 0)::int AS orders, 0 AS cost_fen, {SHARED} FROM weighed
    ), spent AS (
        SELECT c.shop_id, {SOURCE["keyword_ad"].code} AS source, sum(s.spent_fen - s.returned_fen)::bigint AS cost_fen
          FROM search_express_spending s JOIN search_express_campaign c ON c.id = s.campaign_id
         WHERE s.day = %(day)s GROUP BY c.shop_id
         UNION ALL
        SELECT h.shop_id, {SOURCE["alliance"].code}, sum(CASE h.kind {COST} END * (h.earning_fen + h.seller_fee_fen))
          FROM search_alliance_charge h WHERE h.day = %(day)s GROUP BY h.shop_id
    ), facts AS (
        SELECT * FROM shared UNION ALL
        SELECT shop_id, source, 0, 0, cost_fen, {", ".join("0" for _ in BY_MODEL)} FROM spent WHERE cost_fen <> 0
    )
    SELECT %(day)s::date AS day, shop_id, source,
           {", ".join(f"sum({name})::bigint AS {name}" for name in (*NUMBERS, *BY_MODEL))}
      FROM facts GROUP BY shop_id, source
"""
OF_A_SALE = ("order_id", "day", "shop_id", "placed_at", "paid_fen", "sources", "touched_at")
# in this order: figures are made of sales
TABLES = (
    Kept(
        "search_attribution_sale", "order_id", ", ".join(OF_A_SALE), SALES, "a sale's path is what the views say"
    ),
    Kept(
        "search_attribution_daily", "shop_id, source", ", ".join(COLUMNS), FIGURES,
        "a day's attribution is what its sales and charges say",
    ),
)  # fmt: skip


def window(day: date) -> dict[str, Any]:
    """What the statements ask for: the day's bounds, and the levers as they stood at its end."""
    bounds = closing.window(day)
    levers = regime.at(bounds["end"] - timedelta(microseconds=1)).traffic
    return {
        **bounds, "gap": timedelta(minutes=levers.session_gap_minutes), "within": timedelta(days=levers.attribution_days),
    }  # fmt: skip


@transaction.atomic
def rebuild_day(day: date) -> int:
    """Sales and figures of `day` anew; returns how many rows the figures have. Refunds of the day are shared out as
    the sales they are of were: the days of these sales come first."""
    given, made = window(day), 0
    for table in TABLES:
        made = table.rebuild(given)
    return made


def close_day(*, at: datetime) -> int:
    """At midnight, after the day's bills: what brought its sales, and what each source cost."""
    return rebuild_day(closing.ended(at))
