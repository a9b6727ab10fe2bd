"""Addresses of people."""

from __future__ import annotations

from django.urls import path

from members import api

urlpatterns = [
    path("members/", api.MembersDoor.as_view()),
    path("members/batch/", api.MemberBatchDoor.as_view()),
    path("members/me/", api.OwnMemberDoor.as_view()),
    path("members/<id:member_id>/", api.MemberDoor.as_view()),
    path("members/<id:member_id>/verify/", api.VerifyDoor.as_view()),
]
