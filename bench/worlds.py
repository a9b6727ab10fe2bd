"""Markets made, forked, reset and dropped, against the least SQL of each in the same run (target T2)."""

from __future__ import annotations

import statistics
import uuid
from collections.abc import Callable
from time import perf_counter
from typing import Any

from django.db import transaction

from common.batch import execute, one
from common.batch import rows as sql_rows
from worlds import actions, schemas
from worlds.current import point, quoted, use_world

EVENTS = 100_000
MEMBERS = 10_000
MADE = 40  # worlds made for the percentiles
REPEATS = 5

FILL = """
INSERT INTO members_member (id, nick, name, region, openness, status, joined_at)
SELECT n, 'm' || n, '', 330100, 'masked', 'open', now_at FROM generate_series(1, %(members)s) n, worlds_clock;
INSERT INTO events_event (id, name, subject_id, members, is_public, payload, at)
SELECT n, (ARRAY['order.placed', 'order.paid', 'order.shipped', 'order.finished'])[1 + n %% 4], n,
       ARRAY[1 + n %% %(members)s, 1 + n * 7 %% %(members)s], false,
       json_build_object('buyer', 1 + n %% %(members)s, 'seller', 1 + n * 7 %% %(members)s,
                         'total_fen', n, 'shop', n %% 300),
       now_at + n * interval '1 second' FROM generate_series(1, %(events)s) n, worlds_clock;
"""


def timed(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def rows() -> list[dict[str, Any]]:
    """One row a figure: bench, value, unit, limit, ratio, target, ok. Makes markets and drops them."""
    mark = f"bench{uuid.uuid4().hex[:8]}"
    point(None)
    try:
        return [*_making(mark), *_copying(mark)]
    finally:
        point(None)
        for world in actions.World.objects.filter(name__startswith=mark):
            actions.drop(world)


def _row(
    bench: str, value: float, limit: float, limit_is: str, target: float, spread: list[float]
) -> dict[str, Any]:
    return {
        "bench": bench,
        "value": round(value * 1000, 2),
        "unit": "ms",
        "limit": round(limit * 1000, 2),
        "limit_is": limit_is,
        "ratio": round(value / limit, 2) if limit else None,
        "spread": [round(min(spread) * 1000, 2), round(max(spread) * 1000, 2)],
        "target": f"<= {target * 1000:g} ms",
        "ok": value <= target,
    }


def _making(mark: str) -> list[dict[str, Any]]:
    """Worlds made one after another while blank ones are ready, as a test suite makes them."""
    schemas.restock(MADE + REPEATS)
    execute("ANALYZE")
    renames = []
    for n in range(REPEATS):
        name = quoted(one("SELECT schema FROM worlds_readyschema ORDER BY id DESC LIMIT 1"))
        renames.append(timed(lambda: execute(f"ALTER SCHEMA {name} RENAME TO bare_{n}")))  # noqa: B023
        execute(f"ALTER SCHEMA bare_{n} RENAME TO {name}")
    actions.create(f"{mark}warm")
    made = sorted(timed(lambda: actions.create(f"{mark}c{n}")) for n in range(MADE))  # noqa: B023
    limit = statistics.median(renames)
    is_ = "ALTER SCHEMA … RENAME of a ready one"
    unready = [timed(lambda: _clone(n)) for n in range(REPEATS)]  # noqa: B023
    drops, bare = [], []
    for n in range(REPEATS):
        bare.append(timed(lambda: execute(f"DROP SCHEMA bare_clone_{n} CASCADE")))  # noqa: B023
        drops.append(timed(lambda: actions.drop(actions.find(f"{mark}c{n}"))))  # noqa: B023
    return [
        _row("create a world, p50", statistics.median(made), limit, is_, 0.020, made),
        _row("create a world, p99", made[int(len(made) * 0.99)], limit, is_, 0.100, made),
        _row(
            "drop a blank world", statistics.median(drops), statistics.median(bare), "DROP SCHEMA", 0.3, drops
        ),
        {
            "bench": "clone a blank schema (in the background)",
            "value": round(statistics.median(unready) * 1000, 1),
            "unit": "ms",
            "target": "orientation",
            "ok": True,
        },
    ]


def _clone(n: int) -> None:
    execute(f"DROP SCHEMA IF EXISTS bare_clone_{n} CASCADE")
    schemas.clone_blank(schemas.TEMPLATE, f"bare_clone_{n}")


def _copying(mark: str) -> list[dict[str, Any]]:
    world, _ = actions.create(f"{mark}big")
    with use_world(world.schema):
        for statement in FILL.strip().split(";\n"):
            execute(statement.rstrip(";"), {"members": MEMBERS, "events": EVENTS})
        execute("ANALYZE")
    actions.snapshot(world, "one")
    schemas.restock(3 * REPEATS)
    copies = [timed(lambda: _bare_copy(world.schema)) for _ in range(REPEATS)]
    limit = statistics.median(copies)
    forks = [timed(lambda: actions.fork(world, f"{mark}f{n}")) for n in range(REPEATS)]  # noqa: B023
    resets = [timed(lambda: actions.reset(world, "one")) for _ in range(REPEATS)]
    bare, drops = [], []
    for n in range(REPEATS):
        drops.append(timed(lambda: actions.drop(actions.find(f"{mark}f{n}"))))  # noqa: B023
        bare.append(limit)
    said, is_ = (
        f"of a world with {EVENTS:,} events",
        "INSERT … SELECT of the events into a table with their indexes",
    )
    return [
        _row(f"fork {said}", statistics.median(forks), limit, is_, 1.0, forks),
        _row(f"reset {said}", statistics.median(resets), limit, is_, 1.0, resets),
        _row(f"drop {said}", statistics.median(drops), 0, "", 0.3, drops),
    ]


def _bare_copy(schema: str) -> None:
    with transaction.atomic():
        execute(f"CREATE TEMP TABLE bare (LIKE {quoted(schema)}.events_event INCLUDING ALL) ON COMMIT DROP")
        execute(f"INSERT INTO bare SELECT * FROM {quoted(schema)}.events_event")


if __name__ == "__main__":
    import django

    django.setup()
    for row in rows():
        print(row)
    print(
        sql_rows(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'w_template'::regnamespace AND relkind = 'r'"
        )
    )
