"""Setting levers: from a stated moment on, never in the past, with who did it and why."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from common import batch
from common.batch import dumps, execute, insert, one
from common.errors import Invalid, Refusal
from common.moments import show, within
from events.actions import emit
from regime import queries
from regime.models import Lever
from regime.rules import flat, plain, raise_together, read_all
from regime.shipped import shipped
from worlds import pen

WHY_CHARACTERS = 500


@transaction.atomic
def load(
    name: str, *, at: datetime, by: int | None = None, why: str = "", effective_at: datetime | None = None
) -> list[int]:
    """Set the levers as the shipped `name` has them, from `effective_at` (default now, `at`) on; return ids.

    A new market gets a row for every lever. In one that has its rules only the levers that differ change,
    and changes dated ahead stay as they were decided. `why` is the file's own word, lever by lever, when
    empty. Raises `NotFound` for a regime nobody shipped, `Invalid` for a moment gone by.
    """
    effective_at = within(effective_at or at)
    raise_together(_wrong(at, effective_at, why or "as shipped"))
    settings = shipped(name).settings
    if not one("SELECT EXISTS (SELECT FROM regime_lever)"):
        return _write(
            [_row(path, s.value, effective_at, at, by, name, s.why) for path, s in settings.items()]
        )
    standing = flat(queries.at(effective_at))
    odd = {path: setting for path, setting in settings.items() if setting.value != standing[path]}
    rows = [_row(path, s.value, effective_at, at, by, name, why or s.why) for path, s in odd.items()]
    return _change(rows, at)


@transaction.atomic
def change(
    changes: Mapping[str, Any],
    *,
    at: datetime,
    by: int | None,
    why: str,
    effective_at: datetime | None = None,
) -> list[int]:
    """Set levers (path -> JSON value) from `effective_at` (default now, `at`) on; return the rows' ids.

    `by` is the member who decides, None the platform. All or nothing. Raises `Invalid` for an unknown lever,
    a value off its bounds, levers that would contradict each other, a moment gone by, a missing reason.
    """
    effective_at = within(effective_at or at)
    if not changes:
        raise Invalid(
            "no lever is named", field="changes", rule="a_change_names_a_lever", way_out="Name at least one."
        )
    raise_together(_wrong(at, effective_at, why))
    read = read_all(changes)
    return _change([_row(path, value, effective_at, at, by, "", why) for path, value in read.items()], at)


def _wrong(at: datetime, effective_at: datetime, why: str) -> list[Refusal]:
    """What is wrong with a change but its levers."""
    wrong: list[Refusal] = []
    if effective_at < at:
        wrong.append(
            Invalid(
                f"it is {show(at)} already",
                field="effective_at",
                rule="a_lever_never_changes_the_past",
                way_out="Name the market's present moment or a later one.",
            )
        )
    if not why.strip() or len(why) > WHY_CHARACTERS or "\x00" in why:
        wrong.append(
            Invalid(
                "a change of a lever says why",
                field="why",
                rule="a_change_says_why",
                way_out=f"Give the reason in 1 to {WHY_CHARACTERS} characters.",
            )
        )
    return wrong


def _row(
    path: str, value: Any, effective_at: datetime, decided_at: datetime, by: int | None, regime: str, why: str
) -> dict[str, Any]:
    return {
        "name": path,
        "value": plain(value),
        "effective_at": effective_at,
        "decided_at": decided_at,
        "changed_by": by,
        "regime": regime,
        "why": why,
    }


def _change(records: Sequence[Mapping[str, Any]], at: datetime) -> list[int]:
    """Write `records` (of one moment), unless some moment's levers would contradict, and tell the market."""
    if not records:
        return []
    before = flat(queries.at(records[0]["effective_at"]))
    ids = _write(records)
    if refusal := queries.clash(_all()):
        raise refusal
    emit(
        "regime.changed",
        [
            {
                "id": number,
                "public": True,
                "lever": record["name"],
                "before": plain(before[record["name"]]),
                "after": record["value"],
                "effective_at": show(record["effective_at"]),
                "by": record["changed_by"],
                "why": record["why"],
            }
            for number, record in zip(ids, records, strict=True)
        ],
        at=at,
    )
    return ids


def _all() -> list[tuple[datetime, str, str, str]]:
    return batch.rows(
        "SELECT effective_at, name, value::text, regime FROM regime_lever ORDER BY effective_at, id"
    )


def _write(records: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert the rows and move the clock's regime version on: a digest of the version before and the rows."""
    ids = insert(Lever, records)
    before = one("SELECT regime_version FROM worlds_clock")
    rows = [[r["name"], r["value"], show(r["effective_at"]), r["regime"]] for r in records]
    said = dumps([before, rows])
    version = int.from_bytes(hashlib.sha256(said.encode()).digest()[:8], "big") >> 1
    execute("UPDATE worlds_clock SET regime_version = %s", [version])
    pen.forget()
    return ids
