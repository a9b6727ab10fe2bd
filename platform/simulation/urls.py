"""Addresses of the simulation."""

from __future__ import annotations

from django.urls import path

from simulation.circulation.api import Circulation

urlpatterns = [path("circulation/", Circulation.as_view())]
