"""docs/reference/events.md: every event, what it tells and to whom, read off the calls of `emit`."""

from __future__ import annotations

from collections.abc import Sequence

from jishi import wiring
from jishi.reference.emits import Told, told

PAGE = "events.md"
HEAD = """# Events

Read off the calls of `emit` in the source by `python -m jishi.reference`; do not edit.

What happened is a row of the market's outbox, written in the transaction that made it true and numbered
without gaps in the order in which it became true. Read them at `GET /api/events/?after=` or have them sent
by webhook (`POST /api/webhooks/`); [how to check the signature](../how-to/integration-tests.md#webhooks).
As both give it:

```json
{"id": 412, "name": "order.paid", "subject": 7, "at": "2010-01-05T10:00:00+08:00", "payload": {"buyer": 3}}
```

`subject` is the number of what the event is about; the payload's keys are below. **Seen by** says whose
keys see it; admin and read keys see all. No event tells stars, a sealed verdict, or what two people wrote
to each other.
"""


def page() -> str:
    found = told()
    kinds = sorted({name.partition(".")[0] for name in found})
    body = [_section(kind, [found[n] for n in sorted(found) if n.startswith(f"{kind}.")]) for kind in kinds]
    return "\n".join([HEAD, f"{len(found)} events.\n", *body]).rstrip() + "\n"


def _section(kind: str, events: Sequence[Told]) -> str:
    lines = [f"## {kind}\n", "| event | payload | seen by | told to | from |", "|---|---|---|---|---|"]
    for event in events:
        keys = ", ".join(f"`{key}`" for key in event.keys)
        listeners = ", ".join(f"`{path}`" for path in wiring.SUBSCRIPTIONS.get(event.name, ()))
        places = ", ".join(f"`{place}`" for place in event.places)
        lines.append(f"| `{event.name}` | {keys} | {event.seen_by} | {listeners} | {places} |")
    return "\n".join(lines) + "\n"
