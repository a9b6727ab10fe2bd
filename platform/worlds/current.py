"""Which market this connection is in: its search_path, and nothing else.

What we believe about a connection is kept with the raw connection it is true of, so a new connection, or a
pooled one handed to another thread, is never taken for one that is already in the right market.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


def quoted(schema: str) -> str:
    return '"' + schema.replace('"', '""') + '"'


def path_to(schema: str | None) -> str:
    """The search_path of a market's connection, or of one above the markets."""
    return f"{quoted(schema)}, public" if schema else "public"


def _beliefs() -> dict[str, Any]:
    state: dict[str, Any] = connection._connections[connection._alias].__dict__  # type: ignore[attr-defined]
    return state


def current() -> str | None:
    """The schema of the market this connection is in, or None above the markets."""
    raw, schema = _beliefs().get("jishi_world", (None, None))
    return schema if raw is not None and raw is connection.connection else None


def noted(schema: str | None) -> None:
    """Note that a statement of the caller's has pointed the connection there."""
    _beliefs()["jishi_world"] = (connection.connection, schema)


def point(schema: str | None) -> None:
    """Point this connection at a market's schema (None: above the markets). A rollback of the transaction
    it happens in would point it back: edges do it before they open one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('search_path', %s, false)", [path_to(schema)])
    noted(schema)


@contextmanager
def use_world(schema: str | None) -> Iterator[None]:
    """Be in the market of `schema`; afterwards, be where we were."""
    connection.ensure_connection()
    before = current()
    if before != schema or connection.in_atomic_block:
        point(schema)
    try:
        yield
    finally:
        if connection.connection is None or connection.needs_rollback:
            noted(None)
        elif before != schema or connection.in_atomic_block:
            point(before)
