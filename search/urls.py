"""Addresses of search, under /api/."""

from django.urls import path

from search import api

urlpatterns = [
    path("search/", api.SearchDoor.as_view()),
    path("search/suggestions/", api.SuggestionsDoor.as_view()),
    path("search/rules/", api.FormulaDoor.as_view()),
]
