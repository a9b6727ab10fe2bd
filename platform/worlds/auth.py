"""A key opens one world: its hash selects the schema, once, at the edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django.db import connection
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from common.errors import Forbidden, Invalid, NotFound, Unauthorised
from worlds.actions import hashed
from worlds.current import leave, noted
from worlds.pen import glance

ACTING_AS = "X-Jishi-Member"
OPEN = """
    SELECT k.id, k.scope, k.member_id, w.id, w.name, w.schema,
           set_config('search_path', coalesce(quote_ident(w.schema) || ', ', '') || 'public', false)
      FROM public.worlds_apikey k LEFT JOIN public.worlds_world w ON w.id = k.world_id
     WHERE k.hash = %s AND k.revoked_at IS NULL
"""


@dataclass(frozen=True)
class Principal:
    """Who is asking: a key's scope and world, and the member it acts as (None: nobody in particular)."""

    key_id: int
    scope: str
    member_id: int | None
    world_id: int | None
    world: str | None
    schema: str | None

    is_authenticated = True
    is_active = True

    @property
    def name(self) -> str:
        """What its idempotency keys are kept under."""
        return f"{self.key_id}:{self.member_id or ''}"

    def sees(self, member_id: int | None) -> bool:
        """May it see what only this member may see?"""
        return (self.scope in {"admin", "read"} and self.member_id is None) or self.member_id == member_id


def who(request: Request) -> Principal:
    """Who is asking, at a door that has checked its key."""
    return cast("Principal", request.user)


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>`; an admin key may add `X-Jishi-Member: <member id>`."""

    def authenticate(self, request: Request) -> tuple[Principal, None] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            leave()
            return None
        kind, _, secret = header.partition(" ")
        if kind.lower() != "bearer" or not secret.strip():
            leave()
            raise Unauthorised(
                "the Authorization header is not `Bearer <key>`", field="Authorization", rule="bearer_key"
            )
        with connection.cursor() as cursor:
            cursor.execute(OPEN, [hashed(secret.strip())])
            row = cursor.fetchone()
        if row is None:  # then the statement pointed us nowhere: we are where the request before was
            leave()
            raise Unauthorised(
                "nobody knows this key, or it was revoked",
                field="Authorization",
                rule="key_is_known",
                way_out="Ask the world's admin for a key.",
            )
        key_id, scope, member_id, world_id, world, schema, _ = row
        noted(schema)
        acting = request.META.get("HTTP_X_JISHI_MEMBER", "")
        if acting:
            member_id = _acting_as(acting, scope, member_id)
        return Principal(key_id, scope, member_id, world_id, world, schema), None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class KeyScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document says that doors take a key."""

    target_class = KeyAuthentication
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A key of one world (admin, member or read), or the operator's.",
        }


def _acting_as(acting: str, scope: str, member_id: int | None) -> int:
    wrong: dict[str, Any] = {"field": ACTING_AS}
    if not (acting.isascii() and acting.isdigit() and len(acting) <= 18):
        raise Invalid(f"{ACTING_AS} takes a member's id", rule="member_id_is_a_number", **wrong)
    wanted = int(acting)
    if scope == "member" and wanted == member_id:
        return wanted
    if scope != "admin":
        raise Forbidden(
            "only an admin key acts as somebody else",
            rule="admin_acts_as_any",
            way_out="Leave the header out.",
            **wrong,
        )
    uid = glance().uid
    if (uid, wanted) not in _known:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM members_member WHERE id = %s", [wanted])
            if cursor.fetchone() is None:
                raise NotFound(f"there is no member {wanted}", rule="member_exists", **wrong)
        if len(_known) > 200_000:
            _known.clear()
        _known.add((uid, wanted))
    return wanted


_known: set[tuple[Any, int]] = set()  # members never leave; a world's uid is never used again
