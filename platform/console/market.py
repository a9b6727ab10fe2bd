"""Which market a page is about: the one the visitor chose, else the demo, else the newest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import patch_cache_control

from common.batch import dicts
from common.errors import NotFound
from worlds.current import leave, use_world

CHOSEN = "world"
# No page of ours runs a script, loads from elsewhere, or is shown inside another's.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
MARKETS = "SELECT name, schema, scenario, regime, is_demo FROM public.worlds_world ORDER BY is_demo DESC, id DESC LIMIT 200"


@dataclass(frozen=True)
class Here:
    """The market of a page (None: there is none), and all that could be chosen instead."""

    world: dict[str, Any] | None
    worlds: list[dict[str, Any]]


def here(request: HttpRequest) -> Here:
    """The market this visitor looks at."""
    leave()
    worlds = dicts(MARKETS)
    chosen = request.session.get(CHOSEN)
    found = next((world for world in worlds if world["name"] == chosen), None)
    return Here(found or (worlds[0] if worlds else None), worlds)


View = Callable[..., HttpResponse]


def page(view: View) -> View:
    """A page of the chosen market, made while the connection is in it. Pages read (a click on a paid place
    is the one that writes); nothing is posted to them.

    `?world=name` chooses: it is kept in the session and taken out of the address. Without a market the page
    says how to make one; what the market does not have is a page that says so.
    """

    @wraps(view)
    def shown(request: HttpRequest, **numbers: int) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        if not settings.JISHI_PUBLIC_PAGES and not (request.user.is_authenticated and request.user.is_staff):
            return redirect_to_login(request.get_full_path(), "/admin/login/")
        if CHOSEN in request.GET:
            return choose(request)
        there = here(request)
        if there.world is None:
            return guarded(render(request, "console/empty.html", {"here": there}))
        with use_world(there.world["schema"]):
            try:
                response = view(request, there, **numbers)
            except NotFound as missing:
                words = {"here": there, "missing": missing.detail}
                response = render(request, "console/missing.html", words, status=404)
        return guarded(response)

    return shown


def choose(request: HttpRequest) -> HttpResponse:
    """Keep the market that the address names, if there is one of that name, and show the same page of it."""
    name = request.GET[CHOSEN]
    if any(world["name"] == name for world in here(request).worlds):
        request.session[CHOSEN] = name
    rest = [(key, value) for key, value in request.GET.items() if key != CHOSEN]
    return HttpResponseRedirect(request.path + (f"?{urlencode(rest)}" if rest else ""))


def guarded(response: HttpResponse) -> HttpResponse:
    """With the headers every page carries."""
    response.headers["Content-Security-Policy"] = POLICY
    patch_cache_control(response, private=True, no_cache=True)
    return response
