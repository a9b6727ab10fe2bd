"""The two bases of a market's tables."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Row(models.Model):
    """A row numbered by its batch (`common.batch.insert`), not by a sequence: refused work leaves no gap."""

    id = models.BigIntegerField(primary_key=True)

    class Meta:
        abstract = True


class Fact(Row):
    """A row that also remembers when it was written on this machine: for debugging, never hashed."""

    recorded_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        abstract = True
