from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from events.models import Delivery, Webhook
from tests.events.receiver import Receiver
from worlds.current import point


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as there:
        yield there


@pytest.fixture
def place(committed_world: Any) -> Iterator[Any]:
    """A market whose deeds are committed, and we are in it; other markets' webhooks rest meanwhile."""
    others = list(Webhook.objects.filter(is_active=True).values_list("pk", flat=True))
    Webhook.objects.filter(pk__in=others).update(is_active=False)
    Delivery.objects.filter(webhook__in=others).delete()
    point(committed_world.schema)
    yield committed_world
    point(None)
    Webhook.objects.filter(pk__in=others).update(is_active=True)
