"""Members: whoever buys or sells; both are roles of one member."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from common.models import Fact
from members.rules import OPENNESS, STATUSES


class Member(Fact):
    """A person in the market. `openness`: how much of them the pages that show them as a buyer tell.

    `region` is a six-digit code of GB/T 2260, or nine digits for a town (`common.regions`).
    """

    nick = models.CharField(max_length=30)
    name = models.CharField(max_length=60, blank=True)
    region = models.IntegerField()
    openness = models.CharField(max_length=10, default="masked")
    status = models.CharField(max_length=10, default="open")
    joined_at = models.DateTimeField()
    id_verified_at = models.DateTimeField(null=True)
    bank_verified_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["nick"], name="nick_is_taken"),
            CheckConstraint(condition=~Q(nick=""), name="nick_is_not_empty"),
            CheckConstraint(condition=Q(openness__in=OPENNESS), name="openness_is_known"),
            CheckConstraint(condition=Q(status__in=STATUSES), name="member_status_is_known"),
            CheckConstraint(
                condition=Q(region__range=(110000, 829999)) | Q(region__range=(110000000, 829999999)),
                name="region_has_six_or_nine_digits",
            ),
        ]
        # Few are ever sealed; whoever decides what verdicts count asks for them again and again.
        indexes = [models.Index(fields=["id"], condition=Q(status="sealed"), name="sealed_accounts")]
