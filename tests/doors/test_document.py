"""The OpenAPI document says what the doors do, and says it without a warning."""

from __future__ import annotations

import json
from collections import Counter
from io import StringIO
from pathlib import Path

import jsonschema_rs
import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular import validation

from common.api.schema import document
from tests.doors.document import operations

OPENAPI = Path(validation.__file__).with_name("openapi_3_1_schema.json")


def test_the_document_is_valid_and_made_without_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its own `--validate` asks the same of it, by a validator that takes eight seconds."""
    file, said = tmp_path / "schema.json", StringIO()
    call_command(
        "spectacular", "--fail-on-warn", "--format", "openapi-json", "--file", str(file), stderr=said
    )
    assert (said.getvalue(), capsys.readouterr().err) == ("", "")
    made = json.loads(file.read_bytes())
    jsonschema_rs.validate(json.loads(OPENAPI.read_bytes()), made)
    made["paths"]["/api/clock/"]["get"]["parameters"].append({"name": "of no kind"})
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(json.loads(OPENAPI.read_bytes()), made)


def test_operations_have_names_of_their_own() -> None:
    names = Counter(told["operationId"] for told in operations().values())
    assert [name for name, count in names.items() if count > 1] == []


def test_every_door_but_none_takes_a_key() -> None:
    schemes = document()["components"]["securitySchemes"]
    assert (schemes["key"]["type"], schemes["key"]["scheme"]) == ("http", "bearer")
    assert [name for name, told in operations().items() if {"key": []} not in told.get("security", [])] == []


def test_every_door_tells_a_summary_and_its_refusals_as_problem_documents() -> None:
    for name, told in operations().items():
        assert told.get("summary"), name
        for status, response in told["responses"].items():
            if status >= "400":
                assert set(response["content"]) == {"application/problem+json"}, (name, status)


def test_reads_take_no_body_and_every_address_part_is_described() -> None:
    for name, told in operations().items():
        parts = {p["name"] for p in told.get("parameters", []) if p["in"] == "path"}
        assert parts == {part.split("}")[0] for part in name.split("{")[1:]}, name
        assert not (name.startswith("get ") and "requestBody" in told), name


def test_the_document_is_served_in_the_form_that_was_asked_for() -> None:
    client = Client()
    plain = client.get("/api/schema/")
    assert plain.content.startswith(b"openapi: 3.1")
    for asked in (
        client.get("/api/schema/?format=json"),
        client.get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}),
        client.get("/api/schema/", headers={"Accept": "application/json"}),
    ):
        assert asked.json()["paths"].keys() == document()["paths"].keys()
