"""Members: whoever buys or sells."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from common.models import Fact


class Member(Fact):
    """A person in the market. `openness`: how much of a buyer's name the public trade history shows."""

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
            CheckConstraint(condition=Q(openness__in=["open", "masked", "hidden"]), name="openness_is_known"),
            CheckConstraint(condition=Q(status__in=["open", "sealed"]), name="member_status_is_known"),
            CheckConstraint(condition=Q(region__gte=110000, region__lte=829999), name="region_is_six_digits"),
        ]
