"""A connection keeps what it planned when something is taken back, and is right all the same."""

from __future__ import annotations

import pytest
from django.db import DataError, transaction

from common.batch import execute, one, rows
from worlds.current import point

ASKED = "SELECT * FROM taken_back ORDER BY 1"


def planned(sql: str) -> int:
    """How often the server keeps that statement planned for this connection."""
    return int(one("SELECT count(*) FROM pg_prepared_statements WHERE statement = %s", [sql]))


def often(sql: str) -> list[tuple[object, ...]]:
    return [rows(sql) for _ in range(8)][-1]


def taken_back(*statements: str) -> list[tuple[object, ...]]:
    """What `ASKED` says after these statements, which are taken back."""
    with transaction.atomic():
        for statement in statements:
            execute(statement)
        said = often(ASKED)
        transaction.set_rollback(True)
    return said


def test_what_is_planned_stays_planned_when_a_transaction_is_taken_back(db: None) -> None:
    often("SELECT 40 + 2")
    with transaction.atomic():
        transaction.set_rollback(True)
    assert planned("SELECT 40 + 2") == 1
    execute("CREATE TABLE dropped ()")
    execute("DROP TABLE dropped")
    assert planned("SELECT 40 + 2") == 0


def test_a_table_taken_back_and_made_anew_is_read_as_it_is_now(db: None) -> None:
    make = "CREATE TABLE taken_back AS SELECT"
    assert taken_back(f"{make} 1 AS a") == [(1,)]
    assert taken_back(f"{make} 2 AS a", "INSERT INTO taken_back VALUES (3)") == [(2,), (3,)]


def test_a_statement_planned_in_one_market_reads_the_next_one(market: object) -> None:
    asked = "SELECT now_at IS NOT NULL, current_schema() FROM worlds_clock"
    assert often(asked) == [(True, "w_shared")]
    point("w_template")
    assert often(asked) == []
    assert planned(asked) == 1
    point("w_shared")
    assert often(asked) == [(True, "w_shared")]


def test_a_statement_that_fails_stands_in_nobodys_way(db: None) -> None:
    asked = "SELECT 1 / %s::int"
    for _ in range(8):
        rows(asked, [1])
    with pytest.raises(DataError), transaction.atomic():
        rows(asked, [0])
    assert rows(asked, [1]) == [(1,)]
