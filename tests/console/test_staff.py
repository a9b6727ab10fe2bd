"""./jishi staff NAME."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from typer.testing import CliRunner

from jishi.cli.main import assemble

NAME = "staff-of-a-test"


@pytest.fixture
def staff(
    transactional_db_without_flush: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Any]]:
    database = connection.settings_dict
    place = f"{database['HOST']}:{database['PORT']}/{database['NAME']}"
    monkeypatch.setenv("DATABASE_URL", f"postgresql://{database['USER']}:{database['PASSWORD']}@{place}")
    yield lambda name: CliRunner().invoke(assemble(), ["staff", name, "--json"])
    User.objects.filter(username=NAME).delete()
    connection.close()


def signed_in(password: str) -> bool:
    form = {"username": NAME, "password": password, "next": "/admin/"}
    return Client().post("/admin/login/", form).status_code == 302


def test_staff_sign_in_with_the_password_that_was_told_last(staff: Callable[[str], Any]) -> None:
    first = json.loads(staff(NAME).stdout)
    assert first["name"] == NAME
    assert signed_in(first["password"])
    second = json.loads(staff(NAME).stdout)
    assert second["password"] != first["password"]
    assert signed_in(second["password"])
    assert not signed_in(first["password"])


def test_a_name_that_cannot_sign_in_is_refused_and_nobody_is_made(staff: Callable[[str], Any]) -> None:
    before = User.objects.count()
    assert staff("two words").exception is not None
    assert User.objects.count() == before
