"""Clicks on paid places: the verdict, the posting and the page view are one fact in one transaction.

Everything is looked at under the pen, so a budget cannot be spent twice: who came second sees what the first spent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction

from common.batch import dicts, execute, insert
from common.errors import Conflict, NotFound, Refusal, several
from common.moments import day_of
from events.actions import emit
from payments.ledger import post
from payments.rules import FEES, Posting
from regime import queries as regime
from regime.levers.attention import Auction as Levers
from search import moments
from search.closing import ended
from search.express.actions.account import code
from search.express.actions.common import own_facts
from search.express.models import AdClick
from search.express.rules import CLICK_WITHIN_MINUTES, VERDICT
from traffic.actions import Views, microseconds, see, visitor_number
from traffic.rules import PAGE, SOURCE

ADDRESS_MOST = 64


@dataclass(frozen=True, slots=True)
class Press:
    """A click on slot `slot` (from 1) of auction `auction` by the cookie `visitor`, from `address` if it is known.

    `at`: when, on the open day, after its page of results and not after the call's moment (None: at it).
    """

    auction: int
    slot: int
    visitor: str
    member: int | None = None
    address: str = ""
    at: datetime | None = None


# Everything a verdict needs, a row for each press that hit a paid place.
LOOK = """
    SELECT p.n, a.at AS auction_at, a.visitor AS shown_to, a.prices[p.slot] AS price, a.creatives[p.slot] AS creative_id,
           k.id AS keyword_id, g.id AS group_id, c.id AS campaign_id, g.listing_id, c.shop_id, c.seller_id, c.budget_fen,
           c.smoothing, coalesce(c.exhausted_on = %(day)s, false) AS exhausted, coalesce(s.spent_fen, 0) AS spent,
           coalesce(m.received_fen - m.given_fen, 0) AS funds,
           k.status = 'on' AND g.status = 'on' AND c.status = 'on' AND v.status = 'approved' AND r.id IS NOT NULL AS stands,
           EXISTS (SELECT FROM search_express_click b WHERE b.group_id = g.id AND b.verdict = 'valid'
                      AND b.at > p.since AND (b.visitor = p.visitor OR b.address = p.address)) AS again
      FROM unnest(%(auctions)s::bigint[], %(slots)s::int[], %(visitors)s::bigint[], %(addresses)s::bigint[],
                  %(since)s::timestamptz[]) WITH ORDINALITY AS p (auction, slot, visitor, address, since, n)
      JOIN search_express_auction a ON a.id = p.auction AND p.slot BETWEEN 1 AND cardinality(a.placed)
      JOIN search_express_keyword k ON k.id = a.keywords[a.placed[p.slot] + 1]
      JOIN search_express_group g ON g.id = k.group_id JOIN search_express_campaign c ON c.id = g.campaign_id
      JOIN search_express_creative v ON v.id = a.creatives[p.slot]
      LEFT JOIN search_descriptor r ON r.id = g.listing_id
      LEFT JOIN search_express_spending s ON s.campaign_id = c.id AND s.day = %(day)s
      LEFT JOIN payments_account m ON m.code = 'ads:' || c.seller_id
     ORDER BY p.n
"""
KEPT = ("keyword_id", "creative_id", "group_id", "campaign_id", "listing_id", "shop_id", "seller_id")
SPEND = """
    INSERT INTO search_express_spending AS s (campaign_id, day, clicks, spent_fen, returned_fen)
    SELECT campaign, %s, count(*), sum(price), 0 FROM unnest(%s::bigint[], %s::bigint[]) AS p (campaign, price)
     GROUP BY campaign ORDER BY campaign
        ON CONFLICT (campaign_id, day) DO UPDATE
       SET clicks = s.clicks + excluded.clicks, spent_fen = s.spent_fen + excluded.spent_fen
