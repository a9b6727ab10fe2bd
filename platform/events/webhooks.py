"""Telling outside addresses: queue what is new, send what waits, try again later, replay on demand.

An event is queued once for each webhook that wants it and sent at least once: a worker that dies between the
sending and the noting sends again. Everything here is in real time and above markets.
"""

from __future__ import annotations

import http.client
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import ProgrammingError, transaction
from django.db.models.functions import Now

from common.api.render import encode
from common.batch import dicts, execute, one, rows
from common.errors import Conflict, Invalid, NotFound
from events import queries
from events.models import Delivery, Webhook
from events.rules import (
    CLAIM_SECONDS,
    DELIVERIES_A_BELL,
    DELIVERIES_A_CLAIM,
    TIMEOUT_SECONDS,
    check_names,
    check_url,
    signature,
    wait_after,
    wants,
)
from worlds.current import use_world

BATCH = 1000
log = structlog.get_logger()


def subscribe(world_id: int, url: str, names: list[str], *, member_id: int | None = None) -> Webhook:
    """Tell `url` of the world's events from now on. The secret is made here and shown once."""
    check_names(names)
    check_url(url)
    return Webhook.objects.create(
        world_id=world_id,
        url=url,
        names=names,
        member_id=member_id,
        secret=f"whsec_{secrets.token_urlsafe(32)}",
        cursor=one("SELECT coalesce(max(id), 0) FROM events_event"),
    )


def replay(webhook: Webhook, *, event: int | None = None, after: int | None = None) -> int:
    """Queue again one event, or every wanted one after a number; returns how many. In the webhook's world."""
    if (event is None) == (after is None):
        raise Invalid(
            "say which event, or after which",
            field="event",
            rule="replay_names_events",
            way_out='Send {"event": 7} or {"after": 0}.',
        )
    if event is not None:
        found = queries.event(event, viewer=webhook.member_id)
        if found is None:
            raise NotFound(f"there is no event {event}", field="event", rule="event_exists")
        return _queue(webhook, [found], replayed=True)
    count = 0
    while found_after := queries.events(after=after or 0, limit=BATCH, viewer=webhook.member_id):
        count += _queue(webhook, [e for e in found_after if wants(webhook.names, e["name"])], replayed=True)
        after = found_after[-1]["id"]
    return count


def retry(delivery: Delivery) -> None:
    """Try a dead delivery again, now."""
    done = Delivery.objects.filter(pk=delivery.pk, status="dead").update(
        status="waiting", next_try_at=Now(), attempts=0
    )
    if not done:
        raise Conflict("only a dead delivery is tried again", field="status", rule="retry_from_dead")


def _queue(webhook: Webhook, events: Sequence[dict[str, Any]], *, replayed: bool) -> int:
    made = Delivery.objects.bulk_create(
        [
            Delivery(webhook=webhook, event_id=e["id"], name=e["name"], body=encode(e), replayed=replayed)
            for e in events
        ],
        ignore_conflicts=not replayed,
    )
    return len(made)


def collect() -> int:
    """Queue what has happened since each webhook's cursor; returns how many deliveries were queued.

    A market that is dropped meanwhile keeps nobody else's events from going out.
    """
    count = 0
    with use_world(None):
        listening = list(Webhook.objects.filter(is_active=True).select_related("world").order_by("id"))
    for webhook in listening:
        try:
            with use_world(webhook.world.schema), transaction.atomic():
                count += _collect(webhook)
        except ProgrammingError as error:
            log.warning("the market of a webhook is gone", webhook=webhook.pk, error=str(error))
    return count


def _collect(webhook: Webhook) -> int:
    """One webhook's share, alone: its row is locked and its cursor read again."""
    held = rows("SELECT cursor FROM events_webhook WHERE id = %s FOR UPDATE SKIP LOCKED", [webhook.pk])
    if not held:
        return 0
    last = one("SELECT coalesce(max(id), 0) FROM events_event")
    if last <= held[0][0]:
        return 0
    count, after = 0, held[0][0]
    while found := queries.events(after=after, limit=BATCH, viewer=webhook.member_id):
        count += _queue(webhook, [e for e in found if wants(webhook.names, e["name"])], replayed=False)
        after = found[-1]["id"]
    Webhook.objects.filter(pk=webhook.pk).update(cursor=max(after, last))
    return count


