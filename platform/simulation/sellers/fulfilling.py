"""Parcels: what has been paid for is packed first come, first served, as fast as a shop's hands go.

A parcel is ready after the shop's own handling time, the shorter the better its service; then it waits for hands. More
orders than hands are a queue, and the queue is late: so service falls under load, and nobody has to pretend.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from common import exact, random
from shops.actions.shipping import Ship
from simulation.intents import Wish
from simulation.keys import TRADE
from simulation.scene import Scene
from simulation.sellers import nature, ring
from simulation.sellers.nature import Bools, Floats, Ints
from simulation.sellers.reading import Spec, columns, epoch

CARRIERS = ("申通", "圆通", "中通", "韵达", "EMS", "顺丰")

# Of a day's parcels, by hour from 0 h: couriers come in the afternoon, nights are quiet (assumption).
WORK = (0.2, 0.1, 0, 0, 0, 0, 0.1, 0.5, 2, 5, 7, 7, 5, 6, 8, 10, 12, 12, 10, 6, 4, 3, 1.5, 0.6)
# All assumptions. Mean hours from payment until a parcel is ready, at service 1 and 0; the neglectful take longer.
HANDLING_BEST_HOURS, HANDLING_WORST_HOURS = 3.0, 40.0
NEGLECT = 2.5
FORGOTTEN_MOST = 0.04  # of a worst shop's orders nobody ever sends; of a neglectful one twice that
WINDOW_DAYS = 30.0  # of the sales by which a shop is staffed
SPARE = 1.1  # hands for so many times last month's sales
HELP_FROM_DAYS, HELP = 1.0, 1.4  # internal operation: with a day's work waiting, hands are hired for the day
MADE_FROM, MADE_TO = 0.4, 0.95  # goods made to order take such a share of the days that were promised
RULE_HOURS = 72  # more than this between payment and promise is time for making

PENDING: Spec = (
    ("id", "o.id"),
    ("key", TRADE),
    ("seller", "o.seller_id"),
    ("buyer", "o.buyer_id"),
    ("paid", epoch("o.paid_at")),
    ("due", epoch("o.ship_by")),
    ("asked", "o.open_refunds"),
    ("fast", "(o.delivery = 'virtual')::int"),
)
# Two narrow indexes (orders to ship, orders late), so that a long history costs nothing.
WAITING = """
    FROM (SELECT * FROM shops_order WHERE status IN ('paid', 'shipped_part') AND overdue_at IS NULL
          UNION ALL
          SELECT * FROM shops_order WHERE status IN ('paid', 'shipped_part') AND overdue_at IS NOT NULL) o
"""


def turn(scene: Scene) -> Iterator[Wish]:
    """What is sent in this tick."""
    there = columns(PENDING, WAITING, order="o.paid_at, o.id")
    number = nature.number_of(scene, there["seller"])
    mine = (number >= 0) & scene.seller_bot[number] & (there["asked"] == 0)
    if not mine.any():
        return
    there, number = {name: column[mine] for name, column in there.items()}, number[mine]
    order, at = there["id"], int(scene.at.timestamp())
    fake = ring.fakes(scene, number, there["buyer"])
    luck = random.uniforms(scene.seed, "seller.parcel", there["key"][:, None], np.arange(3))
    ready = (ready_at(scene, number, there, luck) <= at) & ~forgotten(scene, number, luck[:, 2]) & ~fake
    waiting = np.bincount(number[ready], minlength=scene.people.sellers.count)
    sent = fake | (ready & (place_in_queue(number, ready) < hands(scene, waiting)[number]))
    for who, id_, key in zip(
        number[sent].tolist(), order[sent].tolist(), there["key"][sent].tolist(), strict=True
    ):
        parcel = Ship(id_, carrier=CARRIERS[key % len(CARRIERS)], tracking_no=f"JS{key % 10**12:012d}")
        yield Wish(who, "ship", parcel)


def ready_at(scene: Scene, number: Ints, order: dict[str, Ints], luck: Floats) -> Floats:
    """From when on each of these orders could be handed to a courier. `luck`: two draws of each."""
    kind, service = nature.nature(scene), scene.people.sellers.service[number]
    mean = HANDLING_BEST_HOURS + (HANDLING_WORST_HOURS - HANDLING_BEST_HOURS) * (1.0 - service) ** 2
    mean = np.where(kind.are("neglectful")[number], NEGLECT * mean, mean)
    mean = np.where(order["fast"] == 1, mean / 6.0, mean)
    hours = mean * -exact.log(1.0 - luck[:, 0])
    making = np.maximum(order["due"] - order["paid"] - RULE_HOURS * 3600, 0)
    ready: Floats = order["paid"] + 3600.0 * hours + making * (MADE_FROM + (MADE_TO - MADE_FROM) * luck[:, 1])
    return ready


def forgotten(scene: Scene, number: Ints, luck: Floats) -> Bools:
    """Which orders are never sent: their buyers will want their money back."""
    share = FORGOTTEN_MOST * (1.0 - scene.people.sellers.service[number]) ** 2
    share = np.where(nature.nature(scene).are("neglectful")[number], 2.0 * FORGOTTEN_MOST, share)
    never: Bools = luck < share
    return never


def hands(scene: Scene, waiting: Ints) -> Ints:
    """How many parcels each shop packs in this tick: its hands' capacity a day, by the hours of the day."""
    kind = nature.nature(scene)
    least = scene.people.sellers.capacity.astype(float)
    pair = least / kind.said("staff")
    per_day = staffed(least, pair, nature.sold_lately(scene) / WINDOW_DAYS)
    per_day = np.where(kind.are("neglectful"), least, per_day)
    helped = kind.are("internal_operation") & (waiting > HELP_FROM_DAYS * per_day)
    per_day = np.where(helped, HELP * per_day, per_day)
    now = nature.hours(scene)
    return packed(per_day, now.start, now.stop, kind.luck)


def staffed(least: Floats, pair: Floats, sold_a_day: Floats) -> Floats:
    """Parcels a day a shop is staffed for: as many hands as last month's sales needed, but not fewer than at first. So
    a shop that grows is too slow for a while, and a peak finds it as it was the month before."""
    return np.maximum(least, np.ceil(SPARE * sold_a_day / pair) * pair)


def packed(per_day: Floats, start: int, stop: int, luck: Floats) -> Ints:
    """Whole parcels between two hours of the day, of so many a day; over a whole day they come to `per_day`."""
    done = np.concatenate(([0.0], np.cumsum(np.array(WORK)) / sum(WORK)))
    return (np.floor(per_day * done[stop] + luck) - np.floor(per_day * done[start] + luck)).astype(np.int64)


def place_in_queue(number: Ints, ready: Bools) -> Ints:
    """For orders in the order of payment: how many ready ones of the same shop come before each."""
    by_shop = np.argsort(number, kind="stable")
    before: Ints = np.cumsum(ready[by_shop]) - ready[by_shop]
    shop = number[by_shop]
    first = np.searchsorted(shop, shop, side="left")
    place = np.empty(len(number), dtype=np.int64)
    place[by_shop] = before - before[first]
    return place
