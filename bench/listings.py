"""Seeding goods: 10,000 listings in one call, stock taken in batches; against the bare statements."""

from __future__ import annotations

import gc
import statistics
import uuid
from collections.abc import Callable
from time import perf_counter
from typing import Any

import orjson
from django.test import Client

from common.batch import dumps, execute
from members.actions import Registration, register, verify
from shops.actions import stock
from shops.actions.shops import Opening, open_shops
from shops.models import Listing
from worlds import actions as worlds
from worlds.current import point
from worlds.pen import writing

SHOPS = 1_000
LISTINGS = 10_000
TAKES = 10_000
SECONDS = 3.0  # the target for one call
REPEATS = 3

# The least that listing can be: parse the JSON, insert the rows with their indexes; nothing checked or told.
BARE = (
    """INSERT INTO shops_listing SELECT r.* FROM json_populate_recordset(NULL::shops_listing, %s::json) r"""
)
BARE_TAKE = """UPDATE shops_listing l SET stock = l.stock - w.q
                 FROM unnest(%s::bigint[], %s::int[]) AS w (id, q) WHERE l.id = w.id AND l.stock >= w.q"""


def rows() -> list[dict[str, Any]]:
    """One row a figure: bench, value, unit, peer, ratio, target, ok. Makes a market and drops it."""
    point(None)
    world, key = worlds.create(f"bench{uuid.uuid4().hex[:8]}")
    point(world.schema)
    try:
        return _measure(world.schema, Client(headers={"Authorization": f"Bearer {key}"}))
    finally:
        point(None)
        worlds.drop(world)


def _measure(schema: str, client: Client) -> list[dict[str, Any]]:
    shops = _shops()
    body = orjson.dumps({"rows": [_goods(shops[n % SHOPS], n) for n in range(LISTINGS)]})
    door, bare = [], []
    for _ in range(REPEATS):
        door.append(_timed(lambda: _post(client, body)))
        point(schema)
        bare.append(_bare_insert())
    takes = _timed(lambda: _take(list(range(1, TAKES + 1))))
    bare_takes = _timed(lambda: execute(BARE_TAKE, [list(range(1, TAKES + 1)), [1] * TAKES]))
    return [
        _row("10,000 listings in one call", door, bare, SECONDS),
        _row("10,000 listings take a piece each", [takes], [bare_takes], SECONDS),
    ]


def _row(bench: str, ours: list[float], bare: list[float], target: float) -> dict[str, Any]:
    value, peer = statistics.median(ours), statistics.median(bare)
    return {
        "bench": bench,
        "value": round(value, 3),
        "unit": "s",
        "peer": f"bare statement {peer:.3f} s",
        "ratio": round(value / peer, 2),
        "target": f"<= {target} s",
        "ok": value <= target,
    }


def _timed(work: Callable[[], Any]) -> float:
    gc.collect()
    began = perf_counter()
    work()
    return perf_counter() - began


def _shops() -> list[int]:
    with writing() as moment:
        owners = register([Registration(f"卖家{n}", 320324) for n in range(SHOPS)], at=moment.at)
        verify(owners, "id", at=moment.at)
        verify(owners, "bank", at=moment.at)
        return open_shops([Opening(o, f"第{o}号店", 15, 1501, 320324) for o in owners], at=moment.at)


def _goods(shop: int, n: int) -> dict[str, Any]:
    return {
        "shop": shop,
        "title": f"简易衣柜实木布衣柜{n}",
        "category": 150102,
        "price_fen": 9_900 + n,
        "stock": 100,
        "tags": ["实木", "包邮", "简约"],
        "properties": {"材质": "松木", "颜色": "原木色"},
        "picture_count": 5,
        "description": "简易衣柜，安装方便，结实耐用。" * 5,
    }


def _post(client: Client, body: bytes) -> None:
    answer = client.post("/api/listings/batch/", body, content_type="application/json")
    assert answer.status_code == 200
    assert answer.json()["refused"] == 0


def _bare_insert() -> float:
    """Seconds to insert as many rows again, copied from those that are there, under new numbers."""
    last = Listing.objects.order_by("-id").values_list("id", flat=True)[0]
    records = [
        {**row, "id": last + n} for n, row in enumerate(Listing.objects.order_by("id").values()[:LISTINGS], 1)
    ]
    text = dumps(records)
    return _timed(lambda: execute(BARE, [text]))


def _take(ids: list[int]) -> None:
    with writing() as moment:
        stock.take([(id_, 1) for id_ in ids], at=moment.at)
