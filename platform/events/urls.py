from django.urls import path

from events import api

urlpatterns = [
    path("events/", api.Events.as_view()),
    path("events/<id:event_id>/", api.OneEvent.as_view()),
    path("webhooks/", api.Webhooks.as_view()),
    path("webhooks/<id:webhook_id>/", api.OneWebhook.as_view()),
    path("webhooks/<id:webhook_id>/deliveries/", api.Deliveries.as_view()),
    path("webhooks/<id:webhook_id>/deliveries/<id:delivery_id>/retry/", api.Retries.as_view()),
    path("webhooks/<id:webhook_id>/replay/", api.Replays.as_view()),
]
