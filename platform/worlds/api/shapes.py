"""How worlds, clocks, jobs and keys look from outside."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from common.api.doors import Out
from common.batch import rows
from common.moments import show
from worlds.current import quoted
from worlds.jobs import address
from worlds.models import ApiKey, Job, Snapshot, World


class ClockOut(Out):
    now = serializers.DateTimeField(help_text="The market's moment")
    started = serializers.DateTimeField(help_text="Where the market's time began")
    mode = serializers.ChoiceField(["paused", "live"])
    speed = serializers.FloatField(help_text="Market seconds per real second when live; 0: never ran live")
    job = serializers.CharField(allow_null=True, help_text="Address of the job that moves it now")


class SnapshotOut(Out):
    tag = serializers.CharField()
    now = serializers.DateTimeField(help_text="The market's moment it keeps")
    created_at = serializers.DateTimeField(help_text="Real time")


class WorldOut(Out):
    id = serializers.IntegerField()
    name = serializers.CharField()
    regime = serializers.CharField(help_text="The shipped regime it began with")
    seed = serializers.IntegerField()
    scenario = serializers.CharField(allow_blank=True)
    parent = serializers.CharField(  # type: ignore[assignment]
        allow_blank=True, help_text="The world it is a fork of"
    )
    created_at = serializers.DateTimeField(help_text="Real time")
    clock = ClockOut()


class WorldDetailOut(WorldOut):
    counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="Rows by table, empty ones left out"
    )
    snapshots = SnapshotOut(many=True)


class WorldMadeOut(WorldOut):
    admin_key = serializers.CharField(allow_null=True, help_text="Shown this once")


class JobOut(Out):
    id = serializers.UUIDField()
    address = serializers.CharField()
    world = serializers.CharField()
    kind = serializers.CharField()
    args = serializers.DictField()
    status = serializers.ChoiceField(["queued", "running", "done", "failed", "cancelled"])
    progress = serializers.FloatField(min_value=0, max_value=1)
    result = serializers.DictField(allow_null=True)
    error = serializers.DictField(allow_null=True, help_text="A problem document when it failed")
    created_at = serializers.DateTimeField(help_text="Real time")
    finished_at = serializers.DateTimeField(allow_null=True, help_text="Real time")


class KeyOut(Out):
    id = serializers.IntegerField()
    scope = serializers.ChoiceField(["admin", "member", "read"])
    member = serializers.IntegerField(allow_null=True)
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    prefix = serializers.CharField(help_text="How the key begins")
    created_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)


class KeyMadeOut(KeyOut):
    key = serializers.CharField(allow_null=True, help_text="Shown this once")


class StateHashOut(Out):
    state_hash = serializers.CharField()
    tables = serializers.DictField(child=serializers.CharField())


def job_shown(job: Job) -> dict[str, Any]:
    return {
        "id": str(job.pk),
        "address": address(job.pk),
        "world": job.world.name,
        "kind": job.kind,
        "args": job.args,
        "status": job.status,
        "progress": round(job.progress, 4),
        "result": job.result,
        "error": job.error,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
    }


def snapshot_shown(kept: Snapshot) -> dict[str, Any]:
    return {"tag": kept.tag, "now": show(kept.now_at), "created_at": kept.created_at}


def key_shown(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.pk,
        "scope": key.scope,
        "member": key.member_id,
        "label": key.label,
        "prefix": key.prefix,
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
    }


CLOCK = """
    SELECT {world}::bigint, c.now_at, c.started_at, c.mode, c.live_speed,
           (SELECT j.id FROM public.worlds_job j
             WHERE j.world_id = {world} AND j.status IN ('queued', 'running'))
      FROM {schema}.worlds_clock c
"""


def worlds_shown(worlds: list[World]) -> list[dict[str, Any]]:
    """What there is to say of `worlds` without counting rows: one statement for all their clocks."""
    if not worlds:
        return []
    parts = (CLOCK.format(world=int(world.pk), schema=quoted(world.schema)) for world in worlds)
    clocks = {row[0]: row[1:] for row in rows(" UNION ALL ".join(parts))}
    return [
        {
            "id": world.pk,
            "name": world.name,
            "regime": world.regime,
            "seed": world.seed,
            "scenario": world.scenario,
            "parent": world.parent,
            "created_at": world.created_at,
            "clock": clock_shown(*clocks[world.pk]),
        }
        for world in worlds
        if world.pk in clocks
    ]


def clock_shown(now: Any, started: Any, mode: str, speed: float, job: Any) -> dict[str, Any]:
    return {
        "now": show(now),
        "started": show(started),
        "mode": mode,
        "speed": speed,
        "job": address(job) if job else None,
    }
