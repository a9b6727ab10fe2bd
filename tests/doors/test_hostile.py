"""Whatever is thrown at a door is refused in words that name the field and the rule, and leaves nothing behind."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest

from tests.doors.document import operations, writes
from tests.doors.examples import EXAMPLES
from tests.doors.street import Street, taken_back
from tests.doors.test_two_worlds import address

DEEP = b'{"lines":' + b"[" * 5_000 + b"]" * 5_000 + b"}"
BODIES: dict[str, bytes] = {
    "nothing of JSON": b"{",
    "not UTF-8": b'{"nick": "\xff\xfe"}',
    "UTF-16": '{"nick": "x"}'.encode("utf-16"),
    "GB18030": '{"nick": "集市"}'.encode("gb18030"),
    "deep": DEEP,
    "an array": b"[]",
    "an array of the right thing": b'[{"nick": "x"}]',
    "a text": b'"x"',
    "a number": b"7",
    "null": b"null",
    "true": b"true",
    "NaN": b'{"amount_fen": NaN}',
    "too large a number": b'{"amount_fen": 1e999}',
    "a lone surrogate": b'{"nick": "\\ud800"}',
    "a NUL": b'{"nick": "a\\u0000b", "text": "a\\u0000b", "name": "a\\u0000b", "why": "a\\u0000b"}',
    "a form": b"nick=x&region=320324",
    "unknown fields": b'{"is_admin": true, "__proto__": {}}',
    "XML": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
}
PLAIN = {"detail", "field", "rule", "status", "title", "type", "way_out"}


def refused(answer: Any, what: object = "") -> dict[str, Any]:
    """It is a problem document of 4xx, which says which field and which rule."""
    assert 400 <= answer.status_code < 500, (what, answer.status_code, answer.content[:300])
    assert answer.headers["Content-Type"] == "application/problem+json", what
    problem: dict[str, Any] = answer.json()
    assert set(problem) >= PLAIN, what
    assert problem["status"] == answer.status_code
    assert problem["rule"], (what, problem)
    assert problem["detail"]
    assert "Traceback" not in answer.content.decode()
    return problem


def send(street: Street, name: str, body: bytes | None, **headers: str) -> Any:
    example = EXAMPLES[name]
    verb, template = name.split(" ")
    acting = street.ids[example.as_member] if example.as_member else None
    return street(
        verb,
        example.address(template, street),
        body,
        who=example.who,
        acting=acting,
        kind=example.kind,
        **headers,
    )


TAKING = sorted(
    name
    for name, told in writes().items()
    if "application/json" in told.get("requestBody", {}).get("content", {})
)


@pytest.mark.parametrize("what", sorted(BODIES))
def test_a_body_that_is_none_is_refused_at_every_door(street: Street, what: str) -> None:
    before = street.state()
    for name in TAKING:
        problem = refused(send(street, name, BODIES[what]), f"{name} {what}")
        assert problem["field"] is not None, (name, what, problem)
    assert street.state() == before


EDGES: tuple[Any, ...] = (
    -1, 0, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 1.5, True, None, [], {}, "", "\u202ex",
    "🛒" * 30_000, "a\x00b", [[]], {"a": {"b": []}}, "１２",
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(n for n in TAKING if isinstance(EXAMPLES[n].body, dict)))
def test_each_field_is_held_to_its_edges(street: Street, name: str) -> None:
    """Every field of the example in turn is each edge: done or refused by name, never broken."""
    example = EXAMPLES[name]
    if example.before:
        example.before(street)
    good = example.filled(street)
    before = street.state()
    for place in places(good):
        for edge in EDGES:
            with taken_back():
                answer = send(street, name, written(good, place, edge))
                if answer.status_code >= 300:
                    problem = refused(answer, (name, place, edge))
                    assert problem["field"] is not None, (name, place, edge, problem)
                elif "/batch/" in name:
                    for row in answer.json()["results"]:
                        assert "problem" not in row or row["problem"]["field"], (name, place, edge, row)
    assert street.state() == before


def written(good: Any, place: tuple[Any, ...], edge: Any) -> bytes:
    """The body with the edge in that place; numbers beyond 64 bits are written by hand."""
    if isinstance(edge, int) and not -(2**63) <= edge < 2**64:
        return orjson.dumps(put(good, place, "@@")).replace(b'"@@"', str(edge).encode())
    return orjson.dumps(put(good, place, edge))


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where the values of a body stand."""
    if isinstance(value, dict):
        return [p for key, inner in value.items() for p in [(*here, key), *places(inner, (*here, key))]]
    return (
        [p for i, inner in enumerate(value) for p in places(inner, (*here, i))]
        if isinstance(value, list)
        else []
    )


def put(value: Any, place: tuple[Any, ...], edge: Any) -> Any:
    if not place:
        return edge
    if isinstance(value, dict):
        return {
            key: put(inner, place[1:], edge) if key == place[0] else inner for key, inner in value.items()
        }
    return [put(inner, place[1:], edge) if i == place[0] else inner for i, inner in enumerate(value)]


