"""T3: searches over REST against the barest view of twenty rows; T7: descriptors of 100,000 listings in full and by the day.

Both sides of T3 in one run, through the same web server, round after round. Queries are those buyers type
(`common.words.query_pool`, as often as they are typed), each with one of FILTERS. T7's bare statement adds up the
same figures and writes them back, ordered by an index as well; during it the searches go on.
"""

from __future__ import annotations

import asyncio
import statistics
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import cycle
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

import numpy as np

from bench.peers import PEERS, beside
from bench.peers.rows import beside_row
from bench.serving import request, served
from common import random, sections, words
from common.batch import execute, one
from ratings.models import Credit, Index
from regime import queries as regime
from search import actions, recompute
from search.rules import weights
from worlds import actions as worlds
from worlds.current import point

LISTINGS, SHOPS, DAYS = 100_000, 10_000, 30
CONNECTIONS, ROUNDS, SECONDS, REPEATS = 4, 5, 4.0, 5
TYPED = 2_000  # searches in the mix
FILTERS: tuple[dict[str, Any], ...] = (
    {}, {"price_to_fen": 30_000}, {"level_from": 3}, {"protection": "true"}, {"price_from_fen": 1_000, "sales_from": 1},
    {"province": 330_000}, {"free_postage": "true", "level_from": 1}, {"seven_day_return": "true"},
)  # fmt: skip

PEOPLE = """
INSERT INTO members_member (id, nick, name, region, openness, status, joined_at, id_verified_at, bank_verified_at)
SELECT n, 'm' || n, '', (ARRAY[330100, 320500, 440100, 310000, 371721])[1 + n %% 5], 'masked', 'open', now_at, now_at, now_at
  FROM generate_series(1, %(shops)s) n, worlds_clock;
INSERT INTO shops_shop (id, owner_id, name, section_id, subsection_id, region, status, held_by, introduction, announcement,
    template, style, picture_count, description_richness, opened_at, edited_at, protection_since, seven_day_return, showcase_slots, version)
SELECT n, n, 's' || n, 1 + n %% 24, (1 + n %% 24) * 100 + 1, (ARRAY[330100, 320500, 440100, 310000, 371721])[1 + n %% 5], 'open', '', '', '',
    'plain', 'plain', 0, 0, now_at, now_at, CASE WHEN n %% 3 = 0 THEN now_at END, n %% 4 = 0, 0, 1
  FROM generate_series(1, %(shops)s) n, worlds_clock;
"""
GOODS = """
INSERT INTO shops_listing (id, shop_id, title, tags, category_id, section_id, price_fen, postage_fen, supply, delivery, stock,
    condition, properties, description, picture_count, description_richness, outer_id, status, withdrawn_by, created_at, listed_at,
    edited_at, showcase, sold_count, version)
SELECT g.id, 1 + g.id %% %(shops)s, g.title, '{}', g.category, g.category / 10000, g.price, CASE WHEN g.id %% 2 = 0 THEN 0 ELSE 1000 END,
    'stock', 'express', %(stock)s, 'new', '{}', '', 3, 30, '', 'on_sale', '', now_at, now_at - g.id * 6151 %% 604800 * interval '1 second',
    now_at - g.id * 7919 %% 2592000 * interval '1 second', g.id %% 9 = 0, 0, 1
  FROM unnest(%(ids)s::bigint[], %(titles)s::text[], %(categories)s::int[], %(prices)s::bigint[]) AS g (id, title, category, price), worlds_clock
"""
# Some 30 views a listing and month, most of them of few listings; three in ten are seen on any one day.
VIEWS = """
INSERT INTO traffic_daily (day, dimension, key, source, pv, uv_daily, ipv, ipv_uv_daily, visits, bounces, stay_seconds, favourites,
    carts, orders_placed, orders_paid, buyers_daily, pieces_paid, paid_fen)
SELECT c.now_at::date - d, %(listing)s, n, 0, 1 + 4000 / (1 + n %% 1000), 1 + 2000 / (1 + n %% 1000), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (n + d) %% 3, 0
  FROM generate_series(1, %(days)s) d, generate_series(1, %(listings)s) n, worlds_clock c WHERE (n * 7 + d * 13) %% 10 < 3
"""


def rows() -> list[dict[str, Any]]:
    """One row a figure. Makes a market of 100,000 listings and drops it."""
    with market() as (schema, key), served() as port:
        searched, calm = _searching(port, key, schema)
        described = _describing(port, key, calm)
    return [*searched, *described]


