"""Who may bid on searches, and what an auction leaves: the rules as SQL, said once for one search and for many.

Of a keyword `k`, its ad group `g`, campaign `c`, the listing's descriptor `r`, the account `a` and the day's spending `s`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.moments import SHANGHAI, day_of
from regime.levers.attention import Auction as Levers
from search.auction.rules import Terms
from search.express.rules import ALWAYS_BPS, WEEK_MINUTES, slot_clicks

UNBOUND = 1 << 62

# What a keyword may offer now. Nobody offers more than is left: of the account, and of the day's budget. A smoothed
# budget is let go slot by slot; who has spent less than was let go takes part, and may so pass it by a last click.
OFFER = f"""
    least(k.bid_fen * CASE WHEN cardinality(c.time_rates_bps) = 0 THEN {ALWAYS_BPS}
                           ELSE c.time_rates_bps[1 + {{minute}} * cardinality(c.time_rates_bps) / {WEEK_MINUTES}] END
                    / {ALWAYS_BPS},
          a.received_fen - a.given_fen,
          CASE WHEN NOT c.smoothing THEN c.budget_fen - coalesce(s.spent_fen, 0)
               WHEN coalesce(s.spent_fen, 0) < c.budget_fen * {{let_go}} / %(slots_a_day)s::bigint THEN {UNBOUND}
               ELSE 0 END)
"""
AD = """
    JOIN search_express_group g ON g.id = k.group_id JOIN search_express_campaign c ON c.id = g.campaign_id
    JOIN search_descriptor r ON r.id = g.listing_id
    JOIN payments_account a ON a.code = 'ads:' || c.seller_id
    LEFT JOIN search_express_spending s ON s.campaign_id = c.id AND s.day = %(day)s
"""
TAKES_PART = """
    g.status = 'on' AND c.status = 'on' AND c.exhausted_on IS DISTINCT FROM %(day)s AND o.bid >= %(least)s::bigint
    AND EXISTS (SELECT FROM search_express_creative v WHERE v.group_id = g.id AND v.status = 'approved')
"""
# Where a buyer is, as far as ads can tell: the county; and the two places that hold it.
COUNTY = "CASE WHEN {code} > 999999 THEN {code} / 1000 ELSE {code} END"
PROVINCE, CITY = "{code} / 10000 * 10000", "{code} / 100 * 100"
REACHES = "(regions = '{{}}' OR regions && ARRAY[{province}, {city}])"
# Of words of one listing that match, the one that bids: the dearest by its quality, then the closest, then the earliest.
BEST = "bid * quality DESC, closeness DESC, bid_at, {id}"
# In this order ties go.
TURNS = "bid_at, id"
# The creatives of a group take turns by visitor: the same visitor sees the same one.
APPROVED = """
    SELECT v.id, v.group_id, v.title, row_number() OVER (PARTITION BY v.group_id ORDER BY v.id) - 1 AS nth,
           count(*) OVER (PARTITION BY v.group_id) AS many
      FROM search_express_creative v WHERE v.status = 'approved' AND v.group_id {of}
"""
ITS_TURN = "v.nth = {turn} %% v.many"
LEAVES = """
    INSERT INTO search_express_auction (at, words, visitor, region, mechanism, ties, capped, reserve_fen, increment_fen,
           clicks, keywords, bids, qualities, placed, creatives, prices)
"""
HELD_UNDER = """
    %(mechanism)s, %(ties)s, %(capped)s::bool, %(reserve)s::bigint, %(increment)s::bigint, %(clicks)s::int[]
"""


@dataclass(frozen=True)
class Search:
    """Who looks for what: the visitor's cookie, and where the buyer is (a region's code; else the member's).

    `at`: when, on the open day and not after the call's moment (None: at it).
    """

    q: str
    visitor: str | None = None
    region: int | None = None
    member: int | None = None
    at: datetime | None = None


def slots_of(levers: Levers) -> int:
    """How many places a page of results sells."""
    return levers.right_slot_count + levers.bottom_slot_count


def rule_of(levers: Levers) -> Terms:
    """What the core is told of the levers."""
    return Terms(
        levers.mechanism,
        levers.reserve_fen,
        levers.increment_fen,
        levers.capped_at_own_bid,
        levers.tie_goes_to,
    )


def held_under(levers: Levers) -> dict[str, Any]:
    """What HELD_UNDER is given."""
    rule = rule_of(levers)
    return {
        "mechanism": rule.mechanism, "ties": rule.ties, "capped": rule.capped, "reserve": rule.reserve_fen,
        "increment": rule.increment_fen, "clicks": slot_clicks(slots_of(levers)),
    }  # fmt: skip


def slots_a_day(levers: Levers) -> int:
    return max(1, 1_440 // levers.time_slot_minutes)


def bound(levers: Levers, at: datetime) -> dict[str, Any]:
    """What the fragments are given, whoever searches. Without places to sell nothing matches."""
    return {
        "day": day_of(at),
        "slots_a_day": slots_a_day(levers),
        "matches": list(levers.matches) if slots_of(levers) else [],
        "least": max(levers.reserve_fen, 1),
    }


def minute_of(at: datetime) -> int:
    """Minutes of the week, from Monday 00:00."""
    local = at.astimezone(SHANGHAI)
    return local.weekday() * 1_440 + local.hour * 60 + local.minute


def let_go(minute: int, levers: Levers) -> int:
    """How many of the day's time slots have begun: so much of a smoothed budget is let go."""
    return min(minute % 1_440 // levers.time_slot_minutes + 1, slots_a_day(levers))


def told_words(words: Sequence[str]) -> str:
    """Words as an auction keeps them: no word has a blank in it."""
    return " ".join(words)