def test_more_than_64_megabytes_are_refused(street: Street) -> None:
    body = b'{"nick": "' + b"x" * (64 * 2**20) + b'"}'
    for path, kind in (("/api/members/", "application/json"), ("/api/views/", "application/json"),
                       ("/api/views/file/", "text/csv")):  # fmt: skip
        assert refused(street("post", path, body, kind=kind), path)["rule"] == "body_size"
        assert street("post", path, body, kind=kind).status_code == 413


IDS = ["0", "-1", "01", "1.0", "9" * 19, "9" * 400, "１", "x_y%00", "%2e%2e", "%ff",
       "1%0d%0aX: y"]  # fmt: skip


@pytest.mark.parametrize("part", IDS)
def test_a_number_that_is_none_is_no_address(street: Street, part: str) -> None:
    for name in operations():
        verb, template = name.split(" ")
        if "{" in template:
            example = EXAMPLES.get(name)
            with taken_back():
                body = example.filled(street) if example else None
                path = re.sub(r"{\w+}", lambda _: part, template)
                refused(street(verb, path, body, kind=example.kind if example else "application/json"), path)


HEADERS: dict[str, dict[str, str]] = {
    "another scheme": {"Authorization": "Basic YTpi"},
    "no key": {"Authorization": "Bearer "},
    "a key nobody has": {"Authorization": "Bearer jishi_admin_x"},
    "a long key": {"Authorization": "Bearer " + "x" * 100_000},
    "a key in Chinese": {"Authorization": "Bearer 钥匙"},
    "a key with a NUL": {"Authorization": "Bearer a\x00b"},
    "SQL for a key": {"Authorization": "Bearer ' OR 1=1 --"},
    "a member of letters": {"X-Jishi-Member": "alice"},
    "a member below nought": {"X-Jishi-Member": "-1"},
    "a huge member": {"X-Jishi-Member": "9" * 30},
    "a member in other digits": {"X-Jishi-Member": "１"},
    "a member who is not": {"X-Jishi-Member": "999999999999999999"},
    "two members": {"X-Jishi-Member": "1, 2"},
}


@pytest.mark.parametrize("what", sorted(HEADERS))
def test_headers_that_are_none_are_refused(street: Street, what: str) -> None:
    before = street.state()
    for path in ("/api/clock/", "/api/orders/", "/api/views/", "/api/search/"):
        for verb in ("get", "post") if path == "/api/orders/" else ("post",) if "views" in path else ("get",):
            answer = street(verb, path, {} if verb == "post" else None, **HEADERS[what])  # type: ignore[arg-type]
            problem = refused(answer, (what, path))
            assert problem["field"] == next(iter(HEADERS[what])), (path, problem)
            assert answer.status_code == (401 if "Authorization" in HEADERS[what] else answer.status_code)
    assert street.state() == before


@pytest.mark.parametrize("key", ["x" * 256, "x" * 300, "", "a\tb", "钥匙", "a\x00b", "a\r\nX-Evil: 1"])
def test_an_idempotency_key_that_is_none_is_refused(street: Street, key: str) -> None:
    before = street.state()
    for name in (
        "post /api/members/",
        "post /api/views/",
        "post /api/views/batch/",
        "post /api/worlds/{name}/fork/",
    ):
        body = orjson.dumps(EXAMPLES[name].filled(street))
        assert (
            refused(send(street, name, body, **{"Idempotency-Key": key}), name)["field"] == "Idempotency-Key"
        )
    assert street.state() == before


QUERIES = ["nonsense=1", "limit=0", "limit=-1", "limit=%00", "limit=", "limit=99999999999999999999", "%ff=1",
           "q=%ff&nonsense=1", "limit=1&limit=x"]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_that_is_none_is_refused_by_name(street: Street, query: str) -> None:
    for name in operations("get"):
        template = name.removeprefix("get ")
        if "{job_id}" in template:
            continue
        with taken_back():
            answer = street("get", address(template, street, street, "") + "?" + query)
            problem = refused(answer, (name, query))
            assert problem["field"], (name, query, problem)


def test_a_method_that_is_not_offered_is_refused(street: Street) -> None:
    offered = operations()
    for path in sorted({name.split(" ")[1] for name in offered}):
        if "{" not in path:
            for verb in ("put", "patch", "delete", "post", "get"):
                if f"{verb} {path}" not in offered:
                    answer = street(verb, path, {})
                    assert answer.status_code == 405, (verb, path)
                    assert refused(answer)["rule"] == "method_is_offered"
                    assert answer.headers["Allow"]


def test_a_name_said_twice_is_the_last_one_said(street: Street) -> None:
    """JSON leaves it open; ours is said here, so that nobody finds out otherwise."""
    body = b'{"nick": "first", "region": 320324, "nick": "second"}'
    assert street("post", "/api/members/", body).json()["nick"] == "second"


def test_words_of_every_script_are_kept_as_they_are(street: Street) -> None:
    text = "مرحبا \u202eabc\u202c 🛒👨‍👩‍👧 ﷽ é é 集市"
    sent = street("post", "/api/messages/", {"to": street.ids["bob"], "text": text}, who="alice").json()
    read = street("get", f"/api/conversations/{street.ids['conversation']}/messages/", who="alice").json()
    assert text in orjson.dumps([sent, read]).decode()