@contextmanager
def market(listings: int = LISTINGS, shops: int = SHOPS, *, stock: int = 10) -> Iterator[tuple[str, str]]:
    """The schema and the admin key of a market of so many listings, in which this connection is; dropped in the end."""
    point(None)
    world, key = worlds.create(f"bench{uuid.uuid4().hex[:8]}")
    try:
        point(world.schema)
        fill(listings, shops, stock)
        yield world.schema, key
    finally:
        point(None)
        worlds.drop(world)


def fill(listings: int, shops: int, stock: int) -> None:
    """The market: people, shops, goods, a month of figures; then documents and descriptors by the ordinary action."""
    at = one("SELECT now_at FROM worlds_clock")
    for statement in PEOPLE.split(";")[:-1]:
        execute(statement, {"shops": shops})
    judged = [
        Credit(id=2 * n, member_id=n, role="seller", level=min(n % 40, 20), points=n * 7 % 9000,
               recent_good=n % 900, recent_all=n % 900 + n % 7)
        for n in range(1, shops + 1)
    ]  # fmt: skip
    counts = {f.attname: 9 for f in Index._meta.concrete_fields if not f.null and not f.primary_key}
    indices = [
        Index(id=n, **{**counts, "member_id": n, "section_id": 1 + n % 24, "on": at.date()},
              description=400 + n % 101, service=380 + n % 121, delivery=390 + n % 111)
        for n in range(1, shops + 1) if n % 3
    ]  # fmt: skip
    Credit.objects.bulk_create(judged, batch_size=2_000)
    Index.objects.bulk_create(indices, batch_size=2_000)
    ids = np.arange(1, listings + 1)
    categories = np.asarray(sections.category_ids())[
        random.integers(7, "bench.category", ids, bound=len(sections.category_ids()))
    ]
    given = {
        "ids": ids.tolist(), "titles": words.titles(7, categories, ids), "categories": categories.tolist(),
        "prices": np.maximum(np.asarray(words.prices(7, categories, ids)), 1).astype(int).tolist(), "shops": shops,
        "stock": stock,
    }  # fmt: skip
    execute(GOODS, given)
    execute(VIEWS, {"listings": listings, "days": DAYS, "listing": recompute.LISTING})
    execute("ANALYZE")
    for first in range(1, listings, 20_000):
        actions.refresh(list(range(first, min(first + 20_000, listings + 1))), at=at)
    execute("VACUUM ANALYZE")


def searches(key: str) -> list[bytes]:
    """TYPED searches, as requests."""
    return [request("GET", path, key=key) for path in paths_of_searches()]


def paths_of_searches() -> list[str]:
    """TYPED searches as buyers type them, the filters in turn."""
    pool, shares = words.query_pool(7)
    typed = random.choices(7, "bench.query", np.arange(TYPED), weights=shares)
    return [
        f"/api/search/?{urlencode({'q': pool[n], **filters})}"
        for n, filters in zip(typed.tolist(), cycle(FILTERS), strict=False)
    ]


def drive(port: int, sent: Sequence[bytes], seconds: float) -> list[float]:
    """What each answer took (seconds), of CONNECTIONS clients that send one after the other; all must be 200."""
    return asyncio.run(_drive_all(port, sent, seconds))


async def _drive_all(port: int, sent: Sequence[bytes], seconds: float) -> list[float]:
    until = perf_counter() + seconds
    apart = len(sent) // CONNECTIONS
    clients = [
        _client(port, cycle([*sent[n * apart :], *sent[: n * apart]]), until) for n in range(CONNECTIONS)
    ]
    return [took for client in await asyncio.gather(*clients) for took in client]


