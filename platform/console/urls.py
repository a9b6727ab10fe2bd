"""Addresses of the pages."""

from __future__ import annotations

from django.urls import path
from django.views.i18n import set_language

from console import views

urlpatterns = [
    path("", views.front, name="front"),
    path("search/", views.search, name="search"),
    path("listings/<int:listing_id>/", views.listing, name="listing"),
    path("shops/<int:shop_id>/", views.shop, name="shop"),
    path("regime/", views.regime, name="regime-page"),
    path("language/", set_language, name="language"),
]
