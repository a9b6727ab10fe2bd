"""Money asked back: agreed to or refused, by how a shop serves; parcels taken back; the last word in a dispute."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from common import random
from shops.actions.disputes import Say
from shops.actions.refunds import Refuse
from simulation.intents import Wish
from simulation.keys import of_order
from simulation.scene import Scene
from simulation.sellers import nature
from simulation.sellers.nature import Bools, Floats, Ints
from simulation.sellers.reading import Spec, columns, epoch

ASKED, RETURNED, REPLY = 0, 1, 2
QUICK_HOURS, SLOW_HOURS = 2.0, 40.0  # mean until a request is answered, at service 1 and 0 (assumption)
AGREES_LEAST, AGREES_MOST = 0.45, 0.97  # at service 0 and 1 (assumption)
PLAIN = 0.9  # of requests before anything was sent, at least so many are agreed to (assumption)
REFUSALS = ("亲，商品没有问题，不能退哦。", "亲，已经超出承诺范围了。", "亲，请先把商品寄回来看看。")
REPLIES = (
    "我们按描述发货，有聊天记录为证。",
    "商品发出前检查过，没有问题。",
    "我们愿意协商，但责任不在我们。",
)

OPEN: Spec = (("kind", "w.kind"), ("id", "w.id"), ("key", of_order("w.order_id")), ("seller", "w.seller_id"), ("since", epoch("w.since")),
              ("unsent", "w.unsent"))  # fmt: skip
WAITING = f"""
    FROM (SELECT {ASKED} AS kind, id, order_id, seller_id, modified_at AS since, (phase = 'unshipped')::int AS unsent
            FROM shops_refund WHERE status = 'asked'
          UNION ALL
          SELECT {RETURNED}, id, order_id, seller_id, coalesce(sent_back_at, modified_at), 0
            FROM shops_refund WHERE status = 'returned'
          UNION ALL
          SELECT {REPLY}, d.id, r.order_id, d.seller_id, d.evidence_by, 0
            FROM shops_dispute d JOIN shops_refund r ON r.id = d.refund_id WHERE d.status = 'reply') w
"""


def turn(scene: Scene) -> Iterator[Wish]:
    """Requests, parcels and disputes whose hour has come. Each is looked at once: who is silent then stays silent."""
    there = columns(OPEN, WAITING, order="w.kind, w.id")
    number = nature.number_of(scene, there["seller"])
    mine = (number >= 0) & scene.seller_bot[number]
    if not mine.any():
        return
    there, number = {name: column[mine] for name, column in there.items()}, number[mine]
    now = due(scene, number, there)
    agrees = agreeing(scene, number, there)
    for n in np.flatnonzero(now).tolist():
        who, id_, kind = int(number[n]), int(there["id"][n]), int(there["kind"][n])
        if kind == RETURNED:
            yield Wish(who, "receive", id_)
        elif kind == REPLY:
            yield Wish(who, "reply", Say(id_, REPLIES[int(there["key"][n]) % len(REPLIES)]))
        elif agrees[n]:
            yield Wish(who, "agree", id_)
        else:
            yield Wish(who, "refuse", Refuse(id_, REFUSALS[int(there["key"][n]) % len(REFUSALS)]))


def due(scene: Scene, number: Ints, there: dict[str, Ints]) -> Bools:
    """Whose answer falls into this tick. The neglectful never answer half of them: then time does."""
    service = scene.people.sellers.service[number]
    mean: Floats = QUICK_HOURS + (SLOW_HOURS - QUICK_HOURS) * (1.0 - service) ** 2
    hours = random.exponentials(scene.seed, ("seller.answers", 0), there["key"], there["kind"], mean=mean)
    when = there["since"] + 3600.0 * hours
    silent = nature.nature(scene).are("neglectful")[number]
    silent &= random.chances(scene.seed, "seller.silent", there["key"], there["kind"], probability=0.5)
    late: Any = (when > scene.start.timestamp()) & (when <= scene.at.timestamp())
    return late & ~silent


def agreeing(scene: Scene, number: Ints, there: dict[str, Ints]) -> Bools:
    service = scene.people.sellers.service[number]
    share = AGREES_LEAST + (AGREES_MOST - AGREES_LEAST) * service
    share = np.where(there["unsent"] == 1, np.maximum(share, PLAIN), share)
    return random.chances(scene.seed, "seller.agrees", there["key"], there["since"], probability=share)