"""


@dataclass
class Till:
    """What is spent and left while presses are judged one after the other; and when whose last click was valid."""

    spent: dict[int, int] = field(default_factory=dict)
    funds: dict[int, int] = field(default_factory=dict)
    seen: dict[tuple[int, str, int], datetime] = field(default_factory=dict)
    exhausted: dict[int, int] = field(default_factory=dict)  # campaign -> seller


@dataclass(frozen=True, slots=True)
class Judged:
    """A press, the `nth` of its call, with its verdict and what it costs."""

    nth: int
    press: Press
    at: datetime
    visitor: int
    address: int | None
    fact: Mapping[str, Any]
    verdict: str
    price_fen: int


@transaction.atomic
def press(presses: Sequence[Press], *, at: datetime) -> list[dict[str, Any]]:
    """Click, each at its own moment; what came of each: id, listing, shop, verdict, price_fen. Money moves at `at`.

    `NotFound` names rows that hit no paid place, `Conflict` those off the open day or before their page was shown.
    """
    judged, exhausted = judge(presses, at=at)
    done = dict(zip((j.nth for j in judged), record(judged, exhausted, at=at), strict=True))
    return [done[i] for i in range(len(presses))]


def judge(presses: Sequence[Press], *, at: datetime) -> tuple[list[Judged], dict[int, int]]:
    """The verdict of each, in the order of their moments (a later one sees what an earlier one of the batch spent), and
    the campaigns whose budget they brought to its end, with their sellers."""
    own = moments.own([p.at for p in presses], at=at)
    if wrong := moments.faults(own, "a click", at=at):
        raise several(wrong)
    timeline = regime.timeline()
    levers = [timeline.at(moment).auction for moment in own]
    visitors = [visitor_number(p.visitor) for p in presses]
    addresses = [visitor_number(p.address) if p.address else None for p in presses]
    found = {
        row["n"] - 1: row
        for row in dicts(
            LOOK,
            {
                "auctions": [p.auction for p in presses], "slots": [p.slot for p in presses], "visitors": visitors,
                "addresses": addresses, "day": day_of(at),
                "since": [moment - _wait(lever) for moment, lever in zip(own, levers, strict=True)],
            },
        )
    }  # fmt: skip
    _check(presses, own, found)
    till, judged = Till(), []
    for i in sorted(range(len(presses)), key=lambda i: own[i]):
        given, fact = presses[i], found[i]
        verdict = _verdict(given, visitors[i], addresses[i], fact, till, levers[i], own[i])
        price = fact["price"] if verdict == "valid" else 0
        _count(verdict, price, visitors[i], addresses[i], fact, till, levers[i], own[i])
        judged.append(Judged(i, given, own[i], visitors[i], addresses[i], fact, verdict, price))
    return judged, till.exhausted


def _wait(levers: Levers) -> timedelta:
    """So long after a valid click another of the same visitor or address is a repeat."""
    return timedelta(hours=levers.repeat_click_hours)


def _check(presses: Sequence[Press], own: Sequence[datetime], found: Mapping[int, Mapping[str, Any]]) -> None:
    """Every press is on a paid place, and not before its page was shown."""
    wrong: dict[int, Refusal] = {}
    for i, given in enumerate(presses):
        if i not in found:
            wrong[i] = NotFound(
                f"auction {given.auction} has no paid place {given.slot}", field="auction", rule="paid_place_exists",
                way_out="Send the auction and a slot of a search with paid=true.",
            )  # fmt: skip
        elif own[i] < found[i]["auction_at"]:
            wrong[i] = Conflict(
                "a click comes after its page of results", field="at", rule="a_click_comes_after_its_page",
                way_out="Send a later moment.",
            )  # fmt: skip
    if wrong:
        raise several(wrong)


def _verdict(
    given: Press,
    visitor: int,
    address: int | None,
    fact: Mapping[str, Any],
    till: Till,
    levers: Levers,
    at: datetime,
) -> str:
    """The first of `rules.VERDICTS` that holds."""
    price = fact["price"]
    spent = till.spent.get(fact["campaign_id"], fact["spent"])
    again = fact["again"] or any(
        till.seen[key] > at - _wait(levers) for key in _who(fact, visitor, address) if key in till.seen
    )
    broke = spent >= fact["budget_fen"] if fact["smoothing"] else spent + price > fact["budget_fen"]
    holds = {
        "expired": at - fact["auction_at"] > timedelta(minutes=CLICK_WITHIN_MINUTES),
        "stranger": fact["shown_to"] not in (None, visitor),
        "own_click": given.member == fact["seller_id"] and not levers.own_clicks_billed,
        "repeat": levers.repeat_click_hours > 0 and again,
        "ended": not fact["stands"],
        "over_budget": fact["exhausted"] or fact["campaign_id"] in till.exhausted or broke,
        "unpaid": till.funds.get(fact["seller_id"], fact["funds"]) < price,
        "valid": True,
    }
    return next(name for name in VERDICT if holds[name])


def _who(fact: Mapping[str, Any], visitor: int, address: int | None) -> list[tuple[int, str, int]]:
    """By what a click on an ad is known again."""
    ad = fact["group_id"]
    return [(ad, "visitor", visitor), *([] if address is None else [(ad, "address", address)])]


def _count(
    verdict: str,
    price: int,
    visitor: int,
    address: int | None,
    fact: Mapping[str, Any],
    till: Till,
    levers: Levers,
    at: datetime,
) -> None:
    campaign, seller = fact["campaign_id"], fact["seller_id"]
    if verdict == "over_budget" and not fact["exhausted"]:
        till.exhausted[campaign] = seller
    if verdict != "valid":
        return
    till.spent[campaign] = till.spent.get(campaign, fact["spent"]) + price
    till.funds[seller] = till.funds.get(seller, fact["funds"]) - price
    till.seen |= dict.fromkeys(_who(fact, visitor, address), at)
    least = 1 if fact["smoothing"] else max(levers.reserve_fen, 1)
    if fact["budget_fen"] - till.spent[campaign] < least:
        till.exhausted[campaign] = seller  # nothing can be bought with the rest


def record(judged: Sequence[Judged], exhausted: Mapping[int, int], *, at: datetime) -> list[dict[str, Any]]:
    """Write clicks, postings, what campaigns spent and page views; tell the sellers. What came of each, in their order."""
    ids = insert(
        AdClick,
        [
            {
                "auction_id": j.press.auction, "slot": j.press.slot, "visitor": j.visitor, "member_id": j.press.member,
                "address": j.address, "at": j.at, "verdict": j.verdict, "price_fen": j.price_fen,
                **{name: j.fact[name] for name in KEPT},
            }
            for j in judged
        ],
    )  # fmt: skip
    clicks = list(zip(ids, judged, strict=True))
    post([_posting(id_, j) for id_, j in clicks if j.price_fen], at=at)
    valid = [j for j in judged if j.verdict == "valid"]
    if valid:
        execute(SPEND, [day_of(at), [j.fact["campaign_id"] for j in valid], [j.price_fen for j in valid]])
    _take_off_line(exhausted, at)
    see(_views(clicks, at), at=at)
    facts = own_facts(
        ids,
        [j.fact["seller_id"] for j in judged],
        verdict=[j.verdict for j in judged],
        campaign=[j.fact["campaign_id"] for j in judged],
        group=[j.fact["group_id"] for j in judged],
        keyword=[j.fact["keyword_id"] for j in judged],
        creative=[j.fact["creative_id"] for j in judged],
        listing=[j.fact["listing_id"] for j in judged],
        shop=[j.fact["shop_id"] for j in judged],
    )
    emit("ad.clicked", facts, at=at)
    return [
        {
            "id": id_,
            "listing": j.fact["listing_id"],
            "shop": j.fact["shop_id"],
            "verdict": j.verdict,
            "price_fen": j.price_fen,
        }
        for id_, j in clicks
    ]


def _posting(id_: int, j: Judged) -> Posting:
    return Posting(
        code(j.fact["seller_id"]),
        FEES,
        j.price_fen,
        "ad_click",
        f"campaign:{j.fact['campaign_id']}",
        posting_key(id_),
    )


def posting_key(click: int) -> str:
    """The ledger's key of what a click cost."""
    return f"ad_click:{click}"


