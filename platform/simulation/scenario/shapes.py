"""What a scenario is: frozen, read from a TOML file (`reading.read`), kept as a document with the market it fills.

The names of the fields are the names in the file; [buyers] is a Crowd, [[shops]] rows, [[villages]], [[seasons]],
[[changes]], [ads] and [behaviour] what they say.
"""

# fmt: off
# ruff: noqa: RUF009 - an entry is written as a call; a table that may be left out is made anew each time
from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .behaviour import Behaviour
from .kinds import flag, number, numbers, share, slugs, special, text, weights, whole, word
from .strategies import STRATEGIES

__all__ = ["Ads", "Behaviour", "Change", "Crowd", "Row", "Scenario", "Season", "Village"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """The buyers. Only those who are about come; the others' accounts sleep."""

    count: int = whole("members", 1, 1_000_000, "registered buyers")
    active_share: float = share("of the registered who are about in a month", 0.2)
    growth: float = number("factor a year", 0.1, 20, "so many times as many are about a year later, up to all", 1.0)
    funds_fen: int = whole("fen", 0, 1_000_000_000, "each has in the purse at first", 500_000)
    trades: dict[str, float] = weights("section", "what they look for; nothing said: as the shops", {})
    regions: dict[int, float] = weights("region", "where they live; nothing said: as the country's people", {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """So many shops of one kind."""

    name: str = text(40, "of the row, as the report calls it")
    count: int = whole("shops", 1, 1_000_000, "or households, where they enter by imitation")
    strategy: str = word(*STRATEGIES, means="how they keep shop")
    trades: dict[str, float] = weights("section", "sections or sub-sections they sell in")
    listings: float = number("listings", 1, 5_000, "of the median shop", 8.0)
    listings_spread: float = number("log-sd", 0, 3, "of listings between shops", 0.5)
    listings_most: int = whole("listings", 1, 10_000, "no shop has more", 10_000)
    quality: float = share("of the goods, mean: 0 worst, 1 best; what buyers judge", 0.8)
    quality_spread: float = number("sd", 0, 1, "of quality between shops", 0.1)
    service: float = share("how well and fast they answer and send while not overloaded, mean", 0.8)
    capacity: float = number("parcels a day", 0.1, 100_000, "a pair of hands packs", 40.0)
    staff: int = whole("people", 1, 10_000, "hands at first", 1)
    margin_bps: int = whole("bps", 0, 9_000, "of the price that is left after buying or making the goods", 2_500)
    wage_fen: int = whole("fen", 1, 100_000_000, "what a month's work earns elsewhere: success is measured by it", 200_000)
    village: str = text(40, "where they are, by its name; nothing said: anywhere", "")
    seats: bool = flag("meant for people: a bot keeps the shop until somebody sits down", False)
    enters: str = word("start", "imitation", means="open on the first day, or when they see a neighbour do well",
                       fallback="start")
    protection: float = share("that join the protection scheme", 0.3)
    share_ads: float = share("that advertise, as [ads] says", 0.0)
    settings: dict[str, Any] = special("settings", "table", "the strategy's own numbers (strategies.py)", {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Village:
    """An administrative village whose households may keep shops."""

    name: str = text(40, "by which shops name it")
    name_zh: str = text(40, "in Chinese")
    code: int = special("town", "nine-digit code", "of the town it belongs to")
    county: int = special("county", "six-digit code", "of the county")
    households: int = whole("households", 1, 100_000, "in the village")
    first_shops: int = field(default=0)  # counted by the reader: shops of its rows that are open at the start


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """When more is looked at and bought: twelve months' weights, or one peak day with its climb and fall.

    `seasons.factors` tells what it means on a day.
    """

    name: str = text(40, "of the season")
    sections: tuple[str, ...] = slugs("section", "sections or sub-sections it is about; nothing said: all", ())
    months: tuple[float, ...] = numbers("factor", 0, 100, 12, "January to December, on views and orders", fallback=())
    peak: str = special("day", "MM-DD", "the peak day, each year", "")
    days_before: int = whole("days", 0, 180, "it climbs evenly for so long", 0)
    days_after: int = whole("days", 0, 180, "it falls evenly for so long", 0)
    views: float = number("factor", 0, 100, "views on the peak day", 1.0)
    buys: float = number("factor", 0, 100, "orders on the peak day", 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Levers set anew at 00:00 of a market day."""

    day: int = whole("market day", 1, 3_660, "1 is the first")
    levers: dict[str, Any] = special("levers", "table", "path of a lever to its value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ads:
    """What sellers who advertise begin with. Strategies that live by bids change it as they learn."""

    listings: int = whole("listings", 1, 200, "advertised by a shop", 2)
    keywords: int = whole("words", 1, 200, "bid for, per advertised listing", 2)
    bid_from_fen: int = whole("fen", 5, 9_999, "a click, at most; drawn evenly up to", 30)
    bid_to_fen: int = whole("fen", 5, 9_999, "this", 150)
    budget_fen: int = whole("fen", 3_000, 100_000_000, "a day and campaign", 3_000)
    funds_fen: int = whole("fen", 0, 1_000_000_000, "on the ads account at first", 60_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """All of it. `name` is the file's; `start` is 00:00 in Shanghai."""

    name: str
    title: str = text(80, "in English")
    title_zh: str = text(80, "in Chinese")
    why: str = text(300, "one line for the teacher: what it is good for")
    why_zh: str = text(300, "the same in Chinese; nothing said: the English", "")
    regime: str = special("regime", "name", "the rules it begins with")
    start: datetime = special("moment", "00:00 +08:00", "the market's first moment")
    days: int = whole("days", 1, 3_660, "to live when nobody says how many")
    tick_hours: int = whole("hours", 1, 24, "between two looks at the market; divides 24", 1)
    buyers: Crowd
    shops: tuple[Row, ...]
    villages: tuple[Village, ...] = ()
    seasons: tuple[Season, ...] = ()
    changes: tuple[Change, ...] = ()
    ads: Ads | None = None
    behaviour: Behaviour
