"""Keyword ads: who advertises sets up a campaign, an ad group for each of its best goods and words that people search, puts
money in, and bids anew by its own reports. What each bids for is `strategies/keyword_bidder.py`.

Setting up takes the hour at the desk and the two after it: a campaign first, then its groups, then their words. Others
than keyword bidders look once a day, bid what seems worth it and put no more money in when it does not come back.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np

from common import random, sections
from common.moments import SHANGHAI, day_of
from payments.ledger import TopUp
from regime import queries as regime
from regime.levers.attention import Auction
from search.express.actions.account import Move
from search.express.actions.campaigns import NewCampaign
from search.express.actions.groups import NewGroup
from search.express.actions.keywords import NewKeyword
from search.express.rules import DIMENSIONS
from shops.actions.edits import Edit
from simulation.intents import Wish
from simulation.scenario.shapes import Ads
from simulation.scene import Scene
from simulation.sellers import nature
from simulation.sellers.nature import Ints
from simulation.sellers.reading import Spec, array, columns
from simulation.sellers.strategies import keyword_bidder

NAME = "日常推广"
USUAL = Ads()
LOOKS = (0, 1, 2, 5, 9)  # hours after the desk hour at which advertisers look at their ads
SIMPLE = 3  # of them, for those who do not live by it, on their first days and once a week
SETTLES_DAYS = 7
LASTS_DAYS = 5  # of budget are paid in at a time
JUDGED_CLICKS = 60  # after so many clicks a seller knows whether ads pay (assumption)
GIVES_UP = 1.5  # costs so many times what they earned: no more money (assumption)
LEAST_CHANGE = 0.05  # a bid is edited if it would change by more

AD: Spec = (
    ("seller", "c.seller_id"),
    ("campaign", "c.id"),
    ("budget_fen", "c.budget_fen"),
    ("spent_fen", "coalesce(p.spent_fen, 0)"),
    ("group", "coalesce(g.id, 0)"),
    ("listing", "coalesce(g.listing_id, 0)"),
    ("price_fen", "coalesce(l.price_fen, 0)"),
    ("keyword", "coalesce(k.id, 0)"),
    ("bid_fen", "coalesce(k.bid_fen, 0)"),
    ("shown", "coalesce(d.impressions, 0)"),
    ("purse_fen", "coalesce(a.received_fen - a.given_fen, 0)"),
    (
        "runs",
        "(c.status = 'on' AND coalesce(g.status, 'on') = 'on' AND coalesce(k.status, 'on') = 'on')::int",
    ),
)
ADS = f"""
    FROM search_express_campaign c
    LEFT JOIN search_express_spending p ON p.campaign_id = c.id AND p.day = %(today)s
    LEFT JOIN search_express_group g ON g.campaign_id = c.id AND g.status <> 'removed'
    LEFT JOIN shops_listing l ON l.id = g.listing_id
    LEFT JOIN search_express_keyword k ON k.group_id = g.id AND k.status <> 'removed'
    LEFT JOIN search_express_daily d
           ON d.dimension = {DIMENSIONS["keyword"][0]} AND d.key = k.id AND d.day = %(yesterday)s
    LEFT JOIN payments_account a ON a.code = 'ads:' || c.seller_id
    WHERE c.seller_id = ANY(%(sellers)s::bigint[]) AND c.status <> 'ended'
"""
PAID: Spec = (("keyword", "x.keyword_id"), ("price_fen", "x.price_fen"))
CLICKS = """
    FROM (SELECT keyword_id, max(price_fen) AS price_fen
            FROM unnest(%(sellers)s::bigint[]) AS m(id)
           CROSS JOIN LATERAL (SELECT keyword_id, price_fen, at FROM search_express_click
                                WHERE seller_id = m.id AND verdict = 'valid' ORDER BY id DESC LIMIT 100) t
           WHERE t.at > %(lately)s GROUP BY keyword_id) x
"""
ACCOUNT: Spec = (("seller", "d.key"), ("clicks", "sum(d.clicks)"), ("orders", "sum(d.orders)"),
                 ("cost_fen", "sum(d.cost_fen)"), ("paid_fen", "sum(d.paid_fen)"))  # fmt: skip
ACCOUNTS = f"""
    FROM (SELECT * FROM search_express_daily WHERE dimension = {DIMENSIONS["account"][0]}
             AND key = ANY(%(sellers)s::bigint[]) AND day >= %(month)s) d
