"""Joining the market, being verified, choosing how open to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from common import batch
from common.batch import rows
from common.errors import Conflict, Invalid, NotFound
from events.actions import emit
from members.models import Member
from members.rules import VERIFIABLE, fault_of


@dataclass(frozen=True, slots=True)
class Registration:
    """Somebody who wants to join. `region`: a code that `common.regions` knows."""

    nick: str
    region: int
    name: str = ""
    openness: str = "masked"


@transaction.atomic
def register(registrations: Sequence[Registration], *, at: datetime) -> list[int]:
    """Let them join; their ids. `Invalid` or `Conflict` (a nick that is taken) names the rows."""
    if not registrations:
        return []
    _check(registrations)
    ids = batch.insert(
        Member,
        [
            {
                "nick": r.nick, "name": r.name, "region": int(r.region), "openness": r.openness,
                "status": "open", "joined_at": at,
            }
            for r in registrations
        ],
    )  # fmt: skip
    facts = [
        {"id": id_, "members": [id_], "region": int(r.region)}
        for id_, r in zip(ids, registrations, strict=True)
    ]
    emit("member.registered", facts, at=at)
    return ids


def _check(registrations: Sequence[Registration]) -> None:
    faults = {
        row: fault
        for row, r in enumerate(registrations)
        if (fault := fault_of(r.nick, r.name, int(r.region), r.openness))
    }
    if faults:
        fault = next(iter(faults.values()))
        alike = [
            row for row, other in faults.items() if other.rule == fault.rule and other.detail == fault.detail
        ]
        fault.rows = tuple(alike)
        raise fault
    nicks = [r.nick for r in registrations]
    there = {row[0] for row in rows("SELECT nick FROM members_member WHERE nick = ANY(%s)", [nicks])}
    taken, seen = [], set(there)
    for row, nick in enumerate(nicks):
        if nick in seen:
            taken.append(row)
        seen.add(nick)
    if taken:
        raise Conflict(
            f"the nick {nicks[taken[0]]} is taken" if len(taken) == 1 else "that nick is taken",
            field="nick",
            rule="nick_is_taken",
            way_out="Choose another nick.",
            rows=taken,
        )


@transaction.atomic
def verify(ids: Sequence[int], what: str = "id", *, at: datetime) -> list[int]:
    """Say that their identity (`id`) or bank account (`bank`) was checked; those for whom it is news.

    Verifying twice is the same as once. `NotFound` names the rows.
    """
    if what not in VERIFIABLE:
        raise Invalid(
            f"what is verified is one of {', '.join(VERIFIABLE)}", field="what", rule="verifiable_is_known"
        )
    there = {row[0] for row in rows("SELECT id FROM members_member WHERE id = ANY(%s)", [list(ids)])}
    missing = [row for row, id_ in enumerate(ids) if id_ not in there]
    if missing:
        raise NotFound(
            f"there is no member {ids[missing[0]]}", field="id", rule="member_exists", rows=missing
        )
    column = VERIFIABLE[what]
    news = {
        row[0]
        for row in rows(
            f"UPDATE members_member SET {column} = %s WHERE id = ANY(%s) AND {column} IS NULL RETURNING id",
            [at, list(ids)],
        )
    }
    fresh = [id_ for id_ in dict.fromkeys(ids) if id_ in news]
    emit("member.verified", [{"id": id_, "members": [id_], "what": what} for id_ in fresh], at=at)
    return fresh


@transaction.atomic
def change(member_id: int, changes: Mapping[str, Any], *, at: datetime) -> Member:
    """Set a member's own `name`, `region` or `openness`; `Invalid` or `NotFound` otherwise."""
    member = Member.objects.filter(pk=member_id).first()
    if member is None:
        raise NotFound(f"there is no member {member_id}", field="id", rule="member_exists")
    for field in ("name", "region", "openness"):
        if field in changes:
            setattr(member, field, changes[field])
    fault = fault_of(member.nick, member.name, member.region, member.openness)
    if fault:
        raise fault
    Member.objects.filter(pk=member_id).update(
        name=member.name, region=member.region, openness=member.openness
    )
    return member
