"""A market is a schema: claimed, copied, dropped, and migrated like any other."""

from __future__ import annotations

import re
from typing import Any

from common.batch import insert, rows
from events.models import Event
from worlds import actions, hashing, schemas
from worlds.current import use_world
from worlds.pen import writing


def happen(name: str = "test.happened") -> None:
    with writing() as moment:
        insert(
            Event,
            [{"name": name, "subject_id": 1, "members": [1], "is_public": True, "payload": {"n": 1}, "at": moment.at}],
        )


def constraint_names(schema: str) -> list[Any]:
    return rows(
        "SELECT conrelid::regclass::text, conname, contype::text, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = %s::regnamespace ORDER BY 2, 1",
        [schema],
    )


def test_a_cloned_market_has_every_constraint_index_and_trigger_of_the_template(committed_world: Any) -> None:
    def named(kind: str, schema: str) -> list[Any]:
        """Rows of the catalogue, without the casts that PostgreSQL spells anew each time it reads a condition."""
        return [
            tuple(re.sub(r"::(character varying|text)(\[\])?|[()]", "", str(part).replace(f"{schema}.", "")) for part in row)
            for row in rows(kind, [schema])
            if not str(row[0]).startswith("pg_toast")
        ]

    indexes = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = %s ORDER BY 1"
    triggers = """SELECT tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
                   WHERE relnamespace = %s::regnamespace AND NOT tgisinternal ORDER BY 1"""
    columns = """SELECT table_name, column_name, data_type, column_default, is_nullable, identity_generation
                   FROM information_schema.columns WHERE table_schema = %s ORDER BY 1, ordinal_position"""
    for kind in (indexes, triggers, columns):
        assert named(kind, "w_template") == named(kind, committed_world.schema) != []
    assert len(constraint_names("w_template")) == len(constraint_names(committed_world.schema)) > 0


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
