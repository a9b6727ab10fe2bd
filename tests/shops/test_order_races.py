"""Two hands on one order: one wins, the other is refused. Each race has a control that shows it can be
lost.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from common.batch import execute, one, rows
from common.errors import Conflict, Refusal, Unaffordable, refusal_of
from payments import ledger
from payments.queries import balance
from shops.actions import orders, refunds
from tests.shops.trades import Trades
from worlds.current import use_world
from worlds.pen import glance, writing

RACERS = 6


@pytest.fixture
def trades(committed_world: Any) -> Any:
    with use_world(committed_world.schema):
        there = Trades()
        there.world = committed_world.schema  # type: ignore[attr-defined]
        yield there
        there.sound()
        assert ledger.drift() == []


def race(schema: str, *acts: Callable[[], Any]) -> list[Any]:
    """All acts at once, each on a connection of its own; what each answered, or its refusal."""
    together = threading.Barrier(len(acts))
    answers: list[Any] = [None] * len(acts)

    def run(n: int) -> None:
        try:
            with use_world(schema):
                together.wait(20)
                try:
                    answers[n] = acts[n]()
                except Refusal as refusal:
                    answers[n] = refusal
                except IntegrityError as broken:
                    answers[n] = refusal_of(broken)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def with_pen(verb: Callable[..., Any], *args: Any) -> Callable[[], Any]:
    def act() -> Any:
        with writing() as moment:
            return verb(*args, at=moment.at)

    return act


def without_pen(verb: Callable[..., Any], *args: Any) -> Callable[[], Any]:
    def act() -> Any:
        at = glance().at
        with transaction.atomic():
            return verb(*args, at=at)

    return act


@pytest.mark.parametrize("how", [with_pen, without_pen])
def test_an_order_is_paid_once_however_many_hands_pay_it(trades: Any, how: Callable[..., Any]) -> None:
    """The pen puts them in a row; without it the order's own row still lets one through."""
    order = trades.place()
    answers = race(trades.world, *[how(orders.pay, [order]) for _ in range(RACERS)])
    assert sum(answer == [order] for answer in answers) == 1
    assert sum(isinstance(answer, Conflict) for answer in answers) == RACERS - 1
    assert balance(trades.alice) == 100_000 - 9_900
    assert rows("SELECT count(*) FROM events_event WHERE name = 'order.paid'") == [(1,)]


def test_control_reading_first_and_writing_then_pays_twice(trades: Any) -> None:
    """The race is real: who looks at the status and then sets it, without either guard, lets several
    through.
    """
    order = trades.place()
    looked = threading.Barrier(2)

    def naive() -> bool:
        with transaction.atomic():
            unpaid = one("SELECT status FROM shops_order WHERE id = %s", [order]) == "placed"
            looked.wait(20)
            if unpaid:
                execute("UPDATE shops_order SET memo = memo || 'paid ' WHERE id = %s", [order])
            return bool(unpaid)

    assert race(trades.world, naive, naive) == [True, True]
    assert trades.order(order)["memo"] == "paid paid "


@pytest.mark.parametrize("how", [with_pen, without_pen])
@pytest.mark.parametrize("round_", range(4))
def test_what_is_asked_of_escrow_stays_in_escrow_and_after_confirming_the_seller_is_asked(
    trades: Any, how: Callable[..., Any], round_: int
) -> None:
    order = trades.shipped()
    line = trades.lines(order)[0]
    acts = [how(orders.confirm, [order]), how(refunds.ask, [refunds.Ask(line, reason="faulty")])]
    answers = race(trades.world, *(acts if round_ % 2 else acts[::-1]))
    finished = trades.status(order) == "finished"
    refused = sum(isinstance(answer, Conflict) for answer in answers)
    assert (refused, rows("SELECT phase FROM shops_refund")) in (
        ((0, [("finished",)]), (1, [])) if finished else ((1, [("shipped",)]),)
    )
    assert balance(trades.bob) == 100_000 + (9_900 if finished else 0)


@pytest.mark.parametrize("how", [with_pen, without_pen])
@pytest.mark.parametrize("round_", range(3))
def test_a_seller_who_takes_the_money_out_while_agreeing_spends_it_once(
    trades: Any, how: Callable[..., Any], round_: int
) -> None:
    refund = trades.asked(trades.finished())
    trades.purse(9_900)
    acts = [
        how(refunds.agree, [refund]),
        how(ledger.withdraw, [ledger.Withdrawal(trades.bob, 9_900)]),
    ]
    answers = race(trades.world, *(acts if round_ % 2 else acts[::-1]))
    assert sum(isinstance(answer, Unaffordable) for answer in answers) == 1
    paid = trades.refund(refund)["status"] == "succeeded"
    assert (balance(trades.bob), balance(trades.alice)) == (0, 100_000 if paid else 90_100)
    assert paid or trades.refund(refund)["status"] == "asked"


def test_control_looking_into_the_purse_first_promises_the_same_money_twice(trades: Any) -> None:
    """That race is real: two who look and then act both find the money there, were it not for the account's own
    row."""
    refund = trades.asked(trades.finished())
    trades.purse(9_900)
    looked = threading.Barrier(2)

    def naive(table: str, column: str, row: int) -> Callable[[], bool]:
        def act() -> bool:
            with transaction.atomic():
                there = balance(trades.bob) >= 9_900
                looked.wait(20)
                if there:
                    execute(f"UPDATE {table} SET {column} = 'promised 99 yuan' WHERE id = %s", [row])
                return there

        return act

    order = trades.refund(refund)["order_id"]
    assert race(
        trades.world, naive("shops_refund", "refusal", refund), naive("shops_order", "memo", order)
    ) == [True, True]
    assert (trades.refund(refund)["refusal"], trades.order(order)["memo"]) == ("promised 99 yuan",) * 2


def test_the_last_piece_is_sold_once(trades: Any) -> None:
    execute("UPDATE shops_listing SET stock = 1 WHERE id = %s", [trades.wardrobe])
    basket = [orders.Place(trades.alice, (orders.Wanted(trades.wardrobe),))]
    answers = race(trades.world, *[with_pen(orders.place_and_pay, basket) for _ in range(RACERS)])
    assert sum(isinstance(answer, list) for answer in answers) == 1
    assert sum(isinstance(answer, Conflict) for answer in answers) == RACERS - 1
    assert rows("SELECT stock FROM shops_listing WHERE id = %s", [trades.wardrobe]) == [(0,)]


def test_stock_of_a_cancelled_order_returns_once(trades: Any) -> None:
    order = trades.place((trades.wardrobe, 3))
    answers = race(
        trades.world, *[without_pen(verb, [order]) for verb in (orders.cancel, orders.expire, orders.cancel)]
    )
    assert sum(answer == [order] for answer in answers) == 1
    assert rows("SELECT stock FROM shops_listing WHERE id = %s", [trades.wardrobe]) == [(10,)]
