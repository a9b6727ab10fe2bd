"""The auctions of many searches: what one search does in two statements, a batch does in two (`auction.py`).

Searches that no ad tells apart (the same words, places and time slots as far as any campaign asks) share their bidders
and one auction; each leaves its own row, with the creatives whose turn it is for its visitor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, cast

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from common.batch import execute, rows
from common.errors import several
from regime import queries as regime
from regime.levers.attention import Auction as Levers
from search import moments
from search.auction.clearing import clear
from search.express import bidding
from search.express.bidding import Search, bound, held_under, let_go, minute_of, rule_of, slots_of, told_words
from search.express.rules import MATCHES, WEEK_MINUTES, slot_clicks
from search.words import query_words
from traffic.actions import NONE, visitor_number

Ints = NDArray[np.int64]

SAYS = """
    SELECT q.text, k.id, {closeness} AS closeness FROM search_express_keyword k {among}
     WHERE k.status = 'on' AND k.match = '{name}' AND '{name}' = ANY(%(matches)s::text[]) AND {holds}
"""
AMONG = {
    True: "JOIN word q ON q.word = k.lead",
    False: "CROSS JOIN LATERAL unnest(k.words) AS w (word) JOIN word q ON q.word = w.word",
}
MATCHING = " UNION ".join(
    SAYS.format(
        closeness=match.closeness, name=match.name, among=AMONG[match.whole],
        holds=match.sql.format(bought="k.words", asked="q.words"),
    )
    for match in MATCHES
)  # fmt: skip
OFFERED = bidding.OFFER.format(minute="t.minute", let_go="t.let_go")
THERE = bidding.REACHES.format(province="p.province", city="p.city")
# part:   of time: minutes in which every ad offers the same;     block: searches that share their bidders
# said:   which words of whom match which query;                  offered: what each of them offers in each part
BIDDERS = f"""
    WITH asked AS MATERIALIZED (
        SELECT a.n, a.text, a.minute, {bidding.COUNTY.format(code="coalesce(a.region, m.region)")} AS code
          FROM unnest(%(texts)s::text[], %(minutes)s::int[], %(regions)s::int[], %(members)s::bigint[]) WITH ORDINALITY
               AS a (text, minute, region, member, n) LEFT JOIN members_member m ON m.id = a.member
    ), told_apart AS MATERIALIZED (
        SELECT array_agg(DISTINCT cardinality(time_rates_bps)) AS weeks, bool_or(smoothing) AS smoothed
          FROM search_express_campaign WHERE status = 'on'
    ), named AS MATERIALIZED (
        SELECT DISTINCT unnest(regions) AS code FROM search_express_campaign WHERE status = 'on'
    ), clock AS MATERIALIZED (
        SELECT m.minute, m.let_go, dense_rank() OVER (ORDER BY ARRAY(SELECT m.minute * week / {WEEK_MINUTES} FROM unnest(t.weeks) AS w (week)
                                                                      ORDER BY week), CASE WHEN t.smoothed THEN m.let_go END) AS part
          FROM unnest(%(each_minute)s::int[], %(let_go)s::bigint[]) AS m (minute, let_go) CROSS JOIN told_apart t
    ), part AS MATERIALIZED (
        SELECT DISTINCT ON (part) part, minute, let_go FROM clock ORDER BY part, minute
    ), block AS MATERIALIZED (
        SELECT min(a.n) AS block, a.text, t.part, p.code AS province, c.code AS city, array_agg(a.n ORDER BY a.n) AS ns,
               array_agg(a.code ORDER BY a.n) AS codes
          FROM asked a JOIN clock t ON t.minute = a.minute
          LEFT JOIN named p ON p.code = {bidding.PROVINCE.format(code="a.code")} LEFT JOIN named c ON c.code = {bidding.CITY.format(code="a.code")}
         GROUP BY a.text, t.part, p.code, c.code
    ), word AS MATERIALIZED (
        SELECT q.text, q.words, w.word
          FROM (SELECT text, string_to_array(text, ' ') AS words FROM asked GROUP BY text) q CROSS JOIN LATERAL unnest(q.words) AS w (word)
    ), said AS MATERIALIZED ({MATCHING}), offered AS MATERIALIZED (
        SELECT t.part, k.id, k.quality, k.bid_at, g.listing_id, c.regions, o.bid
          FROM search_express_keyword k {bidding.AD} CROSS JOIN part t CROSS JOIN LATERAL (SELECT {OFFERED} AS bid) o
         WHERE k.id IN (SELECT id FROM said) AND {bidding.TAKES_PART}
    ), standing AS (
        SELECT DISTINCT ON (p.block, o.listing_id) p.block, o.id, o.bid, o.quality, o.bid_at, o.listing_id
          FROM block p JOIN said s ON s.text = p.text JOIN offered o ON o.id = s.id AND o.part = p.part
         WHERE {THERE} ORDER BY p.block, o.listing_id, {bidding.BEST.format(id="o.id")}
    ), bidders AS (
        SELECT block, count(*) AS many, {", ".join(f"array_agg({what} ORDER BY {bidding.TURNS})::text AS {what}s" for what in ("id", "bid", "quality", "listing_id"))}
          FROM standing GROUP BY block
    )
    SELECT b.ns, b.codes, s.many, s.ids, s.bids, s.qualitys, s.listing_ids
      FROM block b LEFT JOIN bidders s ON s.block = b.block ORDER BY b.block
