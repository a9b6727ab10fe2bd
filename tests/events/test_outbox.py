"""Events stand in the order in which they became true, without a gap, and are told to those who may see them."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from common.batch import rows
from events import queries
from events.actions import emit
from tests.asking import Asking
from tests.market import Market
from tests.shops.stalls import joined
from worlds.current import point
from worlds.pen import writing

WRITERS, EACH = 6, 15


def said(number: int = 1, name: str = "test.said", **more: Any) -> list[int]:
    with writing() as moment:
        return emit(name, [{"id": number, **more}], at=moment.at)


def test_many_writers_leave_no_gap_and_no_reader_meets_a_number_before_a_smaller_one(place: Any) -> None:
    begun = queries.events(limit=1000)[-1]["id"] if queries.events(limit=1) else 0
    seen: list[list[int]] = []
    done = threading.Event()

    def write(writer: int) -> None:
        try:
            point(place.schema)
            for turn in range(EACH):
                said(writer * 100 + turn + 1)
        finally:
            connection.close()

    def read() -> None:
        try:
            point(place.schema)
            while not done.is_set():
                seen.append([e["id"] for e in queries.events(after=begun, limit=1000)])
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=[n]) for n in range(WRITERS)]
    reader = threading.Thread(target=read)
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    wanted = list(range(begun + 1, begun + 1 + WRITERS * EACH))
    assert [e["id"] for e in queries.events(after=begun, limit=1000)] == wanted
    assert len(seen) > 1
    assert all(numbers == wanted[: len(numbers)] for numbers in seen)


def test_what_is_taken_back_takes_no_number(market: Market) -> None:
    [first] = said()
    with writing() as moment:
        emit("test.said", [{"id": 2}], at=moment.at)
        transaction.set_rollback(True)
    assert said() == [first + 1]


def test_an_event_is_never_changed_nor_deleted(market: Market) -> None:
    said()
    for deed in ("UPDATE events_event SET name = 'x.y'", "DELETE FROM events_event"):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            rows(deed)


def test_each_key_sees_what_it_may(market: Market) -> None:
    alice, bob, carol = joined("alice", "bob", "carol")
    [first] = said(1, members=[alice, bob], secret="theirs")
    said(2, public=True)
    said(3)
    ask = Asking()

    def subjects(**who: Any) -> list[int]:
        answer = ask("get", f"/api/events/?after={first - 1}&name=test.*", **who).json()
        return [event["subject"] for event in answer["results"]]

    assert subjects() == subjects(key=ask.read) == [1, 2, 3]
    assert subjects(key=ask.member(alice)) == subjects(acting=alice) == [1, 2]
    assert subjects(key=ask.member(bob)) == [1, 2]
    assert subjects(key=ask.member(carol)) == subjects(acting=carol) == [2]
    for number, allowed in ((first, 404), (first + 1, 200), (first + 2, 404)):
        assert ask("get", f"/api/events/{number}/", key=ask.member(carol)).status_code == allowed
    asked_about = ask("get", f"/api/events/?after={first - 1}&member={alice}", key=ask.member(carol)).json()
    assert asked_about["results"] == []  # one is not told of another's by asking for them
    told = ask("get", f"/api/events/{first}/", key=ask.member(alice)).json()
    assert told["payload"] == {"secret": "theirs"}  # who else may see it is not told


def test_the_names_and_pages_of_events(market: Market) -> None:
    [first] = said(1, "test.said")
    said(2, "test.sung")
    said(3, "tester.said")
    ask = Asking()

    def subjects(query: str) -> list[int]:
        return [e["subject"] for e in ask("get", f"/api/events/?after={first - 1}&{query}").json()["results"]]

    assert subjects("name=test.said") == [1]
    assert subjects("name=test.*") == [1, 2]
    assert subjects("name=test%25") == subjects("name=test._") == []  # nothing but a last * is a pattern
    assert subjects("subject=3") == [3]
    page = ask("get", f"/api/events/?after={first - 1}&limit=2").json()
    assert [e["subject"] for e in page["results"]] == [1, 2]
    assert [e["subject"] for e in ask("get", page["next"]).json()["results"]] == [3]
