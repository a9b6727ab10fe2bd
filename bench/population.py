"""T9, T10, T11: populations that live, beside the least their views and orders cost PostgreSQL.

Each market is filled and lived by `./jishi simulate` in a process of its own, as a user's is: `seconds` are that process's,
commits and all, filling told apart; megabytes are the most it ever held. The limit is of the same run and machine: the very
views and orders that came of it, written once more tick by tick, views by COPY into a table with the same indexes, orders
by the least SQL for a whole tick's at once into the bare tables of T4. It looks, wishes, searches and decides nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson
from django.conf import settings
from django.db import connection, transaction

from bench.orders import BARE_TABLES
from common.batch import dicts, execute
from simulation.scenario import find
from traffic.actions.binary import LAYOUT
from worlds import actions as worlds
from worlds.current import point

HERE = Path(__file__).parent
SEED = 7


@dataclass(frozen=True)
class Life:
    """A target: `scenario` for `days` within `seconds` of living and `megabytes`."""

    target: str
    scenario: str
    days: int
    seconds: float
    megabytes: float


LIVES = (
    Life("T9", "class_of_40", 30, 15, 600),
    Life("T10", str(HERE / "town.toml"), 30, 60, 1_500),
    Life("T11", "metropolis", 1, 60, 3_000),
)
STORED = """
    SELECT (SELECT count(*) FROM traffic_pageview) AS views, (SELECT count(*) FROM shops_order) AS orders,
           (SELECT count(*) FROM payments_transfer) AS transfers,
           (SELECT count(*) FROM ratings_feedback WHERE verdict IS NOT NULL) AS feedbacks,
           (SELECT count(*) FROM events_event) AS events
"""


def rows() -> list[dict[str, Any]]:
    """Four rows a population: living, filling, memory, what is stored. Makes the markets and drops them."""
    return [row for life in LIVES for row in lived(life)]


def lived(life: Life) -> list[dict[str, Any]]:
    """The rows of one; its market is gone afterwards, also when it failed."""
    name = f"bench-{uuid.uuid4().hex[:8]}"
    try:
        told = _simulate(life, name)
        point(worlds.find(name).schema)
        stored = dicts(STORED)[0]
        return _told(life, told, stored, _least(life))
    finally:
        point(None)
        for world in worlds.World.objects.filter(name=name):
            worlds.drop(world)


def _simulate(life: Life, name: str) -> dict[str, Any]:
    """What `./jishi simulate --json` says, on the servers of this bench."""
    database = settings.DATABASES["default"]
    url = f"postgresql://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    words = [sys.executable, "-P", "-m", "jishi.cli.main", "simulate", life.scenario, "--world", name]
    done = subprocess.run(
        [*words, "--days", str(life.days), "--seed", str(SEED), "--json"],
        env={
            **os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "jishi.settings",
            "PYTHONPATH": f"{HERE.parent}{os.pathsep}{HERE.parent / 'platform'}",
        },
        capture_output=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{life.scenario} did not live: {done.stderr.decode()[-1000:]}")
    told: dict[str, Any] = orjson.loads(done.stdout)
    return told


COLUMNS = ", ".join(column for column, *_ in LAYOUT)
BARE = (
    "CREATE TABLE bare_view (LIKE traffic_pageview INCLUDING ALL)",
    """CREATE TABLE bare_asked AS SELECT o.id, o.buyer_id AS buyer, o.seller_id AS seller, l.listing_id AS listing,
              l.quantity, o.total_fen AS total, o.placed_at AS at
         FROM shops_order o JOIN LATERAL (SELECT * FROM shops_orderline WHERE order_id = o.id ORDER BY id LIMIT 1) l ON true
        ORDER BY o.placed_at, o.id""",
    "CREATE INDEX ON bare_asked (at)",
    "INSERT INTO bare_listing SELECT id, price_fen, 1000000000 FROM shops_listing",
    "INSERT INTO bare_account SELECT id, 0, 1000000000000000 FROM members_member UNION ALL SELECT 0, 0, 1000000000000000",
    "ANALYZE bare_asked, bare_listing, bare_account",
)
# As T4's transaction, for all orders of a tick: stock, order, line, four entries, what accounts gave, the step to paid.
ASKED = "FROM bare_asked WHERE at > %(after)s AND at <= %(until)s"
LEAST = (
    f"""UPDATE bare_listing b SET stock = stock - s.pieces
         FROM (SELECT listing, sum(quantity) AS pieces {ASKED} GROUP BY 1) s WHERE b.id = s.listing""",
    f"INSERT INTO bare_order (id, buyer, total, status) OVERRIDING SYSTEM VALUE SELECT id, buyer, total, 'placed' {ASKED}",
    f"INSERT INTO bare_line (order_id, listing, quantity, price) SELECT id, listing, quantity, total {ASKED}",
    f"""INSERT INTO bare_entry (account, order_id, amount)
       SELECT e.account, a.id, e.amount FROM (SELECT * {ASKED}) a
        CROSS JOIN LATERAL (VALUES (buyer, -total), (0, total), (0, -total), (seller, total)) e (account, amount)""",
    f"""UPDATE bare_account b SET given = given + s.fen
         FROM (SELECT buyer, sum(total) AS fen {ASKED} GROUP BY 1) s WHERE b.id = s.buyer""",
    f"UPDATE bare_order SET status = 'paid' WHERE id IN (SELECT id {ASKED})",
)  # fmt: skip


def _least(life: Life) -> float:
    """Seconds of writing the market's own views and orders once more, a transaction a tick."""
    execute(BARE_TABLES)
    for statement in BARE:
        execute(statement)
    plan = find(life.scenario)
    ticks = life.days * 24 // plan.tick_hours
    return sum(
        _tick(
            plan.start + timedelta(hours=n * plan.tick_hours),
            plan.start + timedelta(hours=(n + 1) * plan.tick_hours),
        )
        for n in range(ticks)
    )