"""
KEEP = f"""
    WITH block AS MATERIALIZED (
        SELECT * FROM unnest(%(keywords)s::text[], %(bids)s::text[], %(qualities)s::text[], %(column_won)s::text[], %(price_won)s::text[],
                             %(keyword_won)s::text[]) WITH ORDINALITY AS b (keywords, bids, qualities, columns, prices, winners, block)
    ), place AS MATERIALIZED (
        SELECT b.block, w.slot, k.group_id
          FROM block b CROSS JOIN LATERAL unnest(b.winners::bigint[]) WITH ORDINALITY AS w (keyword, slot)
          JOIN search_express_keyword k ON k.id = w.keyword
    ), approved AS MATERIALIZED ({bidding.APPROVED.format(of="IN (SELECT group_id FROM place)")}), asked AS MATERIALIZED (
        SELECT * FROM unnest(%(block)s::bigint[], %(at)s::timestamptz[], %(text)s::text[], %(visitor)s::bigint[], %(region)s::int[])
                 WITH ORDINALITY AS a (block, at, text, visitor, region, n)
    ), seen AS (
        SELECT a.n, array_agg(v.id ORDER BY p.slot) AS creatives
          FROM asked a JOIN place p ON p.block = a.block
          JOIN approved v ON v.group_id = p.group_id AND {bidding.ITS_TURN.format(turn="coalesce(a.visitor, 0)")} GROUP BY a.n
    )
    {bidding.LEAVES}
    SELECT a.at, a.text, a.visitor, a.region, {bidding.HELD_UNDER}, b.keywords::bigint[], b.bids::bigint[], b.qualities::int[],
           b.columns::int2[], coalesce(s.creatives, '{{}}'), b.prices::bigint[]
      FROM asked a JOIN block b ON b.block = a.block LEFT JOIN seen s ON s.n = a.n ORDER BY a.n
    RETURNING id, creatives
