"""Addresses of traffic."""

from __future__ import annotations

from django.urls import path

from traffic.api import figures, interests, views

urlpatterns = [
    path("views/", views.ViewsDoor.as_view()),
    path("views/batch/", views.ViewBatchDoor.as_view()),
    path("views/file/", views.ViewFileDoor.as_view()),
    path("favourites/", interests.FavouritesDoor.as_view()),
    path("favourites/batch/", interests.FavouriteBatchDoor.as_view()),
    path("favourites/<id:listing_id>/", interests.FavouriteDoor.as_view()),
    path("cart/", interests.CartDoor.as_view()),
    path("cart/batch/", interests.CartBatchDoor.as_view()),
    path("cart/<id:listing_id>/", interests.CartItemDoor.as_view()),
    path("traffic/days/", figures.TrafficDaysDoor.as_view()),
    path("traffic/live/", figures.TrafficLiveDoor.as_view()),
    path("traffic/shops/<id:shop_id>/", figures.TrafficShopDoor.as_view()),
    path("traffic/listings/<id:listing_id>/", figures.TrafficListingDoor.as_view()),
    path("traffic/sections/<id:section_id>/", figures.TrafficSectionDoor.as_view()),
    path("traffic/sources/", figures.TrafficSourcesDoor.as_view()),
    path("traffic/reconciliation/", figures.TrafficReconciliationDoor.as_view()),
]
