from django.apps import AppConfig


class TrafficConfig(AppConfig):
    name = "traffic"
    default_auto_field = "django.db.models.BigAutoField"
