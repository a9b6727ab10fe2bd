"""The product's addresses, and the plainest things Django and DRF can answer, to measure against."""

from __future__ import annotations

import os
import pickle
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jishi.urls import urlpatterns as product
from worlds.current import current, point, quoted

TOLD = "JISHI_BENCH_STATEMENTS"  # names a file of lists of statements with their values


class Nothing(APIView):
    """A trivial DRF view: no key, no body, no database."""

    authentication_classes = []

    def get(self, request: Request) -> Response:
        return Response({"ok": True})


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b'{"ok":true}', content_type="application/json")


TWENTY = """
    SELECT coalesce(json_agg(row_to_json(t)), '[]')::text::bytea FROM (
        SELECT l.id, l.title, l.price_fen, l.postage_fen, l.category_id, l.section_id, l.supply, l.delivery, l.shop_id,
               l.stock, l.status, l.listed_at, l.edited_at, l.showcase, l.sold_count, l.version
          FROM {}.shops_listing l WHERE l.id > %s ORDER BY l.id LIMIT 20) t
"""


def twenty(request: HttpRequest, schema: str, after: int) -> HttpResponse:
    """Twenty listings of a market from SQL straight to JSON: the least a page of results can cost."""
    with connection.cursor() as cursor:
        cursor.execute(TWENTY.format(quoted(schema)), [after])
        return HttpResponse(bytes(cursor.fetchone()[0]), content_type="application/json")


@cache
def _told() -> list[list[tuple[str, Any]]]:
    found: list[list[tuple[str, Any]]] = pickle.loads(Path(os.environ[TOLD]).read_bytes())
    return found


def told(request: HttpRequest, schema: str, nth: int) -> HttpResponse:
    """What our layers had PostgreSQL do, without them: the statements of a list, and what the last ones say."""
    if current() != schema:
        point(schema)
    statements = _told()[nth]
    with transaction.atomic() if len(statements) > 1 else nullcontext():
        ran = [connection.connection.cursor().execute(sql, params) for sql, params in statements]
    said = [row for cursor in ran if cursor.description for row in cursor]
    body = b"".join(value for row in said for value in row if isinstance(value, bytes))
    return HttpResponse(body, content_type="application/json")


# first, so that no pattern of ours is tried before them
urlpatterns = [
    path("api/bench/drf/", Nothing.as_view()),
    path("api/bench/plain/", plain),
    path("api/bench/twenty/<str:schema>/<int:after>/", twenty),
    path("api/bench/told/<str:schema>/<int:nth>/", told),
    *product,
]
handler404 = "common.api.problems.not_found"
