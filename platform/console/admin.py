"""The tables themselves, to be read: every market's and the platform's. Nothing of a market is written here.

A raw write would bypass the action that moves the money, tells the events and keeps the books; so tables are
shown and no more. What is sealed by the market's own rules (answers, what they weigh, talk) is not shown either.
Accounts of people who sign in here are Django's own and are edited as usual.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse

from console.market import CHOSEN, choose, here
from worlds.current import use_world
from worlds.router import SHARED_APPS, in_world

SEALED = {"ratings.answer", "ratings.weight", "shops.message"}
# Columns nobody needs to read: hashes of keys, secrets, and sums that run ahead of what is published.
HIDDEN = {
    "worlds.apikey": {"hash"},
    "worlds.idempotencykey": {"body", "body_hash"},
    "events.webhook": {"secret"},
    "ratings.credit": {"answers", "description", "service", "delivery"},
}
COLUMNS = 9  # shown in a list; a row's own page shows them all
LONG = (models.TextField, models.JSONField, models.BinaryField)


class Tables(admin.AdminSite):
    """The admin of the market that was chosen: its views and their pages are made while the connection is in it."""

    site_title = "Jishi"
    index_template = "console/tables.html"
    enable_nav_sidebar = False

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        return self._in_market(super().admin_view(view, cacheable))

    def _in_market(self, view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if CHOSEN in request.GET:
                return choose(request)
            there = here(request)
            request.jishi_here = there  # type: ignore[attr-defined]
            with use_world(there.world["schema"] if there.world else None):
                response = view(request, *args, **kwargs)
                if isinstance(response, TemplateResponse) and not response.is_rendered:
                    response.render()
            return response

        return shown

    def each_context(self, request: Any) -> dict[str, Any]:
        there = getattr(request, "jishi_here", None) or here(request)
        name = there.world["name"] if there.world else "no market"
        return {**super().each_context(request), "here": there, "site_header": f"Jishi: tables of {name}"}


tables = Tables(name="admin")


class ReadOnly(admin.ModelAdmin):
    """A table as it lies."""

    show_full_result_count = False
    list_per_page = 50
    actions = None
    market = True

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        there = getattr(request, "jishi_here", None)
        if self.market and (there is None or there.world is None):
            return False
        return super().has_view_permission(request, obj)

    def has_add_permission(self, request: Any) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        raise PermissionDenied("tables are read here; write through the API")

    def delete_model(self, request: Any, obj: Any) -> None:
        raise PermissionDenied("tables are read here; write through the API")

    def delete_queryset(self, request: Any, queryset: Any) -> None:
        raise PermissionDenied("tables are read here; write through the API")


def show(model: type[models.Model]) -> None:
    """Register a table, read only."""
    label = model._meta.label_lower
    shown = [field for field in model._meta.concrete_fields if field.name not in HIDDEN.get(label, ())]
    short = [field.attname for field in shown if not isinstance(field, LONG)]
    attributes = {
        "fields": [field.name for field in shown],
        "list_display": short[:COLUMNS],
        "ordering": ["-pk"],
        "market": in_world(model._meta.app_label, model._meta.model_name),
    }
    tables.register(model, type(f"{model.__name__}Table", (ReadOnly,), attributes))


def shown_models() -> list[type[models.Model]]:
    """Every table of ours but those that are sealed; a key of several columns has no page in this admin."""
    return [
        model
        for model in apps.get_models()
        if model._meta.app_label not in SHARED_APPS
        and model._meta.label_lower not in SEALED
        and not isinstance(model._meta.pk, models.CompositePrimaryKey)
    ]


tables.register(User, UserAdmin)
tables.register(Group, GroupAdmin)
for each in shown_models():
    show(each)
