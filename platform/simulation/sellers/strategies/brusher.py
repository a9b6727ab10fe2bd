"""The brusher: buys the record instead of earning it (shua zuan, "to brush diamonds").

Trades that never were: a helper looks the goods up, buys, pays; an empty parcel leaves, or only its number; within hours
the helper confirms and gives five stars; the money goes back outside the market, with a fee for a hired hand. *Alone*:
own second accounts. *Ring*: hired ones, 0.21 US dollars a task. *Crowd*: sellers of a chat group brush for one another.
It stops at the grade it wanted. (Li 2014, footnote 51; Xu, Liu & Wang 2015: grades grow at least ten times faster.)

In the market's tables such a trade is a trade; only its pattern tells. Who did it stands in the log of decisions alone.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from common import random, words
from common.batch import dicts
from payments.ledger import TopUp, Withdrawal
from ratings.actions.answers import Leave
from shops.actions.placing import Place, Wanted
from simulation.intents import Wish
from simulation.keys import TRADE
from simulation.scene import Scene
from simulation.sellers import nature
from simulation.sellers.nature import Bools, Floats, Ints
from simulation.sellers.reading import array
from simulation.sellers.ring import MEANS, groups
from simulation.sellers.seen import Seen
from simulation.sellers.strategies import shared

# A fake trade is asked for while people are awake: share of a day's by hour, from 0 h (assumption).
HOURS = (1, 0, 0, 0, 0, 0, 0, 1, 3, 6, 8, 8, 6, 6, 8, 8, 8, 6, 5, 6, 7, 7, 4, 2)
LIFTS = 3  # goods of a shop that are lifted
LATEST = 24  # of a helper's orders, those still open are among the latest so many
CONFIRM_HOURS = 6.0  # mean from "parcel" to confirmation: nothing has to travel (assumption)
DAYS = 3.0


def every(scene: Scene, mine: Ints) -> Floats:
    return np.full(len(mine), DAYS)


def morning(scene: Scene, mine: Ints, seen: Seen) -> Iterator[Wish]:
    yield from shared.decorate(scene, seen, mine)
    yield from shared.showcase(scene, seen, mine)


def turn(scene: Scene) -> Iterator[Wish]:
    """Every tick: new fake trades are asked for, those under way are confirmed and praised."""
    there = groups(scene)
    if len(there.member):
        yield from _finish(scene)
        yield from _ask(scene)


def brushing(scene: Scene) -> Bools:
    """Who brushes now: their day has come, and their grade is not reached."""
    kind = nature.nature(scene)
    shelf = scene.shelf
    level = np.zeros(len(kind.way), dtype=np.int64)
    keeper = nature.keeper_of(scene, shelf.shop)
    np.maximum.at(level, keeper[keeper >= 0], shelf.level[keeper >= 0])
    on = kind.are("brusher") & nature.present(scene) & (scene.day + 1 >= kind.told("from_day", 1))
    return on & (level < kind.told("until_level", 6))


def _ask(scene: Scene) -> Iterator[Wish]:
    there, kind = groups(scene), nature.nature(scene)
    mine = np.flatnonzero(brushing(scene))
    now = nature.hours(scene)
    rate = kind.told("fakes_a_day", 0.0)[mine] * (sum(HOURS[now.start : now.stop]) / sum(HOURS))
    stamp = int(scene.at.timestamp()) // 3600
    many = random.poissons(scene.seed, "brusher.fakes", mine, stamp, rate=rate)
    mine, many = mine[many > 0], many[many > 0]
    shelf = scene.shelf
    for who, count in zip(mine.tolist(), many.tolist(), strict=True):
        group = int(there.of_seller[who])
        helpers = there.member[there.first[group] : there.first[group + 1]]
        helpers = helpers[helpers != scene.seller_member[who]]
        own = np.flatnonzero(shelf.shop == scene.seller_shop[who])
        if not len(helpers) or not len(own):
            continue
        own = own[np.lexsort((shelf.id[own], shelf.price_fen[own]))][:LIFTS]
        for n in range(count):
            place = int(own[random.integer(scene.seed, len(own), "brusher.goods", who, 64 * stamp + n)])
            helper = int(
                helpers[random.integer(scene.seed, len(helpers), "brusher.helper", who, 64 * stamp + n)]
            )
            fen = int(shelf.price_fen[place] + shelf.postage_fen[place])
            fee = (
                ""
                if MEANS[there.means[group]] != "ring"
                else f", {kind.told('pay_fen', 0)[who]} fen for the task"
            )
            why = f"a trade that never was ({MEANS[there.means[group]]}): member {helper} pays {fen} fen, given back{fee}"
            yield Wish(who, "bring", TopUp(helper, fen, key=f"brush-{who}-{stamp}-{n}"))
            yield Wish(who, "brush", Place(helper, (Wanted(int(shelf.id[place])),)), why)


# Whether a line can still be praised is asked line by line: as a join it would be read out of everybody's feedback.
UNDER_WAY = f"""
    SELECT o.id, {TRADE} AS key, o.buyer_id AS buyer, o.seller_id AS seller, o.status, o.total_fen,
           extract(epoch FROM o.shipped_at)::bigint AS sent, l.id AS line, g.category_id AS category
      FROM unnest(%s::bigint[]) AS m(id)
     CROSS JOIN LATERAL (SELECT * FROM shops_order WHERE buyer_id = m.id ORDER BY id DESC LIMIT %s) o
      JOIN shops_orderline l ON l.order_id = o.id JOIN shops_listing g ON g.id = l.listing_id
     WHERE o.status = 'shipped' OR (o.status = 'finished' AND (
               SELECT f.status FROM ratings_feedback f WHERE f.line_id = l.id AND f.side = 'buyer') = 'open')
     ORDER BY o.id, l.id
"""


def _finish(scene: Scene) -> Iterator[Wish]:
    """Fake trades under way: what was sent is confirmed some hours later, what is finished is praised, and the money
    leaves the market again, to go round outside."""
    there = groups(scene)
    open_ = dicts(UNDER_WAY, [array(there.member), LATEST])
    if not open_:
        return
    seller = nature.number_of(scene, np.array([row["seller"] for row in open_], dtype=np.int64))
    buyer = np.array([row["buyer"] for row in open_], dtype=np.int64)
    at = np.minimum(np.searchsorted(there.sorted_member, buyer), len(there.sorted_member) - 1)
    ours = (seller >= 0) & (there.sorted_group[at] == there.of_seller[seller])
    keys = np.array([row["key"] for row in open_], dtype=np.int64)
    hours = random.exponentials(scene.seed, "brusher.confirms", keys, mean=CONFIRM_HOURS)
    praised = [n for n in np.flatnonzero(ours).tolist() if open_[n]["status"] == "finished"]
    praise = dict(
        zip(
            praised,
            words.comments(scene.seed, 1, [open_[n]["category"] for n in praised], keys[praised]),
            strict=True,
        )
        if praised
        else ()
    )
    confirmed: set[int] = set()
    for n in np.flatnonzero(ours).tolist():
        row, who = open_[n], int(seller[n])
        if row["status"] == "finished":
            yield Wish(who, "judge", Leave(row["line"], row["buyer"], 1, (5,) * 5, praise[n]))
            if scene.seller_bot[who]:
                yield Wish(
                    who, "withdraw", Withdrawal(row["seller"], row["total_fen"], key=f"brush-{row['id']}")
                )
        elif row["sent"] + 3600 * hours[n] <= scene.at.timestamp() and row["id"] not in confirmed:
            confirmed.add(row["id"])
            yield Wish(who, "confirm", row["id"])
