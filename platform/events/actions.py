"""Tell the market: write the outbox rows, then run who listens, in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from common.batch import insert
from events.models import Event

OWN = ("id", "members", "public")
Told = tuple[str, Sequence[Mapping[str, Any]], datetime]
_telling: ContextVar[list[Told] | None] = ContextVar("telling", default=None)


@cache
def _listeners(name: str) -> tuple[Callable[..., object], ...]:
    table: Mapping[str, Sequence[str]] = import_string(settings.JISHI_SUBSCRIPTIONS)
    return tuple(import_string(path) for path in table.get(name, ()))


def emit(name: str, facts: Sequence[Mapping[str, Any]], *, at: datetime) -> list[int]:
    """Record that `name` happened, once for each fact, and run its subscribers in their order.

    A fact has `id` (the subject's), `members` (ids of those who may see it; default none), `public` (default
    False) and whatever else becomes the payload: JSON, money in fen, never stars nor a sealed verdict.
    Returns the events' numbers (within `one_telling`: none yet).
    """
    if not facts:
        return []
    waiting = _telling.get()
    if waiting is not None:
        waiting.append((name, facts, at))
        return []
    return _told([(name, facts, at)])


@contextmanager
def one_telling() -> Iterator[None]:
    """What is emitted within is recorded at its end, in the same order, by one statement; then they listen who do."""
    if _telling.get() is not None:
        yield
        return
    token = _telling.set([])
    try:
        yield
        told = _telling.get() or []
    finally:
        _telling.reset(token)
    if told:
        _told(told)


def _told(told: Sequence[Told]) -> list[int]:
    ids = insert(Event, [_row(name, fact, at) for name, facts, at in told for fact in facts])
    for name, facts, at in told:
        for listener in _listeners(name):
            listener(facts, at=at)
    return ids


def _row(name: str, fact: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    return {
        "name": name,
        "subject_id": fact["id"],
        "members": list(fact.get("members", ())),
        "is_public": bool(fact.get("public", False)),
        "payload": {key: value for key, value in fact.items() if key not in OWN},
        "at": at,
    }
