"""Every lever of the platform, named and typed. What they are set to is in `regime/files`.

Money is in fen (`_fen`), rates in basis points (`_bps`), spans say their unit. Read one as
`regime.queries.at(moment).feedback.window_days`; its path is written "feedback.window_days".
"""

from dataclasses import dataclass, fields
from functools import cache

from .attention import Alliance, Auction, Campaign, Cubes, Ranking, Showcase, Traffic
from .kinds import Kind, kinds
from .members import Members
from .penalty import FakeTradeRule, Penalty, Sanction
from .reputation import Credit, DispatchStars, Dsr, Feedback
from .trade import Deal, Dispute, Listing, Protection, Refund, Talk, Trade
from .villages import Villages

__all__ = [
    "Alliance", "Auction", "Campaign", "Credit", "Cubes", "Deal", "DispatchStars", "Dispute", "Dsr",
    "FakeTradeRule", "Feedback", "Kind", "Listing", "Members", "Penalty", "Protection", "Ranking", "Refund", "Regime",
    "Sanction", "Showcase", "Talk", "Trade", "Traffic", "Villages", "levers", "sections",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Regime:
    """The rules of the market at one moment. Never changes: another moment may have another Regime."""

    feedback: Feedback
    credit: Credit
    dsr: Dsr
    trade: Trade
    refund: Refund
    dispute: Dispute
    deal: Deal
    protection: Protection
    listing: Listing
    talk: Talk
    penalty: Penalty
    auction: Auction
    cubes: Cubes
    alliance: Alliance
    ranking: Ranking
    showcase: Showcase
    traffic: Traffic
    members: Members
    campaign: Campaign
    villages: Villages


@cache
def sections() -> dict[str, type]:
    """Section name to its dataclass, in reading order."""
    return {f.name: f.type for f in fields(Regime)}  # type: ignore[misc]


@cache
def levers() -> dict[str, Kind]:
    """Path ("trade.ship_by_hours") to its kind, for every lever, in reading order."""
    return {f"{part}.{name}": kind for part, held in sections().items() for name, kind in kinds(held).items()}
