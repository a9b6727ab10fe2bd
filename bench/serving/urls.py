"""The product's addresses, and the plainest things Django and DRF can answer, to measure against."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jishi.urls import urlpatterns as product
from worlds.current import quoted


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


# first, so that no pattern of ours is tried before them
urlpatterns = [
    path("api/bench/drf/", Nothing.as_view()),
    path("api/bench/plain/", plain),
    path("api/bench/twenty/<str:schema>/<int:after>/", twenty),
    *product,
]
handler404 = "common.api.problems.not_found"
