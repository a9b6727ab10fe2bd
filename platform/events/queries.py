"""Reading the outbox: in order, and only what the reader may see."""

from __future__ import annotations

from typing import Any

from common.batch import dicts
from common.moments import show

SHOWN = "SELECT id, name, subject_id, members, is_public, payload::text, at FROM events_event"


def events(
    *,
    after: int = 0,
    limit: int = 100,
    viewer: int | None = None,
    name: str | None = None,
    member: int | None = None,
    subject: int | None = None,
) -> list[dict[str, Any]]:
    """Events with a number above `after`, in order. `viewer`: a member; sees public ones and their own."""
    where, params = ["id > %s"], [after]
    wanted: list[tuple[str, Any]] = [
        ("(is_public OR %s = ANY(members))", viewer),
        ("%s = ANY(members)", member),
        ("subject_id = %s", subject),
    ]
    if name is not None:
        wanted.append(("starts_with(name, %s)", name[:-1]) if name.endswith("*") else ("name = %s", name))
    for condition, value in wanted:
        if value is not None:
            where.append(condition)
            params.append(value)
    found = dicts(f"{SHOWN} WHERE {' AND '.join(where)} ORDER BY id LIMIT %s", [*params, limit])
    return [shown(row) for row in found]


def event(number: int, *, viewer: int | None = None) -> dict[str, Any] | None:
    found = dicts(
        f"{SHOWN} WHERE id = %s AND (%s::bigint IS NULL OR is_public OR %s = ANY(members))",
        [number, viewer, viewer],
    )
    return shown(found[0]) if found else None


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """An event as it is told: number, name, subject, moment and payload. Who may see it is not told."""
    import orjson

    return {
        "id": row["id"],
        "name": row["name"],
        "subject": row["subject_id"],
        "at": show(row["at"]),
        "payload": orjson.loads(row["payload"]),
    }
