"""Addresses of the community."""

from __future__ import annotations

from django.urls import path

from community import api

urlpatterns = [
    path("members/me/vip/", api.OwnVipDoor.as_view()),
    path("members/<id:member_id>/vip/", api.VipDoor.as_view()),
]
