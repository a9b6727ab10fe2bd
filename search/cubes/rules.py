"""The keyword market as tables: what is told of a word, when its price is, what rises, what is suggested, what is expected.

A search is a page of results that asked for paid places (`paid=true`) and says a word; its words are distinct and
sorted, as a keyword's are. A day's figures stand when the day is closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from common.errors import Conflict, register_constraints
from search.express.rules import PRIOR, SLOT_CLICKS
from search.rules import doublings
from traffic.queries.figures import ratio

MILLION = 1_000_000
DAYS_MOST = 366  # of one question
MATCHES = ("exact", "centre")  # of `search.express.rules.MATCHES`: how a word's figures are gathered

# Prices. A day's clicks on one set of words count into averages and quantiles if at least so many sellers paid for
# them; else they are left out of every sum. So whatever sums are compared, of more days or of more words, what is
# left over is again the clicks of so many sellers, and nobody learns one competitor's price by subtraction.
SELLERS_LEAST = 3
WHY = f"no day on which {SELLERS_LEAST} sellers or more paid for clicks on the same words"
QUANTILES = (
    #  name              bps of the clicks that cost so much or less
    ("cpc_p10_fen", 1_000),
    ("cpc_p25_fen", 2_500),
    ("cpc_median_fen", 5_000),
    ("cpc_p75_fen", 7_500),
    ("cpc_p90_fen", 9_000),
)


def quantile(prices: Sequence[int], bps: int) -> int | None:
    """The least of the sorted `prices` that `bps` of them do not pass; a price somebody paid, None of none."""
    return prices[max(0, (bps * len(prices) + 9_999) // 10_000 - 1)] if prices else None


# Lists of words. What was searched for less often is nobody's fashion, and maybe one buyer's secret.
LISTED_LEAST = 3
SMOOTHING = 10
GROWTH = "10,000 x (searches + smoothing) / (searches_before + smoothing), of cubes.window_days closed days and as many before"


# Suggestions: each part is 0 to 10,000; the score is their weighted mean.
@dataclass(frozen=True)
class Part:
    name: str
    weight: int
    words: str


# fmt: off
PARTS = (
    Part("relevance", 5, "the share of its words in title or creatives (6,000), and in the rest of the listing too (4,000)"),
    Part("demand",    3, "its searches in the window: 500 for each doubling"),
    Part("room",      2, "10,000 / (1 + sellers who bid on it in the window); 0 for what nobody searched for"),
)
# fmt: on
CANDIDATES_MOST = 1_000


def scored(relevance: int, searches: int, bidders: int) -> dict[str, int]:
    """The parts of a suggested word's score, and the score, rounded down."""
    room = 10_000 // (1 + bidders) if searches else 0
    parts = {"relevance": relevance, "demand": doublings(searches), "room": room}
    whole = sum(part.weight for part in PARTS)
    return parts | {"score": sum(part.weight * parts[part.name] for part in PARTS) // whole}


# Forecasts. How a click in a slot is expected is ours: clicks / impressions of the slot in the whole market's window, as
# if it had had PRIOR's clicks before (in the shape of SLOT_CLICKS); times how much more the word was clicked where it
# stood than such slots are, as if it had had 2 clicks of 2 expected before. In millionths, whole numbers all the way.
AUCTIONS_MOST = (
    5_000  # held again for one forecast; of more, every second, third … one, which stands for the others
)
BIDS_MOST = 20
OWN_PRIOR = PRIOR["keyword"][0]


def slot_rate(slot: int, clicks: int, impressions: int) -> int:
    """Millionths of a click an impression in `slot` (from 1) is expected to bring."""
    prior_clicks, prior_impressions = PRIOR["keyword"]
    shape = SLOT_CLICKS[min(slot, len(SLOT_CLICKS)) - 1]
    best = SLOT_CLICKS[0]
    return ratio(clicks * best + prior_clicks * shape, best * (impressions + prior_impressions), MILLION) or 0


def own_rate(clicks: int, expected_millionths: int) -> int:
    """Millionths: how often a word was clicked, of how often its slots are."""
    return ratio((clicks + OWN_PRIOR) * MILLION, expected_millionths + OWN_PRIOR * MILLION, MILLION) or 0


KEY_MOST = 80
register_constraints(
    {
        "search_cubes_subscription_is_append_only": (
            Conflict, "a subscription is never changed or removed", None, "It runs out by itself."),
        "a_subscription_is_bought_once": (
            Conflict, "that subscription was bought", "key", "Use a new key for another."),
    }
)  # fmt: skip
