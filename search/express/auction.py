"""The auction on a search: who may bid in one statement, the pure core, and what came of it in another.

It takes the gate and not the pen, as a page view does: searches stand beside each other. Nothing of it is anybody's
state; what it leaves is a row that tells all, by which a click refers to what was shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.batch import execute, rows
from common.moments import SHANGHAI, day_of
from regime import queries as regime
from regime.levers.attention import Auction as Levers
from search.auction.clearing import Outcome, clear
from search.auction.rules import Terms
from search.express.rules import ALWAYS_BPS, MATCHES, WEEK_MINUTES, slot_clicks
from search.sql import OF_ITS_SHOP, SHOWN
from search.words import query_words
from traffic.actions import visitor_number
from worlds.pen import viewing

UNBOUND = 1 << 62
NOTHING = b'{"auction":null,"results":[]}'

# What a keyword may offer now. Nobody offers more than is left: of the account, and of the day's budget. A smoothed
# budget is let go slot by slot; who has spent less than was let go takes part, and may so pass it by a last click.
OFFER = f"""
    least(k.bid_fen * CASE WHEN cardinality(c.time_rates_bps) = 0 THEN {ALWAYS_BPS}
                           ELSE c.time_rates_bps[1 + %(minute)s::int * cardinality(c.time_rates_bps) / {WEEK_MINUTES}] END
                    / {ALWAYS_BPS},
          a.received_fen - a.given_fen,
          CASE WHEN NOT c.smoothing THEN c.budget_fen - coalesce(s.spent_fen, 0)
               WHEN coalesce(s.spent_fen, 0) < c.budget_fen * %(let_go)s::bigint / %(slots_a_day)s::bigint THEN {UNBOUND}
               ELSE 0 END)
"""
MATCHING = " UNION ALL ".join(
    f"""SELECT id, group_id, bid_fen, quality, bid_at, {match.closeness} AS closeness FROM search_express_keyword k
         WHERE status = 'on' AND match = '{match.name}' AND '{match.name}' = ANY(%(matches)s::text[])
           AND {"k.lead = ANY(%(words)s::text[]) AND" if match.whole else ""}
               {match.sql.format(bought="k.words", asked="%(words)s::text[]")}"""
    for match in MATCHES
)
BUYER = """
    buyer AS MATERIALIZED (
        SELECT CASE WHEN code > 999999 THEN code / 1000 ELSE code END AS code
          FROM (SELECT coalesce(%(region)s::int, (SELECT region FROM members_member WHERE id = %(member)s::bigint)) AS code) b
    )
"""
BIDDERS = f"""
    WITH {BUYER}, standing AS (
        SELECT DISTINCT ON (g.listing_id) k.id, o.bid, k.quality, k.bid_at
          FROM ({MATCHING}) k
          JOIN search_express_group g ON g.id = k.group_id JOIN search_express_campaign c ON c.id = g.campaign_id
          JOIN search_descriptor r ON r.id = g.listing_id
          JOIN payments_account a ON a.code = 'ads:' || c.seller_id
          LEFT JOIN search_express_spending s ON s.campaign_id = c.id AND s.day = %(day)s
          CROSS JOIN LATERAL (SELECT {OFFER} AS bid) o CROSS JOIN buyer b
         WHERE g.status = 'on' AND c.status = 'on' AND c.exhausted_on IS DISTINCT FROM %(day)s
           AND (c.regions = '{{}}' OR c.regions && ARRAY[b.code / 10000 * 10000, b.code / 100 * 100])
           AND o.bid >= %(least)s::bigint
           AND EXISTS (SELECT FROM search_express_creative v WHERE v.group_id = g.id AND v.status = 'approved')
         ORDER BY g.listing_id, o.bid * k.quality DESC, k.closeness DESC, k.bid_at, k.id
    )
    SELECT id, bid, quality, (SELECT code FROM buyer) FROM standing ORDER BY bid_at, id
"""
# The creatives of a group take turns by visitor: the same visitor sees the same one.
APPROVED = "FROM search_express_creative v WHERE v.group_id = g.id AND v.status = 'approved'"
PLACES = f"""
    WITH placed AS MATERIALIZED (
        SELECT w.slot, g.listing_id, v.id AS creative, v.title
          FROM unnest(%(winners)s::bigint[]) WITH ORDINALITY AS w (keyword, slot)
          JOIN search_express_keyword k ON k.id = w.keyword JOIN search_express_group g ON g.id = k.group_id
          CROSS JOIN LATERAL (SELECT v.id, v.title {APPROVED} ORDER BY v.id
                              OFFSET (%(turn)s::bigint %% (SELECT count(*) {APPROVED})) LIMIT 1) v
    ), kept AS (
        INSERT INTO search_express_auction (at, words, visitor, region, mechanism, ties, capped, reserve_fen, increment_fen,
               clicks, keywords, bids, qualities, placed, creatives, prices)
        SELECT %(at)s, %(text)s, %(visitor)s::bigint, %(region)s::int, %(mechanism)s, %(ties)s, %(capped)s::bool,
               %(reserve)s::bigint, %(increment)s::bigint, %(clicks)s::int[], %(keywords)s::bigint[], %(bids)s::bigint[],
               %(qualities)s::int[], %(columns)s::int2[], (SELECT array_agg(creative ORDER BY slot) FROM placed),
               %(prices)s::bigint[]
        RETURNING id
    )
    SELECT json_build_object('auction', (SELECT id FROM kept), 'results', json_agg(row_to_json(p) ORDER BY p.slot))::text::bytea
      FROM (SELECT w.slot, CASE WHEN w.slot <= %(right)s THEN 'right' ELSE 'bottom' END AS place, w.creative,
                   {SHOWN.partition(", {score}")[0].format(id="r.id").replace("d.title", "w.title")},
                   {OF_ITS_SHOP.format(now="%(at)s")}
              FROM placed w JOIN search_descriptor r ON r.id = w.listing_id JOIN shops_shop s ON s.id = r.shop_id) p