async def _client(port: int, sent: Iterator[bytes], until: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    took = []
    while (began := perf_counter()) < until:
        writer.write(next(sent))
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(
            int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        )
        if b" 200 " not in head[:16]:
            raise RuntimeError(f"the door answered {head[:60]!r} {body[:300]!r}")
        took.append(perf_counter() - began)
    writer.close()
    return took


def _p99(took: Sequence[float]) -> float:
    return sorted(took)[int(len(took) * 0.99)]


def _searching(port: int, key: str, schema: str) -> tuple[list[dict[str, Any]], float]:
    asked = searches(key)
    bare = [request("GET", f"/api/bench/twenty/{schema}/{n * 37 % (LISTINGS - 20)}/") for n in range(TYPED)]
    for warm in (asked, bare):
        drive(port, warm, SECONDS)
    ours, least, tails = [], [], []
    theirs: dict[str, list[float | None]] = {name: [] for name in PEERS}
    with ExitStack() as guests:
        peers = {name: guests.enter_context(beside(name)) for name in PEERS}
        for _ in range(ROUNDS):
            least.append(len(drive(port, bare, SECONDS)) / SECONDS)
            took = drive(port, asked, SECONDS)
            ours.append(len(took) / SECONDS)
            tails.append(_p99(took))
            for name, peer_rate in peers.items():
                theirs[name].append(peer_rate("search", SECONDS))
    value, limit, tail = statistics.median(ours), statistics.median(least), statistics.median(tails)
    return [
        {
            "bench": f"T3 search of {LISTINGS:,} listings, filters, default ranking", "value": round(value, 1), "unit": "requests/s",
            "limit": round(limit, 1), "limit_is": "20 rows from SQL straight to JSON, a plain view", "ratio": round(value / limit, 3),
            "spread": [round(min(ours), 1), round(max(ours), 1)], "target": ">= 0.35", "ok": value >= 0.35 * limit,
        },
        {
            "bench": f"T3 search, p99 at {CONNECTIONS} connections", "value": round(tail * 1000, 1), "unit": "ms",
            "spread": [round(min(tails) * 1000, 1), round(max(tails) * 1000, 1)], "target": "<= 30 ms", "ok": tail <= 0.030,
        },
        *(
            beside_row("T3 search", ours, name, "search", theirs.get(name, []), times)
            for name, times in (("oscar", None), ("vendure", None), ("saleor", 50))
        ),
    ], tail  # fmt: skip


BARE = f"""
    UPDATE search_descriptor d SET pv = t.pv, uv_daily = t.uv_daily, sales = t.sales, key = d.key + (%(turn)s)
      FROM ({recompute.SUMS.format(some="")}) t WHERE t.key = d.id
"""
SHAKE = "UPDATE search_descriptor SET pv = pv + 1, level = (level + 1) % 21, key = key + 1"  # then every row has changed


def _timed(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def _describing(port: int, key: str, calm: float) -> list[dict[str, Any]]:
    at = one("SELECT now_at FROM worlds_clock")
    formula = weights(regime.at(at))
    given = recompute.given(formula, at, recompute.yesterday(at))
    full: list[float] = []
    bare: list[float] = []
    daily: list[float] = []
    for n in range(REPEATS):
        for work, into in (
            (lambda: execute(BARE, given | {"turn": 1 + n}), bare),  # noqa: B023
            (lambda: recompute.run(at=at, full=True), full),
        ):
            execute(SHAKE)
            execute("VACUUM search_descriptor")
            into.append(_timed(work))
        daily.append(_timed(lambda: recompute.run(at=at)))
    tails = []
    for _ in range(3):
        execute(SHAKE)
        took: list[float] = []
        client = threading.Thread(target=lambda: took.extend(drive(port, searches(key), SECONDS)))  # noqa: B023
        client.start()
        while client.is_alive():
            recompute.run(at=at, full=True)
            execute(SHAKE)
        client.join()
        tails.append(_p99(took))
    value, limit, tail = statistics.median(full), statistics.median(bare), statistics.median(tails)
    return [
        {
            "bench": f"T7 descriptors of {LISTINGS:,} listings, in full", "value": round(value, 2), "unit": "s",
            "limit": round(limit, 2), "limit_is": "the same sums written back with an ordered key", "ratio": round(value / limit, 2),
            "spread": [round(min(full), 2), round(max(full), 2)], "target": "<= 2", "ok": value <= 2 * limit,
        },
        {
            "bench": "T7 the daily run when nothing changed", "value": round(statistics.median(daily), 2), "unit": "s",
            "target": "orientation", "ok": True,
        },
        {
            "bench": "T7 p99 of searches while all is described anew, again and again", "value": round(tail * 1000, 1), "unit": "ms",
            "limit": round(calm * 1000, 1), "limit_is": "p99 of T3", "ratio": round(tail / calm, 2), "target": "<= 2",
            "ok": tail <= 2 * calm,
        },
    ]  # fmt: skip
