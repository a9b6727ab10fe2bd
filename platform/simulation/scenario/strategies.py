"""The ways of keeping a shop that the thesis tells of, and the numbers each may be given in a scenario.

A strategy's settings stand in `[shops.settings]`; what a scenario does not say is as here. Source of the ways: Li
2014, section 5.4 and 6.2.1; brushing: footnote 51 and Xu et al. 2015; all numbers are assumptions unless noted.
"""

# fmt: off
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .kinds import Kind, flag, kinds, number, share, whole, word


@dataclass(frozen=True, slots=True, kw_only=True)
class WebExperience:
    """Lives by the page: titles, pictures, descriptions, good answers in the chat."""

    edits_a_week: float = number("edits", 0, 100, "of listings whose views do not become orders", 2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class InternalOperation:
    """Lives by the back room: stock, quick despatch, few mistakes, cost."""

    stock_days: float = number("days", 1, 365, "of sales kept in stock", 14.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agility:
    """Lives by the long tail: many goods, listed before they are made, made to a buyer's wish."""

    custom_share: float = share("of listings that are made to order", 0.5)
    new_a_week: float = number("listings", 0, 200, "put up", 2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeywordBidder:
    """Lives by bought search words."""

    pacing: str = word(
        "budget", "best_response",
        means="spread the day's budget evenly, or bid what is best against yesterday's prices", fallback="budget")
    margin_share: float = share("of a sale's expected margin that a click may cost", 0.5)
    keywords: int = whole("words", 1, 200, "bid for, per advertised listing", 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imitator:
    """Copies a neighbour's visible success: what sold, at a price a little lower."""

    look_days: int = whole("days", 1, 365, "between two looks at the neighbours", 7)
    undercut_bps: int = whole("bps", 0, 5_000, "below the price that was copied", 300)
    copies: int = whole("listings", 1, 100, "copied at a look, at most", 1)
    visible_sales: bool = flag("they see how much others sell; else they copy, and come, blindly", True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Celebrity:
    """Lives by being known: albums, posts, followers."""

    posts_a_week: float = number("posts", 0, 100, "of community content", 3.0)
    follower_share: float = share("of buyers who know the shop at first", 0.01)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brusher:
    """Buys the record: trades that never were, for grade, sales and good words."""

    means: str = word(
        "alone", "ring", "crowd",
        means="own second accounts; a hired ring; a chat group whose members brush for one another",
        fallback="alone")
    fakes_a_day: float = number("trades", 0, 600, "while it brushes", 3.0)
    until_level: int = whole("grade", 1, 20, "of credit at which it stops: 6 is one diamond, 11 one crown", 6)
    from_day: int = whole("market day", 1, 3_660, "on which it begins", 1)
    helpers: int = whole("people", 1, 10_000, "who buy for it: own accounts, the ring, the group", 5)
    pay_fen: int = whole("fen", 0, 10_000, "for a fake trade: 0.21 US dollars in Xu et al. 2015", 130)
    parcels: bool = flag("send an empty parcel, so that there is a real way-bill", False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Neglectful:
    """Opened once, looked after seldom: answers late, sends late, runs out of stock."""

    look_days: float = number("days", 1, 60, "between two looks at the shop", 3.0)


STRATEGIES: dict[str, type] = {
    "web_experience": WebExperience,
    "internal_operation": InternalOperation,
    "agility": Agility,
    "keyword_bidder": KeywordBidder,
    "imitator": Imitator,
    "celebrity": Celebrity,
    "brusher": Brusher,
    "neglectful": Neglectful,
}  # fmt: skip


def settings_of(strategy: str) -> dict[str, Kind]:
    """What a strategy may be told, by name."""
    return kinds(STRATEGIES[strategy])


def defaults(strategy: str) -> dict[str, Any]:
    return {name: kind.fallback for name, kind in settings_of(strategy).items()}
