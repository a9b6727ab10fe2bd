"""T6: credit and indices of 100,000 shops from 5 million feedbacks, in full and by the day.

The limit of the full run is the best bare aggregate and write-back of the same run: a table that holds
nothing but
what is added up, six sums instead of our eleven, no caps, no second role.
The daily run is measured whole: accounts, sums, publication, averages, grades told. It is held against the sums
in full alone; what the same run costs from nothing, publication included, stands in the spread.
"""

from __future__ import annotations

import statistics
import sys
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from time import perf_counter
from typing import Any

from django.db import transaction

from common.batch import dicts, execute, insert
from common.moments import start_of
from members.actions import Registration, register
from ratings.recompute import credit, daily
from regime import queries as regime
from shops.models import Shop
from worlds import actions as worlds
from worlds.current import point
from worlds.pen import writing

SIZE, SHOPS, NEW, REPEATS = 5_000_000, 100_000, 20_000, 5
SETTLED = 15  # days
FIRST, LAST = date(2010, 3, 1), date(2011, 2, 28)  # a year of feedback, the last day of which is new

# Shop sizes are skewed (a third of the answers to a tenth of the shops); 2 in 100 bad, 2 neutral,
# 3 do not count.
WEIGHTS = """
    INSERT INTO ratings_weight (feedback_id, subject_id, rater_id, "on", verdict, points, reason,
    description, service,
                                delivery, as_seller, silent)
    SELECT n, subject, %(shops)s + 1 + abs(hashint8(n * 7) %% 400000), %(first)s::date + day, verdict,
           CASE WHEN reason = 0 THEN verdict ELSE 0 END, reason, 100 * (5 - (h3 %% 20 = 0)::int),
           100 * (5 - (h3 %% 13 = 0)::int), 500 - h3 %% 150, true, h2 %% 3 = 0
      FROM (SELECT n, h2, h3, 1 + floor(%(shops)s * power(u, 1.6))::bigint AS subject,
                   CASE WHEN n > %(size)s - %(new)s THEN %(days)s ELSE (n * %(days)s / %(size)s)::int END AS
                   day,
                   CASE WHEN h2 %% 50 = 0 THEN -1 WHEN h2 %% 50 = 1 THEN 0 ELSE 1 END AS verdict,
                   CASE WHEN h3 %% 33 = 0 THEN 8 ELSE 0 END AS reason
              FROM (SELECT n, (hashint8(n) & 1073741823) / 1073741824.0 AS u,
              hashint8(n + 1) & 1073741823 AS h2,
                           hashint8(n + 2) & 1073741823 AS h3
                      FROM generate_series(1, %(size)s) n) a) b
"""
INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
     WHERE schemaname = current_schema() AND tablename = 'ratings_weight' AND indexname NOT LIKE '%pkey'
"""
BARE = (
    """CREATE TABLE bare_feedback AS SELECT subject_id AS shop, "on", verdict, description, service, delivery
         FROM ratings_weight""",
    """CREATE TABLE bare_shop AS SELECT DISTINCT shop AS id, 0::bigint AS points, 0::bigint AS good,
    0::bigint AS answers,
              0::bigint AS description, 0::bigint AS service, 0::bigint AS delivery FROM bare_feedback""",
    "ALTER TABLE bare_shop ADD PRIMARY KEY (id)",
)
BARE_SUM = """
    CREATE TEMP TABLE bare_fresh ON COMMIT DROP AS
    SELECT shop, sum(verdict) AS points, count(*) FILTER (WHERE verdict = 1) AS good,
           count(*) FILTER (WHERE "on" > %(after)s) AS answers,
           sum(description) FILTER (WHERE "on" > %(after)s) AS description,
           sum(service) FILTER (WHERE "on" > %(after)s) AS service,
           sum(delivery) FILTER (WHERE "on" > %(after)s) AS delivery
      FROM bare_feedback GROUP BY shop
"""
BARE_WRITE = """
    UPDATE bare_shop s SET points = f.points, good = f.good, answers = f.answers, description = f.description,
           service = f.service, delivery = f.delivery FROM bare_fresh f WHERE f.shop = s.id
