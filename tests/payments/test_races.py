"""Eight threads at once, each with a connection of its own, in a market whose deeds are committed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from threading import Barrier
from typing import Any

import pytest
from django.db import Error as DatabaseError
from django.db import connection, transaction

from common.batch import execute, one, rows
from common.errors import Refusal, Unaffordable
from common.moments import EPOCH
from members.actions import Registration, register
from payments import escrow, ledger, queries
from payments.ledger import Posting, TopUp
from worlds.current import use_world
from worlds.pen import writing

THREADS = 8


@pytest.fixture
def pair(committed_world: Any) -> tuple[int, int]:
    """Ann with 3 yuan and Bob with none."""
    with use_world(committed_world.schema), writing() as moment:
        ann, bob = register([Registration("ann", 110105), Registration("bob", 110105)], at=moment.at)
        ledger.top_up([TopUp(ann, 300)], at=moment.at)
    return ann, bob


def at_once(world: Any, act: Callable[[int, Barrier], object]) -> list[object]:
    """`act(n, barrier)` in THREADS threads; what each returned, or what stopped it."""
    barrier = Barrier(THREADS, timeout=30)

    def one_thread(n: int) -> object:
        try:
            with use_world(world.schema):
                return act(n, barrier)
        except (Refusal, DatabaseError) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one_thread, range(THREADS)))


def done(results: list[object]) -> int:
    return sum(not isinstance(result, Exception) for result in results)


@pytest.mark.parametrize("with_pen", [True, False], ids=["with the pen", "without it"])
def test_eight_threads_cannot_spend_what_one_had(
    committed_world: Any, pair: tuple[int, int], with_pen: bool
) -> None:
    ann, bob = pair

    def pay(n: int, barrier: Barrier) -> object:
        barrier.wait()
        edge: AbstractContextManager[Any] = writing() if with_pen else nullcontext()
        with edge as moment:
            posting = Posting(
                f"member:{ann}", f"member:{bob}", 100, "seller_compensation", "race", f"race:{n}"
            )
            return ledger.post([posting], at=moment.at if moment else EPOCH)

    results = at_once(committed_world, pay)
    with use_world(committed_world.schema):
        paid = done(results)
        assert queries.balances([ann, bob]) == {ann: 300 - 100 * paid, bob: 100 * paid}
        assert ledger.drift() == []
    if with_pen:
        assert paid == 3
        assert sum(isinstance(result, Unaffordable) for result in results) == THREADS - 3
    else:
        assert 1 <= paid <= 3


def spend_after_looking(table: str, ann: int) -> Callable[[int, Barrier], object]:
    """The careless way: look whether there is enough, then spend; all look before any spends."""

    def spend(n: int, barrier: Barrier) -> object:
        enough = one(
            f"SELECT received_fen - given_fen >= 100 FROM {table} WHERE code = %s", [f"member:{ann}"]
        )
        barrier.wait()
        assert enough
        return execute(f"UPDATE {table} SET given_fen = given_fen + 100 WHERE code = %s", [f"member:{ann}"])

    return spend


def test_the_same_race_overspends_a_copy_of_the_table_without_its_check(
    committed_world: Any, pair: tuple[int, int]
) -> None:
    ann, _ = pair
    with use_world(committed_world.schema):
        execute("CREATE TABLE scratch AS SELECT * FROM payments_account")  # rows without constraints
    careless = at_once(committed_world, spend_after_looking("scratch", ann))
    guarded = at_once(committed_world, spend_after_looking("payments_account", ann))
    with use_world(committed_world.schema):
        left = "SELECT received_fen - given_fen FROM {} WHERE code = %s"
        assert done(careless) == THREADS
        assert one(left.format("scratch"), [f"member:{ann}"]) == -500
        assert done(guarded) == 3
        assert one(left.format("payments_account"), [f"member:{ann}"]) == 0
        assert [row["wrong"] for row in ledger.drift()] == [
            "given is not the sum of transfers"
        ]  # they left no trace


@pytest.mark.parametrize("with_pen", [True, False], ids=["with the pen", "without it"])
def test_one_key_posted_by_eight_threads_moves_the_money_once(
    committed_world: Any, pair: tuple[int, int], with_pen: bool
) -> None:
    ann, bob = pair
    posting = Posting(f"member:{ann}", f"member:{bob}", 100, "seller_compensation", "race", "the same")

    def pay(n: int, barrier: Barrier) -> object:
        barrier.wait()
        if with_pen:
            with writing() as moment:
                return ledger.post([posting], at=moment.at)[0]
        with transaction.atomic():
            return ledger.post([posting], at=EPOCH)[0]

    results = at_once(committed_world, pay)
    with use_world(committed_world.schema):
        [(id_,)] = rows("SELECT id FROM payments_transfer WHERE key = 'the same'")
        assert queries.balance(bob) == 100
        assert ledger.drift() == []
    assert {result for result in results if not isinstance(result, Exception)} == {id_}
    if with_pen:
        assert done(results) == THREADS


def test_a_trade_paid_by_eight_threads_is_held_once(committed_world: Any, pair: tuple[int, int]) -> None:
    ann, bob = pair

    def pay(n: int, barrier: Barrier) -> object:
        barrier.wait()
        with writing() as moment:
            return escrow.hold([escrow.Hold("order:1", ann, bob, 100)], at=moment.at)

    results = at_once(committed_world, pay)
    with use_world(committed_world.schema):
        assert (done(results), queries.balance(ann)) == (1, 200)
        assert ledger.drift() == []


def test_release_against_refund_lets_one_of_them_have_the_money(
    committed_world: Any, pair: tuple[int, int]
) -> None:
    ann, bob = pair
    with use_world(committed_world.schema), writing() as moment:
        escrow.hold([escrow.Hold("order:1", ann, bob, 300)], at=moment.at)

    def settle(n: int, barrier: Barrier) -> object:
        barrier.wait()
        with writing() as moment:
            if n % 2:
                return escrow.release(["order:1"], at=moment.at)
            return escrow.refund([escrow.Refund("order:1", 300)], at=moment.at)

    results = at_once(committed_world, settle)
    with use_world(committed_world.schema):
        assert done(results) == 1
        assert sorted(queries.balances([ann, bob]).values()) == [0, 300]
        assert ledger.drift() == []
