"""Trades lived at random: whatever buyers, sellers, the platform and time do, the books agree after every
step."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from common.batch import rows
from common.errors import Refusal
from payments import ledger
from payments.queries import balance
from shops.actions import disputes, orders, refunds, shipping
from shops.actions.orders import Adjust, Extend, Place, Wanted
from shops.queries import audit
from tests.market import Market
from tests.shops.trades import Trades, now
from worlds import clock
from worlds.pen import writing

STOCK = 40


class Life(RuleBasedStateMachine):
    """Every rule picks any row whatever its state: most acts are refused, and a refusal must change
    nothing.
    """

    @initialize()
    def begin(self) -> None:
        self.savepoint = transaction.savepoint()
        self.trades = Trades(1_000_000, seven_day_return=True)
        self.goods = [
            self.trades.listed(
                f"货{delivery}", delivery=delivery, stock=STOCK, price_fen=price, postage_fen=postage
            )
            for delivery, price, postage in (
                ("express", 3_333, 800),
                ("mail", 100, 0),
                ("auto", 1, 0),
                ("virtual", 7_001, 3),
            )
        ]
        self.money = self.all_money()
        self.opening()

    def opening(self) -> None:
        """Something in every state to begin with: acts drawn at random would seldom get that far."""
        trades, express = self.trades, self.goods[0]
        trades.place((express, 2))
        trades.paid((express, 1), (self.goods[1], 3))
        trades.ship(order := trades.paid((express, 1), (self.goods[1], 1)), trades.lines(order)[0])
        trades.ask(trades.paid((express, 1)))
        trades.ask(trades.shipped((express, 2)), reason="faulty", amount_fen=3_000)
        trades.refused(trades.shipped((express, 1)), reason="faulty")
        trades.returned(trades.shipped((express, 1)))
        trades.disputed(trades.shipped((express, 1), (self.goods[3], 1)), reason="faulty")
        trades.asked(trades.finished((express, 1), (self.goods[3], 1)))
        trades.returned(trades.finished((express, 2)))
        trades.disputed(trades.finished((express, 1)), reason="faulty")

    def all_money(self) -> int:
        """Everything in members', escrow's and the platform's accounts: only the bank outside makes more."""
        return int(
            rows("SELECT sum(received_fen - given_fen) FROM payments_account WHERE code <> 'outside:bank'")[
                0
            ][0]
        )

    def do(self, verb: Any, *args: Any, **more: Any) -> None:
        try:
            with writing() as moment:
                verb(*args, at=moment.at, **more)
        except Refusal:
            pass

    def any(self, table: str, pick: int) -> int:
        ids = [row[0] for row in rows(f"SELECT id FROM shops_{table} ORDER BY id")]
        return ids[pick % len(ids)] if ids else 10**9

    @rule(
        lines=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9)), min_size=1, max_size=3),
        pay=st.booleans(),
    )
    def order(self, lines: list[tuple[int, int]], pay: bool) -> None:
        basket = Place(self.trades.alice, tuple(Wanted(self.goods[n], quantity) for n, quantity in lines))
        self.do(orders.place_and_pay if pay else orders.place, [basket])

    @rule(
        pick=st.integers(0, 99),
        verb=st.sampled_from([orders.pay, orders.cancel, orders.confirm, orders.prolong]),
    )
    def step(self, pick: int, verb: Any) -> None:
        self.do(verb, [self.any("order", pick)])

    @rule(pick=st.integers(0, 99), off=st.integers(-5_000, 500), postage=st.none() | st.integers(0, 900))
    def adjust(self, pick: int, off: int, postage: int | None) -> None:
        self.do(orders.adjust, [Adjust(self.any("order", pick), off, postage)])

    @rule(pick=st.integers(0, 99), some=st.booleans())
    def ship(self, pick: int, some: bool) -> None:
        order = self.any("order", pick)
        lines = tuple(self.trades.lines(order)[:1]) if some else ()
        self.do(shipping.ship, [shipping.Ship(order, lines)])

    @rule(pick=st.integers(0, 99), days=st.sampled_from([3, 5, 7, 10]))
    def extend(self, pick: int, days: int) -> None:
        self.do(orders.extend, [Extend(self.any("order", pick), days)])

    @rule(
        pick=st.integers(0, 99),
        amount=st.none() | st.integers(1, 4_000),
        kind=st.sampled_from(["refund_only", "return"]),
        reason=st.sampled_from(["not_wanted", "no_reason", "faulty", "late"]),
    )
    def ask(self, pick: int, amount: int | None, kind: str, reason: str) -> None:
        self.do(refunds.ask, [refunds.Ask(self.any("orderline", pick), amount, kind, reason)])

    @rule(
        pick=st.integers(0, 99),
        verb=st.sampled_from([refunds.agree, refunds.receive, refunds.withdraw, refunds.escalate]),
    )
    def answer(self, pick: int, verb: Any) -> None:
        self.do(verb, [self.any("refund", pick)])

    @rule(pick=st.integers(0, 99), amount=st.integers(1, 4_000))
    def change(self, pick: int, amount: int) -> None:
        self.do(refunds.change, [refunds.Change(self.any("refund", pick), amount)])

    @rule(pick=st.integers(0, 99))
    def refuse(self, pick: int) -> None:
        self.do(refunds.refuse, [refunds.Refuse(self.any("refund", pick))])

    @rule(
        pick=st.integers(0, 99), postage=st.integers(0, 3_000), delivery=st.sampled_from(["express", "mail"])
    )
    def send_back(self, pick: int, postage: int, delivery: str) -> None:
        self.do(
            refunds.send_back, [refunds.SendBack(self.any("refund", pick), delivery, postage_fen=postage)]
        )

    @precondition(lambda self: rows("SELECT EXISTS (SELECT FROM shops_dispute)")[0][0])
    @rule(
        pick=st.integers(0, 99), award=st.integers(0, 4_000), must_return=st.booleans(), act=st.integers(0, 2)
    )
    def argue(self, pick: int, award: int, must_return: bool, act: int) -> None:
        dispute = self.any("dispute", pick)
        if act == 0:
            self.do(disputes.bring, [disputes.Say(dispute, "证据", self.trades.bob)])
        elif act == 1:
            self.do(disputes.reply, [disputes.Say(dispute, "完好")])
        else:
            self.do(disputes.rule, [disputes.Ruling(dispute, award, must_return)])

    @rule(fen=st.sampled_from([0, 0, 2_000, 500_000]))
    def go_to_the_bank(self, fen: int) -> None:
        """bob carries all his money home, and brings so much: what he owes then waits until there is enough."""
        self.money += fen - balance(self.trades.bob)
        self.trades.purse(fen)

    @rule(hours=st.sampled_from([1, 49, 73, 121, 170]))
    def wait(self, hours: int) -> None:
        clock.advance(now() + timedelta(hours=hours))

    @invariant()
    def the_books_agree(self) -> None:
        if not hasattr(self, "goods"):
            return
        assert audit.findings() == []
        assert ledger.drift() == []
        assert self.all_money() == self.money, "a trade neither makes nor loses money"
        left = dict(rows("SELECT id, stock FROM shops_listing"))
        assert {good: left[good] + audit.stock_out(good) for good in self.goods} == dict.fromkeys(
            self.goods, STOCK
        )

    def teardown(self) -> None:
        if hasattr(self, "savepoint"):
            transaction.savepoint_rollback(self.savepoint)


@pytest.mark.slow
def test_the_books_agree_whatever_is_done_in_whatever_order(market: Market) -> None:
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=6, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
