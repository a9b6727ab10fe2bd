"""A mixed story of trades ends alike however the days are cut: one jump, many small ones, or an odd pause."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from common.batch import rows
from payments import ledger
from shops.actions import disputes, refunds, shipping
from shops.actions.refunds import SendBack
from shops.actions.shops import join_protection
from shops.queries import audit
from tests.market import Market
from tests.shops.trades import Trades, now
from worlds import clock
from worlds.hashing import state_hash, table_hashes

DAYS = 46


def story() -> None:
    """Orders in every state that a clock drives, some at the same moment, some an hour apart."""
    trades = Trades(1_000_000)
    trades.wardrobe = trades.listed("大衣柜", stock=500)
    trades.do(join_protection, [trades.shop], by=trades.bob)
    goods = {
        name: trades.listed(name, delivery=name, stock=50) for name in ("express", "mail", "virtual", "auto")
    }
    for _ in range(2):
        trades.place()
        trades.place(kind="flash")
        trades.paid()
        for good in goods.values():
            order = trades.paid((good, 1), (trades.wardrobe, 1))
            trades.ship(order)
        trades.ask(trades.paid())
        trades.ask(trades.shipped(), reason="faulty", kind="return")
        trades.ask(trades.shipped((goods["virtual"], 1)), reason="faulty", amount_fen=500)
        trades.refused(trades.shipped(), reason="faulty")
        trades.disputed(trades.shipped(), reason="faulty", amount_fen=1_000)
        _, spoken = trades.disputed(trades.shipped((goods["mail"], 2)), reason="faulty")
        trades.do(disputes.bring, [disputes.Say(spoken, "面单", trades.bob)])
        for delivery in ("express", "mail"):
            back = trades.returning(trades.shipped())
            trades.do(refunds.send_back, [SendBack(back, delivery, postage_fen=1_000)], by=trades.alice)
        trades.returning(trades.shipped())
        order = trades.part_shipped()
        trades.ask(order, 1)
        trades.do(shipping.ship, [shipping.Ship(trades.paid())], by=trades.bob)
        trades.asked(trades.finished((trades.wardrobe, 12)))
        trades.returned(trades.finished())
        trades.disputed(trades.finished(), reason="faulty")
        clock.advance(now() + timedelta(minutes=61))
    trades.purse(0)


def one_jump(end: datetime) -> None:
    clock.advance(end)


def day_by_day(end: datetime) -> None:
    while now() < end:
        clock.advance(min(now() + timedelta(days=1), end))


def by_odd_steps(end: datetime) -> None:
    step = 1
    while now() < end:
        clock.advance(min(now() + timedelta(hours=step % 53, minutes=7, microseconds=13), end))
        step = step * 7 + 11


def test_the_story_ends_alike_however_time_is_cut(market: Market) -> None:
    story()
    end = now() + timedelta(days=DAYS)
    ways: dict[str, Callable[[datetime], None]] = {
        f.__name__: f for f in (one_jump, day_by_day, by_odd_steps)
    }
    seen: dict[str, dict[str, str]] = {}
    for name, way in ways.items():
        mark = transaction.savepoint()
        way(end)
        seen[name] = table_hashes()
        assert audit.findings() == []
        assert ledger.drift() == []
        left = rows("SELECT DISTINCT status FROM shops_order ORDER BY 1")
        assert [row[0] for row in left] == ["cancelled", "closed", "finished", "paid"]
        owed = "SELECT settled_at > %s FROM shops_refund WHERE id IN (SELECT subject_id FROM events_event WHERE name = %s)"
        assert rows(owed, [end - timedelta(days=DAYS), "refund.owed"]) == [(True,)] * 3, "owed, and collected"
        transaction.savepoint_rollback(mark)
    assert seen["day_by_day"] == seen["one_jump"]
    assert seen["by_odd_steps"] == seen["one_jump"]
    assert state_hash(seen["one_jump"]) != state_hash(), "those days did change something"


@pytest.mark.parametrize("offset", [timedelta(0), timedelta(seconds=1)])
def test_deadlines_of_one_moment_are_met_in_the_order_of_the_table(market: Market, offset: timedelta) -> None:
    trades = Trades()
    placed = trades.place()
    market.pass_time(f"PT{int(offset.total_seconds())}S")
    paid = trades.paid()
    market.pass_days(3)
    told = [
        row[0]
        for row in rows(
            "SELECT name FROM events_event WHERE name IN ('order.cancelled',"
            " 'order.ship_overdue') ORDER BY id"
        )
    ]
    assert told == ["order.cancelled", "order.ship_overdue"]
    assert (trades.status(placed), trades.status(paid)) == ("cancelled", "paid")
