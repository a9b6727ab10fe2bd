"""A state change is one conditional UPDATE. The steps are a table; the table of an app is in its rules.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import models
from django.db.models import Q

from common.errors import Conflict, NotFound

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True)
class Step:
    """`action` moves a row from one of `sources` to `target`; `by` whom; `then` what else, in words."""

    action: str
    source: str | tuple[str, ...]
    target: str
    by: str
    then: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,) if isinstance(self.source, str) else self.source


def steps_by_action(steps: Iterable[Step]) -> dict[str, Step]:
    """The table keyed by action. An action stands in one row only: several sources make a tuple."""
    table: dict[str, Step] = {}
    for step in steps:
        if step.action in table:
            raise ValueError(f"two steps are called {step.action}")
        table[step.action] = step
    return table


def statuses(steps: Iterable[Step], *also: str) -> tuple[str, ...]:
    """Every status a table of steps knows, in order of first mention."""
    seen: dict[str, None] = dict.fromkeys(also)
    for step in steps:
        for status in (*step.sources, step.target):
            seen.setdefault(status)
    return tuple(seen)


def take(
    model: type[M],
    ids: Sequence[int],
    step: Step,
    *,
    where: Q | None = None,
    status_field: str = "status",
    **columns: Any,
) -> list[M]:
    """Move every row of `ids` by `step`, setting `columns` too; return the moved rows in the order of `ids`.

    One conditional UPDATE. If any row is not in the step's source (or fails `where`), nothing stays changed
    (the caller's transaction is refused) and `Conflict` names the row, its status and the action; `NotFound`
    if it does not exist. `rows` of the refusal are indices into `ids`.
    """
    step_over(model, ids, step, where=where, status_field=status_field, **columns)
    found = model._default_manager.in_bulk(list(dict.fromkeys(ids)))
    return [found[i] for i in ids]


def step_over(
    model: type[models.Model],
    ids: Sequence[int],
    step: Step,
    *,
    where: Q | None = None,
    status_field: str = "status",
    **columns: Any,
) -> None:
    """As `take`, without reading the moved rows."""
    condition = Q(pk__in=ids, **{f"{status_field}__in": step.sources})
    if where is not None:
        condition &= where
    wanted = list(dict.fromkeys(ids))
    moved = model._default_manager.filter(condition).update(**{status_field: step.target}, **columns)
    if moved != len(wanted):
        raise _why_not(model, wanted, step, status_field)


def _why_not(model: type[M], ids: Sequence[int], step: Step, status_field: str) -> Conflict | NotFound:
    """Look again, for the words only: the UPDATE has already decided (its rows now stand at the target)."""
    there = dict(model._default_manager.filter(pk__in=ids).values_list("pk", status_field))
    noun = model._meta.verbose_name
    missing = [i for i, key in enumerate(ids) if key not in there]
    if missing:
        return NotFound(
            f"there is no {noun} {ids[missing[0]]}", field="id", rule=f"{noun}_exists", rows=missing
        )
    stuck = [i for i, key in enumerate(ids) if there[key] not in (*step.sources, step.target)]
    stuck = stuck or [i for i, key in enumerate(ids) if there[key] != step.target] or list(range(len(ids)))
    status = there[ids[stuck[0]]]
    return Conflict(
        f"{noun} {ids[stuck[0]]} is {status}; {step.action} needs it to be {' or '.join(step.sources)}",
        field="status",
        rule=f"{step.action}_from_{'_or_'.join(step.sources)}",
        way_out="Read it again and do what its state allows.",
        rows=stuck,
        extra={"state": status, "action": step.action},
    )
