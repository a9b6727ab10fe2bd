"""What must hold of attribution: every model shares out what was sold, no more and no less, and the rows say it again."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from common.batch import dicts, rows
from common.moments import day_of
from search.attribution.recompute import TABLES, window
from search.attribution.rules import MODELS, THOUSAND

# By shop and day: what the sources have by each model, beside what was sold; and what each model says came back.
SHARED = f"""
    WITH shared AS (
        SELECT day, shop_id AS shop, {
    ", ".join(
        f"sum({model.name}_{name})::bigint AS {model.name}_{name}"
        for model in MODELS
        for name in ("thousandths", "paid_fen", "refunded_fen")
    )
} FROM search_attribution_daily GROUP BY 1, 2
    ), sold AS (
        SELECT at::date AS day, shop_id AS shop, {THOUSAND} * count(DISTINCT order_id) AS thousandths,
               sum(amount_fen)::bigint AS paid_fen
          FROM traffic_conversion WHERE act = 'paid' AND at < %(today)s::date GROUP BY 1, 2
    )
    SELECT coalesce(a.day, s.day) AS day, coalesce(a.shop, s.shop) AS shop, m.model,
           coalesce(s.thousandths, 0) AS sold_thousandths, coalesce(m.thousandths, 0) AS shared_thousandths,
           coalesce(s.paid_fen, 0) AS sold_fen, coalesce(m.paid_fen, 0) AS shared_fen,
           coalesce(a.{
    MODELS[0].name
}_refunded_fen, 0) AS refunded_fen, coalesce(m.refunded_fen, 0) AS shared_back_fen
      FROM shared a FULL JOIN sold s ON (s.day, s.shop) = (a.day, a.shop)
      CROSS JOIN LATERAL (VALUES {
    ", ".join(
        f"('{m.name}', a.{m.name}_thousandths, a.{m.name}_paid_fen, a.{m.name}_refunded_fen)" for m in MODELS
    )
}) AS m (model, thousandths, paid_fen, refunded_fen)
     WHERE (coalesce(s.thousandths, 0), coalesce(s.paid_fen, 0), coalesce(a.{MODELS[0].name}_refunded_fen, 0))
           IS DISTINCT FROM (coalesce(m.thousandths, 0), coalesce(m.paid_fen, 0), coalesce(m.refunded_fen, 0))
     ORDER BY 1, 2, 3
"""
# The days that have something to share out, or say so.
DAYS = """
    SELECT DISTINCT day FROM (
        SELECT day FROM search_attribution_sale UNION ALL SELECT day FROM search_attribution_daily
        UNION ALL SELECT at::date FROM traffic_conversion WHERE act = 'paid'
        UNION ALL SELECT settled_at::date FROM shops_refund WHERE status = 'succeeded'
        UNION ALL SELECT day FROM search_express_spending UNION ALL SELECT day FROM search_alliance_charge) d
     WHERE day < %s ORDER BY day
"""


def audit(*, at: datetime) -> list[dict[str, Any]]:
    """Closed days whose models share out another sum than was sold, and rows that differ from a rebuild's; best empty."""
    today = day_of(at)
    wrong = [
        {"rule": "each model shares out what was sold", **row} for row in dicts(SHARED, {"today": today})
    ]
    wrong += [row for [day] in rows(DAYS, [today]) for row in off(day)]
    return [
        {name: str(value) if isinstance(value, date | list) else value for name, value in row.items()}
        for row in wrong
    ]


def off(day: date) -> list[dict[str, Any]]:
    """Sales and figures of a closed day that differ from a rebuild's."""
    given = window(day)
    return [row for table in TABLES for row in table.odd(given)]
