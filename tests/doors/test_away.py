"""While the database is away, every door and page says so and when to come again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

DOORS = [
    ("get", "/api/clock/"),
    ("get", "/api/search/?q=衣柜"),
    ("get", "/api/orders/"),
    ("post", "/api/orders/"),
    ("post", "/api/views/"),
    ("post", "/api/listings/batch/"),
    ("get", "/"),
    ("get", "/search/"),
]


@pytest.fixture
def away(
    streets: Any, transactional_db_without_flush: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    """A client with a key, and a database that nobody listens at."""
    client = Client(headers={"Authorization": f"Bearer {streets[0].keys['admin']}"})
    client.raise_request_exception = False
    connection.close()
    with monkeypatch.context() as gone:
        gone.setitem(connection.settings_dict, "PORT", "1")
        yield client
    connection.close()


@pytest.mark.parametrize(("method", "path"), DOORS)
def test_a_request_that_finds_no_database_is_asked_to_come_again(
    away: Client, method: str, path: str
) -> None:
    body = {"visitor": "a", "page": "home", "lines": [{"listing": 1}]}
    more: dict[str, Any] = {"data": body, "content_type": "application/json"} if method == "post" else {}
    if path == "/api/orders/" and method == "post":
        more["headers"] = {"X-Jishi-Member": "1"}
    answer = getattr(away, method)(path, **more)
    assert answer.status_code == 503, answer.content[:300]
    assert answer["Retry-After"] == "1"
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["rule"] == "database_answers"
