"""Money is conserved whatever is done in whatever order: random histories against a model in plain Python."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
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
from common.errors import Conflict, Invalid, Refusal, Unaffordable
from members.actions import Registration, register
from payments import deposits, escrow, ledger
from payments.deposits import Compensation, Deposit
from payments.ledger import Posting, TopUp
from tests.market import Market

PEOPLE = 4
someone = st.integers(0, PEOPLE - 1)
amounts = st.integers(1, 500)
small = st.lists(st.tuples(someone, someone, amounts), min_size=1, max_size=6)


@dataclass
class Held:
    payer: int
    payee: int
    left: int
    status: str = "held"


class Books(RuleBasedStateMachine):
    """Each history runs in a savepoint of the test's market, undone when it ends."""

    market: Market

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.savepoint()
        self.money: Counter[str] = Counter()
        self.escrows: dict[str, Held] = {}
        self.keys = self.trades = 0

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.savepoint)

    @initialize()
    def people(self) -> None:
        with self.market.writing() as moment:
            self.ids = register([Registration(f"p{n}", 110105) for n in range(PEOPLE)], at=moment.at)

    def own(self, n: int) -> str:
        return f"member:{self.ids[n]}"

    def does(self, act: Any, *expected: type[Refusal]) -> bool:
        """Whether the market did it; nothing else may stop it than the refusals expected."""
        try:
            with self.market.writing() as moment:
                act(moment.at)
        except expected:
            return False
        return True

    @rule(who=someone, fen=amounts, again=st.booleans())
    def top_up(self, who: int, fen: int, again: bool) -> None:
        self.keys += 1
        intents = [TopUp(self.ids[who], fen, str(self.keys))] * (2 if again else 1)
        assert self.does(lambda at: ledger.top_up(intents, at=at))
        self.money[self.own(who)] += fen

    @rule(moves=small)
    def post(self, moves: list[tuple[int, int, int]]) -> None:
        batch = [(self.own(a), self.own(b), fen) for a, b, fen in moves if a != b]
        after = Counter(self.money)
        for giver, taker, fen in batch:
            after[giver] -= fen
            after[taker] += fen
        postings = [Posting(giver, taker, fen, "seller_compensation", "x") for giver, taker, fen in batch]
        done = self.does(lambda at: ledger.post(postings, at=at), Unaffordable)
        assert done == (min(after.values(), default=0) >= 0)
        if done:
            self.money = after

    @rule(moves=small)
    def hold(self, moves: list[tuple[int, int, int]]) -> None:
        self.trades += len(moves)
        holds = {f"trade:{self.trades - n}": move for n, move in enumerate(moves) if move[0] != move[1]}
        intents = [escrow.Hold(ref, self.ids[a], self.ids[b], fen) for ref, (a, b, fen) in holds.items()]
        need: Counter[str] = Counter()
        for a, _, fen in holds.values():
            need[self.own(a)] += fen
        done = self.does(lambda at: escrow.hold(intents, at=at), Unaffordable)
        assert done == all(self.money[account] >= fen for account, fen in need.items())
        if done:
            self.money -= need
            self.escrows |= {ref: Held(a, b, fen) for ref, (a, b, fen) in holds.items()}

    @precondition(lambda self: self.escrows)
    @rule(data=st.data(), fee=st.integers(0, 5))
    def release(self, data: st.DataObject, fee: int) -> None:
        ref = data.draw(st.sampled_from(sorted(self.escrows)))
        held = self.escrows[ref]
        done = self.does(lambda at: escrow.release([ref], at=at, commissions={ref: fee}), Conflict, Invalid)
        assert done == (held.status == "held" and fee <= held.left)
        if done:
            self.money[self.own(held.payee)] += held.left - fee
            self.money["platform:fees"] += fee
            held.left, held.status = 0, "settled"

    @precondition(lambda self: self.escrows)
    @rule(data=st.data(), fen=st.integers(1, 600))
    def refund(self, data: st.DataObject, fen: int) -> None:
        ref = data.draw(st.sampled_from(sorted(self.escrows)))
        held = self.escrows[ref]
        done = self.does(lambda at: escrow.refund([escrow.Refund(ref, fen)], at=at), Conflict)
        assert done == (held.status != "settled" and fen <= held.left)
        if done:
            self.money[self.own(held.payer)] += fen
            held.left -= fen
            held.status = held.status if held.left else "settled"

    @precondition(lambda self: self.escrows)
    @rule(data=st.data(), verb=st.sampled_from(["freeze", "unfreeze"]))
    def dispute(self, data: st.DataObject, verb: str) -> None:
        ref = data.draw(st.sampled_from(sorted(self.escrows)))
        held = self.escrows[ref]
        source, target = ("held", "frozen") if verb == "freeze" else ("frozen", "held")
        done = self.does(lambda at: getattr(escrow, verb)([ref], at=at), Conflict)
        assert done == (held.status == source)
        if done:
            held.status = target

    @rule(who=someone, buyer=someone, fen=amounts, verb=st.sampled_from(["freeze", "unfreeze", "compensate"]))
    def deposit(self, who: int, buyer: int, fen: int, verb: str) -> None:
        self.keys += 1
        mine, frozen = self.own(who), f"deposit:{self.ids[who]}"
        giver = mine if verb == "freeze" else frozen
        taker = {"freeze": frozen, "unfreeze": mine, "compensate": self.own(buyer)}[verb]
        intent: Any = Deposit(self.ids[who], fen, str(self.keys))
        if verb == "compensate":
            intent = Compensation(self.ids[who], self.ids[buyer], fen, "x", str(self.keys))
        done = self.does(lambda at: getattr(deposits, verb)([intent], at=at), Unaffordable)
        assert done == (self.money[giver] >= fen)
        if done:
            self.money[giver] -= fen
            self.money[taker] += fen

    @invariant()
    def the_books_agree_with_the_model(self) -> None:
        there = dict(rows("SELECT code, received_fen - given_fen FROM payments_account"))
        bank = there.pop("outside:bank")
        model = {code: fen for code, fen in self.money.items() if fen}
        model |= {f"escrow:{ref}": held.left for ref, held in self.escrows.items() if held.left}
        assert {code: fen for code, fen in there.items() if fen} == model
        assert sum(there.values()) == -bank  # all there is came from outside
        assert ledger.drift() == []


@pytest.mark.slow
def test_money_is_conserved_through_any_history(market: Market) -> None:
    Books.market = market
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
