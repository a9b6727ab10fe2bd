"""The product's addresses, and the plainest things Django and DRF can answer, to measure against."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jishi.urls import urlpatterns as product


class Nothing(APIView):
    """A trivial DRF view: no key, no body, no database."""

    authentication_classes = []

    def get(self, request: Request) -> Response:
        return Response({"ok": True})


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b'{"ok":true}', content_type="application/json")


# first, so that no pattern of ours is tried before them
urlpatterns = [path("api/bench/drf/", Nothing.as_view()), path("api/bench/plain/", plain), *product]
handler404 = "common.api.problems.not_found"
