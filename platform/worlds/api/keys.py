"""/api/keys/: who may do what in a world."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from common.api.doors import ADMIN, Door, In, Paged, page, reads, writes
from common.batch import one
from common.errors import Invalid, NotFound
from worlds import actions
from worlds.api.shapes import KeyMadeOut, KeyOut, key_shown
from worlds.api.worlds import KEEPERS, own, reached
from worlds.current import use_world
from worlds.models import ApiKey, World


class KeyIn(In):
    scope = serializers.ChoiceField(["admin", "member", "read"])
    member = serializers.IntegerField(
        required=False, min_value=1, max_value=10**18, help_text="Whose key it is: for scope member only"
    )
    label = serializers.CharField(default="", allow_blank=True, max_length=80)  # type: ignore[assignment]


def listed(request: Request, world: World, query: dict[str, Any]) -> dict[str, Any]:
    found = ApiKey.objects.filter(world=world, id__gt=query.get("after", 0)).order_by("id")
    return page(request, [key_shown(key) for key in found[: query["limit"] + 1]], query["limit"])


def issued(world: World, data: dict[str, Any]) -> dict[str, Any]:
    """A new key of `world`, in which this connection is."""
    member = data.get("member")
    if (data["scope"] == "member") != (member is not None):
        raise Invalid(
            "a member's key names its member, and no other does",
            field="member",
            rule="only_a_member_key_names_a_member",
            way_out='Send {"scope": "member", "member": 7} or leave member out.',
        )
    if member is not None and one("SELECT id FROM members_member WHERE id = %s", [member]) is None:
        raise NotFound(f"there is no member {member}", field="member", rule="member_exists")
    secret = actions.issue_key(world, scope=data["scope"], member_id=member, label=data["label"])
    return key_shown(ApiKey.objects.get(hash=actions.hashed(secret))) | {"key": secret}


def revoked(world: World, key_id: int) -> None:
    key = ApiKey.objects.filter(world=world, pk=key_id).first()
    if key is None:
        raise NotFound(
            f"this world has no key {key_id}", field="key_id", rule="key_exists", way_out="List its keys."
        )
    actions.revoke_key(key)


class Keys(Door):
    @reads(KeyOut, query=Paged, paged=True, scopes=ADMIN, market=False)
    def get(self, request: Request, query: dict[str, Any]) -> dict[str, Any]:
        """List the world's keys, without their secrets."""
        return listed(request, own(request), query)

    @writes(KeyIn, KeyMadeOut, status=201, scopes=ADMIN, market=False, secrets=["key"])
    def post(self, request: Request, data: dict[str, Any], at: None) -> dict[str, Any]:
        """Issue a key: an admin's, one member's, or one that only reads. It is told this once."""
        return issued(own(request), data)


class OneKey(Door):
    @writes(scopes=ADMIN, market=False)
    def delete(self, request: Request, data: dict[str, Any], at: None, key_id: int) -> None:
        """Revoke a key: it opens nothing from now on."""
        revoked(own(request), key_id)


class WorldKeys(Door):
    @reads(KeyOut, query=Paged, paged=True, scopes=KEEPERS, market=False)
    def get(self, request: Request, query: dict[str, Any], name: str) -> dict[str, Any]:
        """List a world's keys, without their secrets."""
        return listed(request, reached(request, name), query)

    @writes(KeyIn, KeyMadeOut, status=201, scopes=KEEPERS, market=False, secrets=["key"])
    def post(self, request: Request, data: dict[str, Any], at: None, name: str) -> dict[str, Any]:
        """Issue a key to a world. It is told this once."""
        world = reached(request, name)
        with use_world(world.schema):
            return issued(world, data)


class OneWorldKey(Door):
    @writes(scopes=KEEPERS, market=False)
    def delete(self, request: Request, data: dict[str, Any], at: None, name: str, key_id: int) -> None:
        """Revoke a world's key."""
        revoked(reached(request, name), key_id)
