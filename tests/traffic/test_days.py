"""A day's books: closed once, exactly, whatever pours in; never opened again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from common.batch import dicts, execute, one
from common.errors import Conflict
from shops.actions.orders import Place, Wanted, pay, place, place_and_pay
from tests.shops.stalls import joined, listed, opened
from tests.traffic.conftest import Street
from tests.traffic.looks import view, views
from traffic.actions import Act, see, see_one, show_interest
from traffic.queries.audit import audit
from worlds import actions, clock, hashing
from worlds.current import point, use_world
from worlds.pen import viewing, writing

FIRST = date(2010, 3, 1)


def closes() -> list[tuple[date, int]]:
    return [(row["day"], row["rows"]) for row in dicts("SELECT day, rows FROM traffic_dayclose ORDER BY day")]


def test_every_day_is_closed_once_whether_anybody_came_or_not(street: Street) -> None:
    see(views([view(street.market.at, n, street.wardrobe) for n in range(3)]), at=street.market.at)
    street.market.pass_days(3)
    assert closes() == [(FIRST, 3), (FIRST + timedelta(days=1), 0), (FIRST + timedelta(days=2), 0)]
    assert audit() == []


def test_a_closed_day_takes_no_view_and_no_act(street: Street) -> None:
    yesterday = street.market.at
    street.market.pass_days(1)
    with pytest.raises(Conflict):
        see(views([view(yesterday, 1)]), at=street.market.at)
    with pytest.raises(Conflict):
        see_one("c", page="home", at=yesterday)
    with pytest.raises(Conflict):
        show_interest([Act("cart", street.bob, street.table, at=yesterday)], at=street.market.at)
    assert closes() == [(FIRST, 0)]


def test_books_that_do_not_balance_cannot_be_written(street: Street) -> None:
    with pytest.raises(IntegrityError, match="a_days_books_balance"), transaction.atomic():
        execute(
            "INSERT INTO traffic_dayclose (day, rows, by_source, by_shop, closed_at)"
            " VALUES ('2010-03-01', 2, 2, 1, now())"
        )


@pytest.mark.parametrize(
    ("harm", "rule"),
    [
        ("INSERT INTO traffic_pageview (at, visitor, page, source) SELECT at, 9, 1, 1 FROM traffic_pageview",
         "a day's books balance"),
        ("UPDATE traffic_daily SET uv_daily = uv_daily + 1 WHERE dimension = 5",
         "a day's figures are what its rows say"),
        ("UPDATE traffic_daily SET pv = pv + 1 WHERE dimension = 3", "a day's books balance"),
        ("DELETE FROM traffic_daily WHERE dimension = 4", "a day's books balance"),
        ("DELETE FROM traffic_dayclose", "a day's books balance"),
        ("UPDATE shops_orderline SET paid_fen = paid_fen + 1", "conversions agree with orders"),
        ("UPDATE shops_order SET paid_at = paid_at + interval '1 second'", "conversions agree with orders"),
        ("one more conversion", "conversions agree with orders"),
        ("INSERT INTO traffic_pageview (at, visitor, page, source) SELECT now_at + interval '1 day', 9, 1, 1 FROM worlds_clock",
         "a day's books balance"),
    ],
)  # fmt: skip
def test_the_audit_finds_what_was_tampered_with(street: Street, harm: str, rule: str) -> None:
    see(views([view(street.market.at, 1, street.wardrobe)]), at=street.market.at)
    with street.market.writing() as now:
        place_and_pay([Place(street.bob, (Wanted(street.wardrobe, 1),))], at=now.at)
    street.market.pass_days(1)
    assert audit() == []
    with transaction.atomic():
        columns = dicts(
            "SELECT attname AS c FROM pg_attribute WHERE attrelid = 'traffic_conversion'::regclass"
            " AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        )
        if harm == "one more conversion":
            values = {"id": "99", "order_id": "99", "line_id": "99", "recorded_at": "now()"}
            chosen = ", ".join(values.get(row["c"], row["c"]) for row in columns)
            harm = f"INSERT INTO traffic_conversion SELECT {chosen} FROM traffic_conversion LIMIT 1"
        execute(harm)
        assert rule in {row["rule"] for row in audit()}
        transaction.set_rollback(True)


def test_a_purchase_belongs_to_the_source_of_the_buyers_last_view_of_that_shop(street: Street) -> None:
    at = street.market.at
    looks = [
        (1, street.wardrobe, 2),
        (2, street.table, 4),
        (3, street.costume, 3),
    ]  # hours ago, listing, source
    see(
        views([view(at - timedelta(hours=h), 7, what, member=street.bob, source=s) for h, what, s in looks]),
        at=at,
    )
    with street.market.writing() as now:
        [[first], [second]] = place(
            [Place(street.bob, (Wanted(street.table, 2),)), Place(street.bob, (Wanted(street.costume, 1),))],
            at=now.at,
        )
        pay([first, second], at=now.at)
        place_and_pay(
            [Place(street.eve, (Wanted(street.wardrobe, 1),))], at=now.at
        )  # nobody saw her come: direct
    street.market.pass_days(1)
    by_source = {
        row["source"]: (row["orders_paid"], row["buyers_daily"], row["pieces_paid"], row["paid_fen"])
        for row in dicts("SELECT * FROM traffic_daily WHERE dimension = 1")
    }
    assert by_source == {1: (1, 1, 1, 9_900), 2: (1, 1, 2, 10_000), 3: (1, 1, 1, 12_000), 4: (0, 0, 0, 0)}
    assert audit() == []


def pour(schema: str, listing: int, stop: threading.Event, seen: list[int]) -> None:
    """See views until told to stop, one after another, each at the moment the market shows."""
    try:
        with use_world(schema):
            while not stop.is_set():
                try:
                    if len(seen) % 2:
                        with viewing() as moment:
                            see(views([view(moment.at, len(seen), listing)] * 5), at=moment.at)
                    else:  # the function takes the gate itself
                        for n in range(5):
                            see_one(f"v{n}", page="listing", listing=listing)
                    seen.append(5)
                except DatabaseError:
                    seen.append(0)
    finally:
        connection.close()


def poured(world: Any, *, days: int) -> int:
    """Let days pass, hour by hour, while four threads see views; how many were acknowledged."""
    with use_world(world.schema), writing():
        owner = joined("seller")[0]
        listing = listed(opened(owner, "店"), stock=5)
    stop = threading.Event()
    seen: list[list[int]] = [[] for _ in range(4)]
    threads = [threading.Thread(target=pour, args=(world.schema, listing, stop, mine)) for mine in seen]
    for thread in threads:
        thread.start()
    try:
        with use_world(world.schema):
            end = clock.now() + timedelta(days=days)
            while clock.now() < end:
                clock.advance(clock.now() + timedelta(hours=8))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    with use_world(world.schema):
        clock.advance(end + timedelta(days=1))
    return sum(map(sum, seen))


@pytest.mark.slow
def test_a_day_closes_exactly_while_views_pour_in(committed_world: Any) -> None:
    acknowledged = poured(committed_world, days=12)
    with use_world(committed_world.schema):
        assert acknowledged > 100, "there must have been something to count"
        assert one("SELECT count(*) FROM traffic_pageview") == acknowledged
        assert one("SELECT sum(rows) FROM traffic_dayclose") == acknowledged
        assert audit() == []


def test_without_the_gate_a_view_slips_into_a_closed_day(committed_world: Any) -> None:
    """The negative control: the clock is read, somebody closes the day, and then the view is written."""
    world = committed_world
    with use_world(world.schema):
        at = clock.now()
        clock.advance(at + timedelta(days=1))
        see(views([view(at, 1)]), at=at)  # a stale moment, as only a careless edge would pass it
        assert [row["rule"] for row in audit()][:1] == ["a day's books balance"]


def stroll(street_of: Callable[[], tuple[int, int]], days: int, step: timedelta, world: Any) -> str:
    """The state hash of a market of views, acts and orders after so many days, its clock moved by `step`."""
    actions.reset(world, "start")
    with use_world(world.schema):
        listing, buyer = street_of()
        for _ in range(days):
            with writing() as now:
                rows = [
                    view(now.at, n, listing, member=buyer if n % 2 else None, source=1 + n % 5)
                    for n in range(20)
                ]
                see(views(rows), at=now.at)
                show_interest([Act("cart", buyer, listing), Act("favourite", buyer, listing)], at=now.at)
                place_and_pay([Place(buyer, (Wanted(listing, 1),))], at=now.at)
            end = clock.now() + timedelta(days=1)
            while clock.now() < end:
                clock.advance(min(clock.now() + step, end))
        clock.advance(clock.now() + timedelta(days=5))
        assert len(closes()) == days + 5
        assert audit() == []
        return hashing.state_hash()


@pytest.mark.slow
def test_days_close_alike_however_time_is_cut(committed_world: Any) -> None:
    world = committed_world
    with use_world(world.schema):
        owner, buyer = joined("seller", "buyer", fen=10_000_000)
        listing = listed(opened(owner, "店"), stock=500)
    point(None)
    actions.snapshot(world, "start")
    hashes = [
        stroll(lambda: (listing, buyer), 3, step, world)
        for step in (timedelta(days=1), timedelta(hours=5), timedelta(minutes=97))
    ]
    assert len(set(hashes)) == 1
