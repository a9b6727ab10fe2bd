"""The state hash: two markets with the same meaning have the same hash, table by table.

A row's hash covers its content, not where it lies: hashes of rows are added up, so no order is needed.
"""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.db import models
from django.utils.module_loading import import_string

from common.batch import rows
from worlds.router import market_models


def left_out() -> dict[tuple[str, str], str]:
    """What stays out of the hash: (table or *, column or *) -> reason. The table is in the roof's wiring."""
    table: dict[tuple[str, str], str] = import_string(settings.JISHI_NOT_HASHED)
    return table


def columns(model: type[models.Model], out: dict[tuple[str, str], str]) -> list[str]:
    """Of a table the columns that mean something, `out` being what does not."""
    table = model._meta.db_table
    return [
        field.column
        for field in model._meta.local_concrete_fields
        if field.column and ("*", field.column) not in out and (table, field.column) not in out
    ]


def table_hashes() -> dict[str, str]:
    """Hash of each market table of the world this connection is in: 32 hex digits."""
    out = left_out()
    parts = []
    for model in sorted(market_models(), key=lambda m: m._meta.db_table):
        table = model._meta.db_table
        if (table, "*") in out:
            continue
        meant = ", ".join(f't."{name}"' for name in columns(model, out))
        parts.append(
            f"""SELECT '{table}', count(*), coalesce(sum(hashtextextended(r, 1)), 0),
                       coalesce(sum(hashtextextended(r, 2)), 0)
                  FROM (SELECT ROW({meant})::text AS r FROM "{table}" t OFFSET 0) rows"""
        )  # OFFSET 0: the row is written out once, not once for each sum
    return {
        table: hashlib.sha256(f"{count} {first} {second}".encode()).hexdigest()[:32]
        for table, count, first, second in rows(" UNION ALL ".join(parts))
    }


def state_hash(tables: dict[str, str] | None = None) -> str:
    """One hash of the whole market: 64 hex digits."""
    tables = table_hashes() if tables is None else tables
    return hashlib.sha256("\n".join(f"{name} {tables[name]}" for name in sorted(tables)).encode()).hexdigest()
