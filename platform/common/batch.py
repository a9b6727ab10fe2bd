"""Set-based SQL: a list of dicts becomes one statement. One is a list of one.

Numbers are given here: a batch takes max(id) + 1 … inside its transaction, under the world's pen, so that
refused or killed work leaves no gap and a resumed run numbers as an undisturbed one would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import orjson
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection, connections, models, transaction
from django.db.transaction import TransactionManagementError
from django.db.utils import DataError

from common.errors import Refusal, refusal_of

T = TypeVar("T")
R = TypeVar("R")


def dumps(value: Any) -> str:
    """JSON for a statement's parameter: keys in the order given, moments as ISO 8601."""
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY).decode()


def _ran(sql: str, params: Any) -> Any:
    """A cursor that has run the statement: the driver's own, a third cheaper than Django's around it; Django's when
    somebody listens to statements. Its rows are in memory."""
    here: Any = connections[DEFAULT_DB_ALIAS]
    if here.queries_logged or here.execute_wrappers:
        cursor = here.cursor()
        cursor.execute(sql, params)
        return cursor
    with here.wrap_database_errors:
        if here.connection is None:
            here.ensure_connection()
        if here.needs_rollback:
            here.validate_no_broken_transaction()
        return here.connection.cursor().execute(sql, params)


def rows(sql: str, params: Any = None) -> list[tuple[Any, ...]]:
    """The rows of one statement."""
    cursor = _ran(sql, params)
    return cursor.fetchall() if cursor.description else []


def dicts(sql: str, params: Any = None) -> list[dict[str, Any]]:
    """The rows of one statement as dicts keyed by column name."""
    cursor = _ran(sql, params)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def one(sql: str, params: Any = None) -> Any:
    """The first column of the first row, or None."""
    found = rows(sql, params)
    return found[0][0] if found else None


def execute(sql: str, params: Any = None) -> int:
    """Run one statement; return how many rows it touched."""
    touched: int = _ran(sql, params).rowcount
    return touched


@contextmanager
def by_hashing(memory: str = "64MB") -> Iterator[None]:
    """Statements within join by hashing or sorting in memory, never row by row: for tables that were filled within
    minutes, of which the planner knows nothing and would think that a few rows meet a few. Results are the same.

    Where an index must be asked row by row all the same, write a subquery: it is no join.
    """
    with transaction.atomic(savepoint=False):
        before = rows("SELECT current_setting('work_mem'), current_setting('enable_nestloop')")[0]
        rows("SELECT set_config('work_mem', %s, true), set_config('enable_nestloop', 'off', true)", [memory])
        yield
        rows("SELECT set_config('work_mem', %s, true), set_config('enable_nestloop', %s, true)", before)


def insert(model: type[models.Model], records: Sequence[Mapping[str, Any]], *, ignore: str = "") -> list[int]:
    """Insert `records` (column name -> value, the same names in each) as one statement; return their ids in order.

    Names are column names (`order_id`, not `order`). `ignore` is an ON CONFLICT target such as
    `"(member_id)"`: rows that are there already are passed over, and the ids returned are of the new ones.
    """
    if not records:
        return []
    table = connection.ops.quote_name(model._meta.db_table)
    names = list(records[0])
    columns = ", ".join(f'"{name}"' for name in names)
    if len(records) > FEW and not ignore:
        return _copied(model, table, columns, records)
    values = ", ".join(f'r."{name}"' for name in names)
    conflict = f"ON CONFLICT {ignore} DO NOTHING" if ignore else ""
    fresh = f"WHERE NOT EXISTS (SELECT FROM {table} t WHERE {_same(ignore)})" if ignore else ""
    sql = f"""
        INSERT INTO {table} ("id", {columns})
        SELECT (SELECT coalesce(max(id), 0) FROM {table}) + row_number() OVER (ORDER BY r.ordinality), {values}
          FROM json_populate_recordset(NULL::{table}, %s::json) WITH ORDINALITY AS r {fresh}
         ORDER BY r.ordinality
        {conflict} RETURNING id
    """
    return [row[0] for row in rows(sql, [dumps(list(records))])]


FEW = 50  # rows from which a COPY, which asks for the last number first, is the cheaper way to write them


def _copied(
    model: type[models.Model], table: str, columns: str, records: Sequence[Mapping[str, Any]]
) -> list[int]:
    """`insert` by COPY: half the work of reading rows out of JSON."""
    last: int = one(f"SELECT coalesce(max(id), 0) FROM {table}")
    documents = {f.column for f in model._meta.local_concrete_fields if isinstance(f, models.JSONField)}
    numbers = map(str, range(last + 1, last + len(records) + 1))
    said = [_column([record[name] for record in records], name in documents) for name in records[0]]
    lines = map("\t".join, zip(numbers, *said, strict=True))
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(f'COPY {table} ("id", {columns}) FROM STDIN') as copy,
    ):
        copy.write("\n".join(lines) + "\n")
    return list(range(last + 1, last + len(records) + 1))


