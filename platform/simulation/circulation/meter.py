"""P1, P2 and P3 of the market this connection is in, its concentration, and how its shops survive: one document."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.batch import rows
from common.moments import show
from common.spread import spread
from simulation.circulation.estimate import Estimate, kaplan_meier, slopes, within
from simulation.circulation.panel import DESCRIPTORS, SALES_DAYS, Floats, Panel, panel
from simulation.circulation.panel import before as summed_before
from worlds.pen import glance

# Trades that a descriptor looks back on: of so many days before its morning, None: all there ever were.
LOOKS_BACK: dict[str, int | None] = {"sales": SALES_DAYS, "credit": None, "good_rate": None, "dsr": None}
MARKS = (7, 30, 90, 180, 365)  # days since opening at which survival is told
NOTE = (
    "Slopes of logarithms (1 added) between shop-days, with every shop's and every day's own level taken out; 95 %"
    " intervals with errors clustered by shop. They say what moves together, not what causes what. P3 takes the"
    " descriptors together, so each is net of the others; P2 of sales is near 1 by what it is. The good rate is in points of 1 %, DSR in tenths of a star."
)


def measure(*, lag_days: int = 1, idle_days: int = 14) -> dict[str, Any]:
    """{"P1", "P2": {descriptor}, "P3": {descriptor}, "loop", "by_day", "by_shop", "concentration", "survival", ...}.

    P1: trades of a day by its visitors. P2: descriptors of a morning by the trades they look back on. P3:
    visitors `lag_days` - 1 days after that morning by the descriptors. `loop`: what 1 % more visitors brings back,
    P1 times the sum of P2 times P3 over the descriptors that have both. A shop is dead when it closed or sold nothing
    for `idle_days`.
    """
    held = panel()
    grids = _logs(held)
    p1 = _p1(held, grids)
    p2 = {name: _fit(grids[name], [grids[f"trades of {name}"]], held.there)[0] for name in DESCRIPTORS}
    p3 = _p3(held, grids, lag_days)
    return {
        "now": show(glance().at),
        "days": len(held.days),
        "shops": len(held.shops),
        "lag_days": lag_days,
        "idle_days": idle_days,
        "looks_back_days": LOOKS_BACK,
        "P1": p1.plain(),
        "P2": {name: one.plain() for name, one in p2.items()},
        "P3": {name: one.plain() for name, one in p3.items()},
        "loop": _loop(p1, p2, p3),
        "by_day": _by_day(held, grids, lag_days),
        "by_shop": _by_shop(held, grids, lag_days),
        "concentration": _concentration(held),
        "survival": _survival(held, idle_days),
        "note": NOTE,
    }


def _logs(held: Panel) -> dict[str, Floats]:
    return {
        "eyeballs": np.log1p(held.eyeballs),
        "trades": np.log1p(held.trades),
        **{f"trades of {name}": np.log1p(summed_before(held.trades, n)) for name, n in LOOKS_BACK.items()},
        "sales": np.log1p(held.sales),
        "credit": np.log1p(np.maximum(held.credit, 0)),
        "good_rate": held.good_rate * 100,
        "dsr": held.dsr / 10,
    }


def _fit(y: Floats, xs: list[Floats], there: NDArray[np.bool_]) -> list[Estimate]:
    """`within` on grids: rows are where the shop was there and everything is known."""
    use = there & np.isfinite(y)
    for x in xs:
        use = use & np.isfinite(x)
    shop, day = np.nonzero(use)
    columns = np.column_stack([x[use] for x in xs]) if use.any() else np.zeros((0, len(xs)))
    return within(y[use], columns, shop, day)


def _p1(held: Panel, grids: dict[str, Floats]) -> Estimate:
    return _fit(grids["trades"], [grids["eyeballs"]], held.there)[0]


def _ahead(grid: Floats, days: int) -> Floats:
    """What comes `days` later; NaN where that is not known yet."""
    later = np.full(grid.shape, np.nan)
    if grid.shape[1] > days:
        later[:, : grid.shape[1] - days] = grid[:, days:]
    return later


def _p3(held: Panel, grids: dict[str, Floats], lag_days: int) -> dict[str, Estimate]:
    """Good rate and DSR join where the market publishes them for most shop-days; else they would cost the panel."""
    eyeballs = _ahead(grids["eyeballs"], lag_days - 1)
    known = (
        [name for name in DESCRIPTORS if np.isfinite(grids[name][held.there]).mean() > 0.5]
        if held.there.any()
        else []
    )
    fitted = (
        dict(zip(known, _fit(eyeballs, [grids[name] for name in known], held.there), strict=True))
        if known
        else {}
    )
    nothing = Estimate(None, None, None, None, 0, 0, 0, "not published for most shops and days")
    return {name: fitted.get(name, nothing) for name in DESCRIPTORS}


def _loop(p1: Estimate, p2: dict[str, Estimate], p3: dict[str, Estimate]) -> float | None:
    both = ((p2[name].elasticity, p3[name].elasticity) for name in DESCRIPTORS)
    parts = [made * brought for made, brought in both if made is not None and brought is not None]
    return p1.elasticity * sum(parts) if parts and p1.elasticity is not None else None


def _by_day(held: Panel, grids: dict[str, Floats], lag_days: int) -> list[dict[str, Any]]:
    """Between the shops of each day: plain slopes, what shops are like included."""
    found = _slopes(
        {name: grid.T for name, grid in grids.items()},
        held.there.T,
        _ahead(grids["eyeballs"], lag_days - 1).T,
    )
    return [{"day": n + 1, "on": on.isoformat(), **found[n]} for n, on in enumerate(held.days)]


def _by_shop(held: Panel, grids: dict[str, Floats], lag_days: int) -> list[dict[str, Any]]:
    """Between the days of each shop: plain slopes, what days are like included."""
    found = _slopes(grids, held.there, _ahead(grids["eyeballs"], lag_days - 1))
    return [{"shop": shop, **found[n]} for n, shop in enumerate(held.shops)]


def _slopes(grids: dict[str, Floats], there: NDArray[np.bool_], ahead: Floats) -> list[dict[str, Any]]:
    """Row by row: P1; P2 and P3 of the credit points; P3 of the 30-day sales, which move from the first day on."""
    known = there & np.isfinite(ahead)
    columns = {
        "P1": slopes(grids["trades"], grids["eyeballs"], there),
        "P2": slopes(grids["credit"], grids["trades of credit"], there),
        "P3": slopes(ahead, grids["credit"], known),
        "P3_sales": slopes(ahead, grids["sales"], known),
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _concentration(held: Panel) -> list[dict[str, Any]]:
    """Over the shops that were open that day."""
    found = []
    for n, on in enumerate(held.days):
        here = held.there[:, n]
        found.append(
            {
                "day": n + 1,
                "on": on.isoformat(),
                "shops": int(here.sum()),
                "pv": spread(held.pv[here, n]),
                "orders": spread(held.trades[here, n]),
                "income": spread(held.income_fen[here, n]),
            }
        )
    return found


SOLD_ON = """
    SELECT DISTINCT shop_id, (paid_at AT TIME ZONE 'Asia/Shanghai')::date AS on_day FROM shops_order
     WHERE paid_at IS NOT NULL ORDER BY 1, 2
