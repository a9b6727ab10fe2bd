"""Views of pages count as they are opened, and never break the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from tests.traffic.conftest import Street
from tests.traffic.looks import seen
from traffic.actions import visitor_number
from traffic.middleware import COOKIE, ViewMiddleware, note
from worlds.current import point

Call = Callable[..., Any]


def test_a_read_that_names_its_visitor_counts(street: Street, call: Call) -> None:
    paths = {
        f"/api/listings/{street.wardrobe}/": (5, street.furniture),
        f"/api/shops/{street.costumes}/": (4, street.costumes),
        f"/api/shops/{street.furniture}/profile/": (6, street.furniture),
    }
    for path, (page, shop) in paths.items():
        asked = call(
            "get",
            path,
            scope="member",
            member=street.bob,
            x_jishi_visitor="c1",
            x_jishi_source="organic_search",
        )
        assert asked.status_code == 200
        row = seen()[-1]
        assert (row["page"], row["shop"], row["source"], row["member"]) == (page, shop, 2, street.bob)
        assert row["visitor"] == visitor_number("c1")
    assert len(seen()) == 3


def test_reads_without_a_visitor_refused_ones_and_lists_count_nothing(street: Street, call: Call) -> None:
    call("get", f"/api/listings/{street.wardrobe}/")
    assert call("get", "/api/listings/999999/", x_jishi_visitor="c1").status_code == 404
    call("get", "/api/listings/", x_jishi_visitor="c1")
    assert seen() == []


@pytest.mark.parametrize(
    ("visitor", "source"),
    [("c" * 65, "direct"), ("c", "keyword_ad"), ("c", "nowhere"), ("", "direct"), ("a\tb", "direct")],
)
def test_a_view_that_cannot_be_counted_never_breaks_the_read(
    street: Street, call: Call, visitor: str, source: str
) -> None:
    path = f"/api/listings/{street.wardrobe}/"
    plain = call("get", path)
    counted = call("get", path, x_jishi_visitor=visitor, x_jishi_source=source)
    assert (counted.status_code, counted.content) == (200, plain.content)
    assert seen() == []


def opened(view: Callable[[HttpRequest], HttpResponse], cookie: str | None = None) -> HttpResponse:
    request = RequestFactory().get("/")
    if cookie is not None:
        request.COOKIES[COOKIE] = cookie
    point(None)  # a page's request begins above the markets
    response = ViewMiddleware(view)(request)
    point("w_shared")
    return response


def test_a_page_says_what_it_is_and_counts_in_its_market(street: Street) -> None:
    def shop_page(request: HttpRequest) -> HttpResponse:
        point("w_shared")
        note(request, "shop", shop=street.costumes, source="category")
        point(None)  # the page is made, the market left
        return HttpResponse("a shop")

    first = opened(shop_page)
    cookie = first.cookies[COOKIE].value
    again = opened(shop_page, cookie)
    assert COOKIE not in again.cookies
    assert [(row["page"], row["shop"], row["source"], row["visitor"]) for row in seen()] == [
        (4, street.costumes, 3, visitor_number(cookie))
    ] * 2


def test_a_page_that_is_wrong_about_itself_is_still_sent(street: Street) -> None:
    def wrong(request: HttpRequest) -> HttpResponse:
        point("w_shared")
        note(request, "listing", listing=10**9)
        return HttpResponse("a page")

    def missing(request: HttpRequest) -> HttpResponse:
        note(request, "home")
        return HttpResponse(status=404)

    assert opened(wrong, "c").content == b"a page"
    assert opened(missing, "c").status_code == 404
    assert seen() == []
