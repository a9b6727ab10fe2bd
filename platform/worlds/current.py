"""Which market this connection is in: its search_path, and nothing else.

What we believe about a connection is kept with the raw connection it is true of, so a new connection, or a
pooled one handed to another thread, is never taken for one that is already in the right market.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from psycopg.pq import TransactionStatus


def quoted(schema: str) -> str:
    return '"' + schema.replace('"', '""') + '"'


def path_to(schema: str | None) -> str:
    """The search_path of a market's connection, or of one above the markets."""
    return f"{quoted(schema)}, public" if schema else "public"


def _beliefs() -> dict[str, Any]:
    state: dict[str, Any] = connection._connections[connection._alias].__dict__  # type: ignore[attr-defined]
    return state


def _belief() -> tuple[bool, str | None]:
    """(Do we know where this connection is?, the schema it is in or None)."""
    raw, schema = _beliefs().get("jishi_world", (None, None))
    known = raw is not None and raw is connection.connection
    return known, schema if known else None


def current() -> str | None:
    """The schema of the market this connection is in; None above the markets or when we do not know."""
    return _belief()[1]


def noted(schema: str | None) -> None:
    """Note that a statement of the caller's has pointed the connection there."""
    _beliefs()["jishi_world"] = (connection.connection, schema)


def unsure() -> None:
    """Say that nobody knows where this connection is: whoever comes next points it."""
    _beliefs().pop("jishi_world", None)


def point(schema: str | None) -> None:
    """Point this connection at a market's schema (None: above the markets). A rollback of the transaction
    it happens in would point it back: edges do it before they open one."""
    unsure()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('search_path', %s, false)", [path_to(schema)])
    noted(schema)


def leave() -> None:
    """Be above the markets, whatever this connection did before; no statement when it is known to be there.

    A connection not yet made will begin there.
    """
    if connection.connection is not None and _belief() != (True, None):
        point(None)


@contextmanager
def use_world(schema: str | None) -> Iterator[None]:
    """Be in the market of `schema`; afterwards, be where we were."""
    connection.ensure_connection()
    known, before = _belief()
    if not known or before != schema or connection.in_atomic_block:
        point(schema)
    try:
        yield
    finally:
        if connection.connection is None or connection.needs_rollback or _broken():
            unsure()
        elif _belief() != (True, before) or connection.in_atomic_block:
            point(before)


def _broken() -> bool:
    """Is the connection's transaction aborted, or the connection itself?"""
    status = connection.connection.info.transaction_status
    return status in {TransactionStatus.INERROR, TransactionStatus.UNKNOWN}
