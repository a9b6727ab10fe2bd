"""A single page view in one round trip: the key opens its world, and the view is written, by one statement.

Whatever is not plain (another header, a key or view that is refused) is left to the door, which says why.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import orjson
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse

from common.api.problems import TYPE as PROBLEM
from common.errors import Refusal, Unavailable
from common.moments import show
from traffic.actions import visitor_number
from traffic.reading import read_row
from traffic.rules import PAGE, SOURCE
from worlds.actions import hashed
from worlds.auth import OPEN
from worlds.current import noted

GONE = Unavailable(
    "the database went away before it could say whether the view was counted",
    rule="database_answers",
    way_out="Try again shortly.",
)
UNUSUAL = ("HTTP_IDEMPOTENCY_KEY", "HTTP_X_JISHI_MEMBER")
# The path is set as `opened` is read, before the function looks for its tables: it plans by what it finds.
SEE = f"""
    WITH opened (key_id, scope, member_id, world_id, world, schema, path) AS MATERIALIZED ({OPEN})
    SELECT schema, public.jishi_view(%s::bigint, coalesce(member_id, %s::bigint), %s::int2, %s::int2,
                                     %s::bigint, %s::bigint, %s::int, %s::int, %s::timestamptz)
      FROM opened WHERE path IS NOT NULL AND scope IN ('admin', 'member') AND schema IS NOT NULL
       AND (member_id IS NULL OR coalesce(%s::bigint, member_id) = member_id)
"""


def at_once(request: HttpRequest) -> HttpResponse | None:
    """Count the view and answer; None: let the door do it, nothing was written."""
    meta = request.META
    if request.method != "POST" or meta.get("QUERY_STRING") or any(name in meta for name in UNUSUAL):
        return None
    kind, _, secret = meta.get("HTTP_AUTHORIZATION", "").partition(" ")
    if kind.lower() != "bearer" or not secret.strip():
        return None
    try:
        given = _given(hashed(secret.strip()), orjson.loads(request.body))
        with (
            transaction.atomic() if connection.in_atomic_block else nullcontext(),
            connection.cursor() as cursor,
        ):
            cursor.execute(SEE, given)
            row = cursor.fetchone()
    except (Refusal, KeyError, ValueError):
        return None
    except DatabaseError:
        lost = connection.connection is None or connection.connection.closed
        return _answer(GONE.problem(), GONE.status, PROBLEM) if lost else None
    if row is None:
        return None
    noted(row[0])
    return _answer({"at": show(row[1])}, 201)


def _answer(data: dict[str, Any], status: int, kind: str = "application/json") -> HttpResponse:
    return HttpResponse(orjson.dumps(data), status=status, content_type=kind)


def _given(key: str, row: object) -> list[Any]:
    read = read_row(row)
    return [
        key, visitor_number(read["cookie"]), read["member"], PAGE[read["page"]].code,
        SOURCE[read["source"]].code, read["shop"], read["listing"], read["section"],
        read["stay"], read["at"], read["member"],
    ]  # fmt: skip
