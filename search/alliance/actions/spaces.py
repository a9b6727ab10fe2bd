"""Web spaces and the placements on them: opened, closed, opened again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from common.batch import insert
from common.errors import Invalid, Refusal, several
from common.transitions import take
from events.actions import emit
from search.alliance import rules
from search.alliance.actions.finding import (
    by_id,
    closed,
    named_twice,
    not_yours,
    placements,
    spaces,
)
from search.alliance.models import Placement, Space
from shops.actions.edits import not_there


@dataclass(frozen=True, slots=True)
class NewSpace:
    """A space of member `owner`; `address` is where it is found outside, as text: nobody calls it."""

    owner: int
    name: str
    kind: str
    address: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class NewPlacement:
    space: int
    name: str
    description: str = ""


@transaction.atomic
def open_spaces(intents: Sequence[NewSpace], *, at: datetime) -> list[int]:
    """Open spaces; their ids. `NotFound` (the member), `Invalid` (a text, the kind), `Conflict` (the name is taken by
    another space of the same owner), naming the rows."""
    members = by_id("SELECT id FROM members_member WHERE id = ANY(%s)", [s.owner for s in intents])
    refused: dict[int, Refusal] = {}
    for n, space in enumerate(intents):
        fault = (
            (None if space.owner in members else not_there("member", space.owner))
            or rules.text_fault(space.name, rules.NAME_MOST, "name", least=1)
            or rules.text_fault(space.address, rules.ADDRESS_MOST, "address")
            or rules.text_fault(space.description, rules.TEXT_MOST, "description")
            or _kind_fault(space.kind)
        )
        if fault:
            refused[n] = fault
    if refused:
        raise several(refused)
    ids = insert(
        Space,
        [
            {
                "owner_id": s.owner, "name": s.name.strip(), "kind": s.kind, "address": s.address,
                "description": s.description, "status": "open", "opened_at": at,
            }
            for s in intents
        ],
    )  # fmt: skip
    _tell("alliance.space_opened", ids, [s.owner for s in intents], at)
    return ids


def _kind_fault(kind: str) -> Refusal | None:
    if kind in rules.SPACE_KINDS:
        return None
    return Invalid(
        "that kind of space is not known", field="kind", rule="a_space_is_of_a_known_kind",
        way_out=f"Choose one of {', '.join(rules.SPACE_KINDS)}.",
    )  # fmt: skip


@transaction.atomic
def add_placements(intents: Sequence[NewPlacement], *, by: int | None, at: datetime) -> list[int]:
    """Add placements to open spaces; their ids. `by`: the spaces' owner, None the platform. Refuses as above."""
    there = spaces(p.space for p in intents)
    refused: dict[int, Refusal] = {}
    for n, placement in enumerate(intents):
        fault = (
            _theirs("space", placement.space, there, by)
            or (closed("space", placement.space) if there[placement.space]["status"] == "closed" else None)
            or rules.text_fault(placement.name, rules.NAME_MOST, "name", least=1)
            or rules.text_fault(placement.description, rules.TEXT_MOST, "description")
        )
        if fault:
            refused[n] = fault
    if refused:
        raise several(refused)
    ids = insert(
        Placement,
        [
            {
                "space_id": p.space, "name": p.name.strip(), "description": p.description, "status": "open",
                "opened_at": at,
            }
            for p in intents
        ],
    )  # fmt: skip
    _tell("alliance.placement_added", ids, [there[p.space]["owner"] for p in intents], at)
    return ids


def _theirs(noun: str, number: int, there: dict[int, dict[str, int]], by: int | None) -> Refusal | None:
    if number not in there:
        return not_there(noun, number)
    return not_yours(noun, number) if by is not None and there[number]["owner"] != by else None


NOUNS: dict[str, tuple[Any, Any]] = {"space": (Space, spaces), "placement": (Placement, placements)}


@transaction.atomic
def close(noun: str, ids: Sequence[int], *, by: int | None, at: datetime) -> None:
    """Close spaces, or placements (`noun`); their links bring visitors still, and nobody pays for them."""
    owners = _move(noun, "close", ids, by, closed_at=at)
    _tell("alliance.space_closed" if noun == "space" else "alliance.placement_closed", ids, owners, at)


@transaction.atomic
def reopen(noun: str, ids: Sequence[int], *, by: int | None, at: datetime) -> None:
    """Open them again: their contracts and links are as they were."""
    owners = _move(noun, "reopen", ids, by, closed_at=None)
    _tell("alliance.space_reopened" if noun == "space" else "alliance.placement_reopened", ids, owners, at)


def _move(
    noun: str, action: str, ids: Sequence[int], by: int | None, *, closed_at: datetime | None
) -> list[int]:
    model, find = NOUNS[noun]
    there = find(ids)
    refused = named_twice(noun, ids)
    refused |= {n: fault for n, i in enumerate(ids) if (fault := _theirs(noun, i, there, by))}
    if refused:
        raise several(refused)
    take(model, ids, rules.SPACE_STEP[action], closed_at=closed_at)
    return [there[i]["owner"] for i in ids]


def _tell(name: str, ids: Sequence[int], owners: Sequence[int], at: datetime) -> None:
    emit(
        name,
        [{"id": i, "members": [owner], "owner": owner} for i, owner in zip(ids, owners, strict=True)],
        at=at,
    )
