"""What the edits of shops and listings share: one UPDATE for each set of columns, refused when stale."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models

from common.batch import dumps, rows
from common.errors import Forbidden, Invalid, NotFound, Refusal, Stale, several


@dataclass(frozen=True, slots=True)
class Edit:
    """New values for some fields of row `id`; `version` is the one the editor has read (None: any)."""

    id: int
    changes: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None


def revise(model: type[models.Model], edits: Sequence[Edit], *, at: datetime) -> None:
    """Write the edits, count each row's version up. Raises `Stale` with the rows somebody else was first to.

    The rows are known to exist, each named once (`check_each_once`).
    """
    alike: dict[tuple[str, ...], list[Edit]] = defaultdict(list)
    for edit in edits:
        alike[tuple(sorted(edit.changes))].append(edit)
    table = model._meta.db_table
    done: set[int] = set()
    for names, group in alike.items():
        sets = "".join(f', "{name}" = r."{name}"' for name in names)
        records = [{"id": edit.id, "version": edit.version, **edit.changes} for edit in group]
        done |= {
            row[0]
            for row in rows(
                f"""UPDATE {table} t SET version = t.version + 1, edited_at = %s{sets}
                      FROM json_populate_recordset(NULL::{table}, %s::json) r
                     WHERE t.id = r.id AND (r.version IS NULL OR r.version = t.version) RETURNING t.id""",
                [at, dumps(records)],
            )
        }
    late = [i for i, edit in enumerate(edits) if edit.id not in done]
    if late:
        first = edits[late[0]]
        raise Stale(
            f"{model._meta.verbose_name} {first.id} is no longer at version {first.version}",
            field="version",
            rule="edit_what_you_have_read",
            way_out="Read it again, then send your change with its new version.",
            rows=late,
        )


def check_each_once(ids: Sequence[int]) -> None:
    """Raise `Invalid` naming the rows that come a second time in one batch."""
    seen: set[int] = set()
    again = [i for i, id_ in enumerate(ids) if id_ in seen or seen.add(id_)]  # type: ignore[func-returns-value]
    if again:
        raise Invalid(
            f"{ids[again[0]]} stands twice in one batch",
            field="id",
            rule="each_once_in_a_batch",
            way_out="Put what you want of it into one row.",
            rows=again,
        )


def check_changes(edits: Sequence[Edit], fields: Sequence[str]) -> dict[int, Refusal]:
    """Row to refusal for edits that change nothing, or what cannot be changed."""
    refused: dict[int, Refusal] = {}
    for i, edit in enumerate(edits):
        odd = next((name for name in edit.changes if name not in fields), None)
        if odd or not edit.changes:
            refused[i] = Invalid(
                f"{odd} cannot be changed here" if odd else "nothing is to be changed",
                field=odd,
                rule="field_can_be_edited",
                way_out=f"Send some of {', '.join(fields)}.",
            )
    return refused


def not_there(noun: str, number: int) -> NotFound:
    return NotFound(
        f"there is no {noun} {number}", field=noun, rule=f"{noun}_exists", way_out="Look at the list."
    )


def not_yours(noun: str, number: int) -> Forbidden:
    return Forbidden(
        f"{noun} {number} belongs to another member",
        field=noun,
        rule="own_things_only",
        way_out="Use their key.",
    )


def check_owners(noun: str, ids: Sequence[int], owners: Mapping[int, int], by: int | None) -> None:
    """Raise for every id that has no owner (it does not exist) or another than `by` (None: the platform)."""
    refused: dict[int, Refusal] = {}
    for i, id_ in enumerate(ids):
        if id_ not in owners:
            refused[i] = not_there(noun, id_)
        elif by is not None and owners[id_] != by:
            refused[i] = not_yours(noun, id_)
    if refused:
        raise several(refused)
