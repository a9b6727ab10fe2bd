"""A slice's figures of a day: the counts as kept, and the rates that people read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from common.batch import dicts
from traffic.rules import DIMENSIONS, SOURCE_NAME

COUNTS = (
    "pv", "uv_daily", "ipv", "ipv_uv_daily", "visits", "bounces", "favourites", "carts", "orders_placed",
    "orders_paid", "buyers_daily", "pieces_paid", "paid_fen",
)  # fmt: skip
Row = Mapping[str, Any]


def ratio(part: int, whole: int, scale: int) -> int | None:
    """`part` of `whole` times `scale`, rounded half up; None when there is nothing to divide by."""
    return (2 * part * scale + whole) // (2 * whole) if whole else None


def shown(row: Row | None) -> dict[str, Any]:
    """Counts and rates of a row of figures (None: a slice nobody came to)."""
    counts = {name: int(row[name]) if row else 0 for name in COUNTS}
    stay = int(row["stay_seconds"]) if row else 0
    return counts | {
        "bounce_rate_bps": ratio(counts["bounces"], counts["visits"], 10_000),
        "depth_hundredths": ratio(counts["pv"], counts["visits"], 100),
        "stay_seconds_per_visit": ratio(stay, counts["visits"], 1),
        "conversion_bps": ratio(counts["buyers_daily"], counts["uv_daily"], 10_000),
        "average_order_fen": ratio(counts["paid_fen"], counts["orders_paid"], 1),
    }


DAYS = """
    SELECT c.day, d.* FROM traffic_dayclose c
      LEFT JOIN (SELECT day AS of_day, {counts}, stay_seconds FROM traffic_daily
                  WHERE dimension = %(dimension)s AND key = %(key)s AND source = %(source)s) d
        ON d.of_day = c.day
     WHERE c.day >= %(since)s AND c.day < %(before)s ORDER BY c.day DESC LIMIT %(limit)s
"""
SLICES = """
    SELECT key, source, {counts}, stay_seconds FROM traffic_daily
     WHERE day = %(day)s AND dimension = %(dimension)s AND (%(key)s::bigint IS NULL OR key = %(key)s)
     ORDER BY key, source
"""
TOP = """
    SELECT d.key, {counts}, d.stay_seconds, l.title FROM traffic_daily d JOIN shops_listing l ON l.id = d.key
     WHERE d.day = %(day)s AND d.dimension = %(dimension)s AND l.shop_id = %(shop)s
     ORDER BY d.pv DESC, d.key LIMIT %(limit)s
"""
NAMES = ", ".join(COUNTS)
PREFIXED = ", ".join(f"d.{name}" for name in COUNTS)


def days(
    dimension: str, key: int, *, source: int = 0, since: date | None, before: date | None, limit: int
) -> list[dict[str, Any]]:
    """The closed days of a slice, the latest first; a day nobody came is there with noughts."""
    found = dicts(
        DAYS.format(counts=NAMES),
        {
            "dimension": DIMENSIONS[dimension],
            "key": key,
            "source": source,
            "since": since or date.min,
            "before": before or date.max,
            "limit": limit,
        },
    )
    return [{"day": row["day"].isoformat(), **shown(row if row["of_day"] else None)} for row in found]


def slices(day: date, dimension: str, *, key: int | None = None) -> list[dict[str, Any]]:
    """Every slice of a closed day in a dimension (of one shop or section: `key`), with its key and source."""
    found = dicts(SLICES.format(counts=NAMES), {"day": day, "dimension": DIMENSIONS[dimension], "key": key})
    return [named(row) for row in found]


def named(row: Row) -> dict[str, Any]:
    return {"key": row["key"], "source": SOURCE_NAME.get(row["source"]), **shown(row)}


def by_source(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Slices that differ by their source: one for each source there is, noughts where nobody came."""
    found = {row["source"]: row for row in rows}
    return [{"source": name, **shown(found.get(code))} for code, name in SOURCE_NAME.items()]


def sources_of(day: date, dimension: str, key: int = 0) -> list[dict[str, Any]]:
    """A closed day's figures by source: of the market (`source`) or of a shop (`shop_source`)."""
    return by_source(
        dicts(SLICES.format(counts=NAMES), {"day": day, "dimension": DIMENSIONS[dimension], "key": key})
    )


def top_listings(day: date, shop: int, *, limit: int = 10) -> list[dict[str, Any]]:
    """The listings of a shop that drew most views on a closed day."""
    found = dicts(
        TOP.format(counts=PREFIXED),
        {"day": day, "dimension": DIMENSIONS["listing"], "shop": shop, "limit": limit},
    )
    return [{"listing": row["key"], "title": row["title"], **shown(row)} for row in found]


def last_closed() -> date | None:
    found = dicts("SELECT max(day) AS day FROM traffic_dayclose")
    day: date | None = found[0]["day"]
    return day
