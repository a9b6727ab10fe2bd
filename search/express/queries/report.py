"""The report as its seller reads it: a row a day and thing, or one over all days; rates are null where nothing divides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from common.batch import dicts
from search.express.report import NUMBERS
from search.express.rules import DIMENSIONS

# Whose the thing of a row is.
SELLER = {
    "account": "JOIN (SELECT DISTINCT seller_id AS id, seller_id FROM search_express_campaign) o ON o.id = d.key",
    "campaign": "JOIN search_express_campaign o ON o.id = d.key",
    "group": """JOIN search_express_group t ON t.id = d.key JOIN search_express_campaign o ON o.id = t.campaign_id""",
    **{
        noun: f"""JOIN search_express_{noun} t ON t.id = d.key JOIN search_express_group g ON g.id = t.group_id
                  JOIN search_express_campaign o ON o.id = g.campaign_id"""
        for noun in ("keyword", "creative")
    },
}


def report(
    of: str,
    by: int | None,
    filters: Mapping[str, Any],
    *,
    first: date,
    last: date,
    days: bool,
    limit: int,
    offset: int,
) -> list[dict[str, Any]]:
    """Rows of closed days from `first` to `last`, by day and thing; with `days` off, one a thing over all of them."""
    where = ["d.dimension = %(dimension)s", "d.day BETWEEN %(first)s AND %(last)s"]
    if by is not None:
        where.append("o.seller_id = %(by)s")
    if "id" in filters:
        where.append("d.key = %(id)s")
    day = "d.day" if days else "NULL::date"
    sql = f"""SELECT {day} AS day, d.key AS id, {", ".join(f"sum(d.{name})::bigint AS {name}" for name in NUMBERS)}
                FROM search_express_daily d {SELLER[of]} WHERE {" AND ".join(where)}
               GROUP BY 1, 2 ORDER BY 1, 2 LIMIT %(limit)s OFFSET %(offset)s"""
    given = {
        "dimension": DIMENSIONS[of][0], "first": first, "last": last, "by": by, "limit": limit + 1, "offset": offset,
        **filters,
    }  # fmt: skip
    return [rated(row) for row in dicts(sql, given)]


def rated(row: dict[str, Any]) -> dict[str, Any]:
    """With what follows from the counts. ROI: what was paid, of what the clicks cost; 10,000 bps is break-even."""
    slots = row.pop("slot_sum")
    return row | {
        "average_slot_hundredths": _of(100 * slots, row["impressions"]),
        "ctr_bps": _of(10_000 * row["clicks"], row["impressions"]),
        "average_cpc_fen": _of(row["cost_fen"], row["clicks"]),
        "conversion_bps": _of(10_000 * row["orders"], row["clicks"]),
        "roi_bps": _of(10_000 * row["paid_fen"], row["cost_fen"]),
    }


def _of(part: int, whole: int) -> int | None:
    """Rounded half up; None of nothing."""
    return (2 * part + whole) // (2 * whole) if whole else None
