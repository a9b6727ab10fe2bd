"""Answering buyers who ask and haggle (Zhang & Qiu 2024).

A buyer asks; the seller answers with probability p; they agree with probability q. Answering pays when
q > (2 - r) b1 / (b2 + b1): b1 is what the seller earns on goods as they lie there, b2 on those agreed on, r the share of
unanswered buyers who give up. Who sees that it pays answers nearly everybody; who sees that it does not, few. To who
haggles, a deal page is made out: their price, or the lowest the seller goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np

from common import random, words
from common.batch import dicts
from shops.actions.deals import Agreed, NewDeal
from shops.actions.talk import Said
from simulation.intents import Wish
from simulation.keys import dealing
from simulation.scene import Scene
from simulation.sellers import nature
from simulation.sellers.nature import Bools, Floats, Ints

EARNS_LEAST, EARNS_SPAN = 1.6, 1.6  # b2 / b1, at skill 0 and what skill adds (assumption)
EARNS_MORE = 0.8  # more where talk is the trade: made to order, or lived by the page (assumption)
GIVES = 0.6  # of the margin a seller gives away at most (assumption)
OPENS = 0.3  # of the margin is offered to who names no price (assumption)
NEAR_BPS = 9_000  # a price of so much of the lowest is worth a counter-offer (assumption)
REPLY_MINUTES = 25.0  # mean, at the desk (assumption)
OLDEST = timedelta(hours=20)  # an inquiry this old when the tick begins is not answered any more

ASKED = f"""
    SELECT {dealing("i", "asked_at", "s.owner_id")} AS key, i.buyer_id AS buyer, i.listing_id AS listing, i.shop_id AS shop, i.asked_at, m.text,
           l.price_fen, l.postage_fen, l.category_id AS category, l.status = 'on_sale' AS there
      FROM shops_inquiry i JOIN shops_message m ON m.id = i.message_id JOIN shops_listing l ON l.id = i.listing_id
      JOIN shops_shop s ON s.id = i.shop_id
     WHERE i.answered_at IS NULL AND i.asked_at > %s AND i.asked_at <= %s ORDER BY i.id
"""
NAMED = re.compile(r"(\d{1,7}(?:\.\d{1,2})?)\s*(?:元|块|一件|行不行|卖不卖|，|吧|$)")
HAGGLES = re.compile(r"便宜|优惠|打折|零头|少点|卖不卖|贵|行不行|包邮我|最低")


def turn(scene: Scene) -> Iterator[Wish]:
    """Answers and deal pages of this tick."""
    asked = dicts(ASKED, [scene.start - OLDEST, scene.at])
    number = nature.keeper_of(scene, np.array([row["shop"] for row in asked], dtype=np.int64))
    mine = np.flatnonzero((number >= 0) & scene.seller_bot[number])
    if not len(mine):
        return
    asked, number = [asked[n] for n in mine.tolist()], number[mine]
    key = np.array([row["key"] for row in asked], dtype=np.int64)
    when = np.array([row["asked_at"].timestamp() for row in asked])
    now = answered_in(scene, number, key, when)
    said: list[tuple[int, dict[str, Any], str, int]] = []
    for n in np.flatnonzero(now).tolist():
        row = asked[n]
        move, price = "seller.answer", 0
        if row["there"] and haggles(row["text"]):
            margin = int(scene.people.sellers.margin_bps[number[n]])
            move, price = offer(row["price_fen"], margin, named(row["text"]))
        said.append((int(number[n]), row, move, price))
    if not said:
        return
    lines = words.chat(
        scene.seed,
        [move for _, _, move, _ in said],
        [row["category"] for _, row, _, _ in said],
        [row["key"] for _, row, _, _ in said],
        price_fen=[price for _, _, _, price in said],
    )
    for (who, row, move, price), text in zip(said, lines, strict=True):
        member = int(scene.seller_member[who])
        yield Wish(who, "say", Said(member, row["buyer"], text, row["listing"]))
        if price:
            yield Wish(
                who,
                "deal",
                NewDeal(
                    row["shop"],
                    row["buyer"],
                    [Agreed(row["listing"], 1, price)],
                    row["postage_fen"],
                ),
                why=f"{move.removeprefix('seller.')}s at {price} fen, listed at {row['price_fen']}",
            )


def pays(agreed: float, gives_up: float, earns: Floats) -> Bools:
    """Does answering pay? `agreed`: q; `gives_up`: r; `earns`: b2 / b1 of each seller."""
    return agreed > (2.0 - gives_up) / (earns + 1.0)


def answering(scene: Scene, number: Ints) -> Floats:
    """p: the probability with which each of these sellers answers."""
    there, kind, measured = scene.people.sellers, nature.nature(scene), scene.scenario.behaviour
    earns = EARNS_LEAST + EARNS_SPAN * there.skill[number]
    earns = earns + np.where(kind.are("agility", "web_experience")[number], EARNS_MORE, 0.0)
    worth = pays(measured.agreed_share, measured.give_up_share, earns)
    service = there.service[number]
    share = np.where(worth, 0.4 + 0.6 * service, 0.35 * service)
    return np.where(kind.are("neglectful")[number], 0.4 * share, share)


def answered_in(scene: Scene, number: Ints, inquiry: Ints, asked: Floats) -> Bools:
    """Which of these inquiries are answered in this tick: minutes later, but not at night."""
    will = random.chances(scene.seed, "seller.talks", inquiry, probability=answering(scene, number))
    slow = 1.0 + 3.0 * (1.0 - scene.people.sellers.service[number])
    minutes = random.exponentials(scene.seed, "seller.reply", inquiry, mean=REPLY_MINUTES * slow)
    wanted = asked + 60.0 * minutes
    hour = ((wanted + 8 * 3600) % 86_400) / 3600.0  # Shanghai
    morning = wanted + 3600.0 * np.where(hour < 8.0, 8.25 - hour, 0.0)
    found: Bools = will & (morning > scene.start.timestamp()) & (morning <= scene.at.timestamp())
    return found


def haggles(text: str) -> bool:
    return bool(HAGGLES.search(text)) or bool(NAMED.search(text))


def named(text: str) -> int | None:
    """The price a buyer names, in fen."""
    found = NAMED.search(text)
    return round(float(found.group(1)) * 100) if found else None


def offer(price_fen: int, margin_bps: int, wanted_fen: int | None) -> tuple[str, int]:
    """The seller's move, and the price on the deal page (0: none). A price above the listed one is a slip of the pen."""
    least = round_up(price_fen - int(price_fen * margin_bps / 10_000 * GIVES))
    if wanted_fen is None:
        return "seller.counter", round_up(price_fen - int(price_fen * margin_bps / 10_000 * OPENS))
    if wanted_fen >= price_fen:
        return "seller.accept", price_fen
    if wanted_fen >= least:
        return "seller.accept", wanted_fen
    if wanted_fen * 10_000 >= least * NEAR_BPS:
        return "seller.counter", least
    return "seller.refuse", 0


def round_up(fen: int) -> int:
    """To ten fen, at least one fen."""
    return max(-(-fen // 10) * 10, 1)
