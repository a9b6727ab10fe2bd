"""Tell the market: write the outbox rows, then run who listens, in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from common.batch import insert
from events.models import Event

OWN = ("id", "members", "public")


@cache
def _listeners(name: str) -> tuple[Callable[..., object], ...]:
    table: Mapping[str, Sequence[str]] = import_string(settings.JISHI_SUBSCRIPTIONS)
    return tuple(import_string(path) for path in table.get(name, ()))


def emit(name: str, facts: Sequence[Mapping[str, Any]], *, at: datetime) -> list[int]:
    """Record that `name` happened, once for each fact, and run its subscribers in their order.

    A fact has `id` (the subject's), `members` (ids of those who may see it; default none), `public` (default
    False) and whatever else becomes the payload: JSON, money in fen, never stars nor a sealed verdict.
    Returns the events' numbers.
    """
    if not facts:
        return []
    ids = insert(
        Event,
        [
            {
                "name": name,
                "subject_id": fact["id"],
                "members": list(fact.get("members", ())),
                "is_public": bool(fact.get("public", False)),
                "payload": {key: value for key, value in fact.items() if key not in OWN},
                "at": at,
            }
            for fact in facts
        ],
    )
    for listener in _listeners(name):
        listener(facts, at=at)
    return ids
