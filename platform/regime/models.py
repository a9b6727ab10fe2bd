"""The levers of a market as dated facts: what each was set to, from when, by whom and why."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, F, Q

from common.models import Fact


class Lever(Fact):
    """From `effective_at` on, the lever `name` is `value`, until a later row says otherwise.

    Of two rows of one lever and one moment the later decision (the greater id) holds: while the clock stands
    still a teacher may think again, and the first thought is still on record. `regime` names the shipped
    regime that set it (empty: set by hand); `changed_by` the member who did (null: the platform itself).
    """

    name = models.CharField(max_length=60)
    value = models.JSONField()
    effective_at = models.DateTimeField()
    decided_at = models.DateTimeField()
    changed_by = models.BigIntegerField(null=True)
    regime = models.CharField(max_length=40, blank=True)
    why = models.CharField(max_length=500)

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(effective_at__gte=F("decided_at")), name="a_lever_never_changes_the_past"
            ),
            CheckConstraint(condition=~Q(why=""), name="a_change_says_why"),
        ]
        indexes = [models.Index(fields=["name", "id"], name="changes_of_a_lever")]
