"""Every writing door does a thing once for one Idempotency-Key, and tells the same answer again."""

from __future__ import annotations

from typing import Any

import pytest

from common.batch import rows
from tests.doors.document import writes
from tests.doors.examples import EXAMPLES, Example
from tests.doors.street import Street, taken_back

ONCE = {"Idempotency-Key": "once"}
SECRETS = {"secret", "key", "admin_key"}


def ask(street: Street, name: str, example: Example, body: Any = None, **headers: str) -> Any:
    verb, template = name.split(" ")
    acting = street.ids[example.as_member] if example.as_member else None
    sent = example.filled(street) if body is None else body
    return street(
        verb,
        example.address(template, street),
        sent,
        who=example.who,
        acting=acting,
        kind=example.kind,
        **headers,
    )


def test_every_writing_door_has_an_example_and_every_example_a_door() -> None:
    assert set(EXAMPLES) == set(writes())


def test_every_writing_door_documents_its_idempotency_key() -> None:
    silent = [
        name
        for name, told in writes().items()
        if not any(p["name"] == "Idempotency-Key" and p["in"] == "header" for p in told.get("parameters", []))
        or "422" not in told["responses"]
    ]
    assert silent == []


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_a_write_repeated_with_its_key_is_done_once(street: Street, name: str) -> None:
    example = EXAMPLES[name]
    if example.before:
        example.before(street)
    first = ask(street, name, example, **ONCE)
    assert 200 <= first.status_code < 300, (first.status_code, first.content.decode())
    assert str(first.status_code) in writes()[name]["responses"]
    if name == "delete /api/worlds/{name}/":
        assert ask(street, name, example, **ONCE).headers.get("Idempotency-Replayed") == "true"
        return  # no state is left to compare
    after = street.state()
    again = ask(street, name, example, **ONCE)
    assert (again.status_code, again.headers.get("Idempotency-Replayed")) == (first.status_code, "true")
    assert again.headers.get("Location") == first.headers.get("Location")
    told_alike_but_for_secrets(street, first, again)
    if "requestBody" in writes()[name]:
        other = b'{"visitor": "c4"}\n' if isinstance(example.body, bytes) else changed(example.filled(street))
        answer = ask(street, name, example, other, **ONCE)
        assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key"), answer.content
    assert street.state() == after


def told_alike_but_for_secrets(street: Street, first: Any, again: Any) -> None:
    told = first.json() if first.content else None
    secret = SECRETS & set(told) if isinstance(told, dict) else set()
    if not secret:
        assert first.content == again.content
        return
    assert {k: None if k in secret else v for k, v in told.items()} == again.json()
    kept = rows("SELECT body FROM public.worlds_idempotencykey")
    with street.inside():
        kept += rows("SELECT body FROM worlds_idempotencykey")
    assert kept
    assert not any(told[k].encode() in bytes(body) for k in secret for (body,) in kept)


CHOICES = {
    "pause": "start",
    "id": "bank",
    "good": "neutral",
    "read": "admin",
    "hide": "show",
    "in_transit": "signed",
}


def changed(body: Any) -> Any:
    """The same body with its first value another one."""
    if isinstance(body, dict):
        key = next(iter(body))
        return {**body, key: changed(body[key])}
    if isinstance(body, list):
        return [changed(body[0]), *body[1:]]
    if isinstance(body, bool):
        return not body
    return CHOICES.get(body, body + "x") if isinstance(body, str) else body + 1


def test_the_same_key_of_another_member_is_another_key(street: Street) -> None:
    body = {"listing": street.ids["listing"]}
    for who in ("alice", "dora"):
        answer = street("post", "/api/cart/", body, who=who, **{"Idempotency-Key": "once"})  # type: ignore[arg-type]
        assert (answer.status_code, answer.headers.get("Idempotency-Replayed")) == (201, None)


def test_a_refused_write_keeps_no_answer(street: Street) -> None:
    order = {"lines": [{"listing": street.ids["listing"], "quantity": 1_000_000}]}
    once: Any = {"Idempotency-Key": "k"}
    answers = [street("post", "/api/orders/", order, who="alice", **once) for _ in range(2)]
    assert [a.status_code for a in answers] == [409, 409]
    assert all("Idempotency-Replayed" not in a.headers for a in answers)


def test_what_is_taken_back_leaves_the_street_as_it_was(street: Street) -> None:
    """The control of this file's way of testing."""
    before = street.state()
    with taken_back():
        assert street("post", "/api/cart/", {"listing": street.ids["listing"]}, who="dora").status_code == 201
        assert street.state() != before
    assert street.state() == before
