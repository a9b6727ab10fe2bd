"""T12: what a search, an order and a midnight cost in markets of 1,000, 10,000 and 100,000 listings.

Members, page views and orders of the history grow alongside. The three markets stand beside each other on the same servers
and are asked in turn, so that whatever else the machine does falls on all of them. The same words find little in the
smallest market and fill a page in the largest, and what nobody says is answered by likeness, which takes longer: so
searches that fill a page are told by themselves as well. Everything of orders is done by the ordinary actions; page views
of past days, which no action takes, are laid by SQL.
"""

from __future__ import annotations

import http.client
import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import numpy as np
import orjson

from bench.search import DAYS, market, paths_of_searches
from bench.serving import served
from common.batch import dicts, execute
from common.moments import day_of, start_of
from members.actions import Registration, register
from payments.ledger import TopUp, top_up
from ratings.actions.answers import Leave, leave
from shops.actions.orders import Place, Wanted, confirm, place_and_pay
from shops.actions.shipping import Ship, ship
from traffic.actions.views import NONE, Views, microseconds, see
from traffic.rules import LISTING_PAGE, SOURCE
from worlds import actions as worlds
from worlds import clock
from worlds.current import point
from worlds.pen import viewing, writing

TIMES = (1, 10, 100)
LISTINGS, SHOPS, MEMBERS = 1_000, 100, 500  # of the smallest market; all of it grows alike
VIEWS, ORDERS = 10_000, 500  # of its history
DAILY = 10  # a day has a tenth of the history
NIGHTS, ROUNDS = 3, 6
SEARCHES, PLACED = 40, 20  # a round
FULL = 20  # results a page
TOGETHER = 5_000
ORGANIC = SOURCE["organic_search"].code
STEP, LINEAR = 1.3, 1.2

SEEN = f"""
    INSERT INTO traffic_pageview (at, visitor, member_id, page, source, shop_id, listing_id, section_id, stay_seconds)
    SELECT c.now_at - {DAYS} * interval '1 day' * n / (%(views)s + 1), n * 7919 %% (%(views)s / 10), NULL, {LISTING_PAGE},
           %(source)s, l.shop_id, l.id, l.section_id, 20
      FROM generate_series(1, %(views)s::bigint) n JOIN shops_listing l ON l.id = 1 + n * 104729 %% %(listings)s, worlds_clock c
     ORDER BY n DESC
"""


@dataclass
class Town:
    """A market `times` the smallest, and what was measured in it (seconds; a night's with its events)."""

    times: int
    schema: str
    key: str
    buyer_key: str
    buyers: Sequence[int]
    searches: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)  # those that filled a page
    orders: list[float] = field(default_factory=list)
    nights: list[tuple[float, int]] = field(default_factory=list)


def rows() -> list[dict[str, Any]]:
    """One row a figure and size. Makes three markets and drops them."""
    with ExitStack() as stack:
        towns = [_built(stack, times) for times in TIMES]
        for night in range(NIGHTS + 1):
            for town in towns:
                point(town.schema)
                lived = _night(town)
                if night:  # the first one also closes what the history left open
                    town.nights.append(lived)
        for town in towns:
            point(town.schema)
            execute("VACUUM ANALYZE")
        point(None)
        with served() as port:
            _ask_in_turn(port, towns)
        return _table(towns)


def _built(stack: ExitStack, times: int) -> Town:
    """A market with its history, in the evening of its first day."""
    shops, buyers = SHOPS * times, (MEMBERS - SHOPS) * times
    schema, key = stack.enter_context(market(LISTINGS * times, shops, stock=1_000_000))
    with writing() as now:
        joined = register([Registration(f"b{n}", 330100) for n in range(buyers)], at=now.at)
        top_up([TopUp(member, 10**11) for member in joined], at=now.at)
        execute(SEEN, {"views": VIEWS * times, "listings": LISTINGS * times, "source": ORGANIC})
    town = Town(times, schema, key, "", joined)
    _trade(town, ORDERS * times, turn=0)
    execute("VACUUM ANALYZE")
    [world] = worlds.World.objects.filter(schema=schema)
    town.buyer_key = worlds.issue_key(world, scope="member", member_id=joined[0])
    point(schema)
    return town


def _trade(town: Town, many: int, *, turn: int) -> None:
    """So many orders placed, paid, sent, received and answered by their buyers."""
    for first in range(0, many, TOGETHER):
        with writing() as now:
            wanted = [
                Place(
                    buyer=town.buyers[(n * 31 + turn) % len(town.buyers)],
                    lines=(Wanted(1 + (n * 7919 + turn * 13) % (LISTINGS * town.times)),),
                )
                for n in range(first, min(first + TOGETHER, many))
            ]
            placed = [order for basket in place_and_pay(wanted, at=now.at) for order in basket]
            ship([Ship(order, carrier="sf", tracking_no=f"SF{order}") for order in placed], at=now.at)
            confirm(placed, at=now.at)
            lines = dicts(
                "SELECT l.id, o.buyer_id FROM shops_orderline l JOIN shops_order o ON o.id = l.order_id WHERE o.id = ANY(%s)",
                [placed],
            )
            leave([Leave(line["id"], line["buyer_id"]) for line in lines], at=now.at)


