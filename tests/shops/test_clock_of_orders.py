"""Each clock of an order at its boundary: one second before, nothing; at the moment, done."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.errors import Conflict, Invalid
from payments.queries import account, balance
from regime.actions import change as change_lever
from shops.actions import orders, refunds, shipping
from shops.actions import shops as shop_actions
from shops.actions.orders import Extend
from tests.market import Market
from tests.shops.stalls import events, stock_of
from tests.shops.trades import Trades, now


@pytest.fixture
def trades(market: Market) -> Trades:
    return Trades()


def test_an_unpaid_order_closes_after_three_days_and_its_stock_returns(trades: Trades) -> None:
    order = trades.place()
    due = now() + timedelta(days=3)
    assert trades.at_the_edge(due, lambda: (trades.status(order), *stock_of(trades.wardrobe))) == (
        ("placed", 9),
        ("cancelled", 10),
    )
    assert trades.order(order)["closed_by"] == "time"
    assert trades.order(order)["closed_at"] == due
    trades.sound()


def test_an_unpaid_flash_order_closes_after_half_an_hour(trades: Trades) -> None:
    order = trades.place(kind="flash")
    due = now() + timedelta(minutes=30)
    assert trades.at_the_edge(due, lambda: trades.status(order)) == ("placed", "cancelled")


@pytest.mark.parametrize(
    ("delivery", "span"),
    [
        ("auto", timedelta(hours=24)),
        ("virtual", timedelta(days=3)),
        ("express", timedelta(days=10)),
        ("mail", timedelta(days=30)),
    ],
)
def test_silence_is_receipt_when_the_deliverys_days_are_over(
    trades: Trades, delivery: str, span: timedelta
) -> None:
    listing = trades.listed(delivery=delivery)
    order = trades.paid((listing, 1))
    if delivery != "auto":
        trades.ship(order)
    before = balance(trades.bob)
    seen = trades.at_the_edge(now() + span, lambda: (trades.status(order), balance(trades.bob) - before))
    assert seen == (("shipped", 0), ("finished", 9_900))
    trades.sound()


def test_an_order_waits_for_its_slowest_parcel(trades: Trades) -> None:
    order = trades.shipped((trades.wardrobe, 1), (trades.listed(delivery="mail"), 1))
    seen = trades.at_the_edge(now() + timedelta(days=30), lambda: trades.status(order))
    assert seen == ("shipped", "finished")


def test_an_unsent_order_is_overdue_after_72_hours_once(trades: Trades, market: Market) -> None:
    order = trades.paid()
    due = now() + timedelta(hours=72)
    assert trades.at_the_edge(due, lambda: len(events("order.ship_overdue"))) == (0, 1)
    assert trades.order(order)["overdue_at"] == due
    [(_, _, fact)] = events("order.ship_overdue")
    assert (fact["owed_fen"], fact["compensation_fen"]) == (495, 0)
    market.pass_days(10)
    assert len(events("order.ship_overdue")) == 1
    trades.sound()


def test_a_shop_of_the_protection_scheme_ships_within_a_day_and_pays_from_its_deposit(market: Market) -> None:
    trades = Trades()
    trades.do(shop_actions.join_protection, [trades.shop], by=trades.bob)
    order = trades.paid()
    before = balance(trades.alice)
    seen = trades.at_the_edge(
        now() + timedelta(hours=24),
        lambda: (trades.order(order)["overdue_at"] is None, balance(trades.alice) - before),
    )
    assert seen == ((True, 0), (False, 495))
    assert account(f"deposit:{trades.bob}") == 100_000 - 495
    assert trades.order(order)["compensation_fen"] == 495
    trades.sound()


def test_lateness_is_paid_up_to_thirty_yuan(market: Market) -> None:
    trades = Trades(1_000_000)
    trades.do(shop_actions.join_protection, [trades.shop], by=trades.bob)
    order = trades.paid((trades.listed(price_fen=500_000), 1))
    market.pass_hours(24)
    assert trades.order(order)["compensation_fen"] == 3_000


def test_goods_made_to_order_are_due_when_their_seller_said(trades: Trades) -> None:
    listing = trades.listed(supply="custom", stock=0, ship_within_days=20)
    order = trades.paid((listing, 1))
    assert trades.order(order)["ship_by"] == now() + timedelta(days=20)


def test_what_is_sent_in_time_is_never_overdue(trades: Trades, market: Market) -> None:
    trades.shipped()
    market.pass_days(9)
    assert events("order.ship_overdue") == []


@pytest.mark.parametrize("days", [3, 5, 7, 10])
def test_the_seller_gives_more_days_any_number_of_times(trades: Trades, days: int) -> None:
    order = trades.shipped()
    for _ in range(4):
        trades.do(orders.extend, [Extend(order, days)], by=trades.bob)
    due = now() + timedelta(days=10 + 4 * days)
    assert trades.at_the_edge(due, lambda: trades.status(order)) == ("shipped", "finished")


@pytest.mark.parametrize("days", [0, 1, 2, 4, 11, -3])
def test_the_seller_gives_only_the_days_on_offer(trades: Trades, days: int) -> None:
    order = trades.shipped()
    with pytest.raises(Invalid):
        trades.do(orders.extend, [Extend(order, days)], by=trades.bob)


def test_the_buyer_asks_for_three_days_once_and_only_near_the_end(trades: Trades, market: Market) -> None:
    order = trades.shipped()
    end = now() + timedelta(days=10)
    market.advance_to(end - timedelta(days=3, seconds=1))
    with pytest.raises(Conflict):
        trades.do(orders.prolong, [order], by=trades.alice)
    market.advance_to(end - timedelta(days=3))
    trades.do(orders.prolong, [order], by=trades.alice)
    market.advance_to(end)
    with pytest.raises(Conflict):
        trades.do(orders.prolong, [order], by=trades.alice)
    seen = trades.at_the_edge(end + timedelta(days=3), lambda: trades.status(order))
    assert seen == ("shipped", "finished")


def test_a_refund_request_stops_the_clock_and_its_end_lets_it_go_on(trades: Trades, market: Market) -> None:
    order = trades.shipped()
    market.pass_days(4)
    refund = trades.ask(order, reason="faulty")
    assert trades.order(order)["confirm_by"] is None
    market.pass_days(4)
    trades.do(refunds.withdraw, [refund], by=trades.alice)
    due = now() + timedelta(days=6)
    assert trades.order(order)["confirm_by"] == due
    assert trades.at_the_edge(due, lambda: trades.status(order)) == ("shipped", "finished")
    trades.sound()


def test_a_paused_clock_is_not_extended(trades: Trades, market: Market) -> None:
    order = trades.shipped()
    market.pass_days(8)
    trades.ask(order, reason="faulty")
    for verb, intent, by in (
        (orders.extend, Extend(order, 3), trades.bob),
        (orders.prolong, order, trades.alice),
    ):
        with pytest.raises(Conflict, match="paused"):
            trades.do(verb, [intent], by=by)


def test_two_requests_stop_the_clock_until_both_are_closed(trades: Trades, market: Market) -> None:
    order = trades.shipped((trades.wardrobe, 1), (trades.listed(), 1))
    first, second = trades.ask(order, 0, reason="late"), trades.ask(order, 1, reason="late")
    market.pass_days(1)
    trades.do(refunds.withdraw, [first], by=trades.alice)
    assert trades.order(order)["confirm_by"] is None
    trades.do(refunds.withdraw, [second], by=trades.alice)
    assert trades.order(order)["confirm_by"] == now() + timedelta(days=10)


def test_a_regime_may_let_the_clock_run_on_but_an_open_request_still_holds_the_money(market: Market) -> None:
    trades = Trades()
    with market.writing() as moment:
        change_lever({"trade.refund_pauses_confirm": False}, at=moment.at, by=None, why="a lesson")
    order = trades.shipped()
    due = now() + timedelta(days=10)
    refund = trades.ask(order, reason="faulty", kind="return")
    market.advance_to(due + timedelta(days=1))
    assert trades.status(order) == "shipped"
    trades.do(refunds.withdraw, [refund], by=trades.alice)
    market.pass_hours(0)
    assert trades.status(order) == "finished"
    trades.sound()


def test_shipping_late_still_starts_the_clock_when_it_ships(trades: Trades, market: Market) -> None:
    order = trades.paid()
    market.pass_days(5)
    trades.do(shipping.ship, [shipping.Ship(order)], by=trades.bob)
    assert trades.order(order)["confirm_by"] == now() + timedelta(days=10)
