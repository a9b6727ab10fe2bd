"""Which tables a migration run makes: those above markets, or those of one market."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from django.apps import apps
from django.db.models import Model

SHARED_APPS = {"auth", "admin", "contenttypes", "sessions"}
BOTH = {("worlds", "idempotencykey")}
# Tables that stand once, above markets, in apps whose others stand in each.
SHARED = {
    "worlds": {"world", "snapshot", "readyschema", "apikey", "job"},
    "events": {"webhook", "delivery"},
}
migrating_a_world: ContextVar[bool] = ContextVar("migrating_a_world", default=False)


def in_world(app_label: str, model_name: str | None) -> bool:
    """Does this table stand in each market (rather than once, above them)?"""
    if app_label == "worlds" and model_name is None:
        return False
    return app_label not in SHARED_APPS and model_name not in SHARED.get(app_label, ())


class WorldRouter:
    def allow_migrate(
        self, db: str, app_label: str, model_name: str | None = None, **hints: Any
    ) -> bool | None:
        if app_label == "worlds" and model_name is None:
            return not migrating_a_world.get()
        if (app_label, model_name) in BOTH:
            return True
        return in_world(app_label, model_name) == migrating_a_world.get()


def market_models() -> list[type[Model]]:
    """Every model whose table stands in each market, parents before children is not promised."""
    return [
        model
        for model in apps.get_models()
        if model._meta.managed
        and not model._meta.proxy
        and in_world(model._meta.app_label, model._meta.model_name)
    ]
