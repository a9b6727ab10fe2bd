"""Each clock of a refund and a dispute at its boundary: one second before, nothing; at the moment, done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from common.moments import SHANGHAI
from payments.queries import balance
from regime.queries import at as regime_at
from shops.actions import disputes, refunds
from shops.actions.refunds import SendBack
from shops.rules import clocks
from tests.market import Market
from tests.shops.stalls import stock_of
from tests.shops.trades import Trades, now

DAY = timedelta(days=1)


@pytest.fixture
def trades(market: Market) -> Trades:
    return Trades()


def reader(trades: Trades, refund: int) -> Callable[[], str]:
    return lambda: str(trades.refund(refund)["status"])


def test_before_shipping_two_days_of_silence_refund(trades: Trades) -> None:
    order = trades.paid()
    refund = trades.ask(order)
    due = now() + timedelta(hours=48)
    seen = trades.at_the_edge(
        due, lambda: (trades.status(order), balance(trades.alice), *stock_of(trades.wardrobe))
    )
    assert seen == (("paid", 90_100, 9), ("closed", 100_000, 10))
    assert trades.refund(refund)["settled_by"] == "time"
    trades.sound()


@pytest.mark.parametrize(("delivery", "days"), [("express", 5), ("mail", 5), ("virtual", 3), ("auto", 3)])
def test_after_shipping_silence_agrees(trades: Trades, delivery: str, days: int) -> None:
    order = trades.paid((trades.listed(delivery=delivery), 1))
    if delivery != "auto":
        trades.ship(order)
    refund = trades.ask(order, reason="faulty")
    assert trades.at_the_edge(now() + days * DAY, reader(trades, refund)) == ("asked", "succeeded")
    trades.sound()


def test_silence_on_a_return_agrees_to_the_return_and_not_to_the_money(trades: Trades) -> None:
    refund = trades.ask(trades.shipped(), kind="return", reason="faulty")
    assert trades.at_the_edge(now() + 5 * DAY, reader(trades, refund)) == ("asked", "returning")
    assert balance(trades.alice) == 90_100


def test_goods_not_sent_back_within_seven_days_are_kept_and_the_clock_goes_on(trades: Trades) -> None:
    order = trades.shipped()
    refund = trades.returning(order)
    due = now() + 7 * DAY
    assert trades.at_the_edge(due, reader(trades, refund)) == ("returning", "closed")
    assert trades.order(order)["confirm_by"] == due + 10 * DAY
    trades.sound()


@pytest.mark.parametrize(("delivery", "days"), [("express", 10), ("mail", 30)])
def test_a_parcel_back_that_nobody_speaks_of_counts_as_received(
    trades: Trades, delivery: str, days: int
) -> None:
    order = trades.shipped()
    refund = trades.returning(order)
    trades.do(refunds.send_back, [SendBack(refund, delivery)], by=trades.alice)
    assert trades.at_the_edge(now() + days * DAY, reader(trades, refund)) == ("returned", "succeeded")
    assert trades.status(order) == "closed"
    trades.sound()


def test_a_refusal_stands_after_seven_days_of_doing_nothing(trades: Trades) -> None:
    order = trades.shipped()
    refund = trades.refused(order, reason="faulty")
    assert trades.at_the_edge(now() + 7 * DAY, reader(trades, refund)) == ("refused", "closed")
    assert trades.order(order)["open_refunds"] == 0


def test_evidence_is_heard_three_days_and_the_seller_replies_within_one_more(trades: Trades) -> None:
    _, dispute = trades.disputed(trades.shipped(), reason="faulty")

    def state() -> str:
        return str(trades.dispute(dispute)["status"])

    opened = now()
    assert trades.at_the_edge(opened + 3 * DAY, state) == ("evidence", "reply")
    assert trades.at_the_edge(opened + 4 * DAY, state) == ("reply", "ruling")


@pytest.mark.parametrize("spoke", ["nobody", "evidence", "reply"])
def test_when_nobody_rules_in_six_working_days_a_silent_seller_loses(
    trades: Trades, market: Market, spoke: str
) -> None:
    order = trades.shipped()
    refund, dispute = trades.disputed(order, reason="faulty")
    if spoke == "evidence":
        trades.do(disputes.bring, [disputes.Say(dispute, "发货前的照片", trades.bob)])
    market.pass_days(3)
    if spoke == "reply":
        trades.do(disputes.reply, [disputes.Say(dispute, "完好")], by=trades.bob)
    else:
        market.pass_days(1)
    due = clocks.rule_by(now(), regime_at(now()).dispute)
    assert trades.dispute(dispute)["rule_by"] == due
    silent = spoke == "nobody"
    assert trades.at_the_edge(due, reader(trades, refund)) == (
        "disputed",
        "succeeded" if silent else "closed",
    )
    assert trades.dispute(dispute)["ruled_by"] == "time"
    assert trades.status(order) == ("closed" if silent else "shipped")
    trades.sound()


@pytest.mark.parametrize(
    ("start", "end"),
    [  # six working days on, at the same hour; 1 March 2010 was a Monday
        (datetime(2010, 3, 1, 9, tzinfo=SHANGHAI), datetime(2010, 3, 9, 9, tzinfo=SHANGHAI)),
        (datetime(2010, 3, 5, 18, tzinfo=SHANGHAI), datetime(2010, 3, 15, 18, tzinfo=SHANGHAI)),
        (datetime(2010, 3, 6, 12, tzinfo=SHANGHAI), datetime(2010, 3, 15, 12, tzinfo=SHANGHAI)),
        (datetime(2010, 3, 7, 23, tzinfo=SHANGHAI), datetime(2010, 3, 15, 23, tzinfo=SHANGHAI)),
        # 17:00 UTC is the next day in Shanghai: a Saturday
        (datetime(2010, 3, 5, 17, tzinfo=UTC), datetime(2010, 3, 15, 1, tzinfo=SHANGHAI)),
    ],
)
def test_the_platform_works_from_monday_to_friday(market: Market, start: datetime, end: datetime) -> None:
    assert clocks.rule_by(start, regime_at(now()).dispute) == end
