"""Page views over REST against their limits in the same run (target T5): 10,000 a call against the bare COPY
of the same rows into the same table; one by one against a trivial DRF view on the same server.
"""

from __future__ import annotations

import statistics
import uuid
from collections.abc import Callable
from time import perf_counter
from typing import Any

import orjson
from django.db import connection, transaction
from django.test import Client

from bench.serving import rate, request, served
from common.batch import one
from members.actions import Registration, register, verify
from shops.actions.listings import NewListing, create
from shops.actions.shops import Opening, open_shops
from traffic.actions.binary import COPY, parts
from traffic.actions.views import check
from traffic.reading import read_rows
from worlds import actions as worlds
from worlds.current import point
from worlds.pen import glance, writing

SHOPS = 200
LISTINGS = 2_000
VIEWS = 10_000
REPEATS = 9
SECONDS = 4.0  # of load for each of the
CONNECTIONS = 32  # so that a commit's wait for the disk is shared, as it is among many visitors
ROUNDS = 5  # rounds of the single view and its peer, in turn
TARGET = 0.5
SOURCES = ("organic_search", "category", "recommendation", "direct", "repeat")


def rows() -> list[dict[str, Any]]:
    """One row a figure: bench, value, unit, peer, ratio, target, ok. Makes a market and drops it."""
    point(None)
    world, key = worlds.create(f"bench{uuid.uuid4().hex[:8]}")
    point(world.schema)
    try:
        _goods()
        worlds_rows = [_batch(world.schema, key), _single(key)]
    finally:
        point(None)
        worlds.drop(world)
    return worlds_rows


def _goods() -> None:
    with writing() as moment:
        at = moment.at
        owners = register([Registration(f"bench{n}", 330100) for n in range(SHOPS)], at=at)
        verify(owners, "id", at=at)
        verify(owners, "bank", at=at)
        shops = open_shops([Opening(o, f"店{o}", 15, 1501, 330100) for o in owners], at=at)
        goods = [
            NewListing(
                shop=shops[n % SHOPS], title=f"简易衣柜 {n}", category_id=150102, price_fen=9_900, stock=10
            )
            for n in range(LISTINGS)
        ]
        create(goods, by=None, at=at)


def _views() -> list[dict[str, Any]]:
    return [
        {
            "visitor": f"cookie-{n * 7919 % 4_000:020x}",
            "listing": 1 + n * 104_729 % LISTINGS,
            "source": SOURCES[n % len(SOURCES)],
            **({"member": 1 + n % SHOPS} if n % 2 else {}),
        }
        for n in range(VIEWS)
    ]


def _batch(schema: str, key: str) -> dict[str, Any]:
    client = Client(headers={"Authorization": f"Bearer {key}"})
    views = _views()
    body = orjson.dumps({"rows": views})
    at = glance().at
    raw = b"".join(parts(vars(check(read_rows(views, at=at).views, at=at))))
    ours, bare = [], []
    for _ in range(REPEATS + 1):
        ours.append(_timed(lambda: _post(client, body)))
        point(schema)
        bare.append(_timed(lambda: _copy(raw)))
    if one("SELECT count(*) FROM traffic_pageview") != 2 * (REPEATS + 1) * VIEWS:
        raise RuntimeError("views were lost")
    rates = [VIEWS / s for s in ours[1:]], [VIEWS / s for s in bare[1:]]
    return _row(f"{VIEWS} page views a call", "views/s", *rates, "COPY of the same rows into the same table")


def _single(key: str) -> dict[str, Any]:
    sent = request("POST", "/api/views/", orjson.dumps(_views()[1]), key)
    nothing = request("GET", "/api/bench/drf/")
    ours, peer = [], []
    with served() as port:
        rate(port, nothing, SECONDS / 2)
        rate(port, sent, SECONDS / 2, status=201)
        for _ in range(ROUNDS):
            ours.append(rate(port, sent, SECONDS, status=201, connections=CONNECTIONS))
            peer.append(rate(port, nothing, SECONDS, connections=CONNECTIONS))
    return _row("one page view a call", "requests/s", ours, peer, "a trivial DRF view")


def _row(bench: str, unit: str, ours: list[float], peer: list[float], peer_is: str) -> dict[str, Any]:
    value, limit = statistics.median(ours), statistics.median(peer)
    ratio = statistics.median(a / b for a, b in zip(ours, peer, strict=True))
    return {
        "bench": bench, "value": round(value), "unit": unit, "peer": round(limit), "peer_is": peer_is,
        "spread": [round(min(ours)), round(max(ours))], "ratio": round(ratio, 2), "target": f">= {TARGET}",
        "ok": ratio >= TARGET,
    }  # fmt: skip


def _timed(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def _post(client: Client, body: bytes) -> None:
    answer = client.post("/api/views/batch/", body, content_type="application/json")
    if answer.status_code != 200 or answer.json()["done"] != VIEWS:
        raise RuntimeError(f"the door answered {answer.status_code} {answer.content[:300]!r}")


def _copy(raw: bytes) -> None:
    with transaction.atomic(), connection.cursor() as cursor, cursor.copy(COPY) as copy:
        copy.write(raw)
