"""What a village and a town came to in a year, and whether that made them one of Taobao's."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from common.models import Row

from .rules import TOWN, VILLAGE


class Recognition(Row):
    """One place in one year. `code`: the town's; `name`: a village's, empty for a town. `figures`: sales_fen,
    counted_fen, active_shops, households, villages (recognised ones of a town)."""

    year = models.SmallIntegerField()
    kind = models.CharField(max_length=7)
    code = models.BigIntegerField()
    name = models.CharField(max_length=60, blank=True)
    figures = models.JSONField()
    met = models.BooleanField()
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["year", "kind", "code", "name"], name="a_place_is_judged_once_a_year"),
            CheckConstraint(condition=Q(kind__in=[VILLAGE, TOWN]), name="a_place_is_a_village_or_a_town"),
        ]