def _tick(after: datetime, until: datetime) -> float:
    span = {"after": after, "until": until}
    read = (
        f"COPY (SELECT {COLUMNS} FROM traffic_pageview WHERE at > %(after)s AND at <= %(until)s ORDER BY id)"
        " TO STDOUT (FORMAT BINARY)"
    )
    with connection.cursor() as cursor:
        with cursor.copy(read, span) as copy:
            views = b"".join(bytes(part) for part in copy)
        began = perf_counter()
        with transaction.atomic():
            with cursor.copy(f"COPY bare_view ({COLUMNS}) FROM STDIN (FORMAT BINARY)") as copy:
                copy.write(views)
            for statement in LEAST:
                cursor.execute(statement, span)
        return perf_counter() - began


def _told(life: Life, told: dict[str, Any], stored: dict[str, int], least: float) -> list[dict[str, Any]]:
    said = f"{life.target} {Path(life.scenario).stem}"
    filling = told["filled_seconds"]
    living = told["seconds"] - filling
    return [
        {
            "bench": f"{said}: {life.days} days of {told['shops']:,} shops and {told['buyers']:,} buyers, living", "value": round(living, 1), "unit": "s",
            "limit": round(least, 2), "limit_is": "COPY of the same views, the least SQL of the same orders, tick by tick",
            "ratio": round(living / least, 1), "target": f"<= {life.seconds:g} s", "ok": living <= life.seconds,
        },
        {
            "bench": f"{said}: filling it", "value": round(filling, 1), "unit": "s", "target": "orientation", "ok": True,
        },
        {
            "bench": f"{said}: most memory of that process", "value": told["peak_rss_mb"], "unit": "MB",
            "target": f"<= {life.megabytes:,.0f} MB", "ok": told["peak_rss_mb"] <= life.megabytes,
        },
        {
            "bench": f"{said}: stored " + ", ".join(f"{many:,} {what}" for what, many in stored.items()),
            "value": round((stored["views"] + stored["orders"]) / living), "unit": "views and orders/s", "target": "orientation",
            "ok": (stored["views"], stored["orders"]) == (told["pv"], told["orders"]),
        },
    ]  # fmt: skip
