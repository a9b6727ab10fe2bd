"""Views of our own pages count as they are opened; so do API reads that say which visitor reads.

A page says what it is: `traffic.middleware.note(request, "shop", shop=7)` in its view. A client that shows
our listings on pages of its own sends `X-Jishi-Visitor: <cookie>` with its reads and, if it knows,
`X-Jishi-Source`. A view that cannot be counted never breaks the page.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from common.errors import Refusal
from traffic.actions import see_one
from traffic.rules import COOKIE_MOST
from worlds.current import current, use_world

COOKIE = "jishi_visitor"
COOKIE_SECONDS = 365 * 86_400
log = structlog.get_logger()

# Reads of the API that show a page: route -> (page, what its number names)
READS = {
    "api/listings/<id:listing_id>/": ("listing", "listing"),
    "api/shops/<id:shop_id>/": ("shop", "shop"),
    "api/shops/<id:shop_id>/profile/": ("profile", "shop"),
    "api/search/": ("search", ""),
}


@dataclass(frozen=True)
class Seen:
    """A page of ours that is being shown: where (`schema`), and what it is of, as `see_one` takes it."""

    schema: str
    page: str
    source: str
    of: dict[str, int | None]


def note(
    request: HttpRequest,
    page: str,
    *,
    source: str = "direct",
    member: int | None = None,
    shop: int | None = None,
    listing: int | None = None,
    section: int | None = None,
) -> None:
    """Say what page this is, in the market the connection is in; it is counted when the page is sent."""
    schema = current()
    if schema is not None:
        of = {"member": member, "shop": shop, "listing": listing, "section": section}
        request.jishi_seen = Seen(schema, page, source, of)  # type: ignore[attr-defined]


class ViewMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method != "GET" or response.status_code != 200:
            return response
        seen: Seen | None = getattr(request, "jishi_seen", None)
        if seen is not None:
            self._count(seen, _cookie(request, response))
        elif "HTTP_X_JISHI_VISITOR" in request.META and (read := _read(request)):
            self._count(read, request.META["HTTP_X_JISHI_VISITOR"])
        return response

    def _count(self, seen: Seen, cookie: str) -> None:
        if not 1 <= len(cookie) <= COOKIE_MOST or not cookie.isprintable():
            return
        try:
            with use_world(seen.schema):
                see_one(cookie, page=seen.page, source=seen.source, **seen.of)  # type: ignore[arg-type]
        except (Refusal, DatabaseError, UnicodeError) as error:
            log.warning("a view was not counted", page=seen.page, why=str(error))


def visitor(request: HttpRequest) -> str:
    """The cookie of who opens this page of ours: the browser's, or the one that it is about to get."""
    cookie: str = request.COOKIES.get(COOKIE, "")
    if not (1 <= len(cookie) <= COOKIE_MOST and cookie.isprintable()):
        cookie = getattr(request, "jishi_visitor", "") or secrets.token_urlsafe(16)
        request.jishi_visitor = cookie  # type: ignore[attr-defined]
    return cookie


def _cookie(request: HttpRequest, response: HttpResponse) -> str:
    """The visitor's cookie; a browser without one gets one."""
    cookie = visitor(request)
    if cookie != request.COOKIES.get(COOKIE):
        response.set_cookie(COOKIE, cookie, max_age=COOKIE_SECONDS, httponly=True, samesite="Lax")
    return cookie


def _read(request: HttpRequest) -> Seen | None:
    """What an API read shows, if it shows a page."""
    match, principal = request.resolver_match, getattr(request, "user", None)
    schema: str | None = getattr(principal, "schema", None)
    if match is None or schema is None or match.route not in READS:
        return None
    page, noun = READS[match.route]
    numbers: dict[str, Any] = match.kwargs
    of: dict[str, int | None] = {noun: numbers[f"{noun}_id"]} if noun else {}
    member: int | None = getattr(principal, "member_id", None)
    return Seen(schema, page, request.META.get("HTTP_X_JISHI_SOURCE", "direct"), {**of, "member": member})
