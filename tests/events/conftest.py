from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.events.receiver import Receiver
from worlds.current import point


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as there:
        yield there


@pytest.fixture
def place(committed_world: Any) -> Any:
    """A market whose deeds are committed, and we are in it."""
    point(committed_world.schema)
    return committed_world
