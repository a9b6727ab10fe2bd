"""The pages: the market's front, what is found in it, a listing, a shop, the rules in force."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from common.errors import NotFound
from console import charts, figures, finding, rules, words
from console.market import Here, page
from ratings.queries import credit, feedback
from search.express.actions.clicks import Press, press
from shops.queries import history, listings, shops
from traffic.middleware import note, visitor
from worlds.pen import writing

CLICKED = "jishi_clicked"  # a cookie: this listing was opened by a click that was its page view
MOST = 10**9
RECENT = 12  # trades and words shown of a shop or listing


@page
def front(request: HttpRequest, here: Here) -> HttpResponse:
    """What this market is and how it is doing."""
    assert here.world is not None
    clock = figures.clock()
    closed = figures.days()
    circulation, today = figures.circulation(clock.at, closed)
    told: dict[str, Any] = {
        "here": here,
        "story": figures.story(here.world),
        "clock": clock,
        "today": today,
        "closed": closed,
        "circulation": circulation,
        "sources": _sources(circulation.sources),
        "indices": [(name, circulation.more[key]) for key, name in words.INDICES],
        "grades": _grades(circulation.more["levels"] or []),
        "lively": _sparks(figures.liveliest(clock.at, closed[-1]["on"])) if closed else [],
        "charts": _charts(closed) if closed else [],
    }
    response = render(request, "console/front.html", told)
    note(request, "home")
    return response


def _sources(rows: list[dict[str, Any]]) -> list[charts.Part]:
    return charts.strip([(str(words.SOURCES[row["source"]]), row["pv"]) for row in rows])


def _grades(levels: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The three levels that most shops stand on, the highest first."""
    most = sorted(levels, key=lambda pair: (-pair[1], -pair[0]))[:3]
    return sorted(most, reverse=True)


def _sparks(lively: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [shop | {"spark": charts.spark(shop["week"])} for shop in lively]


def _charts(closed: list[dict[str, Any]]) -> list[list[charts.Bars]]:
    """Two pictures of two rows each: attention above visitors, trades above their worth."""
    return [
        [charts.chart(name, kind, closed, column) for name, kind, column in picture]
        for picture in words.CHARTS
    ]


@page
def search(request: HttpRequest, here: Here) -> HttpResponse:
    """What is on sale, found and narrowed."""
    question = finding.question(request.GET.dict())
    told = {"here": here, "question": question, "page": finding.answer(question), "q": question.asked.q}
    if request.method == "GET":  # HEAD shows nothing, so it sells nothing
        told["ads"] = finding.sponsored(question, visitor(request))
    response = render(request, "console/search.html", told)
    section = question.asked.filters.get("section")
    if section and not question.asked.q:
        note(request, "section", section=section)
    else:
        note(request, "search")
    return response


@page
def ad(request: HttpRequest, here: Here, auction: int, slot: int) -> HttpResponse:
    """A click on a paid place: judged, billed if it is valid, and the listing opened.

    The click is the page view, so the page it leads to is not counted again: a cookie tells it so, once. No address is
    given to the filter of repeats: a class often sits behind one.
    """
    if request.method != "GET" or max(auction, slot) > MOST:
        raise NotFound("a paid place is opened by clicking it", rule="paid_places_are_clicked")
    with writing(few=True) as moment:
        [done] = press([Press(auction, slot, visitor(request))], at=moment.at)
    response = HttpResponseRedirect(reverse("listing", args=[done["listing"]]))
    response.set_cookie(CLICKED, str(done["listing"]), max_age=60, httponly=True, samesite="Lax")
    return response


@page
def listing(request: HttpRequest, here: Here, listing_id: int) -> HttpResponse:
    """A listing: price, stock, its trades, what was said of it."""
    item = listings.listing(listing_id)
    told = {
        "here": here,
        "item": item | {"properties": _plain(item["properties"])},
        "supply": words.SUPPLIES[item["supply"]],
        "delivery": words.DELIVERIES[item["delivery"]],
        "status": words.STATUSES[item["status"]],
        "trades": history.of_listing(listing_id, limit=RECENT)[:RECENT],
        "said": _said(feedback.public(listing=listing_id, limit=RECENT)),
        **_of_shop(shops.shop(item["shop"])),
    }
    response = render(request, "console/listing.html", told)
    if request.COOKIES.get(CLICKED) == str(listing_id):
        response.delete_cookie(CLICKED, samesite="Lax")
    else:
        note(request, "listing", listing=listing_id, source=_source(request))
    return response


@page
def shop(request: HttpRequest, here: Here, shop_id: int) -> HttpResponse:
    """A shop: its standing, what it offers, what it traded."""
    profile = shops.profile(shop_id)
    told = {
        "here": here,
        "profile": profile,
        "goods": listings.listings({"shop": shop_id, "status": "on_sale"}, limit=RECENT * 2)[: RECENT * 2],
        "trades": history.of_shop(shop_id, limit=RECENT)[:RECENT],
        "said": _said(feedback.public(member=profile["shop"]["owner"], limit=RECENT)),
        **_of_shop(profile["shop"]),
    }
    response = render(request, "console/shop.html", told)
    note(request, "shop", shop=shop_id, source=_source(request))
    return response


def _plain(properties: dict[str, Any]) -> dict[str, str]:
    """What a listing says of its goods, lists as words."""
    return {
        name: ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in properties.items()
    }


def _of_shop(shop: dict[str, Any]) -> dict[str, Any]:
    """A shop's public standing, each index beside its trade's average."""
    standing = credit.standing(shop["owner"])
    return {
        "shop": shop,
        "shop_status": words.STATUSES[shop["status"]],
        "seller": shop["nick"],  # a seller's name is open to everybody
        "certificates": [words.FLAGS[name] for name in shop["certificates"]],
        "standing": standing,
        "indices": [(name, standing.dsr[key]) for key, name in words.INDICES] if standing.dsr else [],
    }


def _said(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row | {"verdict_words": words.VERDICTS.get(row["verdict"], "")} for row in found]


def _source(request: HttpRequest) -> str:
    """What brought this view: the page of ours it was opened from, as the browser says."""
    came = urlsplit(request.headers.get("Referer", ""))
    if came.netloc != request.get_host() or came.path != "/search/":
        return "direct"
    asked = parse_qs(came.query)
    return "category" if "section" in asked and "q" not in asked else "organic_search"


@page
def regime(request: HttpRequest, here: Here) -> HttpResponse:
    """The levers as they stand, with their units and reasons."""
    clock = figures.clock()
    response = render(
        request, "console/regime.html", {"here": here, "clock": clock, "parts": rules.parts(clock.at)}
    )
    note(request, "other")
    return response
