"""/api/worlds/: make, list, look at, fork, keep, bring back, drop."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from common.api.doors import ADMIN, Door, In, Out, Paged, page, reads, writes
from common.moments import moment
from worlds import actions, hashing, queries
from worlds.api.shapes import (
    SnapshotOut,
    StateHashOut,
    WorldDetailOut,
    WorldMadeOut,
    WorldOut,
    snapshot_shown,
    worlds_shown,
)
from worlds.auth import who
from worlds.current import use_world
from worlds.models import Snapshot, World

KEEPERS = ("admin", "operator")


def reached(request: Request, name: str) -> World:
    """The world called `name`, if this key is its admin's or the operator's; else as if it did not exist."""
    if who(request).scope != "operator" and name != who(request).world:
        raise actions.no_world(name)
    return actions.find(name)


def own(request: Request) -> World:
    """The world of the key that asks."""
    return World.objects.get(name=who(request).world or "")


class WorldIn(In):
    name = serializers.CharField(max_length=40, help_text="1 to 40 of a-z, 0-9, - and _, a letter first")
    seed = serializers.IntegerField(default=1, min_value=-(2**63), max_value=2**63 - 1)
    regime = serializers.CharField(
        required=False, max_length=40, help_text="A shipped regime; default the scenario's, else thesis-2010"
    )
    start = serializers.CharField(
        required=False, max_length=40, help_text="The market's first moment, ISO 8601"
    )
    scenario = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=40,
        help_text="Filled by a job; blank: an empty market",
    )


class NameIn(In):
    name = serializers.CharField(max_length=40, help_text="The new world's name")


class TagIn(In):
    tag = serializers.CharField(max_length=40, help_text="1 to 40 of a-z, 0-9, . - and _")


class WorldSnapshotsOut(Out):
    results = SnapshotOut(many=True)


class Worlds(Door):
    @reads(WorldOut, query=Paged, paged=True, scopes=KEEPERS, market=False)
    def get(self, request: Request, query: dict[str, Any]) -> dict[str, Any]:
        """List worlds: all of them for the operator, the key's own for an admin."""
        found = World.objects.filter(id__gt=query.get("after", 0)).order_by("id")
        if who(request).scope != "operator":
            found = found.filter(name=who(request).world or "")
        return page(request, worlds_shown(list(found[: query["limit"] + 1])), query["limit"])

    @writes(WorldIn, WorldMadeOut, status=201, scopes=KEEPERS, market=False, secrets=["admin_key"])
    def post(self, request: Request, data: dict[str, Any], at: None) -> dict[str, Any]:
        """Make a world, blank or (by a job) from a scenario; its admin key is told this once.

        It belongs to whoever holds that key: the key that made it does not open it.
        """
        start = moment(data["start"]) if data.get("start") else None
        world, key = actions.open_world(
            data["name"], seed=data["seed"], regime=data.get("regime"), start=start, scenario=data["scenario"]
        )
        return worlds_shown([world])[0] | {"admin_key": key}


class OneWorld(Door):
    @reads(WorldDetailOut, scopes=KEEPERS, market=False)
    def get(self, request: Request, query: dict[str, Any], name: str) -> dict[str, Any]:
        """Look at a world: its clock, its regime, how many rows it holds, its snapshots, its running job."""
        world = reached(request, name)
        with use_world(world.schema):
            shown = worlds_shown([world])[0] | {"counts": queries.counts()}
        return shown | {"snapshots": [snapshot_shown(kept) for kept in world.snapshots.order_by("id")]}

    @writes(scopes=KEEPERS, market=False)
    def delete(self, request: Request, data: dict[str, Any], at: None, name: str) -> None:
        """Drop a world with its keys, jobs and snapshots. Refused while a job runs on it."""
        actions.drop(reached(request, name))


class Fork(Door):
    @writes(NameIn, WorldMadeOut, status=201, scopes=KEEPERS, market=False, secrets=["admin_key"])
    def post(self, request: Request, data: dict[str, Any], at: None, name: str) -> dict[str, Any]:
        """Copy a world as it stands, every id kept; the copy's admin key is told this once."""
        copy, key = actions.fork(reached(request, name), data["name"])
        return worlds_shown([copy])[0] | {"admin_key": key}


class Snapshots(Door):
    @reads(WorldSnapshotsOut, scopes=KEEPERS, market=False)
    def get(self, request: Request, query: dict[str, Any], name: str) -> dict[str, Any]:
        """List a world's snapshots."""
        return {"results": [snapshot_shown(kept) for kept in reached(request, name).snapshots.order_by("id")]}

    @writes(TagIn, SnapshotOut, status=201, scopes=KEEPERS, market=False)
    def post(self, request: Request, data: dict[str, Any], at: None, name: str) -> dict[str, Any]:
        """Keep a world as it stands under a tag, to reset it to."""
        kept = actions.snapshot(reached(request, name), data["tag"])
        return snapshot_shown(Snapshot.objects.get(pk=kept.pk))


class OneSnapshot(Door):
    @writes(scopes=KEEPERS, market=False)
    def delete(self, request: Request, data: dict[str, Any], at: None, name: str, tag: str) -> None:
        """Forget a snapshot."""
        actions.forget(reached(request, name), tag)


class Reset(Door):
    @writes(TagIn, WorldOut, scopes=KEEPERS, market=False)
    def post(self, request: Request, data: dict[str, Any], at: None, name: str) -> dict[str, Any]:
        """Make a world what it was when the snapshot was kept; keys and snapshots stay."""
        return worlds_shown([actions.reset(reached(request, name), data["tag"])])[0]


class WorldStateHash(Door):
    @reads(StateHashOut, scopes=KEEPERS, market=False)
    def get(self, request: Request, query: dict[str, Any], name: str) -> dict[str, Any]:
        """Hash what a world means, as a whole and table by table: equal markets have equal hashes."""
        with use_world(reached(request, name).schema):
            return hashes()


class StateHash(Door):
    @reads(StateHashOut, scopes=ADMIN)
    def get(self, request: Request, query: dict[str, Any]) -> dict[str, Any]:
        """Hash what the key's world means, as a whole and table by table."""
        return hashes()


def hashes() -> dict[str, Any]:
    tables = hashing.table_hashes()
    return {"state_hash": hashing.state_hash(tables), "tables": tables}
