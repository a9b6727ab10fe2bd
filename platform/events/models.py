"""Events, append-only and numbered in the order in which they became true; and who outside is told of them.

Events stand in each market. Webhooks and their deliveries stand above markets: who listens outside is no part
of what a market is, so forks have no webhooks and a reset keeps them.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.db.models.functions import Now

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


class Webhook(models.Model):
    """An outside address that is told of a world's events. `names`: which, `order.*` for all of a kind.

    `member_id`: told only what that member may see (null: everything). `cursor`: the last event queued.
    """

    world = models.ForeignKey("worlds.World", models.CASCADE, related_name="webhooks")
    url = models.CharField(max_length=500)
    names = ArrayField(models.CharField(max_length=60), default=list)
    member_id = models.BigIntegerField(null=True)
    secret = models.CharField(max_length=80)
    is_active = models.BooleanField(default=True)
    cursor = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(url__regex=r"^https?://[^/ ]+"), name="a_webhook_has_an_http_address"
            ),
        ]


class Delivery(models.Model):
    """One telling of one event: tried until the other side answers 2xx, at least once. Times are real."""

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    event_id = models.BigIntegerField()
    name = models.CharField(max_length=60)
    body = models.BinaryField()
    status = models.CharField(max_length=10, default="waiting")
    attempts = models.IntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, db_default=Now())
    last_status = models.IntegerField(null=True)
    last_error = models.CharField(max_length=200, blank=True, default="")
    queued_at = models.DateTimeField(db_default=Now())
    delivered_at = models.DateTimeField(null=True)
    replayed = models.BooleanField(default=False)

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(status__in=["waiting", "delivered", "dead"]), name="delivery_status_is_known"
            ),
            UniqueConstraint(
                fields=["webhook", "event_id"], condition=Q(replayed=False), name="an_event_is_queued_once"
            ),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(status="waiting"), name="deliveries_to_try"),
            models.Index(fields=["webhook", "id"], name="deliveries_of_a_webhook"),
        ]
