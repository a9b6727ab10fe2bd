"""Every address. Each app hangs its own doors; this says on which wall."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerView

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/", include("traffic.urls")),  # first: every page view comes this way; then what is read most
    path("api/", include("search.urls")),
    path("api/regime/", include("regime.urls")),
    path("api/", include("worlds.urls")),
    path("api/", include("events.urls")),
    path("api/", include("members.urls")),
    path("api/", include("payments.urls")),
    path("api/", include("ratings.urls")),
    path("api/", include("shops.urls")),
    path("api/schema/", SpectacularAPIView.as_view(authentication_classes=[]), name="schema"),
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
