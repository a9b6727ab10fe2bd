"""Drift finds what no action could do: each kind of damage, done on purpose with the guards off."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from common.batch import execute
from payments import ledger
from tests.payments.till import Till

ONE_TRANSFER = """
    INSERT INTO payments_transfer (id, debit_id, credit_id, amount_fen, kind, reference, key, at)
    SELECT 999, d.id, c.id, {fen}, '{kind}', 'x', 'x', now() FROM payments_account d, payments_account c
     WHERE d.code = '{debit}' AND c.code = '{credit}'"""

# the damage, what drift calls it, whose row it names ({ann} and {bob} stand for members' ids)
DAMAGES = [
    ("UPDATE payments_account SET received_fen = received_fen + 1 WHERE code = 'member:{ann}'",
     "received is not the sum of transfers", "member:{ann}"),
    ("UPDATE payments_account SET given_fen = given_fen - 1 WHERE code = 'outside:bank'",
     "given is not the sum of transfers", "outside:bank"),
    ("UPDATE payments_transfer SET amount_fen = amount_fen + 1 WHERE kind = 'escrow_hold'",
     "received is not the sum of transfers", "escrow:order:1"),
    ("DELETE FROM payments_transfer WHERE kind = 'topup'",
     "received is not the sum of transfers", "member:{ann}"),
    (ONE_TRANSFER.format(fen=7, kind="fee", debit="member:{ann}", credit="platform:fees"),
     "given is not the sum of transfers", "member:{ann}"),
    ("DELETE FROM payments_account WHERE code = 'member:{ann}'",
     "received is not the sum of transfers", "account 4"),
    ("UPDATE payments_account SET given_fen = received_fen + 5 WHERE code = 'member:{ann}'",
     "spent more than it had", "member:{ann}"),
    ("UPDATE payments_escrow SET held_fen = held_fen + 1",
     "escrow holds another sum than its account received", "order:1"),
    ("UPDATE payments_escrow SET refunded_fen = refunded_fen + 1",
     "escrow let go another sum than its account gave", "order:1"),
    ("UPDATE payments_escrow SET status = 'settled', settled_at = held_at",
     "escrow is settled although money is left, or not although none is", "order:1"),
    ("DELETE FROM payments_escrow", "escrow account without an escrow", "escrow:order:1"),
    ("UPDATE payments_transfer SET kind = 'fee' WHERE kind = 'topup'",
     "transfer between accounts its kind does not allow", "transfer 1"),
]  # fmt: skip


@pytest.mark.parametrize(("damage", "wrong", "subject"), DAMAGES)
def test_drift_finds_damage_and_says_where(till: Till, damage: str, wrong: str, subject: str) -> None:
    till.hold("order:1", "ann", "bob", 6_000)
    till.refund("order:1", 1_000)
    assert ledger.drift() == []
    with transaction.atomic():
        guards_off()
        execute(damage.format(**till.members))
        found: list[dict[str, Any]] = ledger.drift()
        assert (wrong, subject.format(**till.members)) in {(row["wrong"], row["subject"]) for row in found}
        assert all(row["expected_fen"] != row["found_fen"] for row in found)
        transaction.set_rollback(True)
    assert ledger.drift() == []


def guards_off() -> None:
    """As a superuser, in a transaction that is undone: no triggers, no checks."""
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table, check in (
        ("payments_account", "nobody_spends_what_they_lack"),
        ("payments_escrow", "escrow_is_settled_when_nothing_is_left"),
        ("payments_escrow", "escrow_gives_no_more_than_it_holds"),
    ):
        execute(f"ALTER TABLE {table} DROP CONSTRAINT {check}")
    execute("SET LOCAL session_replication_role = replica")


def test_with_the_guards_off_but_no_damage_there_is_no_drift(till: Till) -> None:
    till.hold("order:1", "ann", "bob", 6_000)
    with transaction.atomic():
        guards_off()
        assert ledger.drift() == []
        transaction.set_rollback(True)
