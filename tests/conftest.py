"""One market for the session, its schema claimed as any; each test's deeds are rolled back.

A test that needs commits, threads or processes asks for `committed_world` and gets a market of its own.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.client import ClientHandler

from tests.market import Market


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with long tests come first: what is left for the end is short, and no worker waits long for another."""
    long = {item.path for item in items if {"slow", "servers"} & {mark.name for mark in item.iter_markers()}}
    items.sort(key=lambda item: item.path not in long)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is loaded by now stays to the end: it need not be searched for rubbish again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def one_chain_of_middleware() -> Iterator[None]:
    """Every test client's requests go through the same middleware, as every request of a web worker does.

    Else each client makes its own, which lists all static files anew: ten times what a short request takes.
    """
    made: dict[str, Any] = {}
    load = ClientHandler.load_middleware

    def load_once(self: ClientHandler, is_async: bool = False) -> None:
        if not made:
            load(self, is_async)
            made.update({name: value for name, value in vars(self).items() if "_middleware" in name})
        vars(self).update(made)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClientHandler, "load_middleware", load_once)
        yield


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: Any
) -> Iterator[None]:
    """A database of this run's own, prepared as `up` prepares one, and the market that tests share.

    Django's own way would migrate every market app above the markets as well, and take ten times as long.
    """
    from worlds import actions, schemas
    from worlds.current import point

    usual = connection.settings_dict["NAME"]
    with django_db_blocker.unblock():
        name = connection.creation._create_test_db(verbosity=0, autoclobber=True)  # type: ignore[attr-defined]
        connection.close()
        connection.settings_dict["NAME"] = name
        schemas.prepare(1)
        point(None)
        actions.create("shared", seed=7)
    yield
    with django_db_blocker.unblock():
        connection.close()
        connection.creation.destroy_test_db(usual, verbosity=0)


@pytest.fixture
def market(db: None) -> Iterator[Market]:
    """A fresh market in a transaction that is rolled back; the books are looked at in the end."""
    from worlds.current import point

    point("w_shared")
    there = Market()
    try:
        yield there
        there.books_balance()
    finally:
        if not connection.needs_rollback:
            point(None)


@pytest.fixture
def committed_world(transactional_db_without_flush: None) -> Iterator[Any]:
    """A market of its own whose deeds are committed, for threads, workers and kills; dropped in the end."""
    import uuid

    from worlds import actions
    from worlds.current import point

    point(None)
    world, key = actions.create(f"t{uuid.uuid4().hex[:12]}", seed=7)
    world.admin_key = key  # type: ignore[attr-defined]
    try:
        yield world
    finally:
        connection.close()
        point(None)
        actions.drop(world)


@pytest.fixture
def transactional_db_without_flush(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Real commits, and no flush afterwards: a world cleans up by being dropped."""
    with django_db_blocker.unblock():
        yield
        connection.close()
