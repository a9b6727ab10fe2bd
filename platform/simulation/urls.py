"""Addresses of the population and of what is measured in it."""

from __future__ import annotations

from django.urls import path

from simulation import api
from simulation.circulation.api import Circulation
from simulation.villages.api import DiffusionDoor

urlpatterns = [
    path("circulation/", Circulation.as_view()),
    path("population/", api.PopulationDoor.as_view()),
    path("population/diffusion/", DiffusionDoor.as_view()),
    path("population/agents/", api.AgentsDoor.as_view()),
    path("population/agents/<id:agent_id>/seat/", api.SeatDoor.as_view()),
    path("population/agents/<id:agent_id>/decisions/", api.DecisionsDoor.as_view()),
]
