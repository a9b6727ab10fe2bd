"""Which filters were used lately: counted in Redis, per market, day and section; what suggestions are made from.

In Redis and not in a table, so not in the state hash: a search is a read and writes nothing into its market, and
what people looked for is no part of what a market means. Emptied, it fills again. A fork starts with none.
Each process gathers counts and sends them together, at most once a second or every 64 searches.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from time import perf_counter
from typing import Any
from uuid import UUID

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from common.moments import day_of

DAYS = 7  # market days that count as lately
KEPT_SECONDS = 30 * 86_400  # real time after which an idle market's counts go
EVERY_SECONDS, EVERY_SEARCHES = 1.0, 64

_lock = threading.Lock()
_gathered: Counter[tuple[str, str]] = Counter()
_state = {"sent_at": 0.0, "searches": 0}


@cache
def _redis() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5)


def _key(world: UUID, at: datetime, section: int) -> str:
    return f"search:used:{world}:{day_of(at).isoformat()}:{section}"


def note(world: UUID, at: datetime, section: int | None, filters: Iterable[str]) -> None:
    """Count the filters of one search, for its section and for the whole market (section 0)."""
    with _lock:
        for name in filters:
            for place in {0, section or 0}:
                _gathered[_key(world, at, place), name] += 1
        _state["searches"] += 1
        late = perf_counter() - _state["sent_at"] > EVERY_SECONDS
        due = bool(_gathered) and (late or _state["searches"] >= EVERY_SEARCHES)
    if due:
        send()


def send() -> None:
    """Send what was gathered. Redis away: it is let go, nobody waits for it twice."""
    with _lock:
        gathered = dict(_gathered)
        _gathered.clear()
        _state.update(sent_at=perf_counter(), searches=0)
    if not gathered:
        return
    try:
        with _redis().pipeline(transaction=False) as pipe:
            for (key, name), count in gathered.items():
                pipe.hincrby(key, name, count)
            for key in sorted({key for key, _ in gathered}):
                pipe.expire(key, KEPT_SECONDS)
            pipe.execute()
    except RedisError:
        return


def lately(world: UUID, at: datetime, section: int = 0) -> dict[str, int]:
    """Filter to how often it was used in the last DAYS market days, the most used first (ties by name)."""
    send()
    total: Counter[str] = Counter()
    try:
        with _redis().pipeline(transaction=False) as pipe:
            for back in range(DAYS):
                pipe.hgetall(_key(world, at - timedelta(days=back), section))
            days: list[dict[Any, Any]] = pipe.execute()
    except RedisError:
        return {}
    for day in days:
        for name, count in day.items():
            total[name.decode()] += int(count)
    return dict(sorted(total.items(), key=lambda pair: (-pair[1], pair[0])))