def _night(town: Town) -> tuple[float, int]:
    """A day with its share of views and orders, then midnight: its seconds, and how many views and events the day had."""
    at = clock.now()
    evening = start_of(day_of(at)) + timedelta(hours=20)
    if evening > at:
        clock.advance(evening)
    before = clock.last_event()
    _trade(town, ORDERS * town.times // DAILY, turn=1 + day_of(at).toordinal())
    views = VIEWS * town.times // DAILY
    with viewing() as now:
        see(_views(views, town, now.at), at=now.at)
    events = clock.events_since(before)
    midnight = start_of(day_of(at) + timedelta(days=1))
    began = perf_counter()
    clock.advance(midnight)
    return perf_counter() - began, views + events


def _views(many: int, town: Town, at: datetime) -> Views:
    number = np.arange(many)
    nothing = np.full(many, NONE)
    return Views(
        at=microseconds(at) - number % 3_600 * 1_000_000, visitor=number * 7919 % max(many // 4, 1), member=nothing,
        page=np.full(many, LISTING_PAGE), source=np.full(many, ORGANIC), shop=nothing,
        listing=1 + number * 104_729 % (LISTINGS * town.times), section=nothing, stay=np.full(many, 20), charge=nothing,
    )  # fmt: skip


def _ask_in_turn(port: int, towns: Sequence[Town]) -> None:
    """Round after round, each market the same searches and as many orders, one after the other; the first warms up."""
    paths = paths_of_searches()
    for turn in range(ROUNDS + 1):
        asked = paths[turn * SEARCHES : (turn + 1) * SEARCHES]
        for town in towns:
            found = _asked(port, "GET", [(path, None) for path in asked], town.key)
            searched = [seconds for seconds, _ in found]
            full = [seconds for seconds, page in found if len(orjson.loads(page)["results"]) == FULL]
            baskets = [
                {
                    "lines": [{"listing": 1 + (turn * PLACED + n) * 7919 % (LISTINGS * town.times)}],
                    "pay": True,
                }
                for n in range(PLACED)
            ]
            bought = _asked(port, "POST", [("/api/orders/", body) for body in baskets], town.buyer_key)
            if turn:
                town.searches += searched
                town.pages += full
                town.orders += [seconds for seconds, _ in bought]


def _asked(port: int, method: str, sent: Sequence[tuple[str, Any]], key: str) -> list[tuple[float, bytes]]:
    """What each answer took (seconds) of one client on one connection, and the answer."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    took = []
    for path, body in sent:
        began = perf_counter()
        line.request(method, path, None if body is None else orjson.dumps(body), headers)
        answer = line.getresponse()
        read = answer.read()
        took.append((perf_counter() - began, read))
        if answer.status not in (200, 201):
            raise RuntimeError(f"the door answered {answer.status} {read[:300]!r}")
    line.close()
    return took


def _table(towns: Sequence[Town]) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    for what, unit, scale, most, cost in (
        ("search, p50", "ms", 1e3, STEP, lambda town: statistics.median(town.searches)),
        ("search that fills a page, p50", "ms", 1e3, STEP, lambda town: statistics.median(town.pages)),
        ("place and pay, p50", "ms", 1e3, STEP, lambda town: statistics.median(town.orders)),
        ("midnight, for a view or event of the day", "us", 1e6, LINEAR, _a_view),
    ):
        before: float | None = None
        for town in towns:
            value = cost(town)
            row = {
                "bench": f"T12 {what}, {LISTINGS * town.times:,} listings", "value": round(value * scale, 2), "unit": unit,
                "target": "orientation", "ok": True,
            }  # fmt: skip
            if before is not None:
                row |= {
                    "peer": round(before * scale, 2), "peer_is": "the same in a market of a tenth of it",
                    "ratio": round(value / before, 2), "target": f"<= {most} of a tenth's", "ok": value <= most * before,
                }  # fmt: skip
            told.append(row)
            before = value
    told += [
        {
            "bench": f"T12 that midnight, {LISTINGS * town.times:,} listings, {MEMBERS * town.times:,} members, "
            f"{town.nights[-1][1]:,} views and events",
            "value": round(statistics.median(seconds for seconds, _ in town.nights), 2), "unit": "s",
            "target": "orientation", "ok": True,
        }
        for town in towns
    ]  # fmt: skip
    return told


def _a_view(town: Town) -> float:
    return statistics.median(seconds / events for seconds, events in town.nights)