"""
COLUMNS = ("keywords", "bids", "qualities", "listings")  # of each block, as BIDDERS tells them
EMPTY = "{}"


@dataclass(frozen=True)
class Shown:
    """What was shown to each search: a row a search, in the order in which they were given; a column a slot, best first.

    `auction`: its number, by which a click refers to it. `NONE` where nobody stands, and for a search nobody bid on.
    """

    auction: Ints
    listing: Ints
    keyword: Ints
    creative: Ints
    price: Ints

    @classmethod
    def nothing(cls, searches: int, slots: int) -> Shown:
        return cls(np.full(searches, NONE), *(np.full((searches, slots), NONE) for _ in range(4)))


@dataclass(frozen=True)
class Bidders:
    """Of auctions that somebody bid in, how many did; and as PostgreSQL writes arrays, what COLUMNS say of each."""

    many: Ints
    texts: dict[str, list[str]]

    @property
    def there(self) -> NDArray[np.bool_]:
        """(auctions, most bidders)."""
        return np.arange(self.many.max()) < self.many[:, None]

    def padded(self, name: str) -> Ints:
        """The column, 0 where nobody is."""
        there = self.there
        found = np.zeros(there.shape, dtype=np.int64)
        found[there] = np.fromstring(",".join(text[1:-1] for text in self.texts[name]), np.int64, sep=",")
        return found


@dataclass(frozen=True)
class Sold:
    """What came of auctions: (auctions, places) columns of the winners, their words and listings and what a click
    costs, `NONE` where nobody stands."""

    column: Ints
    keyword: Ints
    listing: Ints
    price: Ints


@transaction.atomic
def hold(searches: Sequence[Search], *, at: datetime) -> Shown:
    """The paid places of many searches, each at its own moment; a row in the log for each that says a word.

    Rows are written and numbered in the order of their moments, of one moment in the order given. Everybody offers what
    the account and the day's budget hold now. `Conflict` for moments off the open day; `rows` name them.
    """
    own = moments.own([search.at for search in searches], at=at)
    if wrong := moments.faults(own, "a search", at=at):
        raise several(wrong)
    said = [told_words(sorted(query_words(search.q))) for search in searches]
    turn = sorted((i for i in range(len(searches)) if said[i]), key=lambda i: own[i])
    timeline = regime.timeline()
    levers = {i: timeline.at(own[i]).auction for i in turn}
    shown = Shown.nothing(len(searches), max(map(slots_of, levers.values()), default=0))
    # A market that was filled within minutes has no statistics yet: bidders would be gone through once for each search.
    execute("SELECT set_config('enable_nestloop', 'off', true)")
    for _, alike in groupby(turn, key=lambda i: id(levers[i])):
        part = list(alike)
        asked = [(said[i], own[i], searches[i]) for i in part]
        _hold(asked, levers[part[0]], np.array(part), shown)
    execute("SELECT set_config('enable_nestloop', 'on', true)")
    return shown


Asked = Sequence[tuple[str, datetime, Search]]


def _hold(asked: Asked, levers: Levers, where: NDArray[np.intp], shown: Shown) -> None:
    """Searches under the same levers, in the order of their moments; what came of them goes to the rows `where`."""
    blocks, region, bidders = _bidders(asked, levers)
    sold = _sold(bidders, levers) if len(bidders.many) else None
    found = _kept(asked, levers, blocks, region, bidders, sold)
    if sold is None:
        return
    bid_on = blocks > 0
    rows_, auctions, places = where[bid_on], blocks[bid_on] - 1, sold.column.shape[1]
    for name in ("keyword", "listing", "price"):
        getattr(shown, name)[rows_, :places] = getattr(sold, name)[auctions]
    shown.auction[rows_] = np.array([id_ for id_, _ in found])[bid_on]
    for row, (_, creatives) in zip(where.tolist(), found, strict=True):
        shown.creative[row, : len(creatives)] = creatives


def _bidders(asked: Asked, levers: Levers) -> tuple[Ints, list[int | None], Bidders]:
    """The auction of each search (from 1; 0: nobody bid), where its buyer is, and who bids in each auction."""
    minutes = [minute_of(moment) for _, moment, _ in asked]
    each = sorted(set(minutes))
    found = rows(
        BIDDERS,
        {
            **bound(levers, asked[0][1]), "texts": [text for text, *_ in asked], "minutes": minutes,
            "regions": [search.region for *_, search in asked], "members": [search.member for *_, search in asked],
            "each_minute": each, "let_go": [let_go(minute, levers) for minute in each],
        },
    )  # fmt: skip
    blocks, region = np.zeros(len(asked), dtype=np.int64), cast("list[int | None]", [None] * len(asked))
    bid_on: list[tuple[Any, ...]] = []
    for searches, codes, many, *columns in found:
        if many:
            bid_on.append((many, *columns))
            blocks[np.array(searches) - 1] = len(bid_on)
        for n, code in zip(searches, codes, strict=True):
            region[n - 1] = code
    texts = {name: [row[n] for row in bid_on] for n, name in enumerate(COLUMNS, 1)}
    return blocks, region, Bidders(np.array([many for many, *_ in bid_on], dtype=np.int64), texts)


def _sold(bidders: Bidders, levers: Levers) -> Sold:
    """The auctions, held at once by the core: who is not there does not take part."""
    outcome = clear(
        bidders.padded("bids"), bidders.padded("qualities"), slot_clicks(slots_of(levers)), rule_of(levers),
        shown=bidders.there,
    )  # fmt: skip
    sold = outcome.sold
    keyword, listing = (
        np.where(sold, np.take_along_axis(bidders.padded(name), np.maximum(outcome.winners, 0), axis=1), NONE)
        for name in ("keywords", "listings")
    )
    return Sold(outcome.winners, keyword, listing, np.where(sold, outcome.prices, NONE).astype(np.int64))


def _kept(
    asked: Asked, levers: Levers, blocks: Ints, region: Sequence[int | None], bidders: Bidders, sold: Sold | None
) -> list[tuple[int, list[int]]]:  # fmt: skip
    """A row for each search; its number, and the creatives shown. A search nobody bid on leaves nobody in it."""
    told = {name: [EMPTY, *bidders.texts[name]] for name in ("keywords", "bids", "qualities")}
    for name in ("column", "price", "keyword"):
        many = [] if sold is None else getattr(sold, name).tolist()
        told[f"{name}_won"] = [
            EMPTY,
            *("{" + ",".join(str(n) for n in row if n != NONE) + "}" for row in many),
        ]
    visitors = [None if search.visitor is None else visitor_number(search.visitor) for *_, search in asked]
    return rows(
        KEEP,
        {
            **told, **held_under(levers), "block": (blocks + 1).tolist(), "at": [moment for _, moment, _ in asked],
            "text": [text for text, *_ in asked], "visitor": visitors, "region": region,
        },
    )  # fmt: skip
