"""A request for money back, and the dispute that may follow a refusal."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from common.models import Fact
from shops.rules.refund import (
    DISPUTE_OPEN,
    DISPUTE_STATUSES,
    PHASES,
    REASONS,
    REFUND_KINDS,
    REFUND_OPEN,
    REFUND_STATUSES,
    RETURN_DELIVERIES,
    SENT,
    SETTLERS,
)


class Refund(Fact):
    """Money asked back for one line. `phase`: whether that line had been sent, or the trade had succeeded, when
    it was asked.

    Deadlines, one for each state that waits: `answer_by` (asked), `send_back_by` (returning), `receive_by`
    (returned), `escalate_by` (refused). `amount_fen` is what is asked, or after a ruling what was awarded.
    `return_postage_fen` is what the parcel back cost, `postage_by` who bears it, `postage_paid_fen` what the
    seller's account gave for it.
    """

    order = models.ForeignKey("shops.Order", models.PROTECT, related_name="refunds", db_index=False)
    line = models.ForeignKey("shops.OrderLine", models.PROTECT, related_name="refunds", db_index=False)
    buyer = models.ForeignKey("members.Member", models.PROTECT, related_name="+", db_index=False)
    seller = models.ForeignKey("members.Member", models.PROTECT, related_name="+", db_index=False)
    status = models.CharField(max_length=10, default="asked")
    kind = models.CharField(max_length=12)
    phase = models.CharField(max_length=10)
    delivery = models.CharField(max_length=10)
    reason = models.CharField(max_length=20)
    text = models.TextField(default="", blank=True)
    amount_fen = models.BigIntegerField()
    asked_at = models.DateTimeField()
    modified_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    send_back_by = models.DateTimeField(null=True)
    receive_by = models.DateTimeField(null=True)
    escalate_by = models.DateTimeField(null=True)
    refusal = models.TextField(default="", blank=True)
    refused_at = models.DateTimeField(null=True)
    return_delivery = models.CharField(max_length=10, default="", blank=True)
    return_carrier = models.CharField(max_length=40, default="", blank=True)
    return_tracking_no = models.CharField(max_length=40, default="", blank=True)
    return_postage_fen = models.BigIntegerField(default=0)
    postage_by = models.CharField(max_length=10)
    postage_paid_fen = models.BigIntegerField(default=0)
    sent_back_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=10, default="", blank=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(status__in=REFUND_STATUSES), name="refund_status_is_known"),
            CheckConstraint(condition=Q(kind__in=REFUND_KINDS), name="refund_kind_is_known"),
            CheckConstraint(condition=Q(phase__in=PHASES), name="refund_phase_is_known"),
            CheckConstraint(condition=Q(reason__in=list(REASONS)), name="refund_reason_is_known"),
            CheckConstraint(
                condition=Q(postage_by__in=["buyer", "seller"]), name="return_postage_is_paid_by_a_party"
            ),
            CheckConstraint(
                condition=Q(return_delivery__in=["", *RETURN_DELIVERIES]), name="return_delivery_is_known"
            ),
            CheckConstraint(
                condition=Q(settled_by__in=["", *SETTLERS]), name="refund_was_settled_by_somebody_known"
            ),
            CheckConstraint(condition=Q(amount_fen__gte=1), name="a_refund_is_1_fen_or_more"),
            CheckConstraint(
                condition=Q(
                    return_postage_fen__gte=0, return_postage_fen__lte=10**9, postage_paid_fen__gte=0
                ),
                name="return_postage_is_not_negative",
            ),
            CheckConstraint(
                condition=Q(phase__in=SENT) | Q(kind="refund_only"),
                name="only_what_was_sent_can_be_sent_back",
            ),
            CheckConstraint(
                condition=Q(status__in=["succeeded", "closed"], settled_at__isnull=False) & ~Q(settled_by="")
                | ~Q(status__in=["succeeded", "closed"]) & Q(settled_at__isnull=True, settled_by=""),
                name="a_settled_refund_says_when_and_by_whom",
            ),
            CheckConstraint(
                condition=~Q(status="returning") | Q(send_back_by__isnull=False),
                name="a_return_agreed_on_has_a_deadline",
            ),
            CheckConstraint(
                condition=~Q(status="returned") | Q(receive_by__isnull=False),
                name="a_parcel_back_has_a_deadline",
            ),
            CheckConstraint(
                condition=~Q(status="refused") | Q(escalate_by__isnull=False), name="a_refusal_has_a_deadline"
            ),
            CheckConstraint(
                condition=~Q(status="owed") | Q(phase="finished"),
                name="a_seller_owes_only_what_escrow_has_released",
            ),
            UniqueConstraint(
                fields=["line"], condition=Q(status__in=REFUND_OPEN), name="one_open_refund_per_line"
            ),
        ]
        indexes = [
            models.Index(fields=["answer_by"], name="refunds_to_answer_until", condition=Q(status="asked")),
            models.Index(
                fields=["send_back_by"], name="refunds_to_send_back_until", condition=Q(status="returning")
            ),
            models.Index(
                fields=["receive_by"], name="refunds_to_receive_until", condition=Q(status="returned")
            ),
            models.Index(
                fields=["escalate_by"], name="refunds_to_escalate_until", condition=Q(status="refused")
            ),
            models.Index(fields=["id"], name="refunds_owed", condition=Q(status="owed")),
            models.Index(fields=["order", "id"], name="refunds_of_an_order"),
            models.Index(fields=["seller", "id"], name="refunds_of_a_seller"),
            models.Index(fields=["buyer", "id"], name="refunds_of_a_buyer"),
        ]


class Dispute(Fact):
    """A refused refund before the platform. Deadlines: `evidence_by`, `reply_by`, `rule_by`, one a state."""

    refund = models.ForeignKey("shops.Refund", models.PROTECT, related_name="disputes", db_index=False)
    order = models.ForeignKey("shops.Order", models.PROTECT, related_name="+", db_index=False)
    buyer = models.ForeignKey("members.Member", models.PROTECT, related_name="+", db_index=False)
    seller = models.ForeignKey("members.Member", models.PROTECT, related_name="+", db_index=False)
    status = models.CharField(max_length=10, default="evidence")
    opened_at = models.DateTimeField()
    evidence_by = models.DateTimeField()
    reply_by = models.DateTimeField(null=True)
    rule_by = models.DateTimeField(null=True)
    reply = models.TextField(default="", blank=True)
    replied_at = models.DateTimeField(null=True)
    award_fen = models.BigIntegerField(null=True)
    must_return = models.BooleanField(default=False)
    ruling = models.TextField(default="", blank=True)
    ruled_by = models.CharField(max_length=10, default="", blank=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(status__in=DISPUTE_STATUSES), name="dispute_status_is_known"),
            CheckConstraint(
                condition=Q(ruled_by__in=["", "platform", "time"]), name="dispute_was_ruled_by_somebody_known"
            ),
            CheckConstraint(
                condition=Q(status="ruled", award_fen__gte=0) & ~Q(ruled_by="")
                | ~Q(status="ruled") & Q(award_fen__isnull=True, ruled_by=""),
                name="a_ruling_awards_something_or_nothing",
            ),
            CheckConstraint(
                condition=Q(status__in=DISPUTE_OPEN, settled_at__isnull=True)
                | ~Q(status__in=DISPUTE_OPEN) & Q(settled_at__isnull=False),
                name="a_dispute_is_open_or_settled",
            ),
            CheckConstraint(
                condition=~Q(status="reply") | Q(reply_by__isnull=False), name="a_reply_has_a_deadline"
            ),
            CheckConstraint(
                condition=~Q(status="ruling") | Q(rule_by__isnull=False), name="a_ruling_has_a_deadline"
            ),
            UniqueConstraint(
                fields=["refund"], condition=Q(status__in=DISPUTE_OPEN), name="one_open_dispute_per_refund"
            ),
        ]
        indexes = [
            models.Index(
                fields=["evidence_by"], name="disputes_to_hear_until", condition=Q(status="evidence")
            ),
            models.Index(fields=["reply_by"], name="disputes_to_reply_until", condition=Q(status="reply")),
            models.Index(fields=["rule_by"], name="disputes_to_rule_until", condition=Q(status="ruling")),
            models.Index(fields=["refund", "id"], name="disputes_of_a_refund"),
        ]


class Evidence(Fact):
    """What a party brought to a dispute, append-only; read by both parties and the platform only."""

    dispute = models.ForeignKey("shops.Dispute", models.PROTECT, related_name="evidence", db_index=False)
    member = models.ForeignKey("members.Member", models.PROTECT, related_name="+", db_index=False)
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [CheckConstraint(condition=~Q(text=""), name="evidence_says_something")]
        indexes = [models.Index(fields=["dispute", "id"], name="evidence_of_a_dispute")]
