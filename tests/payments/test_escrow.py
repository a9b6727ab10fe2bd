"""Escrow: held once, released or refunded to the fen, frozen while there is a dispute."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from common.batch import dicts, execute
from common.errors import Conflict, Invalid, NotFound, Refusal, Unaffordable
from events.models import Event
from payments import escrow, queries
from payments.rules import ESCROW_STATUSES, ESCROW_STEP
from tests.payments.till import Till

ORDER = "order:1"


def row(reference: str = ORDER) -> dict[str, Any]:
    [found] = queries.escrows(reference=reference)
    return found


def stand(till: Till, status: str) -> None:
    """An escrow of 60 yuan in that status."""
    till.hold(ORDER, "ann", "bob", 6_000)
    if status == "frozen":
        till.act("freeze", ORDER)
    elif status == "settled":
        till.act("release", ORDER)


def test_held_money_belongs_to_neither(till: Till) -> None:
    till.hold(ORDER, "ann", "bob", 6_000)
    assert (till.balance("ann"), till.balance("bob"), queries.account(escrow.account(ORDER))) == (
        4_000,
        0,
        6_000,
    )
    assert queries.standing(till.members["ann"])["in_escrow_fen"] == 6_000
    assert queries.standing(till.members["bob"])["awaited_fen"] == 6_000
    assert (row()["status"], row()["held_at"], row()["settled_at"]) == ("held", till.at, None)


def test_released_money_is_the_sellers(till: Till) -> None:
    till.hold(ORDER, "ann", "bob", 6_000)
    till.market.pass_days(3)
    till.act("release", ORDER)
    assert (till.balance("ann"), till.balance("bob")) == (4_000, 6_000)
    assert (row()["status"], row()["left_fen"], row()["settled_at"]) == ("settled", 0, till.at)


def test_a_partial_refund_leaves_the_rest_to_be_released(till: Till) -> None:
    till.hold(ORDER, "ann", "bob", 6_000)
    till.refund(ORDER, 1)
    till.refund(ORDER, 1_999)
    assert (row()["status"], row()["left_fen"]) == ("held", 4_000)
    till.act("release", ORDER)
    assert (till.balance("ann"), till.balance("bob")) == (6_000, 4_000)


def test_a_full_refund_settles_the_escrow(till: Till) -> None:
    till.hold(ORDER, "ann", "bob", 6_000)
    till.refund(ORDER, 5_999)
    till.refund(ORDER, 1)
    assert (row()["status"], row()["settled_at"], till.balance("ann")) == ("settled", till.at, 10_000)


def test_more_than_is_left_is_not_refunded(till: Till) -> None:
    till.hold(ORDER, "ann", "bob", 6_000)
    till.refund(ORDER, 2_000)
    with pytest.raises(Unaffordable, match=r"holds 40\.00 yuan, 40\.01 were asked back") as refused:
        till.refund(ORDER, 4_001)
    assert refused.value.rule == "escrow_gives_no_more_than_it_holds"
    assert row()["left_fen"] == 4_000


def test_a_refund_is_a_positive_amount(till: Till) -> None:
    till.hold(ORDER, "ann", "bob", 6_000)
    for fen in (0, -5):
        with pytest.raises(Invalid):
            till.refund(ORDER, fen)


def test_a_commission_comes_out_of_what_is_released(till: Till) -> None:
    till.hold(ORDER, "ann", "bob", 6_000)
    till.refund(ORDER, 1_000)
    till.act("release", ORDER, commissions={ORDER: 250})
    assert (till.balance("bob"), queries.account("platform:fees")) == (4_750, 250)


def test_a_commission_of_everything_leaves_the_seller_nothing_and_of_more_is_refused(till: Till) -> None:
    till.hold(ORDER, "ann", "bob", 6_000)
    with pytest.raises(Invalid):
        till.act("release", ORDER, commissions={ORDER: 6_001})
    till.act("release", ORDER, commissions={ORDER: 6_000})
    assert (till.balance("bob"), queries.account("platform:fees")) == (0, 6_000)


def test_a_frozen_escrow_can_be_refunded_and_stays_frozen_until_nothing_is_left(till: Till) -> None:
    stand(till, "frozen")
    till.refund(ORDER, 1_000)
    assert row()["status"] == "frozen"
    till.act("unfreeze", ORDER)
    till.act("freeze", ORDER)
    till.refund(ORDER, 5_000)
    assert row()["status"] == "settled"


@pytest.mark.parametrize("status", ESCROW_STATUSES)
@pytest.mark.parametrize("action", list(ESCROW_STEP))
def test_every_step_is_taken_from_its_sources_only(till: Till, status: str, action: str) -> None:
    stand(till, status)
    before = row()
    step = ESCROW_STEP[action]

    def take() -> None:
        if action == "refund":
            till.refund(ORDER, before["left_fen"] or 1)
        else:
            till.act(action, ORDER)

    if status in step.sources:
        take()
        assert row()["status"] == step.target
    else:
        with pytest.raises(Conflict, match=f"is {status}; {action} needs it to be") as refused:
            take()
        assert refused.value.extra == {"state": status, "action": action}
        assert row() == before


@pytest.mark.parametrize("status", ESCROW_STATUSES)
def test_a_reference_is_held_once_whatever_became_of_it(till: Till, status: str) -> None:
    stand(till, status)
    money = till.balance("ann")
    for payer, fen in (("ann", 6_000), ("ann", 1), ("bob", 6_000)):
        with pytest.raises(Conflict) as refused:
            till.hold(ORDER, payer, "ann" if payer == "bob" else "bob", fen)
        assert refused.value.rule == "one_escrow_per_reference"
    assert till.balance("ann") == money
    assert till.count("payments_escrow") == 1


def test_an_unaffordable_hold_holds_nothing_and_names_its_row(till: Till) -> None:
    ann, bob = till.members["ann"], till.members["bob"]
    holds = [
        escrow.Hold("a", ann, bob, 6_000),
        escrow.Hold("b", ann, bob, 6_000),
        escrow.Hold("c", ann, bob, 4_000),
    ]
    with pytest.raises(Unaffordable) as refused, till.market.writing() as moment:
        escrow.hold(holds, at=moment.at)
    assert refused.value.rows == (1,)
    assert till.count("payments_escrow") == 0
    assert till.balance("ann") == 10_000


def test_a_reference_twice_in_a_batch_is_refused_at_its_second_row(till: Till) -> None:
    ann, bob = till.members["ann"], till.members["bob"]
    with pytest.raises(Conflict) as refused, till.market.writing() as moment:
        escrow.hold([escrow.Hold("a", ann, bob, 1), escrow.Hold("a", ann, bob, 1)], at=moment.at)
    assert refused.value.rows == (1,)
    till.hold("a", "ann", "bob", 1)
    for verb in ("release", "freeze"):
        with pytest.raises(Invalid) as twice:
            till.act(verb, "a", "a")
        assert twice.value.rows == (1,)


def test_of_a_batch_the_rows_that_cannot_be_moved_are_named_and_none_is(till: Till) -> None:
    for n in range(4):
        till.hold(f"order:{n}", "ann", "bob", 100)
    till.act("release", "order:1")
    till.act("freeze", "order:3")
    with pytest.raises(Conflict) as refused:
        till.act("release", "order:0", "order:1", "order:2", "order:3")
    assert refused.value.rows == (1, 3)
    with pytest.raises(NotFound) as missing:
        till.act("release", "order:0", "order:9")
    assert missing.value.rows == (1,)
    assert row("order:0")["status"] == "held"


def test_several_refunds_of_one_escrow_in_a_batch_are_several_transfers(till: Till) -> None:
    till.hold(ORDER, "ann", "bob", 300)
    with till.market.writing() as moment:
        escrow.refund([escrow.Refund(ORDER, 100), escrow.Refund(ORDER, 100)], at=moment.at)
    with pytest.raises(Unaffordable) as refused, till.market.writing() as moment:
        escrow.refund([escrow.Refund(ORDER, 99), escrow.Refund(ORDER, 99)], at=moment.at)
    assert refused.value.rows == (0, 1)
    till.refund(ORDER, 100)
    assert [t["amount_fen"] for t in queries.transfers(kind="escrow_refund")] == [100, 100, 100]


def test_a_thousand_trades_take_seven_statements(till: Till, django_assert_num_queries: Any) -> None:
    ann, bob = till.members["ann"], till.members["bob"]
    holds = [escrow.Hold(f"order:{n}", ann, bob, 1 + n % 7) for n in range(1_000)]
    with (
        till.market.writing() as moment,
        django_assert_num_queries(7),
    ):  # of few trades five: many events ask for the last number first
        escrow.hold(holds, at=moment.at)
        escrow.release([h.reference for h in holds], at=moment.at)
    assert till.balance("bob") == sum(h.amount_fen for h in holds)


def test_an_escrow_is_numbered_by_the_transfer_that_filled_it(till: Till) -> None:
    ids = till.hold(ORDER, "ann", "bob", 100)
    [transfer] = queries.transfers(reference=ORDER)
    assert ids == [transfer["id"]] == [row()["id"]]


def test_only_payer_and_payee_may_see_what_happens_to_their_escrow(till: Till) -> None:
    stand(till, "held")
    till.refund(ORDER, 1_000)
    till.act("freeze", ORDER)
    till.act("unfreeze", ORDER)
    till.act("release", ORDER)
    told = list(Event.objects.filter(name__startswith="escrow.").order_by("id"))
    assert [(e.name, e.payload["amount_fen"]) for e in told] == [
        ("escrow.held", 6_000), ("escrow.refunded", 1_000), ("escrow.frozen", 5_000),
        ("escrow.unfrozen", 5_000), ("escrow.released", 5_000),
    ]  # fmt: skip
    pair = sorted([till.members["ann"], till.members["bob"]])
    assert all(sorted(e.members) == pair and not e.is_public for e in told)


BROKEN = [
    ("released_fen = 6001, status = 'settled', settled_at = held_at", "escrow_gives_no_more_than_it_holds"),
    ("released_fen = 6000", "escrow_is_settled_when_nothing_is_left"),
    ("status = 'settled', settled_at = held_at", "escrow_is_settled_when_nothing_is_left"),
    ("released_fen = 6000, status = 'settled'", "escrow_is_settled_when_nothing_is_left"),
    ("refunded_fen = -1", "escrow_amounts_are_not_negative"),
    ("status = 'lost'", "escrow_status_is_known"),
    ("payee_id = payer_id", "escrow_has_two_members"),
]


@pytest.mark.parametrize(("change", "rule"), BROKEN)
def test_the_table_refuses_an_escrow_that_does_not_add_up(till: Till, change: str, rule: str) -> None:
    stand(till, "held")
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        execute(f"UPDATE payments_escrow SET {change}")


def test_a_refusal_inside_a_batch_of_actions_undoes_all_of_it(till: Till) -> None:
    def both() -> None:
        with till.market.writing() as moment:
            escrow.hold([escrow.Hold("a", till.members["ann"], till.members["bob"], 100)], at=moment.at)
            escrow.release(["a", "nowhere"], at=moment.at)

    with pytest.raises(Refusal):
        both()
    assert dicts("SELECT * FROM payments_escrow") == []
    assert till.balance("ann") == 10_000
