"""What a bid would have brought: the auctions of the last closed days, held again with it in them.

Of more than `rules.AUCTIONS_MOST` every so many-th is held, by number, and stands for the others.

Own figures only: slots and prices of ours. The bid stands at all hours and everywhere; the hours and regions of a
campaign, and what is left in the account, are not looked at. The day's budget is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import numpy as np

from common.batch import dicts, one, rows
from common.errors import NotFound
from common.moments import start_of
from search.auction.single import half_up
from search.cubes.queries.suggestions import own_listing
from search.cubes.queries.words import closed_days, said
from search.cubes.replays import Ints, blocks, hold
from search.cubes.rules import AUCTIONS_MOST, MILLION, own_rate, slot_rate
from search.express import recompute
from search.express.rules import normal
from traffic.queries.figures import ratio


@dataclass(frozen=True, slots=True)
class Wanted:
    """The word that bids: `keyword` None while nobody has bought it for that listing; `group` 0: there is none yet.

    `bid_fen` and `budget_fen` (a day's) as they are now, None where there is none.
    """

    listing: int
    words: Sequence[str]
    match: str
    quality: int
    keyword: int | None = None
    group: int = 0
    bid_fen: int | None = None
    budget_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """The auctions a word would have been in, of so many `found` in `days` closed days: all, or every so many-th."""

    auctions: list[dict[str, Any]]
    found: int
    days: int
    first: date
    last: date

    @property
    def scale(self) -> Fraction:
        """What one of those held again stands for."""
        return Fraction(self.found, max(1, len(self.auctions)))


KEYWORD = """
    SELECT k.id AS keyword, k.words, k.match, k.quality, k.bid_fen, k.group_id AS group, g.listing_id AS listing, c.budget_fen
      FROM search_express_keyword k JOIN search_express_group g ON g.id = k.group_id
      JOIN search_express_campaign c ON c.id = g.campaign_id
     WHERE k.status <> 'removed' AND (%(by)s::bigint IS NULL OR c.seller_id = %(by)s)
"""
SAME = "AND g.listing_id = %(listing)s AND k.words = %(words)s::text[] AND k.match = %(match)s ORDER BY k.id LIMIT 1"


def bought(keyword: int, by: int | None) -> Wanted:
    """A keyword of member `by` (None: of anybody); `NotFound` for everybody else's."""
    found = dicts(f"{KEYWORD} AND k.id = %(keyword)s", {"keyword": keyword, "by": by})
    if not found:
        raise NotFound(
            f"there is no keyword {keyword}", field="keyword", rule="keyword_exists", way_out="List your own."
        )
    return Wanted(**found[0])


def imagined(listing: int, word: str, match: str, by: int | None, *, at: datetime) -> Wanted:
    """A word for a listing of member `by` as if it were bought now; the keyword itself where it is."""
    own, words = own_listing(listing, by), normal(word)
    found = dicts(f"{KEYWORD} {SAME}", {"listing": listing, "words": words, "match": match, "by": by})
    if found:
        return Wanted(**found[0])
    [judged] = recompute.would_be(
        [" ".join(words)], listing=listing, group=own["group"], seller=own["seller"], at=at
    )
    budget = one(BUDGET, [own["group"]])
    return Wanted(listing, words, match, judged["quality"], group=own["group"], budget_fen=budget)


BUDGET = """
    SELECT c.budget_fen FROM search_express_group g JOIN search_express_campaign c ON c.id = g.campaign_id WHERE g.id = %s
"""
FOUND = """
    SELECT coalesce(sum(d.searches), 0)::bigint AS found,
           (SELECT min(day) FROM search_cubes_daily WHERE day BETWEEN %(first)s AND %(last)s) AS began
      FROM search_cubes_daily d WHERE d.day BETWEEN %(first)s AND %(last)s AND {said}
"""
AUCTIONS = """
    WITH said AS (
        SELECT a.id, row_number() OVER (ORDER BY a.id) AS n FROM search_express_auction a
         WHERE a.at >= %(start)s AND a.at < %(end)s AND a.words IN (
                   SELECT array_to_string(d.words, ' ') FROM search_cubes_daily d
                    WHERE d.day BETWEEN %(first)s AND %(last)s AND {said})
    )
    SELECT a.id, a.at::date - %(first)s::date AS day, a.mechanism, a.ties, a.capped, a.reserve_fen, a.increment_fen,
           a.clicks, a.keywords, a.bids, a.qualities,
           array_position(a.placed, (array_position(a.keywords, %(keyword)s::bigint) - 1)::int2) AS stood
      FROM said s JOIN search_express_auction a ON a.id = s.id WHERE s.n %% %(step)s::bigint = 0 ORDER BY a.id
"""


def past(wanted: Wanted, *, at: datetime) -> Past:
    """The auctions of the window whose searches the word matches. A young market's window begins with its first search."""
    window = closed_days(at=at)
    given = {"words": list(wanted.words), "first": window["first"], "last": window["last"]}
    matching = said(wanted.match, "d.words")
    [told] = dicts(FOUND.format(said=matching), given)
    first, last = told["began"] or window["last"], window["last"]
    given |= {
        "first": first, "start": start_of(first), "end": start_of(last + timedelta(days=1)), "keyword": wanted.keyword,
        "step": -(-told["found"] // AUCTIONS_MOST),
    }  # fmt: skip
    held = dicts(AUCTIONS.format(said=matching), given) if told["found"] else []
    return Past(held, max(told["found"], len(held)), (last - first).days + 1, first, last)


SLOTS = """
    SELECT slot, sum(impressions)::bigint AS impressions, sum(clicks)::bigint AS clicks FROM search_cubes_slot
     WHERE day BETWEEN %s AND %s GROUP BY slot ORDER BY slot
"""
CLICKS = """
    SELECT count(*) FROM search_express_click c JOIN unnest(%s::bigint[]) AS a (id) ON a.id = c.auction_id
     WHERE c.group_id = %s AND c.keyword_id = %s AND c.verdict = 'valid' AND c.at >= %s
"""


def expected(wanted: Wanted, seen: Past) -> tuple[list[dict[str, int]], int]:
    """What an impression in each slot is expected to bring (`rules.slot_rate`), and how the word compares (`own_rate`)."""
    known = {row["slot"]: row for row in dicts(SLOTS, [seen.first, seen.last])}
    deepest = max((len(row["clicks"]) for row in seen.auctions), default=0)
    slots = []
    for slot in range(1, deepest + 1):
        shown, clicked = (known.get(slot, {}).get(name, 0) for name in ("impressions", "clicks"))
        slots.append(
            {"slot": slot, "impressions": shown, "clicks": clicked,
             "clicks_millionths": slot_rate(slot, clicked, shown)}
        )  # fmt: skip
    if wanted.keyword is None:
        return slots, MILLION
    stood = {row["id"]: row["stood"] for row in seen.auctions if row["stood"]}
    clicks = one(CLICKS, [list(stood), wanted.group, wanted.keyword, start_of(seen.first)])
    return slots, own_rate(clicks, sum(slots[slot - 1]["clicks_millionths"] for slot in stood.values()))


@dataclass(frozen=True, slots=True)
class Outlook:
    """Expected of one bid over all days, exactly: clicks and fen, and on how many days the budget ends it."""

    clicks: Fraction
    cost: Fraction
    days_over_budget: int


def outlook(
    slots: Ints, prices: Ints, days: Ints, rates: Sequence[int], scale: Fraction, budget_fen: int | None
) -> Outlook:
    """slots, prices, days (from 0): of each auction. rates: millionths of a click an impression, by slot. A day whose
    clicks would cost more than the budget brings the share of them that it covers."""
    shape = (int(days.max(initial=-1)) + 1, len(rates) + 1)
    count, paid = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    np.add.at(count, (days, slots), 1)
    np.add.at(paid, (days, slots), prices)
    clicks, cost, over = Fraction(0), Fraction(0), 0
    for shown, fen in zip(count[:, 1:].tolist(), paid[:, 1:].tolist(), strict=True):
        brings, costs = (
            scale * Fraction(sum(n * rate for n, rate in zip(row, rates, strict=True)), MILLION)
            for row in (shown, fen)
        )
        if budget_fen is not None and costs > budget_fen:
            brings, costs, over = brings * budget_fen / costs, Fraction(budget_fen), over + 1
        clicks, cost = clicks + brings, cost + costs
    return Outlook(clicks, cost, over)


OWN = "SELECT k.id FROM search_express_keyword k JOIN search_express_group g ON g.id = k.group_id WHERE g.listing_id = %s"


def forecast(
    wanted: Wanted,
    bids: Sequence[int],
    *,
    at_bid: int | None = None,
    after: int = 0,
    limit: int = 0,
    at: datetime,
) -> dict[str, Any]:
    """What each of `bids` (fen) would have brought a day, the lowest first; with `at_bid` the auctions one by one, after
    number `after`: one more than `limit` if there is more."""
    seen = past(wanted, at=at)
    own = [id_ for (id_,) in rows(OWN, [wanted.listing])]
    held = blocks(seen.auctions, own, wanted.keyword, wanted.quality)
    slots, compared = expected(wanted, seen)
    rates = [min(slot["clicks_millionths"] * compared // MILLION, MILLION) for slot in slots]
    days = np.array([row["day"] for row in seen.auctions], dtype=np.int64)
    results, before = [], Outlook(Fraction(0), Fraction(0), 0)
    for bid in sorted(set(bids)):
        places, prices = hold(held, len(seen.auctions), bid)
        found = outlook(places, prices, days, rates, seen.scale, wanted.budget_fen)
        results.append({"bid_fen": bid, **_shown(places, found, before, seen)})
        before = found
    told: dict[str, Any] = {
        "keyword": wanted.keyword, "listing": wanted.listing, "words": list(wanted.words), "match": wanted.match,
        "first": seen.first, "last": seen.last, "days": seen.days, "budget_fen": wanted.budget_fen,
        "auctions": {"found": seen.found, "held": len(seen.auctions), **_ends(seen)},
        "slots": slots, "own_rate_millionths": compared, "bids": results, "at_bid": at_bid, "results": [],
    }  # fmt: skip
    if at_bid is not None:
        places, prices = hold(held, len(seen.auctions), at_bid)
        each = zip((row["id"] for row in seen.auctions), places.tolist(), prices.tolist(), strict=True)
        listed = [row for row in each if row[0] > after][: limit + 1]
        moments = _moments([id_ for id_, _, _ in listed])
        told["results"] = [
            {"auction": id_, "at": moments[id_], "slot": slot or None, "price_fen": price if slot else None}
            for id_, slot, price in listed
        ]
    return told


def _ends(seen: Past) -> dict[str, Any]:
    """Number and moment of the first and the last auction held."""
    ends = {"first": seen.auctions[0]["id"], "last": seen.auctions[-1]["id"]} if seen.auctions else {}
    moments = _moments(list(ends.values()))
    return {name: ends.get(name) for name in ("first", "last")} | {
        f"{name}_at": moments.get(ends.get(name, 0)) for name in ("first", "last")
    }


def _moments(auctions: Sequence[int]) -> dict[int, datetime]:
    return dict(rows("SELECT id, at FROM search_express_auction WHERE id = ANY(%s)", [list(auctions)]))


def _shown(places: Ints, found: Outlook, before: Outlook, seen: Past) -> dict[str, Any]:
    placed = int((places > 0).sum())
    more = found.clicks - before.clicks
    return {
        "held": len(places), "placed": placed, "average_slot_hundredths": ratio(int(places.sum()), placed, 100),
        "impressions_a_day_hundredths": half_up(100 * placed * seen.scale / seen.days),
        "clicks_a_day_hundredths": half_up(100 * found.clicks / seen.days),
        "cost_a_day_fen": half_up(found.cost / seen.days),
        "average_cpc_fen": half_up(found.cost / found.clicks) if found.clicks else None,
        "marginal_cpc_fen": half_up((found.cost - before.cost) / more) if more > 0 else None,
        "days_over_budget": found.days_over_budget,
    }  # fmt: skip
