"""Floor 1: accounts, transfers, escrow. Knows references, never orders."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "payments"
    default_auto_field = "django.db.models.BigAutoField"