"""


def turn(scene: Scene) -> Iterator[Wish]:
    """What those do who look at their ads in this tick."""
    kind = nature.nature(scene)
    if not kind.advertises.any():
        return
    lives = kind.are("keyword_bidder")
    looks = [
        nature.at_desk(scene, later) for later in (LOOKS if scene.scenario.tick_hours < 24 else LOOKS[:1])
    ]
    settles = (
        lives
        | (scene.at.timestamp() - scene.seller_entered < SETTLES_DAYS * 86_400)
        | ((scene.day + kind.phase) % SETTLES_DAYS == 0)
    )
    looks = [
        mine[kind.advertises[mine] & (lives[mine] | (n == 0) | (settles[mine] & (n < SIMPLE)))]
        for n, mine in enumerate(looks)
    ]
    mine = np.unique(np.concatenate(looks))
    if not len(mine):
        return
    today = day_of(scene.at)
    params = {
        "sellers": array(scene.seller_member[mine]),
        "today": today,
        "yesterday": today - timedelta(days=1),
        "lately": scene.at - timedelta(days=2),
        "month": today - timedelta(days=30),
    }
    there = columns(AD, ADS, params, order="c.id, g.id, k.id")
    there["paid_fen"] = _paid(there["keyword"], params)
    number = nature.number_of(scene, there["seller"])
    yield from _open(scene, np.setdiff1d(mine, number))
    if not len(number):
        return
    levers = regime.at(scene.at).auction
    record = _records(scene, params)
    yield from _groups(scene, there, number)
    yield from _words(scene, there, number)
    runs = there["runs"] == 1  # what somebody paused is neither set up again nor cared for
    there, number = {name: column[runs] for name, column in there.items()}, number[runs]
    yield from _fund(scene, there, number, record, np.unique(looks[0]))
    bids = np.isin(number, looks[0]) | lives[number]
    yield from _bid(scene, {n: c[bids] for n, c in there.items()}, number[bids], record, levers)


def _paid(keyword: Ints, params: dict[str, object]) -> Ints:
    """The most that a click on each word cost lately, 0 for none. A statement of its own: joined to the words, clicks
    would be gone through once for each of them, as nobody knows how many there are."""
    told = columns(PAID, CLICKS, params, order="x.keyword_id")
    ids, at = told["keyword"], np.searchsorted(told["keyword"], keyword)
    paid = np.zeros(len(keyword), dtype=np.int64)
    known = np.flatnonzero(at < len(ids))
    known = known[ids[at[known]] == keyword[known]]
    paid[known] = told["price_fen"][at[known]]
    return paid


def _terms(scene: Scene) -> Ads:
    return scene.scenario.ads or USUAL


def _open(scene: Scene, mine: Ints) -> Iterator[Wish]:
    """Those without a campaign open one, with money of their own brought in for it."""
    terms, least = _terms(scene), regime.at(scene.at).auction.day_budget_least_fen
    for who in mine.tolist():
        member, shop = int(scene.seller_member[who]), int(scene.seller_shop[who])
        if terms.funds_fen:
            yield Wish(who, "bring", TopUp(member, terms.funds_fen, key=f"ads-{who}"))
            yield Wish(who, "fund_ads", Move(member, terms.funds_fen, key="first"))
        new = NewCampaign(shop, NAME, max(terms.budget_fen, least))
        yield Wish(who, "campaign", new, f"{terms.funds_fen} fen paid in, {new.budget_fen} a day")


def _groups(scene: Scene, there: dict[str, Ints], number: Ints) -> Iterator[Wish]:
    """A campaign that shows nothing yet shows the best goods: what sells, then what is oldest."""
    terms, shelf = _terms(scene), scene.shelf
    for row in np.flatnonzero(there["group"] == 0).tolist():
        who = int(number[row])
        own = np.flatnonzero(shelf.shop == scene.seller_shop[who])
        own = own[np.lexsort((shelf.id[own], -shelf.sales[own]))][: terms.listings]
        for place in own.tolist():
            bid = first_bid(scene, who, int(shelf.nth[place]))
            new = NewGroup(int(there["campaign"][row]), int(shelf.id[place]), bid)
            yield Wish(who, "group", new, f"sold {shelf.sales[place]}; {bid} fen a click")


def first_bid(scene: Scene, who: int, nth: int) -> int:
    """Before anything is known: what the scenario says people begin with."""
    terms = _terms(scene)
    span = max(terms.bid_to_fen - terms.bid_from_fen, 0) + 1
    return terms.bid_from_fen + random.integer(scene.seed, span, "ads.bid", who, nth)


def _words(scene: Scene, there: dict[str, Ints], number: Ints) -> Iterator[Wish]:
    """An ad group without words buys those that people type most for such goods."""
    kind, terms = nature.nature(scene), _terms(scene)
    many = np.where(kind.are("keyword_bidder"), kind.told("keywords", terms.keywords), terms.keywords)
    at = scene.shelf.places(there["listing"])
    for row in np.flatnonzero((there["group"] > 0) & (there["keyword"] == 0) & (at >= 0)).tolist():
        for word in searched(scene, int(scene.shelf.category[at[row]]), int(many[number[row]])):
            new = NewKeyword(int(there["group"][row]), word)
            yield Wish(int(number[row]), "keyword", new, f"{word}: what people type for such goods")


def searched(scene: Scene, category: int, most: int) -> list[str]:
    """The words typed most for goods of a category, as the search box proposes them; else its own name."""
    trade = scene.people.trade
    place = np.flatnonzero(trade.category == category)
    rows = np.flatnonzero(trade.query_of == place[0]) if len(place) else place
    rows = rows[np.argsort(-trade.query_weight[rows], kind="stable")][:most]
    return [trade.query[n] for n in rows.tolist()] or [sections.node(category).name]


def _records(scene: Scene, params: dict[str, object]) -> dict[str, Ints]:
    """By seller: what a month of ads cost and brought, of closed days."""
    grouped = f"FROM (SELECT d.key, {', '.join(f'{sql} AS {n}' for n, sql in ACCOUNT[1:])} {ACCOUNTS} GROUP BY d.key) d"
    spec = tuple((name, "d.key" if name == "seller" else f"d.{name}") for name, _ in ACCOUNT)
    told = columns(spec, grouped, params, order="d.key")
    number = nature.number_of(scene, told["seller"])
    record = {}
    for name in ("clicks", "orders", "cost_fen", "paid_fen"):
        record[name] = np.zeros(scene.people.sellers.count, dtype=np.int64)
        record[name][number] = told[name]
    return record


def _fund(
    scene: Scene, there: dict[str, Ints], number: Ints, record: dict[str, Ints], daily: Ints
) -> Iterator[Wish]:
    """Who has less than a day's budget left pays in again, unless ads have cost more than they earned."""
    _, first = np.unique(number, return_index=True)
    for row in first.tolist():
        who, budget = int(number[row]), int(there["budget_fen"][row])
        if who not in daily or there["purse_fen"][row] >= budget:
            continue
        earned = int(record["paid_fen"][who]) * int(scene.people.sellers.margin_bps[who]) // 10_000
        if record["clicks"][who] >= JUDGED_CLICKS and record["cost_fen"][who] > GIVES_UP * earned:
            continue
        member, fen = int(scene.seller_member[who]), LASTS_DAYS * budget
        key = f"{day_of(scene.at)}"
        yield Wish(who, "bring", TopUp(member, fen, key=f"ads-{who}-{key}"))
        yield Wish(who, "fund_ads", Move(member, fen, key=key))


