"""A single page view in one round trip: the key opens its world, and the view is written, by one statement.
Views that come by the same key at the same time are written by the same statement.

Whatever is not plain (another header, a key or view that is refused) is left to the door, which says why.
"""

from __future__ import annotations

from collections import deque
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse

from common.api.problems import TYPE as PROBLEM
from common.batch import dumps, rows
from common.errors import Refusal, Unavailable
from common.gathering import Asking, Desk, desk
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
MOST = 200  # in one statement
# The path is set as `opened` is read, before the function looks for its tables: it plans by what it finds.
SEE = f"""
    WITH opened (key_id, scope, member_id, world_id, world, schema, path) AS MATERIALIZED ({OPEN})
    SELECT o.schema, v.n, public.jishi_view(v.cookie, coalesce(o.member_id, v.member), v.page, v.source, v.shop,
                                            v.listing, v.section, v.stay, v.at)
      FROM opened o,
           ROWS FROM (json_to_recordset(%s::json) AS (cookie bigint, member bigint, page int2, source int2, shop bigint,
                      listing bigint, section int, stay int, at timestamptz)) WITH ORDINALITY
           AS v(cookie, member, page, source, shop, listing, section, stay, at, n)
     WHERE o.path IS NOT NULL AND o.scope IN ('admin', 'member') AND o.schema IS NOT NULL
       AND (o.member_id IS NULL OR coalesce(v.member, o.member_id) = o.member_id)
"""


@dataclass(eq=False, slots=True)
class _View(Asking):
    """What SEE is given of it, and what came of it: `at` when it was written, `lost` when nobody knows."""

    given: dict[str, Any]
    at: datetime | None = None
    lost: bool = False


def at_once(request: HttpRequest) -> HttpResponse | None:
    """Count the view and answer; None: let the door do it, nothing was written."""
    meta = request.META
    if request.method != "POST" or meta.get("QUERY_STRING") or any(name in meta for name in UNUSUAL):
        return None
    kind, _, secret = meta.get("HTTP_AUTHORIZATION", "").partition(" ")
    if kind.lower() != "bearer" or not secret.strip():
        return None
    try:
        given = _given(orjson.loads(request.body))
    except (Refusal, KeyError, ValueError):
        return None
    key = hashed(secret.strip())
    view = _View(given)
    here: Desk[_View] = desk(("views", key))
    here.ask(view, lambda: _serve(key, here.waiting))
    if view.lost:
        return _answer(GONE.problem(), GONE.status, PROBLEM)
    return _answer({"at": show(view.at)}, 201) if view.at else None


def _serve(key: str, waiting: deque[_View]) -> list[_View]:
    """Write the views that wait; when one of several is refused, nothing is, and each goes to the door alone."""
    views = [waiting.popleft() for _ in range(min(len(waiting), MOST))]
    try:
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            seen = rows(SEE, [key, dumps([view.given for view in views])])
        for schema, n, at in seen:
            views[n - 1].at = at
            noted(schema)
    except DatabaseError:
        lost = connection.connection is None or connection.connection.closed
        for view in views:
            view.lost = lost
    return views


def _answer(data: dict[str, Any], status: int, kind: str = "application/json") -> HttpResponse:
    return HttpResponse(orjson.dumps(data), status=status, content_type=kind)


def _given(row: object) -> dict[str, Any]:
    read = read_row(row)
    return {
        "cookie": visitor_number(read["cookie"]), "member": read["member"], "page": PAGE[read["page"]].code,
        "source": SOURCE[read["source"]].code, "shop": read["shop"], "listing": read["listing"],
        "section": read["section"], "stay": read["stay"], "at": read["at"],
    }  # fmt: skip
