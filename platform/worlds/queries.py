"""Reads about a market as a whole."""

from __future__ import annotations

from common.batch import rows
from worlds.router import market_models

BOOKKEEPING = {"worlds_clock", "worlds_idempotencykey"}


def counts() -> dict[str, int]:
    """Rows by table of the market this connection is in; empty tables are left out."""
    tables = sorted({model._meta.db_table for model in market_models()} - BOOKKEEPING)
    parts = (f"SELECT '{table}', count(*) FROM \"{table}\"" for table in tables)
    return {table: count for table, count in rows(" UNION ALL ".join(parts)) if count}