ABSENT = "\\N"
ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def _column(values: Sequence[Any], document: bool) -> Iterable[str]:
    """Values of one column as COPY reads them from its lines."""
    if document:
        return [ABSENT if value is None else dumps(value).replace("\\", r"\\") for value in values]
    first = values[0]
    if all(value is first for value in values):
        return [_said(first)] * len(values)
    return map(str if set(map(type, values)) == {int} else _said, values)


def _said(value: Any) -> str:
    kind = type(value)
    if value is None:
        return ABSENT
    if kind is str:
        return str(value).translate(ESCAPED)
    if kind is list or kind is tuple:
        return _array(value).translate(ESCAPED)
    return str(value.isoformat()) if kind is datetime else str(value)


def _array(values: Sequence[Any]) -> str:
    say = str if set(map(type, values)) <= {int} else _element
    return f"{{{','.join(map(say, values))}}}"


def _element(value: Any) -> str:
    if isinstance(value, list | tuple):
        return _array(value)
    if isinstance(value, str):
        quoted = value.replace("\\", r"\\").replace('"', r"\"")
        return f'"{quoted}"'
    return "NULL" if value is None else f'"{value}"'


def _same(target: str) -> str:
    names = [name.strip().strip('"') for name in target.strip("() ").split(",")]
    return " AND ".join(f't."{name}" = r."{name}"' for name in names)


def update(model: type[models.Model], records: Sequence[Mapping[str, Any]], *, key: str = "id") -> int:
    """Set the columns named in `records` on the rows with the same `key`, as one statement; return the count."""
    if not records:
        return 0
    table = connection.ops.quote_name(model._meta.db_table)
    sets = ", ".join(f'"{name}" = r."{name}"' for name in records[0] if name != key)
    sql = f"""
        UPDATE {table} t SET {sets}
          FROM json_populate_recordset(NULL::{table}, %s::json) r WHERE t."{key}" = r."{key}"
    """
    return execute(sql, [dumps(list(records))])


@dataclass(frozen=True)
class Settled:
    """What became of one intent of a batch: its result, or the refusal. `own`: the refusal's words were made for it,
    and tell nothing of the others."""

    result: Any = None
    refusal: Refusal | None = None
    own: bool = True


def settle(action: Callable[[list[T]], Sequence[R]], intents: Iterable[T]) -> list[Settled]:
    """Do `action` for as many of `intents` as it accepts, each refused one with its own refusal.

    The batch is tried whole; refused rows named by the refusal are taken out and the rest is tried again;
    a refusal that names no row halves the batch until the culprit stands alone. Order is kept. While a try lasts, the
    parts of `action` take no savepoints of their own: it is taken back as a whole or not at all.
    """
    waiting = list(enumerate(intents))
    outcome: dict[int, Settled] = {}
    _settle(action, waiting, outcome)
    return [outcome[i] for i, _ in waiting]


class _Swallowed(Exception):
    """Some part failed and the action went on: that part needs its savepoint."""


def _tried(action: Callable[[list[T]], Sequence[R]], intents: list[T]) -> Sequence[R]:
    here: Any = connections[DEFAULT_DB_ALIAS]
    if not here.as_one:
        try:
            with transaction.atomic():
                here.as_one = True
                try:
                    results = action(intents)
                finally:
                    here.as_one = False
                if here.needs_rollback:
                    raise _Swallowed
                return results
        except (_Swallowed, TransactionManagementError):
            pass
    with transaction.atomic():
        return action(intents)


def _settle(
    action: Callable[[list[T]], Sequence[R]], waiting: list[tuple[int, T]], outcome: dict[int, Settled]
) -> None:
    while waiting:
        try:
            results = _tried(action, [intent for _, intent in waiting])
        except (Refusal, IntegrityError, DataError) as error:
            refusal = error if isinstance(error, Refusal) else refusal_of(error)
            if refusal is None:
                raise
            if len(waiting) == 1:
                outcome[waiting[0][0]] = Settled(refusal=refusal)
                return
            guilty = set(refusal.rows)
            if guilty and max(guilty) < len(waiting):
                for i in guilty:
                    outcome[waiting[i][0]] = Settled(
                        refusal=refusal.each.get(i, refusal), own=i in refusal.each
                    )
                waiting = [pair for i, pair in enumerate(waiting) if i not in guilty]
                continue
            half = len(waiting) // 2
            _settle(action, waiting[:half], outcome)
            _settle(action, waiting[half:], outcome)
            return
        for (i, _), result in zip(waiting, results, strict=True):
            outcome[i] = Settled(result=result)
        return
