"""Every address. Each app hangs its own doors; this says on which wall."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerView
from rest_framework.negotiation import DefaultContentNegotiation

from common.api.schema import KeptDocument

URLS = (
    "simulation.urls",
    "community.urls",
    "traffic.urls",
    "search.urls",
    "shops.urls",
    "members.urls",
    "payments.urls",
    "ratings.urls",
    "events.urls",
    "worlds.urls",
)
Branch = dict[str, Any]


def tree(patterns: Iterable[URLPattern]) -> list[URLPattern | URLResolver]:
    """The same addresses, hung segment by segment: Django tries patterns one after the other, and in a flat list
    of more than a hundred that is a tenth of a short request.
    """
    root: Branch = {}
    for pattern in patterns:
        branch = root
        *segments, last = str(pattern.pattern).split("/")
        if last:
            raise ImproperlyConfigured(f"an address ends with a slash: {pattern.pattern}")
        for segment in segments:
            branch = branch.setdefault(segment, {})
        branch[""] = pattern
    return _hung(root)


def _hung(branch: Branch) -> list[URLPattern | URLResolver]:
    found: list[URLPattern | URLResolver] = []
    for segment, under in branch.items():
        if segment:
            found.append(path(f"{segment}/", include(_hung(under))))
        else:
            found.append(path("", under.callback, under.default_args, under.name))
    return found


urlpatterns: list[URLPattern | URLResolver] = [
    path("api/", include(tree(pattern for name in URLS for pattern in import_module(name).urlpatterns))),
    path("api/regime/", include("regime.urls")),
    path(
        "api/schema/",
        SpectacularAPIView.as_view(
            authentication_classes=[],
            generator_class=KeptDocument,
            content_negotiation_class=DefaultContentNegotiation,
        ),
        name="schema",
    ),
    path(
        "api/docs/", SpectacularSwaggerView.as_view(authentication_classes=[], url_name="schema"), name="docs"
    ),
    path(
        "api/redoc/", SpectacularRedocView.as_view(authentication_classes=[], url_name="schema"), name="redoc"
    ),
    path("", include("console.urls")),
]

handler400 = "common.api.problems.bad_request"
handler404 = "common.api.problems.not_found"
handler500 = "common.api.problems.server_error"
