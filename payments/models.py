"""Accounts, transfers between them, and escrows. Money is whole fen."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, F, Func, Q, UniqueConstraint, Value

from common.models import Fact, Row
from members.models import Member
from payments.rules import CHART, CODE, ESCROW_STATUSES, POSTINGS


class Account(Row):
    """Where money is. What it gave and received only grows; its balance is received - given."""

    code = models.CharField(max_length=80)
    kind = models.CharField(max_length=10)
    given_fen = models.BigIntegerField(default=0)
    received_fen = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["code"], name="one_account_per_code"),
            CheckConstraint(
                condition=Q(received_fen__gte=F("given_fen"))
                | Q(kind__in=[row.kind for row in CHART if row.may_owe]),
                name="nobody_spends_what_they_lack",
            ),
            CheckConstraint(
                condition=Q(given_fen__gte=0, received_fen__gte=0), name="totals_are_not_negative"
            ),
            CheckConstraint(condition=Q(code__regex=CODE), name="account_code_is_in_the_chart"),
            CheckConstraint(
                condition=Q(kind=Func(F("code"), Value(":"), Value(1), function="split_part")),
                name="account_code_begins_with_its_kind",
            ),
        ]


class Transfer(Fact):
    """`amount_fen` went from `debit` (gave) to `credit` (received): one row, both sides. Append-only."""

    debit = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    credit = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    amount_fen = models.BigIntegerField()
    kind = models.CharField(max_length=30)
    reference = models.CharField(max_length=80)
    key = models.CharField(max_length=140)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["key"], name="one_transfer_per_key"),
            CheckConstraint(condition=Q(amount_fen__gt=0), name="amount_is_positive"),
            CheckConstraint(condition=~Q(debit=F("credit")), name="a_transfer_has_two_accounts"),
            CheckConstraint(
                condition=Q(kind__in=[row.kind for row in POSTINGS]), name="posting_kind_is_known"
            ),
        ]
        indexes = [
            models.Index(fields=["debit", "id"], name="what_an_account_gave"),
            models.Index(fields=["credit", "id"], name="what_an_account_received"),
            models.Index(fields=["reference", "id"], name="transfers_of_a_reference"),
        ]


class Escrow(Row):
    """A payer's money held for a payee under an opaque `reference`, in the account `escrow:<reference>`."""

    reference = models.CharField(max_length=60)
    payer = models.ForeignKey(Member, models.PROTECT, related_name="+")
    payee = models.ForeignKey(Member, models.PROTECT, related_name="+")
    held_fen = models.BigIntegerField()
    released_fen = models.BigIntegerField(default=0)
    refunded_fen = models.BigIntegerField(default=0)
    status = models.CharField(max_length=10, default="held")
    held_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["reference"], name="one_escrow_per_reference"),
            CheckConstraint(condition=Q(status__in=ESCROW_STATUSES), name="escrow_status_is_known"),
            CheckConstraint(
                condition=Q(held_fen__gt=0, released_fen__gte=0, refunded_fen__gte=0),
                name="escrow_amounts_are_not_negative",
            ),
            CheckConstraint(
                condition=Q(held_fen__gte=F("released_fen") + F("refunded_fen")),
                name="escrow_gives_no_more_than_it_holds",
            ),
            CheckConstraint(
                condition=Q(
                    status="settled", held_fen=F("released_fen") + F("refunded_fen"), settled_at__isnull=False
                )
                | ~Q(status="settled")
                & Q(held_fen__gt=F("released_fen") + F("refunded_fen"), settled_at__isnull=True),
                name="escrow_is_settled_when_nothing_is_left",
            ),
            CheckConstraint(condition=~Q(payer=F("payee")), name="escrow_has_two_members"),
        ]
