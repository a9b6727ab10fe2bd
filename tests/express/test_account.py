"""The prepaid account: money goes in from the balance and comes out again, never twice for one key."""

from __future__ import annotations

import pytest

from common.errors import Unaffordable
from payments.queries import account, balance, statement
from search.express.actions import account as money
from search.express.actions.account import Move
from tests.express.board import Board
from tests.shops.stalls import events


def test_what_was_paid_in_and_not_spent_comes_back(board: Board) -> None:
    board.seller(funds=0)
    member = board.owners["老张"]
    before = balance(member)
    board.do(money.top_up, [Move(member, 5_000)])
    assert (balance(member), account(f"ads:{member}")) == (before - 5_000, 5_000)
    board.do(money.withdraw, [Move(member, 2_000)])
    assert (balance(member), account(f"ads:{member}")) == (before - 3_000, 3_000)


def test_the_same_key_is_the_same_money(board: Board) -> None:
    board.seller(funds=0)
    member = board.owners["老张"]
    first = board.do(money.top_up, [Move(member, 5_000, "once")])
    assert board.do(money.top_up, [Move(member, 5_000, "once")]) == first
    assert account(f"ads:{member}") == 5_000
    assert [told for name in ("ads.topped_up",) for _, told, _ in events(name)] == [[member]]


def test_nobody_takes_out_what_is_not_there(board: Board) -> None:
    board.seller(funds=1_000)
    member = board.owners["老张"]
    with pytest.raises(Unaffordable) as refused:
        board.do(money.withdraw, [Move(member, 600), Move(member, 600)])
    assert refused.value.rows == (1,)
    assert account(f"ads:{member}") == 1_000


def test_the_statement_adds_up(board: Board) -> None:
    board.seller(funds=0)
    member = board.owners["老张"]
    board.do(money.top_up, [Move(member, 5_000)])
    board.do(money.withdraw, [Move(member, 2_000)])
    told = statement(f"ads:{member}", board.at.date(), board.at.date())
    assert [told[name] for name in ("opening_fen", "in_fen", "out_fen", "closing_fen")] == [
        0,
        5_000,
        2_000,
        3_000,
    ]