def _nth(number: Ints, keyword: Ints) -> Ints:
    """How many of its seller's words are older than each."""
    order = np.lexsort((keyword, number))
    nth = np.empty(len(number), dtype=np.int64)
    nth[order] = np.arange(len(number)) - np.searchsorted(number[order], number[order], side="left")
    return nth


def _bid(
    scene: Scene, there: dict[str, Ints], number: Ints, record: dict[str, Ints], levers: Auction
) -> Iterator[Wish]:
    kind, people, measured = nature.nature(scene), scene.people.sellers, scene.scenario.behaviour
    words = there["keyword"] > 0
    there, number = {name: column[words] for name, column in there.items()}, number[words]
    if not len(number):
        return
    most = keyword_bidder.worth(
        there["price_fen"],
        people.margin_bps[number],
        record["clicks"][number],
        record["orders"][number],
        measured.ad_conversion,
        kind.told("margin_share", 0.5)[number].astype(float),
    )
    bid = there["bid_fen"].astype(float)
    hour = scene.at.astimezone(SHANGHAI).hour + 1
    paced = keyword_bidder.paced(bid, there["spent_fen"], there["budget_fen"], hour / 24.0, most)
    tries = random.chances(
        scene.seed, ("ads.tries", scene.day), number, _nth(number, there["keyword"]), probability=0.2
    )
    answers = keyword_bidder.best_response(bid, there["paid_fen"], there["shown"], tries, most)
    lives = kind.are("keyword_bidder")[number]
    responds = lives & (kind.told("pacing", "budget")[number] == "best_response")
    new = np.where(responds, answers, np.where(lives, paced, np.minimum(bid, most)))
    lo, hi, step = levers.bid_least_fen, levers.bid_most_fen, levers.bid_step_fen
    new = np.clip(np.ceil(new / step).astype(np.int64) * step, lo, hi)
    moved = np.abs(new - there["bid_fen"]) > LEAST_CHANGE * there["bid_fen"]
    for row in np.flatnonzero(moved).tolist():
        why = (
            f"worth {int(most[row])} fen a click; paid {there['paid_fen'][row]}, shown {there['shown'][row]} times,"
            f" {there['spent_fen'][row]} of {there['budget_fen'][row]} spent: {there['bid_fen'][row]} to {new[row]}"
        )
        keyword = int(there["keyword"][row])
        yield Wish(int(number[row]), "bid", Edit(keyword, {"bid_fen": int(new[row])}), why, keyword)
