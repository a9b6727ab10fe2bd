"""Many hands on one commission and one budget: nothing is lost, nothing is spent twice; and the races are real."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import Error as DatabaseError
from django.db import transaction

from common.batch import execute, one
from payments import ledger
from search.alliance.actions import commissions, visits
from search.alliance.actions.visits import Visit
from search.alliance.queries.audit import shares
from search.alliance.rules import Terms
from tests.alliance.web import Web
from tests.shops.test_order_races import race, with_pen
from worlds.current import use_world

CLICKERS, REACH = 16, 10


@pytest.fixture
def web(committed_world: Any) -> Iterator[Web]:
    with use_world(committed_world.schema):
        there = Web()
        there.world = committed_world.schema  # type: ignore[attr-defined]
        yield there
        assert ledger.drift() == []
        assert shares() == []


def refund_of(web: Web, order: int, fen: int, number: int) -> dict[str, Any]:
    line = web.line(order)["id"]
    return {"id": number, "order": order, "line": line, "buyer": web.alice, "members": [], "amount_fen": fen}


@pytest.mark.parametrize("round_", range(4))
def test_two_refunds_and_a_settlement_at_once_leave_what_is_left(web: Any, round_: int) -> None:
    """99 yuan at 10 %, of which 11 and 22 are refunded: 6.60 stand, whoever came first."""
    web.brought()
    order = web.shipped()
    acts = [
        with_pen(commissions.follow_refunds, [refund_of(web, order, 1_100, 1)]),
        with_pen(commissions.settle, [{"id": order}]),
        with_pen(commissions.follow_refunds, [refund_of(web, order, 2_200, 2)]),
    ]
    race(web.world, *(acts[round_ % 3 :] + acts[: round_ % 3]))
    assert web.commissions("status", "refunded_fen", "paid_fen") == [("settled", 3_300, 660)]
    assert web.earned == 660 - 66


def test_control_reading_first_and_writing_then_loses_a_refund(web: Any) -> None:
    """The same two refunds by somebody who neither holds the pen nor locks the row: one of them is forgotten."""
    web.brought()
    web.shipped()
    looked = threading.Barrier(2)

    def naive(fen: int) -> Any:
        def act() -> None:
            with transaction.atomic():
                had = one("SELECT refunded_fen FROM search_alliance_commission")
                looked.wait(20)
                execute("UPDATE search_alliance_commission SET refunded_fen = %s", [had + fen])

        return act

    race(web.world, naive(1_100), naive(2_200))
    assert web.commissions("refunded_fen") in ([(1_100,)], [(2_200,)])


def test_sixteen_clickers_on_a_budget_for_ten_are_charged_ten_times(web: Any) -> None:
    token = web.linked(web.accepted(Terms("click", price_fen=50, budget_fen=55 * REACH)))
    acts = [with_pen(visits.click, [Visit(token, f"v{n}")]) for n in range(CLICKERS)]
    race(web.world, *acts)
    assert sorted(web.verdicts()) == ["over_budget"] * (CLICKERS - REACH) + ["valid"] * REACH
    assert (len(web.charges()), web.earned) == (REACH, 45 * REACH)


def test_control_without_the_pen_two_see_the_same_budget_and_the_table_stops_one(web: Any) -> None:
    contract = web.accepted(Terms("click", price_fen=50, budget_fen=55))
    looked = threading.Barrier(2)
    thought: list[bool] = []

    def naive() -> str:
        try:
            with transaction.atomic():
                left = one(
                    "SELECT budget_fen - spent_fen FROM search_alliance_contract WHERE id = %s", [contract]
                )
                thought.append(left >= 55)
                looked.wait(20)
                execute(
                    "UPDATE search_alliance_contract SET spent_fen = spent_fen + 55 WHERE id = %s", [contract]
                )
                return "spent"
        except DatabaseError as error:
            return str(error)

    answers = race(web.world, naive, naive)
    assert thought == [True, True]
    assert answers.count("spent") == 1
    assert any("no_more_is_spent_than_the_budget" in answer for answer in answers)
    execute("UPDATE search_alliance_contract SET spent_fen = 0 WHERE id = %s", [contract])