@dataclass(frozen=True)
class Parcel:
    """A delivery as claimed: everything sending needs."""

    id: int
    url: str
    secret: str
    world: str
    event_id: int
    name: str
    body: bytes
    attempts: int


CLAIM = """
    UPDATE events_delivery d
       SET attempts = attempts + 1, next_try_at = clock_timestamp() + make_interval(secs => %s)
      FROM events_webhook w JOIN worlds_world o ON o.id = w.world_id
     WHERE w.id = d.webhook_id AND d.id IN (
        SELECT x.id FROM events_delivery x JOIN events_webhook y ON y.id = x.webhook_id
         WHERE x.status = 'waiting' AND x.next_try_at <= clock_timestamp() AND y.is_active
         ORDER BY x.next_try_at, x.id LIMIT %s FOR UPDATE OF x SKIP LOCKED)
    RETURNING d.id, w.url, w.secret, o.name AS world, d.event_id, d.name, d.body, d.attempts
"""


def send_waiting(limit: int = DELIVERIES_A_BELL) -> int:
    """Send what is due, in order of events, `limit` at most; returns how many were delivered.

    No more is claimed at once than is sent before the claim ends, so that slow receivers use up no attempts.
    """
    delivered = sent = 0
    with use_world(None):
        while sent < limit and (claimed := _claim(min(DELIVERIES_A_CLAIM, limit - sent))):
            delivered += sum(_send(parcel) for parcel in claimed)
            sent += len(claimed)
    return delivered


def _claim(limit: int) -> list[Parcel]:
    """The next deliveries that are due, ours for CLAIM_SECONDS."""
    claimed = dicts(CLAIM, [CLAIM_SECONDS, limit])
    return sorted((Parcel(**{**row, "body": bytes(row["body"])}) for row in claimed), key=lambda p: p.id)


def _send(parcel: Parcel) -> bool:
    timestamp = int(time.time())  # noqa: TID251 (the other side lives in real time)
    request = urllib.request.Request(
        parcel.url,
        data=parcel.body,
        method="POST",
        headers={
            "Content-Type": "application/json",
            "User-Agent": "Jishi-Webhook/1",
            "Jishi-World": parcel.world,
            "Jishi-Event": parcel.name,
            "Jishi-Event-Id": str(parcel.event_id),
            "Jishi-Delivery-Id": str(parcel.id),
            "Jishi-Attempt": str(parcel.attempts),
            "Jishi-Signature": signature(parcel.secret, timestamp, parcel.body),
        },
    )
    status, error = None, ""
    try:
        with OPENER.open(request, timeout=TIMEOUT_SECONDS) as answer:
            status = answer.status
    except urllib.error.HTTPError as problem:
        status, error = problem.code, f"answered {problem.code}"
        problem.close()
    except (OSError, http.client.HTTPException, ValueError) as problem:
        error = str(getattr(problem, "reason", problem))[:200]
    _note(parcel, status, error)
    return status is not None and 200 <= status < 300


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """A signed body goes where its owner said, nowhere else."""


OPENER = urllib.request.build_opener(_NoRedirect)


def _note(parcel: Parcel, status: int | None, error: str) -> None:
    if status is not None and 200 <= status < 300:
        execute(
            "UPDATE events_delivery SET status = 'delivered', delivered_at = clock_timestamp(),"
            " next_try_at = NULL, last_status = %s, last_error = '' WHERE id = %s AND status = 'waiting'",
            [status, parcel.id],
        )
        return
    wait = wait_after(parcel.attempts)
    execute(
        "UPDATE events_delivery SET status = %s, last_status = %s, last_error = %s,"
        " next_try_at = clock_timestamp() + make_interval(secs => %s) WHERE id = %s AND status = 'waiting'",
        ["dead" if wait is None else "waiting", status, error, wait, parcel.id],
    )


def deliver() -> int:
    """What the bell does each second: queue, then send."""
    collect()
    return send_waiting()
