"""Every state against every action, of orders, refunds and disputes: the legal ones move, the others change
nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import transaction

from common.errors import Conflict
from common.transitions import Step
from shops.actions import disputes, orders, refunds, settling, shipping
from shops.actions.moving import REFUND, move
from shops.actions.orders import Adjust, Extend
from shops.rules.order import ORDER_STATUSES, ORDER_STEPS, TAOBAO_ORDER_STATUS
from shops.rules.refund import (
    AFTER_SALE,
    DISPUTE_STATUSES,
    DISPUTE_STEPS,
    PHASE_TABLE,
    REFUND_STATUSES,
    REFUND_STEP,
    REFUND_STEPS,
    TAOBAO_REFUND_STATUS,
)
from tests.market import Market
from tests.shops.trades import Trades, now
from worlds.hashing import table_hashes


@pytest.fixture
def trades(market: Market) -> Trades:
    return Trades()


class Undo(Exception):
    """Take back what the walk tried."""


def walk(
    steps: Sequence[Step], status: str, acts: dict[str, Callable[[], Any]], read: Callable[[], str]
) -> tuple[dict[str, str], dict[str, str]]:
    """(action -> what became of it, action -> what the table says) from one state; each try is taken back."""
    before = table_hashes()
    seen: dict[str, str] = {}
    for action, act in acts.items():
        try:
            with transaction.atomic():
                act()
                seen[action] = read()
                raise Undo
        except Undo:
            pass
        except Conflict:
            seen[action] = "refused"
            assert table_hashes() == before, f"{action} from {status} was refused and changed something"
    told = {step.action: step.target if status in step.sources else "refused" for step in steps}
    assert set(seen) == set(told), "every action of the table is walked"
    return seen, told


def test_every_state_has_taobaos_name() -> None:
    assert set(TAOBAO_ORDER_STATUS) == set(ORDER_STATUSES)
    assert set(TAOBAO_REFUND_STATUS) == set(REFUND_STATUSES)


def order_in(trades: Trades, status: str) -> int:
    goods = [(trades.wardrobe, 1), (trades.listed(), 1), (trades.listed("凳子"), 1)]
    if status in ("placed", "cancelled"):
        order = trades.place(*goods)
        if status == "cancelled":
            trades.do(orders.cancel, [order], by=trades.alice)
        return order
    order = trades.paid(*goods)
    if status == "shipped_part":
        trades.ship(order, trades.lines(order)[0])
    if status in ("shipped", "finished"):
        trades.ship(order)
    if status == "finished":
        trades.do(orders.confirm, [order], by=trades.alice)
    if status == "closed":
        give_everything_back(trades, order)
    return order


def give_everything_back(trades: Trades, order: int) -> None:
    asked = trades.do(refunds.ask, [refunds.Ask(line) for line in trades.lines(order)], by=trades.alice)
    trades.do(refunds.agree, asked, by=trades.bob)


@pytest.mark.parametrize("status", ORDER_STATUSES)
def test_an_order_does_what_its_table_says_and_nothing_else(trades: Trades, status: str) -> None:
    order = order_in(trades, status)
    assert trades.status(order) == status
    second = trades.lines(order)[1]
    acts: dict[str, Callable[[], Any]] = {
        "pay": lambda: trades.do(orders.pay, [order], by=trades.alice),
        "adjust": lambda: trades.do(orders.adjust, [Adjust(order, -100)], by=trades.bob),
        "cancel": lambda: trades.do(orders.cancel, [order], by=trades.bob),
        "expire": lambda: trades.do(orders.expire, [order]),
        "ship_part": lambda: trades.do(shipping.ship, [shipping.Ship(order, (second,))], by=trades.bob),
        "ship": lambda: trades.do(shipping.ship, [shipping.Ship(order)], by=trades.bob),
        "ship_rest": lambda: settling._ship_rest([order], at=now()),
        "extend": lambda: trades.do(orders.extend, [Extend(order, 3)], by=trades.bob),
        "confirm": lambda: trades.do(orders.confirm, [order], by=trades.alice),
        "auto_confirm": lambda: trades.do(orders.auto_confirm, [order]),
        "close": lambda: (
            settling._close_orders([order], at=now())
            if status == "finished"
            else give_everything_back(trades, order)
        ),
    }
    seen, told = walk(ORDER_STEPS, status, acts, lambda: trades.status(order))
    assert seen == told
    trades.sound()


PHASES = {"shipped": Trades.shipped, AFTER_SALE: Trades.finished}


def refund_in(trades: Trades, status: str, kind: str, phase: str) -> int:
    order = PHASES[phase](trades)
    build: dict[str, Callable[[], int]] = {
        "asked": lambda: trades.ask(order, kind=kind, reason="faulty"),
        "returning": lambda: trades.returning(order),
        "returned": lambda: trades.returned(order),
        "refused": lambda: trades.refused(order, kind=kind, reason="faulty"),
        "disputed": lambda: trades.disputed(order, kind=kind, reason="faulty")[0],
        "closed": lambda: withdrawn(trades, order, kind),
        "succeeded": lambda: agreed(trades, order),
        "owed": lambda: trades.owed(order, kind),
    }
    return build[status]()


def withdrawn(trades: Trades, order: int, kind: str) -> int:
    refund = trades.ask(order, kind=kind, reason="faulty")
    trades.do(refunds.withdraw, [refund], by=trades.alice)
    return refund


def agreed(trades: Trades, order: int) -> int:
    refund = trades.ask(order, reason="faulty")
    trades.do(refunds.agree, [refund], by=trades.bob)
    return refund


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        (status, phase)
        for phase in PHASES
        for status in REFUND_STATUSES
        if (status, phase) != ("owed", "shipped")
    ],
)
def test_a_refund_does_what_its_table_says_and_nothing_else(trades: Trades, status: str, phase: str) -> None:
    money = refund_in(trades, status, "refund_only", phase)
    goods = refund_in(trades, status, "return", phase)
    trades.purse(100_000)
    assert {(trades.refund(r)["status"], trades.refund(r)["phase"]) for r in (money, goods)} == {
        (status, phase)
    }
    acts: dict[str, Callable[[], Any]] = {
        "change": lambda: trades.do(refunds.change, [refunds.Change(money, 1)], by=trades.alice),
        "agree": lambda: trades.do(refunds.agree, [money], by=trades.bob),
        "agree_return": lambda: trades.do(refunds.agree, [goods], by=trades.bob),
        "refuse": lambda: trades.do(refunds.refuse, [refunds.Refuse(money)], by=trades.bob),
        "send_back": lambda: trades.do(refunds.send_back, [refunds.SendBack(goods)], by=trades.alice),
        "receive": lambda: trades.do(refunds.receive, [goods], by=trades.bob),
        "owe": lambda: settling.owe({money: 100}, at=now()),
        "collect": lambda: settling.succeed([money], REFUND_STEP["collect"], at=now(), who="time"),
        "withdraw": lambda: trades.do(refunds.withdraw, [money], by=trades.alice),
        "ship_instead": lambda: settling.close([money], REFUND_STEP["ship_instead"], at=now(), who="seller"),
        "lapse": lambda: trades.do(refunds.lapse, [goods]),
        "idle": lambda: trades.do(refunds.idle, [money]),
        "escalate": lambda: trades.do(disputes.escalate, [money], by=trades.alice),
        "award": lambda: settling.succeed(
            [money], REFUND_STEP["award"], at=now(), who="platform", awards=[1]
        ),
        "award_return": lambda: move(
            REFUND, REFUND_STEP["award_return"], [goods], at=now(), sets="send_back_by = %(at)s"
        ),
        "dismiss": lambda: settling.close([money], REFUND_STEP["dismiss"], at=now(), who="platform"),
    }
    of_goods = {"agree_return", "send_back", "receive", "lapse", "award_return"}
    for name, number in (("money", money), ("goods", goods)):
        mine = {a: act for a, act in acts.items() if (a in of_goods) == (name == "goods")}
        steps = [step for step in REFUND_STEPS if step.action in mine]
        seen, told = walk(steps, status, mine, lambda i=number: str(trades.refund(i)["status"]))  # type: ignore[misc]
        if phase != AFTER_SALE and "owe" in mine:
            told["owe"] = "refused"  # escrow has it
        assert seen == told
    trades.sound()


def dispute_in(trades: Trades, status: str, phase: str) -> tuple[int, int]:
    refund, dispute = trades.disputed(PHASES[phase](trades), reason="faulty")
    if status in ("reply", "ruling", "ruled"):
        trades.do(disputes.close_evidence, [dispute])
    if status in ("ruling", "ruled"):
        trades.do(disputes.reply, [disputes.Say(dispute, "好的货")], by=trades.bob)
    if status == "ruled":
        trades.do(disputes.rule, [disputes.Ruling(dispute, 100)])
    if status == "conceded":
        trades.do(refunds.agree, [refund], by=trades.bob)
    if status == "dropped":
        trades.do(refunds.withdraw, [refund], by=trades.alice)
    return refund, dispute


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("status", DISPUTE_STATUSES)
def test_a_dispute_does_what_its_table_says_and_nothing_else(trades: Trades, status: str, phase: str) -> None:
    refund, dispute = dispute_in(trades, status, phase)
    acts: dict[str, Callable[[], Any]] = {
        "close_evidence": lambda: trades.do(disputes.close_evidence, [dispute]),
        "reply": lambda: trades.do(disputes.reply, [disputes.Say(dispute, "x")], by=trades.bob),
        "close_reply": lambda: trades.do(disputes.close_reply, [dispute]),
        "rule": lambda: trades.do(disputes.rule, [disputes.Ruling(dispute, 100)]),
        "default": lambda: trades.do(disputes.default, [dispute]),
        "concede": lambda: trades.do(refunds.agree, [refund], by=trades.bob),
        "drop": lambda: trades.do(refunds.withdraw, [refund], by=trades.alice),
    }
    seen, told = walk(DISPUTE_STEPS, status, acts, lambda: str(trades.dispute(dispute)["status"]))
    assert seen == told
    trades.sound()


@pytest.mark.parametrize("status", ORDER_STATUSES)
def test_money_is_asked_back_in_the_phases_of_the_table_and_in_no_other_state(
    trades: Trades, status: str
) -> None:
    order = order_in(trades, status)
    phases = {phase.name for phase in PHASE_TABLE if status in phase.orders}
    if phases:
        asked = [trades.ask(order, line) for line in range(3)]
        assert {trades.refund(refund)["phase"] for refund in asked} == phases
    else:
        before = table_hashes()
        with pytest.raises(Conflict):
            trades.ask(order)
        assert table_hashes() == before
