"""Verbs of sellers that are more than one action: coming into the market, giving up, brushing. Called by `intents.VERBS`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from common.batch import dicts, rows
from common.errors import Refusal
from shops.actions import listings, orders, shops
from shops.actions.placing import Place
from simulation import found
from simulation.models import SELLER
from simulation.scene import population, who_lives


def enter(numbers: Sequence[int], *, at: datetime) -> list[int]:
    """Households `numbers` join and open their shops; the shops' ids. Their goods come on their first mornings."""
    row = population()
    scenario, crowd = who_lives(row)
    home = [scenario.villages[crowd.sellers.village[n]].name for n in numbers]
    return found.enter(crowd, row["seed"], np.array(numbers, dtype=np.int64), at=at, villages=home)


def close(ids: Sequence[int], *, at: datetime) -> list[int]:
    """Sellers close their shops and decide nothing any more. A shop leaves the protection scheme first: who still owes
    buyers an answer stays until it is given."""
    agents = dicts(
        """SELECT s.id, s.owner_id AS owner, s.protection_since IS NOT NULL AS protected, a.number
             FROM unnest(%s::bigint[]) WITH ORDINALITY AS w(id, n) JOIN shops_shop s ON s.id = w.id
             JOIN simulation_agent a ON a.shop_id = s.id AND a.kind = %s ORDER BY w.n""",
        [list(ids), SELLER],
    )
    for agent in agents:
        if agent["protected"]:
            shops.leave_protection([agent["id"]], by=agent["owner"], at=at)
        shops.close([agent["id"]], by=agent["owner"], at=at)
    found.leave([agent["number"] for agent in agents], at=at)
    return list(ids)


def delist(ids: Sequence[int], *, at: datetime) -> list[int]:
    """Sellers take goods down themselves, so that a person in such a seat may put them up again."""
    owners = dict(
        rows(
            "SELECT l.id, s.owner_id FROM shops_listing l JOIN shops_shop s ON s.id = l.shop_id WHERE l.id = ANY(%s)",
            [list(ids)],
        )
    )
    for n, id_ in enumerate(ids):
        try:
            listings.delist([id_], by=owners.get(id_, 0), at=at)
        except Refusal as refusal:
            refusal.rows, refusal.each = (n,), {}
            raise
    return list(ids)


def brush(intents: Sequence[Place], *, at: datetime) -> list[Any]:
    """Ordinary purchases; each one's order, so that the log of decisions names it."""
    return [basket[0] for basket in orders.place_and_pay(intents, at=at)]
