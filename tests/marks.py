"""Names for the worlds of a test, and their end."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def marked() -> Iterator[str]:
    """What the worlds of a test are called by; all of them, and what became of them, are dropped in the end."""
    from worlds import actions
    from worlds.current import point
    from worlds.models import Job, World

    mark = f"t{uuid.uuid4().hex[:8]}"
    try:
        yield mark
    finally:
        connection.close()
        point(None)
        for world in World.objects.filter(name__startswith=mark):
            Job.objects.filter(world=world).delete()
            actions.drop(world)
