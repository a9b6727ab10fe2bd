"""Somebody with a key, as the tests of doors speak of them."""

from __future__ import annotations

from typing import Any

from django.test import Client

from worlds.actions import find, issue_key


class Caller:
    """A client with a key of `scope` to the market the tests share; `member`: whom it is or acts as."""

    def __init__(self, scope: str = "admin", member: int | None = None, world: str = "shared") -> None:
        own = member if scope == "member" else None
        headers = {"Authorization": f"Bearer {issue_key(find(world), scope=scope, member_id=own)}"}
        if member is not None and own is None:
            headers["X-Jishi-Member"] = str(member)
        self.client = Client(headers=headers)
        self.headers: dict[str, str] = {}  # of the last answer

    def call(
        self, method: str, path: str, body: Any = None, query: Any = None, **headers: str
    ) -> tuple[int, Any]:
        data = query if method == "get" else body
        kind = {} if method == "get" else {"content_type": "application/json"}
        answer = getattr(self.client, method)(f"/api/{path}", data, headers=headers, **kind)
        self.headers = dict(answer.headers)
        return answer.status_code, answer.json() if answer.content else None

    def get(self, path: str, **query: Any) -> tuple[int, Any]:
        return self.call("get", path, query=query)

    def post(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        return self.call("post", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        return self.call("put", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        return self.call("patch", path, body, **headers)

    def delete(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        return self.call("delete", path, body, **headers)


def member(id_: int) -> Caller:
    return Caller("member", id_)
