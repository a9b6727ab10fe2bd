"""Posting: all or nothing, once for each key, never more than there is."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from common.batch import execute, one, rows
from common.errors import Conflict, Invalid, NotFound, Unaffordable, refusal_of
from events.models import Event
from members.actions import verify
from payments import ledger, queries
from payments.ledger import Posting, TopUp, Withdrawal
from payments.rules import PLATFORM_ACCOUNTS
from tests.payments.till import Till


def test_a_posting_moves_money_and_leaves_one_row_with_both_sides(till: Till) -> None:
    [id_] = till.post(till.pay("ann", "bob", 2_500))
    assert (till.balance("ann"), till.balance("bob")) == (7_500, 2_500)
    [line] = queries.transfers(of=[till.code("bob")])
    assert (line["id"], line["debit"], line["credit"], line["amount_fen"]) == (
        id_, till.code("ann"), till.code("bob"), 2_500,
    )  # fmt: skip


def test_one_posting_and_ten_thousand_take_one_statement(till: Till, django_assert_num_queries: Any) -> None:
    for size in (1, 10_000):
        postings = [Posting("outside:bank", till.code("bob"), 1, "topup", "x") for _ in range(size)]
        with till.market.writing() as moment, django_assert_num_queries(1):
            ids = ledger.post(postings, at=moment.at)
        assert len(set(ids)) == size
    assert till.balance("bob") == 10_001


def test_a_large_batch_is_not_run_by_the_plan_of_a_small_one(till: Till) -> None:
    kept = (
        "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%min(id), count(*) FROM posted%{}'"
    )
    for size in [1] * 8 + [ledger.FEW + 1] * 8:
        till.post(*[Posting("outside:bank", till.code("bob"), 1, "topup", "x") for _ in range(size)])
    assert one(kept.format("-- batch%")) == 0
    assert one(kept.format("")) == 1  # the small one's is kept


def test_ids_follow_the_order_of_the_batch(till: Till) -> None:
    last = one("SELECT max(id) FROM payments_transfer")
    ids = till.post(*[till.pay("ann", "bob", fen) for fen in (3, 1, 2)])
    assert ids == [last + 1, last + 2, last + 3]
    posted = queries.transfers(after=last)
    assert [transfer["amount_fen"] for transfer in posted] == [3, 1, 2]


def test_overspending_names_the_member_what_they_have_and_what_they_need(till: Till) -> None:
    with pytest.raises(Unaffordable) as refused:
        till.post(till.pay("ann", "bob", 6_000), till.pay("ann", "bob", 3_000), till.pay("ann", "bob", 1_001))
    ann = till.members["ann"]
    assert refused.value.detail == f"member {ann} has 100.00 yuan and needs 100.01"
    assert refused.value.rows == (2,)
    assert refused.value.extra["short"] == [
        {"account": f"member:{ann}", "have_fen": 10_000, "need_fen": 10_001}
    ]
    assert till.balance("ann") == 10_000


def test_every_poor_account_of_a_batch_is_named(till: Till) -> None:
    till.member("cat", 50)
    with pytest.raises(Unaffordable) as refused:
        till.post(till.pay("bob", "ann", 1), till.pay("ann", "bob", 5), till.pay("cat", "ann", 51))
    assert refused.value.rows == (2,)  # bob's fen comes in with the same batch; cat's does not
    with pytest.raises(Unaffordable) as refused:
        till.post(till.pay("bob", "ann", 1), till.pay("ann", "cat", 5), till.pay("cat", "ann", 56))
    assert refused.value.rows == (0, 2)
    assert {short["account"] for short in refused.value.extra["short"]} == {
        till.code("bob"),
        till.code("cat"),
    }


def test_money_may_pass_through_an_account_within_a_batch(till: Till) -> None:
    till.member("cat")
    till.post(till.pay("bob", "cat", 9_000), till.pay("ann", "bob", 9_000))
    assert [till.balance(nick) for nick in ("ann", "bob", "cat")] == [1_000, 0, 9_000]


def test_a_member_who_never_had_money_has_nought_and_can_spend_nought(till: Till) -> None:
    assert till.balance("bob") == 0
    with pytest.raises(Unaffordable, match=r"has 0\.00 yuan and needs 0\.01"):
        till.post(till.pay("bob", "ann", 1))


def test_the_same_key_with_the_same_content_is_the_same_transfer(till: Till) -> None:
    posting = till.pay("ann", "bob", 100, "once")
    [first] = till.post(posting)
    assert till.post(posting, till.pay("ann", "bob", 1, "new"), posting)[::2] == [first, first]
    assert till.balance("bob") == 101


@pytest.mark.parametrize("change", ["amount", "reference", "side"])
def test_the_same_key_with_other_content_is_refused(till: Till, change: str) -> None:
    till.member("cat")
    posting = till.pay("ann", "bob", 100, "once")
    till.post(posting)
    other = {
        "amount": till.pay("ann", "bob", 101, "once"),
        "reference": Posting(posting.debit, posting.credit, 100, posting.kind, "else", "once"),
        "side": till.pay("ann", "cat", 100, "once"),
    }[change]
    for batch in ([till.pay("ann", "bob", 5), other], [posting, other]):
        with pytest.raises(Conflict) as refused:
            till.post(*batch)
        assert (refused.value.rule, refused.value.rows) == ("one_transfer_per_key", (1,))
    assert till.balance("bob") == 100


def test_two_postings_without_a_key_are_two_transfers(till: Till) -> None:
    first, second = till.post(till.pay("ann", "bob", 5), till.pay("ann", "bob", 5))
    assert first != second
    assert till.balance("bob") == 10


def test_the_platforms_accounts_are_there_and_others_open_when_they_receive(
    till: Till,
) -> None:
    codes = {code for (code,) in rows("SELECT code FROM payments_account")}
    assert codes == {*PLATFORM_ACCOUNTS, till.code("ann")}
    till.post(till.pay("ann", "bob", 1))
    assert one("SELECT id FROM payments_account WHERE code = %s", [till.code("bob")]) == len(codes) + 1


def test_opening_an_account_twice_opens_it_once(till: Till) -> None:
    before = till.count("payments_account")
    ledger.open_accounts(["deposit:1", "deposit:1", till.code("ann")])
    ledger.open_accounts(["deposit:1"])
    assert till.count("payments_account") == before + 1
    assert till.balance("ann") == 10_000


def test_an_account_outside_the_chart_cannot_be_opened(till: Till) -> None:
    for code in ("bank:1", "member:", "member:0", "member:1x", "outside:else", ""):
        with pytest.raises(IntegrityError) as broken, transaction.atomic():
            ledger.open_accounts([code])
        refusal = refusal_of(broken.value)
        assert refusal is not None
        assert refusal.rule == "account_code_is_in_the_chart"


APPEND_ONLY = [
    "UPDATE payments_transfer SET amount_fen = 1",
    "UPDATE payments_transfer SET at = at",
    "DELETE FROM payments_transfer",
    "TRUNCATE payments_transfer CASCADE",
    "UPDATE payments_account SET given_fen = given_fen - 1 WHERE kind = 'outside'",
    "UPDATE payments_account SET received_fen = received_fen - 1 WHERE kind = 'member'",
    "UPDATE payments_account SET code = 'member:77' WHERE kind = 'member'",
    "DELETE FROM payments_account",
    "TRUNCATE payments_account CASCADE",
]


@pytest.mark.parametrize("statement", APPEND_ONLY)
def test_the_past_cannot_be_changed_even_in_raw_sql(till: Till, statement: str) -> None:
    execute("SET CONSTRAINTS ALL IMMEDIATE")  # so that TRUNCATE reaches its trigger
    with pytest.raises(IntegrityError, match="append-only") as broken, transaction.atomic():
        execute(statement)
    refusal = refusal_of(broken.value)
    assert isinstance(refusal, Conflict)
    assert till.balance("ann") == 10_000


def test_the_table_itself_refuses_overspending(till: Till) -> None:
    with pytest.raises(IntegrityError) as broken, transaction.atomic():
        execute(
            "UPDATE payments_account SET given_fen = given_fen + 10001 WHERE code = %s", [till.code("ann")]
        )
    assert isinstance(refusal_of(broken.value), Unaffordable)


def test_the_table_itself_refuses_an_unknown_kind_no_amount_and_paying_oneself(till: Till) -> None:
    sql = """INSERT INTO payments_transfer (id, debit_id, credit_id, amount_fen, kind, reference, key, at)
             VALUES (99, 1, %s, %s, %s, '', 'x', now())"""
    for credit, fen, kind, rule in (
        (2, 1, "present", "posting_kind_is_known"),
        (2, 0, "topup", "amount_is_positive"),
        (1, 1, "topup", "a_transfer_has_two_accounts"),
    ):
        with pytest.raises(IntegrityError, match=rule), transaction.atomic():
            execute(sql, [credit, fen, kind])


def test_topping_up_twice_with_one_key_brings_the_money_once_and_tells_it_once(till: Till) -> None:
    bob = till.members["bob"]
    with till.market.writing() as moment:
        first = ledger.top_up([TopUp(bob, 500, "k")], at=moment.at)
        assert ledger.top_up([TopUp(bob, 500, "k")], at=moment.at) == first
    assert till.balance("bob") == 500
    told = Event.objects.filter(name="account.topped_up", members__contains=[bob])
    assert [event.payload for event in told] == [{"member": bob, "amount_fen": 500}]
    assert not told.get().is_public


def test_a_members_key_is_their_own(till: Till) -> None:
    with till.market.writing() as moment:
        ledger.top_up([TopUp(till.members["ann"], 1, "k"), TopUp(till.members["bob"], 2, "k")], at=moment.at)
    assert (till.balance("ann"), till.balance("bob")) == (10_001, 2)


def test_nobody_tops_up_a_member_who_is_not_there(till: Till) -> None:
    with pytest.raises(NotFound) as refused, till.market.writing() as moment:
        ledger.top_up([TopUp(till.members["ann"], 1), TopUp(999_999, 1)], at=moment.at)
    assert refused.value.rows == (1,)
    assert till.balance("ann") == 10_000


def test_money_leaves_only_to_a_verified_bank_account(till: Till) -> None:
    ann = till.members["ann"]
    for _ in range(2):
        with (
            pytest.raises(Conflict, match="no verified bank account") as refused,
            till.market.writing() as moment,
        ):
            ledger.withdraw([Withdrawal(ann, 100)], at=moment.at)
        assert refused.value.rule == "withdrawal_goes_to_a_verified_bank"
        with till.market.writing() as moment:
            verify([ann], "id", at=moment.at)  # an identity is not a bank account
    with till.market.writing() as moment:
        verify([ann], "bank", at=moment.at)
        ledger.withdraw([Withdrawal(ann, 100)], at=moment.at)
    assert till.balance("ann") == 9_900
    assert queries.account("outside:bank") == -9_900


def test_nobody_withdraws_more_than_they_have(till: Till) -> None:
    with till.market.writing() as moment:
        verify([till.members["ann"]], "bank", at=moment.at)
    with pytest.raises(Unaffordable), till.market.writing() as moment:
        ledger.withdraw([Withdrawal(till.members["ann"], 10_001)], at=moment.at)


def test_a_wrong_posting_writes_nothing_at_all(till: Till) -> None:
    before = rows("SELECT * FROM payments_account ORDER BY id")
    with pytest.raises(Invalid):
        till.post(till.pay("ann", "bob", 5), Posting(till.code("ann"), "escrow:x", 5, "topup", "x"))
    assert rows("SELECT * FROM payments_account ORDER BY id") == before
    assert not connection.needs_rollback


def test_a_refused_batch_leaves_the_transaction_usable(till: Till) -> None:
    with till.market.writing() as moment:
        with pytest.raises(Unaffordable):
            ledger.post([till.pay("bob", "ann", 1)], at=moment.at)
        ledger.post([till.pay("ann", "bob", 1)], at=moment.at)
    assert till.balance("bob") == 1
