"""A worker that hears no bell although bells wait ends itself; who watches over it starts another.

After Redis was killed a worker's consumer now and then comes back without listening: it lives, and does nothing. Its
jobs would wait for ever. Ending is safe at any moment: whatever it had in hand is taken up where it stands.
"""

from __future__ import annotations

import os
import threading
from time import monotonic, sleep
from typing import Any

import structlog
from celery import signals
from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

EVERY_SECONDS = 1.0
DEAF = 75  # the exit code: try again
log = structlog.get_logger()


class Hearing:
    """What a worker with so many `hands` has heard: seconds are those of `monotonic`."""

    def __init__(self, hands: int, patience: float, now: float) -> None:
        self.hands, self.patience = hands, patience
        self.busy, self.heard_at = 0, now
        self._lock = threading.Lock()

    def began(self, now: float) -> None:
        with self._lock:
            self.busy, self.heard_at = self.busy + 1, now

    def ended(self, now: float) -> None:
        with self._lock:
            self.busy, self.heard_at = self.busy - 1, now

    def is_deaf(self, waiting: int, now: float) -> bool:
        """Have bells waited all that time, and a free hand not taken one?"""
        with self._lock:
            if not waiting or self.busy >= self.hands:
                self.heard_at = now
            return now - self.heard_at > self.patience


def watch(consumer: Any) -> None:
    """Look at the queue now and then, in a thread of its own, as long as the worker lives."""
    hearing = Hearing(consumer.pool.limit, settings.JISHI_DEAF_SECONDS, monotonic())
    signals.task_prerun.connect(lambda **_: hearing.began(monotonic()), weak=False)
    signals.task_postrun.connect(lambda **_: hearing.ended(monotonic()), weak=False)
    queue = consumer.app.conf.task_default_queue
    redis = Redis.from_url(settings.CELERY_BROKER_URL, socket_timeout=1, socket_connect_timeout=1)

    def look() -> None:
        while True:
            sleep(EVERY_SECONDS)
            try:
                waiting = int(redis.llen(queue))
            except RedisError:
                waiting = 0
            if hearing.is_deaf(waiting, monotonic()):
                log.error("this worker hears nothing: it ends itself", waiting=waiting, busy=hearing.busy)
                os._exit(DEAF)

    threading.Thread(target=look, name="hearing", daemon=True).start()


@signals.worker_ready.connect
def begin(sender: Any, **_: Any) -> None:
    watch(sender)
