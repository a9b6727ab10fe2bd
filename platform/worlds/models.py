"""What stands above markets (public schema), and the one clock row inside each (world schema)."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.db.models.functions import Now


class World(models.Model):
    """A market: the name people use and the schema that holds it."""

    name = models.CharField(max_length=40, unique=True)
    schema = models.CharField(max_length=63, unique=True)
    scenario = models.CharField(max_length=40, blank=True)
    seed = models.BigIntegerField(default=0)
    regime = models.CharField(max_length=40)
    parent = models.CharField(max_length=40, blank=True)
    is_demo = models.BooleanField(default=False)
    is_live = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(name__regex=r"^[a-z][a-z0-9_-]{0,39}$"), name="world_name_is_lower_case_letters"
            ),
        ]
        indexes = [models.Index(fields=["id"], condition=Q(is_live=True), name="worlds_that_run_live")]

    def __str__(self) -> str:
        return self.name


class Snapshot(models.Model):
    """A named copy of a world to reset it to."""

    world = models.ForeignKey(World, models.CASCADE, related_name="snapshots")
    tag = models.CharField(max_length=40)
    schema = models.CharField(max_length=63, unique=True)
    now_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            UniqueConstraint(fields=["world", "tag"], name="one_snapshot_per_tag"),
            CheckConstraint(
                condition=Q(tag__regex=r"^[a-z0-9][a-z0-9_.-]{0,39}$"), name="snapshot_tag_is_lower_case"
            ),
        ]


class ReadySchema(models.Model):
    """A blank market waiting to be claimed: creating a world is then a rename."""

    schema = models.CharField(max_length=63, unique=True)
    fingerprint = models.CharField(max_length=64)


class ApiKey(models.Model):
    """A key to one world (or, scope `operator`, to the platform). Only its hash is kept."""

    class Scope(models.TextChoices):
        ADMIN = "admin"
        MEMBER = "member"
        READ = "read"
        OPERATOR = "operator"

    world = models.ForeignKey(World, models.CASCADE, null=True, related_name="keys")
    scope = models.CharField(max_length=10, choices=Scope.choices)
    member_id = models.BigIntegerField(null=True)
    label = models.CharField(max_length=80, blank=True)
    prefix = models.CharField(max_length=12)
    hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(scope__in=["admin", "member", "read", "operator"]), name="key_scope_is_known"
            ),
            CheckConstraint(
                condition=Q(scope="operator", world__isnull=True)
                | ~Q(scope="operator") & Q(world__isnull=False),
                name="key_belongs_to_a_world_unless_operator",
            ),
            CheckConstraint(
                condition=Q(scope="member", member_id__isnull=False)
                | ~Q(scope="member") & Q(member_id__isnull=True),
                name="only_a_member_key_names_a_member",
            ),
        ]


class Job(models.Model):
    """Long work on a world, done by a Celery worker; survives the worker."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    world = models.ForeignKey(World, models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=20)
    args = models.JSONField(default=dict)
    status = models.CharField(max_length=10, default="queued")
    progress = models.FloatField(default=0)
    state = models.JSONField(default=dict)
    result = models.JSONField(null=True)
    error = models.JSONField(null=True)
    attempts = models.IntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    beat_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(status__in=["queued", "running", "done", "failed", "cancelled"]),
                name="job_status_is_known",
            ),
            UniqueConstraint(
                fields=["world"],
                condition=Q(status__in=["queued", "running"]),
                name="one_running_job_per_world",
            ),
        ]
        indexes = [
            models.Index(
                fields=["beat_at"], condition=Q(status__in=["queued", "running"]), name="jobs_to_resume"
            )
        ]


class Clock(models.Model):
    """The one clock of a market: its moment, how it moves, and what its randomness is seeded with.

    `uid` is new for every created, forked or reset world (a cache key, never hashed). `live_*` anchor a
    running clock: market time passes `live_speed` simulated seconds per real second since `live_since`.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    now_at = models.DateTimeField()
    started_at = models.DateTimeField()
    seed = models.BigIntegerField()
    uid = models.UUIDField()
    regime_version = models.BigIntegerField(default=0)
    mode = models.CharField(max_length=10, default="paused")
    live_speed = models.FloatField(default=0)
    live_since = models.DateTimeField(null=True)
    live_from = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(id=1), name="a_market_has_one_clock"),
            CheckConstraint(condition=Q(mode__in=["paused", "live"]), name="clock_mode_is_paused_or_live"),
            CheckConstraint(condition=Q(live_speed__gte=0), name="live_speed_is_not_negative"),
        ]


class IdempotencyKey(models.Model):
    """The answer given to a write, kept in the same transaction: asked again, it is told again.

    Stands in every market, and once above them for writes on markets themselves.
    """

    key = models.CharField(max_length=255)
    principal = models.CharField(max_length=40)
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=300)
    body_hash = models.CharField(max_length=64)
    status = models.SmallIntegerField()
    body = models.BinaryField()
    location = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [UniqueConstraint(fields=["principal", "key"], name="one_answer_per_idempotency_key")]
