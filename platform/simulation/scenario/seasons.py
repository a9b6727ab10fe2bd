"""What a scenario says of a day: how many are about, and how much more is looked at and bought. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from common import exact

from .shapes import Crowd, Season

YEAR = 365.25


def about(crowd: Crowd, day: int) -> float:
    """The share of the registered who are about on market day `day` (1-based); never above 1."""
    if crowd.growth == 1:
        return crowd.active_share
    grown = float(exact.exp(float(exact.log(crowd.growth)) * (day - 1) / YEAR))
    return min(1.0, crowd.active_share * grown)


def factors(seasons: Iterable[Season], slugs: Iterable[str], on: date) -> tuple[float, float]:
    """(views, buys): how many times as much as on a day without seasons, for a trade on the day `on`.

    `slugs`: the trade's own names (section and sub-section). Seasons that meet multiply.
    """
    own = set(slugs)
    views = buys = 1.0
    for season in seasons:
        if season.sections and not own & set(season.sections):
            continue
        if season.months:
            views *= season.months[on.month - 1]
            buys *= season.months[on.month - 1]
        if season.peak:
            height = nearness(season, on)
            views *= 1.0 + (season.views - 1.0) * height
            buys *= 1.0 + (season.buys - 1.0) * height
    return views, buys


def nearness(season: Season, on: date) -> float:
    """1 on the peak day, falling evenly to 0 on the first day that is too early or too late."""
    month, day = (int(part) for part in season.peak.split("-"))
    best = 0.0
    for year in (on.year - 1, on.year, on.year + 1):
        away = (on - date(year, month, day)).days
        width = season.days_before + 1 if away < 0 else season.days_after + 1
        best = max(best, 1.0 - abs(away) / width)
    return best
