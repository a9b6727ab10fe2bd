"""A market is a schema: claimed, copied, dropped, and migrated like any other."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import DatabaseError

from common.batch import execute, insert, rows
from events.models import Event
from worlds import actions, hashing, schemas
from worlds.current import use_world
from worlds.pen import writing


def happen(name: str = "test.happened") -> None:
    with writing() as moment:
        insert(
            Event,
            [
                {
                    "name": name,
                    "subject_id": 1,
                    "members": [1],
                    "is_public": True,
                    "payload": {"n": 1},
                    "at": moment.at,
                }
            ],
        )


CATALOGUE = (
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = %s ORDER BY 1",
    """SELECT tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
        WHERE relnamespace = %s::regnamespace AND NOT tgisinternal ORDER BY 1""",
    """SELECT table_name, column_name, data_type, column_default, is_nullable, identity_generation,
              generation_expression, character_maximum_length
         FROM information_schema.columns WHERE table_schema = %s ORDER BY 1, 2""",
    """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = %s::regnamespace AND contype <> 'n' ORDER BY 2, 1""",
)
CASTS = re.compile(r"::(character varying|text)(\[\])?|[()]")  # spelt anew each time a condition is read


def catalogue(schema: str) -> list[list[tuple[str, ...]]]:
    """What a market's tables are made of, whatever the schema is called."""
    return [
        sorted(
            tuple(
                CASTS.sub("", str(part).replace(f'"{schema}".', "").replace(f"{schema}.", "")) for part in row
            )
            for row in rows(sql, [schema])
        )
        for sql in CATALOGUE
    ]


def test_a_cloned_market_has_every_constraint_index_and_trigger_of_the_template(committed_world: Any) -> None:
    assert catalogue("w_template") == catalogue(committed_world.schema)
    assert all(len(part) > 10 for part in catalogue("w_template"))


@pytest.mark.slow
def test_the_template_is_what_the_migrations_make(transactional_db_without_flush: None) -> None:
    try:
        schemas.migrate_schema("w_by_migrations")
        assert catalogue("w_by_migrations") == catalogue("w_template")
        applied = "SELECT app, name FROM {}.django_migrations ORDER BY 1, 2"
        assert rows(applied.format("w_by_migrations")) == rows(applied.format("w_template"))
    finally:
        execute("DROP SCHEMA IF EXISTS w_by_migrations CASCADE")


def test_a_market_of_an_older_version_is_migrated_and_keeps_its_rows(committed_world: Any) -> None:
    """Its events' guard and the note of the migration that made it are missing, as before it existed."""
    schema = committed_world.schema
    with use_world(schema):
        happen()
        execute("DROP TRIGGER events_event_is_append_only ON events_event")
        execute("DELETE FROM django_migrations WHERE app = 'events' AND name LIKE '0002%%'")
        before = hashing.state_hash()
    actions.snapshot(committed_world, "old")
    execute(f"COMMENT ON SCHEMA {schemas.TEMPLATE} IS 'an older fingerprint'")
    done = schemas.prepare(1)["migrated"]
    assert schema in done
    assert len(done) >= 3, "and its snapshot with it"
    with use_world(schema):
        assert hashing.state_hash() == before
        with pytest.raises(DatabaseError, match="append-only"):
            execute("DELETE FROM events_event")
    assert catalogue(schema) == catalogue("w_template")


def test_a_fork_is_equal_to_its_parent_until_one_of_them_moves(committed_world: Any) -> None:
    with use_world(committed_world.schema):
        happen()
        before = hashing.state_hash()
    fork, _ = actions.fork(committed_world, f"{committed_world.name}f")
    try:
        with use_world(fork.schema):
            assert hashing.state_hash() == before
            happen("only.here")
            assert hashing.state_hash() != before
        with use_world(committed_world.schema):
            assert hashing.state_hash() == before
    finally:
        actions.drop(fork)


def test_a_reset_brings_back_the_snapshot_to_the_last_row(committed_world: Any) -> None:
    with use_world(committed_world.schema):
        happen()
        kept = hashing.table_hashes()
    actions.snapshot(committed_world, "one")
    with use_world(committed_world.schema):
        happen("later")
        assert hashing.table_hashes() != kept
    actions.reset(committed_world, "one")
    with use_world(committed_world.schema):
        assert hashing.table_hashes() == kept


def test_preparing_twice_does_nothing_the_second_time(transactional_db_without_flush: None) -> None:
    schemas.prepare(1)
    assert schemas.prepare(1)["migrated"] == []
