"""The auction on a search: who may bid in one statement, the pure core, and what came of it in another.

It takes the gate and not the pen, as a page view does: searches stand beside each other. Nothing of it is anybody's
state; what it leaves is a row that tells all, by which a click refers to what was shown. `auctions.hold` does the same
for many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from common.batch import execute, rows
from common.errors import several
from regime import queries as regime
from regime.levers.attention import Auction as Levers
from search import moments
from search.auction.clearing import Outcome, clear
from search.auction.rules import Terms
from search.express import bidding
from search.express.bidding import Search, bound, held_under, let_go, minute_of, rule_of, slots_of, told_words
from search.express.rules import MATCHES
from search.sql import OF_ITS_SHOP, SHOWN
from search.words import query_words
from traffic.actions import visitor_number
from worlds.pen import viewing

__all__ = ["Search", "paid", "places", "shown"]

NOTHING = b'{"auction":null,"results":[]}'
MATCHING = " UNION ALL ".join(
    f"""SELECT id, group_id, bid_fen, quality, bid_at, {match.closeness} AS closeness FROM search_express_keyword k
         WHERE status = 'on' AND match = '{match.name}' AND '{match.name}' = ANY(%(matches)s::text[])
           AND {"k.lead = ANY(%(words)s::text[]) AND" if match.whole else ""}
               {match.sql.format(bought="k.words", asked="%(words)s::text[]")}"""
    for match in MATCHES
)
BUYER = f"""
    buyer AS MATERIALIZED (
        SELECT {bidding.COUNTY.format(code="code")} AS code
          FROM (SELECT coalesce(%(region)s::int, (SELECT region FROM members_member WHERE id = %(member)s::bigint)) AS code) b
    )
"""
HERE = bidding.REACHES.format(
    province=bidding.PROVINCE.format(code="b.code"), city=bidding.CITY.format(code="b.code")
)
BIDDERS = f"""
    WITH {BUYER}, standing AS (
        SELECT DISTINCT ON (g.listing_id) k.id, o.bid, k.quality, k.bid_at
          FROM ({MATCHING}) k {bidding.AD}
          CROSS JOIN LATERAL (SELECT {bidding.OFFER.format(minute="%(minute)s::int", let_go="%(let_go)s::bigint")} AS bid) o
          CROSS JOIN buyer b
         WHERE {bidding.TAKES_PART} AND {HERE}
         ORDER BY g.listing_id, {bidding.BEST.format(id="k.id")}
    )
    SELECT id, bid, quality, (SELECT code FROM buyer) FROM standing ORDER BY {bidding.TURNS}
"""
PLACES = f"""
    WITH placed AS MATERIALIZED (
        SELECT w.slot, g.listing_id, v.id AS creative, v.title
          FROM unnest(%(winners)s::bigint[]) WITH ORDINALITY AS w (keyword, slot)
          JOIN search_express_keyword k ON k.id = w.keyword JOIN search_express_group g ON g.id = k.group_id
          JOIN LATERAL ({bidding.APPROVED.format(of="= g.id")}) v ON {bidding.ITS_TURN.format(turn="%(turn)s::bigint")}
    ), kept AS (
        {bidding.LEAVES}
        SELECT %(at)s, %(text)s, %(visitor)s::bigint, %(region)s::int, {bidding.HELD_UNDER}, %(keywords)s::bigint[], %(bids)s::bigint[],
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
    WITH {BUYER} {bidding.LEAVES}
    SELECT %(at)s, %(text)s, %(visitor)s::bigint, code, {bidding.HELD_UNDER}, '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}' FROM buyer
"""


def paid(search: Search) -> bytes:
    """`shown` now, beside other searches: the edge of a search that asks for paid places."""
    if not query_words(search.q):
        return NOTHING
    with viewing(few=True) as moment:
        return shown(search, at=moment.at)


def shown(search: Search, *, at: datetime) -> bytes:
    """The paid places of a search as JSON: `auction` (its number; null: nobody bid) and `results` by slot.

    Two statements. Without a bidder the second is a row in which nobody stands. Raises as `auctions.hold`.
    """
    words = sorted(query_words(search.q))
    if not words:
        return NOTHING
    if search.at is not None:
        if wrong := moments.faults([search.at], "a search", at=at):
            raise several(wrong)
        at = search.at
    levers = regime.at(at).auction
    bidders = rows(BIDDERS, asked(words, search, levers, at)) if slots_of(levers) else []
    visitor = None if search.visitor is None else visitor_number(search.visitor)
    told = {
        "at": at, "text": told_words(words), "visitor": visitor, "region": search.region, **held_under(levers),
    }  # fmt: skip
    if not bidders:
        execute(UNSOLD, told | {"member": search.member})
        return NOTHING
    return _held(bidders, rule_of(levers), told, levers.right_slot_count)


def asked(words: Sequence[str], search: Search, levers: Levers, at: datetime) -> dict[str, Any]:
    """What BIDDERS is given."""
    minute = minute_of(at)
    return {
        **bound(levers, at), "words": list(words), "region": search.region, "member": search.member, "minute": minute,
        "let_go": let_go(minute, levers),
    }  # fmt: skip


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
