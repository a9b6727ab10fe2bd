"""Addresses of the pages."""

from __future__ import annotations

from django.urls import path
from django.views.i18n import set_language

from console import views
from console.admin import tables

urlpatterns = [
    path("", views.front, name="front"),
    path("search/", views.search, name="search"),
    path("ads/<int:auction>/<int:slot>/", views.ad, name="ad"),
    path("listings/<int:listing_id>/", views.listing, name="listing"),
    path("shops/<int:shop_id>/", views.shop, name="shop"),
    path("regime/", views.regime, name="regime-page"),
    path("admin/", tables.urls),
    path("language/", set_language, name="language"),
]
