"""Events, append-only and numbered in the order in which they became true."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from common.models import Fact


class Event(Fact):
    """One thing that happened. `members` may see it; `is_public` ones everybody may."""

    name = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    members = ArrayField(models.BigIntegerField())
    is_public = models.BooleanField()
    payload = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["name", "id"], name="events_of_a_name"),
            GinIndex(fields=["members"], name="events_of_a_member", fastupdate=True),
        ]
