"""The VIP club: how far each member has grown, and how far that was counted."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, F, Q

from community.rules import LEVELS_MOST
from members.models import Member


class Vip(models.Model):
    """Cache, brought up to date every night by `recompute`: a member who ever spent a whole yuan; all others are V0.

    `spent_yuan`: whole yuan of each finished trade, net of refunds, added up. `earned_level`: what growth alone gives;
    `level` is above it while it holds, to `level_holds_until` (null on V0) at least.
    """

    member = models.OneToOneField(Member, models.PROTECT, primary_key=True, related_name="+")
    spent_yuan = models.BigIntegerField()
    growth_points = models.BigIntegerField()
    earned_level = models.SmallIntegerField()
    level = models.SmallIntegerField()
    level_holds_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(spent_yuan__gte=0), name="spending_is_not_negative"),
            CheckConstraint(condition=Q(growth_points__gte=0), name="growth_is_not_negative"),
            CheckConstraint(
                condition=Q(earned_level__gte=0, level__lte=LEVELS_MOST), name="vip_levels_are_v0_to_v6"
            ),
            CheckConstraint(
                condition=Q(level__gte=F("earned_level")), name="a_level_is_at_least_what_growth_gives"
            ),
            CheckConstraint(
                condition=Q(level=0, level_holds_until__isnull=True)
                | Q(level__gt=0, level_holds_until__isnull=False),
                name="a_level_says_how_long_it_holds",
            ),
        ]
        # Few stand higher than their growth: the night asks whose hold is over.
        indexes = [
            models.Index(
                fields=["level_holds_until"],
                condition=Q(level__gt=F("earned_level")),
                name="levels_above_growth",
            ),
        ]


class Tally(models.Model):
    """How far growth is counted: events up to the number `through`, by this rate and this ladder (V1 to V6)."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    through = models.BigIntegerField()
    per_yuan_points = models.IntegerField()
    ladder_points = ArrayField(models.BigIntegerField())

    class Meta:
        constraints = [CheckConstraint(condition=Q(id=1), name="growth_is_counted_once")]