"""


def rows(size: int = SIZE, shops: int = SHOPS, new: int = NEW) -> list[dict[str, Any]]:
    """One row a figure: bench, value, unit, peer, ratio, target, ok. Makes a market and drops it."""
    point(None)
    world, _ = worlds.create(f"bench{uuid.uuid4().hex[:8]}", start=start_of(FIRST))
    point(world.schema)
    try:
        _fill(size, shops, new)
        return _measure(size, shops, new)
    finally:
        point(None)
        worlds.drop(world)


def _fill(size: int, shops: int, new: int) -> None:
    given = {"size": size, "shops": shops, "new": new, "days": (LAST - FIRST).days, "first": FIRST}
    with writing() as moment:
        owners = register([Registration(f"bench{n}", 330100) for n in range(shops)], at=moment.at)
        insert(Shop, [_shop(owner, moment.at) for owner in owners])
        execute("SET LOCAL session_replication_role = replica")  # sums need no orders behind them
        indexes = dicts(INDEXES)
        for index in indexes:
            execute(f"DROP INDEX {index['indexname']}")
        execute(WEIGHTS, given)
        for index in indexes:
            execute(index["indexdef"])
        execute("SET LOCAL session_replication_role = origin")
        for statement in BARE:
            execute(statement)
    for table in ("ratings_weight", "bare_feedback", "bare_shop", "shops_shop", "members_member"):
        execute(f"VACUUM ANALYZE {table}")


def _shop(owner: int, at: datetime) -> dict[str, Any]:
    return {
        "owner_id": owner, "name": f"bench{owner}", "section_id": 1 + owner % 24, "subsection_id": 101,
        "region": 330100, "status": "open", "held_by": "", "introduction": "", "announcement": "",
        "template": "plain", "style": "plain", "picture_count": 0, "description_richness": 0,
        "opened_at": at, "edited_at": at, "seven_day_return": False,
        "showcase_slots": 0, "version": 1,
    }  # fmt: skip


def _measure(size: int, shops: int, new: int) -> list[dict[str, Any]]:
    yesterday = LAST - timedelta(days=1)
    for ago in range(
        SETTLED, -1, -1
    ):  # the runs of the days before, so that publications are spread as they would be
        with transaction.atomic():
            daily.run(at=start_of(LAST - timedelta(days=ago)))
    execute("VACUUM ANALYZE ratings_credit, ratings_index, ratings_publication")
    # The daily runs first, on the table as daily runs leave it: what follows writes every row twice, and so
    # leaves a table twice as long as any market has.
    day = []
    for _ in range(REPEATS + 1):
        execute("VACUUM ratings_credit, ratings_index, ratings_publication")
        day.append(_timed(_one_day, undo=True))
    anew = [_timed(lambda: _one_day(full=True), undo=True) for _ in range(3)]
    levers = regime.at(start_of(LAST))
    days = credit.window(yesterday, levers)
    bare, full = [], []
    for _ in range(REPEATS + 1):
        execute("UPDATE ratings_credit SET points = points + 1")  # so that every row is written back
        execute("VACUUM ratings_credit, bare_shop")
        bare.append(_timed(lambda: _bare(days)))
        full.append(_timed(lambda: credit.rebuild(days, levers)))
    with transaction.atomic():
        _one_day()
        equal = credit.odd(credit.window(LAST, levers), levers) == []
    return _told(size, shops, new, bare[1:], full[1:], day[1:], anew, equal)


def _one_day(*, full: bool = False) -> None:
    daily.run(at=start_of(LAST + timedelta(days=1)), full=full)


def _bare(days: credit.Window) -> None:
    execute("SELECT set_config('work_mem', '128MB', true)")
    execute(BARE_SUM, {"after": days.index_after})
    execute(BARE_WRITE)


def _timed(act: Callable[[], None], *, undo: bool = False) -> float:
    began = perf_counter()
    with transaction.atomic():
        act()
        if undo:
            transaction.set_rollback(True)
    return perf_counter() - began


def _told(
    size: int,
    shops: int,
    new: int,
    bare: list[float],
    full: list[float],
    day: list[float],
    anew: list[float],
    equal: bool,
) -> list[dict[str, Any]]:
    least, whole, daily_run = (statistics.median(times) for times in (bare, full, day))
    spread = "; ".join(
        f"{name} {min(times):.3f}-{max(times):.3f}"
        for name, times in (("full", full), ("bare", bare), ("day", day), ("day from nothing", anew))
    )
    return [
        {
            "bench": f"T6 credit and DSR of {shops} shops from {size} feedbacks, in full",
            "value": round(whole, 2), "unit": "s", "peer": round(least, 2),
            "peer_is": "bare aggregate and write-back, narrow table, six sums",
            "ratio": round(whole / least, 2), "target": "<= 1.5", "ok": whole / least <= 1.5,
            "spread": spread,
        },
        {
            "bench": f"T6 the daily run with {new} of them new (equal to the rebuild: {equal})",
            "value": round(daily_run, 3), "unit": "s", "peer": round(whole, 2),
            "peer_is": "the sums in full, nothing published",
            "ratio": round(daily_run / whole, 3), "target": "<= 0.1",
            "ok": equal and daily_run / whole <= 0.1,
        },
    ]  # fmt: skip


def main() -> None:
    import django

    django.setup()
    for row in rows(*(int(argument) for argument in sys.argv[1:])):
        print(row)
