"""Two streets, made once a run and committed: everything a test does to them is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from tests.doors.street import Street, taken_back
from worlds import actions
from worlds.current import point

MARK = "zqalpha"
OTHER = "zqbeta"


@pytest.fixture(scope="session")
def streets(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Street, Street]]:
    with django_db_blocker.unblock():
        both = Street("street", MARK), Street("lane", OTHER)
        yield both
        connection.close()
        point(None)
        for street in both:
            actions.drop(street.world)


@pytest.fixture
def street(streets: tuple[Street, Street], django_db_blocker: Any) -> Iterator[Street]:
    with django_db_blocker.unblock(), taken_back():
        yield streets[0]


@pytest.fixture
def lane(street: Street, streets: tuple[Street, Street]) -> Street:
    """The market beside it: the same ids, other words."""
    return streets[1]
