"""Servers for the length of one command: the running market's, or the configured ones, or our own.

with borrow.servers("replay") as urls: ...      # addresses only
with borrow.market("replay"): ...                # Django is set up, the tables are there
"""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from .errors import ServerError
from .home import Home, Record
from .process import Identity

STARTING_LIMIT = 120.0  # seconds another command may take until its servers answer


@dataclass(frozen=True)
class Urls:
    database: str
    redis: str
    prepared: bool  # whether a running `up` has made the tables


@contextlib.contextmanager
def servers(command: str, home: Home | None = None) -> Iterator[Urls]:
    """Addresses of servers that answer until the end of the block.

    DATABASE_URL and REDIS_URL, when both are set, win: who sets them for one command means them. Then the
    running owner's, which are left alone. Else our own, stopped at the end.
    """
    database, redis = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    home = home or Home()
    home.make()
    if database and redis:
        running = home.owner()
        ready = running is not None and running.state == "ready" and running.database_url == database
        yield Urls(database, redis, ready)
        return
    end = time.monotonic() + STARTING_LIMIT
    while time.monotonic() < end:
        with home.using():
            running = home.owner()
            if running and running.state == "ready" and running.owner.alive():
                yield Urls(running.database_url, running.redis_url, prepared=running.command == "up")
                return
        with home.owning() as mine:
            if mine:
                with _own(command, home) as urls:
                    yield urls
                return
        time.sleep(0.05)
    raise ServerError(f"The servers in {home.path} are held by a command that does not get ready.")


@contextlib.contextmanager
def _own(command: str, home: Home) -> Iterator[Urls]:
    from . import start
    from .supervisor import end_leftovers

    earlier = home.read()
    if earlier:
        end_leftovers(earlier)
    record = Record(Identity.of(os.getpid()), command)
    home.write(record)
    with start(home.path) as running:
        record.children = {name: Identity.of(pid).as_record() for name, pid in running.pids.items()}
        record.database_url, record.redis_url = running.database_url, running.redis_url
        record.state = "ready"
        home.write(record)
        try:
            yield Urls(running.database_url, running.redis_url, prepared=False)
        finally:
            record.state = "stopping"
            home.write(record)
            home.wait_for_users()
    home.forget()


@contextlib.contextmanager
def market(command: str) -> Iterator[Urls]:
    """As `servers`, with Django set up and the database brought up to date when no `up` has done so."""
    home = Home()
    with servers(command, home) as urls:
        os.environ.update(
            DATABASE_URL=urls.database,
            REDIS_URL=urls.redis,
            JISHI_HOME=str(home.path),
            OPENBLAS_NUM_THREADS="1",
            OMP_NUM_THREADS="1",
        )
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jishi.settings")
        import django
        from django.core.management import call_command

        django.setup()
        if not urls.prepared:
            call_command("prepare", stdout=sys.stderr)
        yield urls
