"""The yearly recognition: reads what the villages' households sold, judges, and writes it down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta

from common.batch import dicts, insert, rows
from common.moments import day_of, months_before, start_of
from regime import queries
from regime.levers import Villages

from .models import Recognition
from .rules import Figures, Place, farm_subsections, judge

FIGURES = ("sales_fen", "counted_fen", "active_shops", "households", "villages")

# A village's shops are those of its households (agents that name it) which send from its town.
# A shop younger than those months is asked for an order in each 30 days it has been open.
_YEAR = """
    WITH keeper AS (
        SELECT a.village, s.id, s.status, s.opened_at
          FROM simulation_agent a
          JOIN shops_shop s ON s.id = a.shop_id
          JOIN unnest(%(names)s::text[], %(codes)s::bigint[]) AS v(name, code)
            ON v.name = a.village AND v.code = s.region
    ), sold AS (
        SELECT k.village, sum(greatest(l.paid_fen - l.refunded_fen, 0)) AS sales,
               sum(greatest(l.paid_fen - l.refunded_fen, 0))
                   FILTER (WHERE g.category_id / 100 = ANY(%(farm)s::bigint[])) AS farm
          FROM keeper k
          JOIN shops_order o ON o.shop_id = k.id AND o.status = 'finished'
           AND o.finished_at >= %(from)s AND o.finished_at < %(to)s
          JOIN shops_orderline l ON l.order_id = o.id
          JOIN shops_listing g ON g.id = l.listing_id
         GROUP BY k.village
    ), active AS (
        SELECT k.village, count(*) AS shops
          FROM keeper k
         WHERE k.status <> 'closed' AND k.opened_at <= %(open_since)s
           AND (SELECT count(*) FROM shops_order o
                 WHERE o.shop_id = k.id AND o.paid_at >= %(lately)s AND o.paid_at < %(to)s)
               >= %(orders)s * greatest(1, least(%(months)s::numeric, extract(day FROM %(to)s - k.opened_at) / 30))
         GROUP BY k.village
    )
    SELECT v.name, coalesce(s.sales, 0)::bigint AS sales_fen, coalesce(s.farm, 0)::bigint AS farm_fen,
           coalesce(a.shops, 0)::bigint AS active_shops
      FROM unnest(%(names)s::text[]) WITH ORDINALITY AS v(name, place)
      LEFT JOIN sold s ON s.village = v.name
      LEFT JOIN active a ON a.village = v.name
     ORDER BY v.place
"""


def recognise(*, at: datetime) -> None:
    """On 1 January: which villages and towns of the population's scenario were Taobao's in the year that ended.

    By the levers in force at the year's last moment. A market without villages is left as it is.
    """
    places = villages()
    if not places:
        return
    year = day_of(at).year - 1
    rules = queries.at(at - timedelta(microseconds=1)).villages
    judged = judge(places, figures(places, rules, year), rules, year)
    insert(
        Recognition,
        [
            {
                "year": year,
                "kind": one.kind,
                "code": one.code,
                "name": one.name,
                "figures": {key: held for key, held in asdict(one).items() if key in FIGURES},
                "met": one.met,
                "decided_at": at,
            }
            for one in judged
        ],
    )


def villages() -> list[Place]:
    """The villages of the market's population; none where nobody lives by a scenario."""
    said = rows(
        """
        SELECT v ->> 'name', (v ->> 'code')::bigint, (v ->> 'households')::bigint
          FROM simulation_population, jsonb_array_elements(document -> 'villages') WITH ORDINALITY AS e(v, place)
         ORDER BY place
        """
    )
    return [Place(*village) for village in said]


def figures(places: Sequence[Place], rules: Villages, year: int) -> dict[str, Figures]:
    """What each village sold in `year` and how many active shops it had at its end, by name."""
    end = start_of(date(year + 1, 1, 1))
    found = dicts(
        _YEAR,
        {
            "names": [place.name for place in places],
            "codes": [place.code for place in places],
            "farm": farm_subsections(),
            "from": start_of(date(year, 1, 1)),
            "to": end,
            "open_since": end - timedelta(days=rules.active_open_days),
            "lately": months_before(end, rules.active_months),
            "orders": rules.active_orders_count,
            "months": rules.active_months,
        },
    )
    return {row["name"]: Figures(row["sales_fen"], row["farm_fen"], row["active_shops"]) for row in found}
