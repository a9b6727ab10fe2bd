"""Every door, asked what the document says it takes and what it says it does not: no 5xx, nothing undocumented.

`JISHI_FUZZ=200` asks that many times a door instead of a few. The seed is fixed: a failure comes again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, openapi
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.config import SchemathesisConfig

from common.api.schema import document
from jishi.wsgi import application
from tests.doors.document import operations
from tests.doors.street import Street, taken_back
from tests.doors.test_two_worlds import ABOVE, GUESSES

EXAMPLES = int(os.environ.get("JISHI_FUZZ", "6"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
CALLERS = ("admin", "admin as alice", "alice", "bob", "read", "operator", "nobody")
OURS = ("Authorization", "X-Jishi-Member", "Prefer")
NO_KEYS = SchemathesisConfig.from_dict({"generation": {"with-security-parameters": False}})
SHARES = 7  # of the doors, each a test of its own, so that workers share the work
PATIENT = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """Requests leave the connection to the test, in whose transaction they are made."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def without_our_headers(told: dict[str, Any]) -> dict[str, Any]:
    """The document without the headers that say who asks and how: those are ours, none need be thought up."""
    paths = {
        path: {verb: {**door, "parameters": [p for p in door.get("parameters", ()) if p["name"] not in OURS]}
               for verb, door in doors.items()}
        for path, doors in told["paths"].items()
    }  # fmt: skip
    return {**told, "paths": paths}


@pytest.fixture(scope="session")
def doors(streets: Any) -> dict[str, Any]:
    schema = openapi.from_dict(without_our_headers(document()), config=NO_KEYS)
    schema.app = application
    found = [result.ok() for result in schema.get_all_operations()]  # type: ignore[union-attr]
    return {f"{door.method} {door.path}": door for door in found}


def headers(street: Street, caller: str) -> dict[str, str]:
    who, _, member = caller.partition(" as ")
    sent = {"Authorization": f"Bearer {street.keys[who]}"} if who in street.keys else {}
    return {**sent, "X-Jishi-Member": str(street.ids[member])} if member else sent


def numbers(street: Street, case: Any) -> None:
    """Name what exists."""
    known: dict[str, Any] = {part: street.ids[name] for part, name in (GUESSES | ABOVE).items()}
    known |= {"name": street.world.name, "tag": "dawn"}
    if "/regime/" in case.path:
        known["name"] = "thesis-2010"
    case.path_parameters = {
        part: known.get(part, value) for part, value in (case.path_parameters or {}).items()
    }


def knock(street: Street, door: Any, mode: GenerationMode) -> None:
    @PATIENT
    @given(case=door.as_strategy(generation_mode=mode), caller=st.sampled_from(CALLERS), known=st.booleans())
    def asked(case: Any, caller: str, known: bool) -> None:
        for name in OURS:
            (case.headers or {}).pop(name, None)
        if known:
            numbers(street, case)
        with taken_back():
            answer = case.call(headers=headers(street, caller))
        case.validate_response(answer, checks=CHECKS)

    asked()


def share(number: int) -> list[str]:
    return sorted(operations())[number::SHARES]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(SHARES))
def test_no_door_breaks_or_answers_what_the_document_does_not_say(
    street: Street, doors: dict[str, Any], number: int
) -> None:
    broken = []
    for name in share(number):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                knock(street, doors[name], mode)
            except Exception as error:  # each door is asked, whatever the one before did
                if "No data" not in type(error).__name__ and "Unsatisfiable" not in type(error).__name__:
                    broken.append(f"{name} {mode}: {type(error).__name__} {str(error)[:1500]}")
    assert broken == [], "\n\n".join(broken)
