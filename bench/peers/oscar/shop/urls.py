"""Oscar's pages, django-oscar-api under /api/, and the payment view that it leaves to the shop."""

from __future__ import annotations

from django.apps import apps
from django.urls import include, path
from shop.payment import PaymentView

urlpatterns = [
    path("api/orders/<int:pk>/pay/", PaymentView.as_view(), name="api-payment"),
    path("api/", include("oscarapi.urls")),
    path("", include(apps.get_app_config("oscar").urls[0])),
]
