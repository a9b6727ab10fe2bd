"""No request starts in the market of the request before it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from worlds.current import leave


class WorldMiddleware:
    """A request with a key is pointed to its world by the key; every other starts above the markets."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "HTTP_AUTHORIZATION" not in request.META:
            leave()
        return self.get_response(request)
