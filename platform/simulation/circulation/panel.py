"""The panel of shops and closed days, of published figures only: nothing sealed enters it.

Grids are (shops, days). `eyeballs`, `trades`, `income_fen` are those of the day; descriptors are what stood in the
morning of the day, after the daily run. Credit counts what was revealed (or lapsed) and weighed by then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.batch import dicts, rows

Floats = NDArray[np.float64]
SHOP = 3  # traffic.rules.DIMENSIONS
SALES_DAYS = 30
RATE_DAYS = 183  # half a year: the good rate's window
DESCRIPTORS = ("sales", "credit", "good_rate", "dsr")

SHOPS = """
    SELECT id, owner_id AS owner, (opened_at AT TIME ZONE 'Asia/Shanghai')::date AS opened,
           CASE WHEN status = 'closed' THEN (closed_at AT TIME ZONE 'Asia/Shanghai')::date END AS closed
      FROM shops_shop ORDER BY id
"""
FIGURES = "SELECT key, day, pv, uv_daily, orders_paid, pieces_paid, paid_fen FROM traffic_daily WHERE dimension = %s"
WEIGHTS = """
    SELECT subject_id, "on", sum(points), count(*) FILTER (WHERE reason = 0 AND verdict = 1),
           count(*) FILTER (WHERE reason = 0 AND verdict IS NOT NULL)
      FROM ratings_weight WHERE as_seller GROUP BY 1, 2
"""
PUBLISHED = """
    SELECT member_id, "on", (description + service + delivery) / 3.0 FROM ratings_publication
     WHERE answers > 0 ORDER BY "on", id
"""


@dataclass(frozen=True)
class Panel:
    """`there`: the shop was open that day, all day. `good_rate` and `dsr` are NaN where nothing is published."""

    shops: list[int]
    opened: list[date]
    closed: list[date | None]
    days: list[date]
    there: NDArray[np.bool_]
    pv: Floats
    eyeballs: Floats
    trades: Floats
    income_fen: Floats
    sales: Floats
    credit: Floats
    good_rate: Floats
    dsr: Floats


def panel() -> Panel:
    """Of the market this connection is in."""
    found = dicts(SHOPS)
    days = [row[0] for row in rows("SELECT day FROM traffic_dayclose ORDER BY day")]
    shop_at = {row["id"]: n for n, row in enumerate(found)}
    owner_at = {row["owner"]: n for n, row in enumerate(found)}
    day_at = {day: n for n, day in enumerate(days)}
    shape = (len(found), len(days))
    pv, uv, orders, pieces, fen = (np.zeros(shape) for _ in range(5))
    for shop, day, *figures in rows(FIGURES, [SHOP]):
        if shop in shop_at and day in day_at:
            for grid, value in zip((pv, uv, orders, pieces, fen), figures, strict=True):
                grid[shop_at[shop], day_at[day]] = value
    points, good, judged = _weighed(owner_at, days, shape)
    return Panel(
        shops=[row["id"] for row in found],
        opened=[row["opened"] for row in found],
        closed=[row["closed"] for row in found],
        days=days,
        there=_there(found, days),
        pv=pv,
        eyeballs=uv,
        trades=orders,
        income_fen=fen,
        sales=before(pieces, SALES_DAYS),
        credit=before(points, None),
        good_rate=_ratio(before(good, RATE_DAYS), before(judged, RATE_DAYS)),
        dsr=_published(owner_at, days, shape),
    )


def _there(found: list[dict[str, Any]], days: list[date]) -> NDArray[np.bool_]:
    whole = [
        [row["opened"] <= day and (row["closed"] is None or day < row["closed"]) for day in days]
        for row in found
    ]
    return np.array(whole, dtype=bool).reshape(len(found), len(days))


def before(flow: Floats, window: int | None) -> Floats:
    """What came in the `window` days before each day (None: ever), the day itself left out."""
    summed = np.concatenate([np.zeros((flow.shape[0], 1)), np.cumsum(flow, axis=1)], axis=1)
    ends = np.arange(flow.shape[1])
    begins = np.zeros_like(ends) if window is None else np.maximum(ends - window, 0)
    return summed[:, ends] - summed[:, begins]


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def _weighed(owner_at: dict[int, int], days: list[date], shape: tuple[int, int]) -> list[Floats]:
    """Points, good verdicts, verdicts: by the day `on` which they came to count, from the next morning on."""
    grids = [np.zeros(shape) for _ in range(3)]
    if days:
        for member, on, *figures in rows(WEIGHTS):
            if member in owner_at and on <= days[-1]:
                at = max((on - days[0]).days, 0)
                for grid, value in zip(grids, figures, strict=True):
                    grid[owner_at[member], at] += float(value)
    return grids


def _published(owner_at: dict[int, int], days: list[date], shape: tuple[int, int]) -> Floats:
    """Published during the night before `on`'s next morning; it stands until the next publication."""
    grid = np.full(shape, np.nan)
    if days:
        for member, on, value in rows(PUBLISHED):
            if member in owner_at and (at := max((on + timedelta(days=1) - days[0]).days, 0)) < len(days):
                grid[owner_at[member], at:] = float(value)
    return grid
