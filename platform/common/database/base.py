"""What a kept connection costs less than Django's own.

Before its first statement Django asks the server whether it lives: a round trip a request. A server that went
away has closed the socket, and a closed socket can be read from. So we look at the socket (a microsecond) and
ask only when there is something to read.

At every ROLLBACK, to a savepoint too, psycopg forgets all statements that the server has planned, lest they be
about a table that was taken back with the rest. PostgreSQL sees to that itself: a statement is analysed anew
when its tables or the search_path are others. So one refused request in a batch makes nobody plan anew.

Django reads each moment by a loader in Python, lest the connection's time zone be another than Django's. Ours is set when
it is made, so the driver's own loader, in C, comes to the same. And lists of numbers, which most statements are given, are
written at once, not number by number.
"""

from __future__ import annotations

from collections.abc import Sequence
from select import POLLIN, poll
from typing import Any

from django.db.backends.postgresql import base
from psycopg._preparing import Prepare, PrepareManager  # no public name; decision 13
from psycopg.types.array import ListDumper
from psycopg.types.datetime import TimestamptzLoader

PLANNED_MOST = 400  # statements a connection keeps: a market's day takes some seventy, its doors the others


class Planned(PrepareManager):
    """Keeps what is planned when a transaction is taken back; forgets it at DROP, ALTER and the like."""

    prepared_max = PLANNED_MOST

    def _should_discard(self, prep: Prepare, results: Sequence[Any], *more: Any) -> bool:
        if all(result.command_status == b"ROLLBACK" for result in results):
            return False
        return super()._should_discard(prep, results, *more)


class Numbers(ListDumper):
    """Lists of whole numbers in one go, others one element after the other."""

    def dump(self, obj: list[Any]) -> Any:
        if set(map(type, obj)) == {int}:
            return f"{{{','.join(map(str, obj))}}}".encode()
        return super().dump(obj)


class DatabaseWrapper(base.DatabaseWrapper):
    as_one = False  # parts of what is done now take no savepoints of their own (`common.batch.settle`)

    def _savepoint_allowed(self) -> bool:
        allowed: bool = super()._savepoint_allowed()  # type: ignore[misc]  # the stubs leave it out
        return allowed and not self.as_one

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        made = super().get_new_connection(conn_params)
        planned = Planned()
        planned.prepare_threshold = made.prepare_threshold
        made._prepared = planned
        made.adapters.register_dumper(list, Numbers)
        made.adapters.register_loader("timestamptz", TimestamptzLoader)  # compiled, where that can be had
        return made

    def create_cursor(self, name: str | None = None) -> Any:
        """As Django's, which asks its own loader of moments for a time zone."""
        if name is None:
            return self.connection.cursor()
        return self.connection.cursor(name, scrollable=False, withhold=self.connection.autocommit)

    def is_usable(self) -> bool:
        if self.connection is None or self.connection.closed:
            return False
        socket = poll()
        socket.register(self.connection.fileno(), POLLIN)
        return not socket.poll(0) or bool(super().is_usable())
