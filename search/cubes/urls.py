"""Addresses of the keyword market, under /api/."""

from django.urls import path

from search.cubes.api import forecasts, words

urlpatterns = [
    path("ads/words/", words.WordsDoor.as_view()),
    path("ads/words/hot/", words.WordsHotDoor.as_view()),
    path("ads/words/rising/", words.WordsRisingDoor.as_view()),
    path("ads/words/suggestions/", words.WordsSuggestionsDoor.as_view()),
    path("ads/words/forecasts/", forecasts.WordsForecastsDoor.as_view()),
    path("ads/words/subscription/", words.WordsSubscriptionDoor.as_view()),
]
