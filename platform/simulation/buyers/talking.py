"""Asking first: a buyer writes to the seller about goods, perhaps for a better price, waits, and buys by the deal page the
seller made, or settles for the goods as they are, or goes away (p, q and r of Zhang & Qiu 2024)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from common import random, words
from common.batch import rows
from shops.actions.placing import Place, Wanted
from shops.actions.talk import Said
from simulation.buyers.after import plan
from simulation.intents import Wish
from simulation.keys import dealing
from simulation.scene import Scene

# Deal pages made for the population's buyers since the last tick.
DEALS = f"""
    SELECT d.id, {dealing("d", "issued_at", "s.owner_id")}, a.number, o.asked_fen, o.offered_fen FROM shops_deal d
      JOIN shops_shop s ON s.id = d.shop_id
      JOIN simulation_agent a ON a.member_id = d.buyer_id AND a.kind = 0 AND a.seat = 'bot' AND a.left_at IS NULL
      CROSS JOIN LATERAL (SELECT sum(g.price_fen * l.quantity) AS asked_fen, sum(l.price_fen * l.quantity) AS offered_fen
                            FROM shops_dealline l JOIN shops_listing g ON g.id = l.listing_id WHERE l.deal_id = d.id) o
     WHERE d.status = 'issued' AND d.issued_at > %s AND d.issued_at <= %s ORDER BY d.id
"""
# Inquiries whose patience ends now: was anything answered?
ANSWERED = """
    SELECT i.listing_id, i.buyer_id, i.answered_at IS NOT NULL FROM shops_inquiry i
     WHERE (i.buyer_id, i.listing_id) IN (SELECT * FROM unnest(%s::bigint[], %s::bigint[]))
"""


def inquiries(
    now: Scene, asks: Sequence[tuple[int, int, int, int]], plans: list[dict[str, Any]]
) -> list[Wish]:
    """What buyers write about goods they look at, hagglers about the price."""
    if not asks:
        return []
    b = now.scenario.behaviour
    buyer = np.array([ask[1] for ask in asks], dtype=np.int64)
    number = np.array([ask[3] for ask in asks], dtype=np.int64)
    place = now.shelf.places(np.array([ask[2] for ask in asks], dtype=np.int64))
    haggles = random.chances(now.seed, "talk.haggles", buyer, number, probability=b.haggler_share)
    price = now.shelf.of["price_fen"][place] * (10_000 - b.haggle_discount_bps) // 10_000
    moves = np.where(haggles, "buyer.haggle", "buyer.ask")
    lines = words.chat(
        now.seed,
        moves,
        now.shelf.of["category"][place],
        buyer * 1_000_003 + number % 1_000_003,
        price_fen=price,
    )
    owners = now.shelf.of["owner"][place].tolist()
    wishes = []
    for n, (_, who, listing, _) in enumerate(asks):
        member = int(now.buyer_member[who])
        if owners[n] == member:
            continue
        wishes.append(Wish(who, "say", Said(member, owners[n], lines[n], listing)))
        plans.append(plan(now.at + timedelta(hours=b.patience_hours), "wait", who, listing, int(haggles[n])))
    return wishes


def bargains(now: Scene) -> list[Wish]:
    """Deal pages that were made: agreed to by a share q, the likelier the better they are."""
    found = rows(DEALS, [now.start, now.at])
    if not found:
        return []
    b = now.scenario.behaviour
    drawn = random.uniforms(
        now.seed, "talk.agrees", np.array([row[1] for row in found], dtype=np.int64)
    ).tolist()
    wishes = []
    for (deal, _, number, asked, offered), u in zip(found, drawn, strict=True):
        off_bps = 10_000 * (int(asked) - int(offered)) // max(int(asked), 1)
        share = b.agreed_share * min(1.0, (2_000 + max(off_bps, 0)) / (2_000 + max(b.haggle_discount_bps, 1)))
        if u < share:
            wishes.append(Wish(number, "buy", Place(int(now.buyer_member[number]), deal=deal)))
    return wishes


def patience(now: Scene, waits: Sequence[tuple[int, int, int]]) -> list[Wish]:
    """Who was not answered in time goes away by a share r, or settles for the goods as they are."""
    if not waits or not len(now.shelf):
        return []
    b = now.scenario.behaviour
    members = [int(now.buyer_member[number]) for number, _, _ in waits]
    answered = {
        (buyer, listing): done
        for listing, buyer, done in rows(ANSWERED, [members, [listing for _, listing, _ in waits]])
    }
    listings = np.array([listing for _, listing, _ in waits], dtype=np.int64)
    place = now.shelf.places(listings)
    numbers = np.array([number for number, _, _ in waits], dtype=np.int64)
    drawn = random.uniforms(now.seed, ("talk.gives_up", now.day), numbers, now.shelf.keys[place]).tolist()
    wishes = []
    for n, (number, listing, haggled) in enumerate(waits):
        heard = answered.get((members[n], listing), False)
        settles = b.agreed_share * SETTLES if heard and not haggled else SETTLES * (1 - b.give_up_share)
        if place[n] >= 0 and drawn[n] < (0.0 if heard and haggled else settles):
            wishes.append(Wish(number, "buy", Place(members[n], (Wanted(listing),))))
    return wishes


SETTLES = 0.1  # of unanswered ones who do not give up: how many meant to buy at all. Assumption