"""


def _survival(held: Panel, idle_days: int) -> dict[str, Any]:
    """A shop dies on the day it closes, or when `idle_days` have passed since its last sale (its opening, without one)."""
    sold: dict[int, list[Any]] = {}
    for shop, on in rows(SOLD_ON):
        sold.setdefault(shop, []).append(on)
    spans, died = [], []
    for shop, opened, closed in zip(held.shops, held.opened, held.closed, strict=True):
        if not held.days:
            break
        end = held.days[-1] + timedelta(days=1)
        dead = _death(opened, closed, sold.get(shop, []), idle_days)
        died.append(dead is not None and dead <= end)
        spans.append(max(((dead if died[-1] and dead else end) - opened).days, 0))
    curve = kaplan_meier(spans, died)
    return {
        "shops": len(spans),
        "died": sum(died),
        "curve": curve,
        "after": {str(day): _share_at(curve, day) for day in MARKS if spans and day <= max(spans)},
    }


def _death(opened: Any, closed: Any, sold: list[Any], idle_days: int) -> Any:
    """The first day on which `idle_days` have passed without a sale, or the closing if that is earlier."""
    idle, last = timedelta(days=idle_days), opened
    for on in sold:
        if on - last > idle:
            break
        last = on
    still = last + idle + timedelta(days=1)
    return min(closed, still) if closed else still


def _share_at(curve: list[dict[str, Any]], day: int) -> float:
    share = 1.0
    for step in curve:
        if step["day"] <= day:
            share = step["share"]
    return share
