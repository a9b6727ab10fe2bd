"""The protection deposit: frozen, given back, or paid to a buyer who was let down."""

from __future__ import annotations

import pytest

from common.errors import Unaffordable
from payments import deposits, queries
from payments.deposits import Compensation, Deposit
from tests.payments.till import Till


def test_a_deposit_is_the_sellers_but_cannot_be_spent(till: Till) -> None:
    ann = till.members["ann"]
    with till.market.writing() as moment:
        deposits.freeze([Deposit(ann, 9_000, "join")], at=moment.at)
        deposits.freeze([Deposit(ann, 9_000, "join")], at=moment.at)
    standing = queries.standing(ann)
    assert (standing["balance_fen"], standing["frozen_fen"]) == (1_000, 9_000)
    with pytest.raises(Unaffordable):
        till.post(till.pay("ann", "bob", 1_001))


def test_a_buyer_is_compensated_from_it_and_the_rest_comes_back(till: Till) -> None:
    ann, bob = till.members["ann"], till.members["bob"]
    with till.market.writing() as moment:
        deposits.freeze([Deposit(ann, 9_000, "join")], at=moment.at)
        deposits.compensate([Compensation(ann, bob, 3_000, "order:1", "late:1")], at=moment.at)
        deposits.compensate([Compensation(ann, bob, 3_000, "order:1", "late:1")], at=moment.at)
        deposits.unfreeze([Deposit(ann, 6_000, "leave")], at=moment.at)
    assert (till.balance("ann"), till.balance("bob"), queries.account(f"deposit:{ann}")) == (7_000, 3_000, 0)


def test_a_deposit_does_not_pay_more_than_it_has(till: Till) -> None:
    ann, bob = till.members["ann"], till.members["bob"]
    with till.market.writing() as moment:
        deposits.freeze([Deposit(ann, 100, "join")], at=moment.at)
    words = f"account deposit:{ann} has 1.00 yuan and needs 1.01"
    with pytest.raises(Unaffordable, match=words), till.market.writing() as moment:
        deposits.compensate([Compensation(ann, bob, 101, "order:1", "late:1")], at=moment.at)
