"""Asking the market over REST as a test speaks of it: real keys, real doors, no server between."""

from __future__ import annotations

from typing import Any

import orjson
from django.test import Client

from worlds.actions import issue_key
from worlds.models import World


class Asking:
    """`ask("get", "/api/accounts/me/", key=ask.member(7))`; without a key it is the admin's."""

    def __init__(self, world: str = "shared") -> None:
        self.world = World.objects.get(name=world)
        self.admin = issue_key(self.world, scope="admin", label="test")
        self.read = issue_key(self.world, scope="read", label="test")
        self.client = Client()

    def member(self, member_id: int) -> str:
        return issue_key(self.world, scope="member", member_id=member_id, label="test")

    def __call__(
        self,
        verb: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        acting: int | None = None,
        **headers: Any,
    ) -> Any:
        sent = {"Authorization": f"Bearer {key or self.admin}", **headers}
        if acting is not None:
            sent["X-Jishi-Member"] = str(acting)
        if verb == "get":
            return self.client.get(path, headers=sent)
        data = orjson.dumps({} if body is None else body)
        return getattr(self.client, verb)(path, data=data, content_type="application/json", headers=sent)