def _take_off_line(exhausted: Mapping[int, int], at: datetime) -> None:
    """Campaigns whose budget no longer covers a click, until midnight."""
    if exhausted:
        gone = sorted(exhausted)
        execute("UPDATE search_express_campaign SET exhausted_on = %s WHERE id = ANY(%s)", [day_of(at), gone])
        emit("campaign.exhausted", own_facts(gone, [exhausted[campaign] for campaign in gone]), at=at)


def _views(clicks: Sequence[tuple[int, Judged]], at: datetime) -> Views:
    """A view of the listing for each click: bought by a valid one, else from where `rules.VERDICTS` says."""
    judged = [j for _, j in clicks]
    views = Views.of(
        len(clicks),
        at=at,
        visitor=[j.visitor for j in judged],
        member=[j.press.member for j in judged],
        page=[PAGE["listing"].code] * len(clicks),
        source=[SOURCE[VERDICT[j.verdict].source].code for j in judged],
        listing=[j.fact["listing_id"] for j in judged],
        charge=[id_ if j.verdict == "valid" else None for id_, j in clicks],
    )
    return replace(views, at=np.array([microseconds(j.at) for j in judged]))


# -- midnight ---------------------------------------------------------------------------------------------------

OVERSHOT = """
    SELECT c.id, c.seller_id, s.spent_fen - c.budget_fen AS over_fen
      FROM search_express_spending s JOIN search_express_campaign c ON c.id = s.campaign_id
     WHERE s.day = %(day)s AND s.returned_fen = 0 AND s.spent_fen > c.budget_fen
       AND NOT (%(kept)s::bool AND coalesce(c.budget_edited_on = %(day)s, false)) ORDER BY c.id
"""


@transaction.atomic
def give_back(*, at: datetime) -> int:
    """At midnight: what campaigns spent beyond the budget of the day that ends, back to their accounts.

    A smoothed budget may be passed by its last click, a lowered one was passed before; the levers
    `auction.overshoot_*` say whether it is given back, and whether also when it was edited that day. Returns the fen.
    """
    day = ended(at)
    levers = regime.at(at - timedelta(microseconds=1)).auction
    if not levers.overshoot_refunded:
        return 0
    found = dicts(OVERSHOT, {"day": day, "kept": levers.overshoot_kept_if_edited})
    if not found:
        return 0
    post(
        [
            Posting(
                FEES, code(row["seller_id"]), row["over_fen"], "ad_click_return", f"campaign:{row['id']}",
                f"ad_click_return:{row['id']}:{day}",
            )
            for row in found
        ],
        at=at,
    )  # fmt: skip
    execute(
        """UPDATE search_express_spending s SET returned_fen = r.over FROM unnest(%s::bigint[], %s::bigint[]) AS r (id, over)
            WHERE s.campaign_id = r.id AND s.day = %s""",
        [[row["id"] for row in found], [row["over_fen"] for row in found], day],
    )
    ids, sellers = [row["id"] for row in found], [row["seller_id"] for row in found]
    emit("ads.returned", own_facts(ids, sellers, day=[day.isoformat()] * len(ids)), at=at)
    return sum(row["over_fen"] for row in found)