"""
# A search nobody bid on leaves what it was held under, and nobody in it.
UNSOLD = f"""
    WITH {BUYER}
    INSERT INTO search_express_auction (at, words, visitor, region, mechanism, ties, capped, reserve_fen, increment_fen,
           clicks, keywords, bids, qualities, placed, creatives, prices)
    SELECT %(at)s, %(text)s, %(visitor)s::bigint, code, %(mechanism)s, %(ties)s, %(capped)s::bool, %(reserve)s::bigint,
           %(increment)s::bigint, %(clicks)s::int[], '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}' FROM buyer
"""


@dataclass(frozen=True)
class Search:
    """Who looks for what: the visitor's cookie, and where the buyer is (a region's code; else the member's)."""

    q: str
    visitor: str | None = None
    region: int | None = None
    member: int | None = None


def paid(search: Search) -> bytes:
    """`shown` now, beside other searches: the edge of a search that asks for paid places."""
    if not query_words(search.q):
        return NOTHING
    with viewing(few=True) as moment:
        return shown(search, at=moment.at)


def shown(search: Search, *, at: datetime) -> bytes:
    """The paid places of a search as JSON: `auction` (its number; null: nobody bid) and `results` by slot.

    Two statements. Without a bidder the second is a row in which nobody stands.
    """
    words = sorted(query_words(search.q))
    if not words:
        return NOTHING
    levers = regime.at(at).auction
    rule, slots = terms(levers), levers.right_slot_count + levers.bottom_slot_count
    bidders = rows(BIDDERS, asked(words, search, levers, at)) if slots else []
    visitor = None if search.visitor is None else visitor_number(search.visitor)
    told = {
        "at": at, "text": " ".join(words), "visitor": visitor, "region": search.region, "mechanism": rule.mechanism,
        "ties": rule.ties, "capped": rule.capped, "reserve": rule.reserve_fen, "increment": rule.increment_fen,
        "clicks": slot_clicks(slots),
    }  # fmt: skip
    if not bidders:
        execute(UNSOLD, told | {"member": search.member})
        return NOTHING
    return _held(bidders, rule, told, levers.right_slot_count)


def asked(words: Sequence[str], search: Search, levers: Levers, at: datetime) -> dict[str, Any]:
    """What BIDDERS is given: minutes of the week from Monday 00:00, and how much of a smoothed budget is let go."""
    local = at.astimezone(SHANGHAI)
    minute = local.hour * 60 + local.minute
    slots = max(1, 1_440 // levers.time_slot_minutes)
    return {
        "words": list(words),
        "region": search.region,
        "member": search.member,
        "day": day_of(at),
        "minute": local.weekday() * 1_440 + minute,
        "let_go": min(minute // levers.time_slot_minutes + 1, slots),
        "slots_a_day": slots,
        "matches": list(levers.matches),
        "least": max(levers.reserve_fen, 1),
    }


def terms(levers: Levers) -> Terms:
    """What the core is told of the levers."""
    return Terms(
        levers.mechanism,
        levers.reserve_fen,
        levers.increment_fen,
        levers.capped_at_own_bid,
        levers.tie_goes_to,
    )


def places(outcome: Outcome) -> tuple[list[int], list[int]]:
    """The columns of those in the slots, best first, and the price of a click on each."""
    sold = outcome.sold[0]
    return outcome.winners[0][sold].tolist(), outcome.prices[0][sold].tolist()


def _held(bidders: Sequence[tuple[Any, ...]], rule: Terms, told: Mapping[str, Any], right: int) -> bytes:
    keywords, bids, qualities = ([row[n] for row in bidders] for n in range(3))
    columns, prices = places(clear([bids], [qualities], told["clicks"], rule))
    more = {
        "region": bidders[0][3], "keywords": keywords, "bids": bids, "qualities": qualities, "columns": columns,
        "prices": prices, "winners": [keywords[n] for n in columns], "turn": told["visitor"] or 0, "right": right,
    }  # fmt: skip
    found: bytes = rows(PLACES, {**told, **more})[0][0]
    return bytes(found)
