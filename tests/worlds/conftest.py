"""What proofs about worlds and time share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.marks import marked
from tests.worlds import story


@pytest.fixture
def told(settings: Any) -> Iterator[None]:
    """Time is driven by the story's alarms instead of the trade's deadlines."""
    with story.told(settings):
        yield
    story.forget_tables()


@pytest.fixture
def worlds(transactional_db_without_flush: None) -> Iterator[Callable[..., Any]]:
    """Make worlds whose deeds are committed; all of them, and what became of them, are dropped in the end."""
    from worlds import actions
    from worlds.current import point

    with marked() as mark:

        def make(name: str = "", **wishes: Any) -> Any:
            point(None)
            world, key = actions.create(f"{mark}{name}", **{"seed": 7, **wishes})
            world.admin_key = key  # type: ignore[attr-defined]
            return world

        make.mark = mark  # type: ignore[attr-defined]
        yield make


@pytest.fixture
def call() -> Callable[..., Any]:
    """`call(key, "post", "/api/…", {...}, prefer="wait=5")`: one request with a key."""
    from rest_framework.test import APIClient

    client = APIClient(raise_request_exception=False)

    def ask(key: str | None, method: str, path: str, data: Any = None, **headers: str) -> Any:
        extra = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        if key:
            extra["HTTP_AUTHORIZATION"] = f"Bearer {key}"
        return getattr(client, method)(path, data, format="json", **extra)

    return ask
