"""A connection never carries another world's path: between threads, after errors, after rollbacks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from common.batch import execute, one
from common.errors import Gone, refusal_of
from tests.worlds.test_schemas import happen
from worlds import actions, hashing
from worlds.current import current, point, use_world
from worlds.pen import glance, writing

Worlds = Callable[..., Any]


def where() -> str:
    schema: str = one("SELECT current_schema()")
    return schema


def test_two_threads_in_two_worlds_write_each_into_its_own(worlds: Worlds) -> None:
    pair = [worlds("a"), worlds("b")]
    turn = threading.Barrier(2)
    wrong: list[object] = []

    def run(i: int) -> None:
        try:
            for n in range(20):
                here = pair[(i + n) % 2]  # both change worlds at every step, always into different ones
                turn.wait(20)
                with use_world(here.schema):
                    if where() != here.schema:
                        wrong.append(here.name)
                    happen(f"in.{here.name}")
        except Exception as error:
            wrong.append(error)
            turn.abort()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(i,)) for i in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    for world in pair:
        with use_world(world.schema):
            assert one("SELECT count(*) FROM events_event WHERE name = %s", [f"in.{world.name}"]) == 20
            assert one("SELECT count(DISTINCT name) FROM events_event") == 1


def test_after_an_error_we_are_where_we_were(worlds: Worlds) -> None:
    a, b = worlds("a"), worlds("b")
    point(a.schema)
    for wrong in ("SELECT 1/0", "SELECT nothing"):
        with pytest.raises(DatabaseError), use_world(b.schema):
            execute(wrong)
        assert (current(), where()) == (a.schema, a.schema)


def test_after_a_rollback_belief_and_connection_agree(worlds: Worlds) -> None:
    a, b = worlds("a"), worlds("b")
    point(a.schema)
    for outer in (a, b):
        with (
            pytest.raises(DatabaseError),
            use_world(outer.schema),
            transaction.atomic(),
            use_world(b.schema),
        ):
            execute("SELECT 1/0")
        if current() is not None:
            assert where() == current()
        with use_world(outer.schema), writing():
            assert where() == outer.schema
        with use_world(a.schema), transaction.atomic():
            with use_world(b.schema):
                assert where() == b.schema
            assert where() == a.schema


def test_a_new_connection_is_in_no_world_whatever_the_old_one_was_in(worlds: Worlds) -> None:
    point(worlds().schema)
    connection.close()
    assert current() is None
    assert where() == "public"


def test_a_request_s_failure_leaves_no_path_behind(worlds: Worlds, call: Callable[..., Any]) -> None:
    a, b = worlds("a"), worlds("b")
    for key, world in [(a.admin_key, a), (b.admin_key, b), (a.admin_key, a)]:
        assert call(key, "post", "/api/keys/", {"scope": "member", "member": 77}).status_code == 404
        assert call(key, "get", "/api/clock/").status_code == 200
        assert where() == world.schema
        assert call("nobody's", "get", "/api/clock/").status_code == 401
        assert where() == "public"
        point(None)


def test_a_world_dropped_under_a_reader_is_gone_in_words(worlds: Worlds, call: Callable[..., Any]) -> None:
    world = worlds()
    point(world.schema)
    thread = threading.Thread(target=lambda: (actions.drop(world), connection.close()))  # type: ignore[func-returns-value]
    thread.start()
    thread.join(20)
    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        glance()
    assert isinstance(refusal_of(refused.value), Gone)


def test_readers_and_drops_at_once_end_in_words_and_leave_nothing(
    worlds: Worlds, call: Callable[..., Any]
) -> None:
    """Readers hammer a world while it is dropped: each answer is whole, or says that it is gone."""
    for round_ in range(4):
        world = worlds(f"r{round_}")
        seen: list[int] = []
        started, over = threading.Barrier(4), threading.Event()

        def read(
            key: str = world.admin_key, seen: list[int] = seen, started: Any = started, over: Any = over
        ) -> None:
            try:
                started.wait(10)
                while not over.is_set() or not seen:
                    seen.append(call(key, "get", "/api/state-hash/").status_code)
            finally:
                connection.close()

        threads = [threading.Thread(target=read) for _ in range(3)]
        for thread in threads:
            thread.start()
        started.wait(10)
        while len(seen) < 3:
            started.broken  # noqa: B018  readers are at work
        actions.drop(world)
        over.set()
        for thread in threads:
            thread.join(20)
        assert set(seen) <= {200, 401, 410, 503}, seen
        assert seen.count(200) >= 1
        assert one("SELECT to_regnamespace(%s) IS NULL", [world.schema])


def test_forks_during_writes_are_never_half(worlds: Worlds) -> None:
    """Every write makes two events that add up to nothing; every fork taken meanwhile adds up to nothing."""
    from events.actions import emit

    world, over, wrong = worlds(), threading.Event(), []

    def write() -> None:
        try:
            point(world.schema)
            n = 0
            while not over.is_set():
                n += 1
                with writing() as moment:
                    emit("paid.out", [{"id": n, "fen": n}], at=moment.at)
                    emit("paid.in", [{"id": n, "fen": -n}], at=moment.at)
        except Exception as error:
            wrong.append(error)
        finally:
            connection.close()

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        forks = []
        for n in range(4):
            wanted = n * 10
            while True:
                with use_world(world.schema):
                    if one("SELECT count(*) FROM events_event") > wanted:
                        break
            forks.append(actions.fork(world, f"{world.name}f{n}")[0])
    finally:
        over.set()
        for writer in writers:
            writer.join(20)
    assert wrong == []
    for fork in forks:
        with use_world(fork.schema):
            assert one("SELECT sum((payload ->> 'fen')::int) FROM events_event") == 0
            assert one("SELECT max(id) = count(*) FROM events_event")
            hashing.state_hash()
            happen("goes.on")
