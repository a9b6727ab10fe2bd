"""People in bots' seats: a person takes over an agent's account and shop, acts with its key through the doors everybody
uses, and leaves it to the bot again. While somebody sits there no bot decides for that member."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from common.batch import dicts, insert, rows
from common.errors import Conflict, Invalid, NotFound, Refusal, several
from events.actions import emit
from shops.actions.edits import check_each_once
from simulation.buyers import returning
from simulation.models import BUYER, KINDS, RING, Seat
from worlds import actions as worlds
from worlds.models import ApiKey, World

NAME_MOST = 60


@dataclass(frozen=True, slots=True)
class Take:
    """`person` (1 to 60 characters, as the class calls them) sits down in the seat of `agent`."""

    agent: int
    person: str


# One UPDATE decides who got the seat.
TAKE = """
    UPDATE simulation_agent SET seat = 'person'
     WHERE id = ANY(%s) AND seat = 'bot' AND left_at IS NULL AND kind <> %s RETURNING id
"""
LEAVE = "UPDATE simulation_agent SET seat = 'bot' WHERE id = ANY(%s) AND seat = 'person' RETURNING id"
END = """
    UPDATE simulation_seat s SET left_at = %s FROM simulation_agent a
     WHERE s.agent_id = a.id AND s.left_at IS NULL AND a.id = ANY(%s) RETURNING s.agent_id, s.id, s.person
"""
AGENTS = """
    SELECT a.id, a.kind, a.seat, a.member_id, a.shop_id, a.left_at, s.person
      FROM simulation_agent a LEFT JOIN simulation_seat s ON s.agent_id = a.id AND s.left_at IS NULL
     WHERE a.id = ANY(%s)
"""


@transaction.atomic
def take(takes: Sequence[Take], *, at: datetime) -> list[int]:
    """People sit down; the seats' rows, in order. From the next tick on no bot decides there.

    Raises `NotFound` for no such agent, `Conflict` for a seat that is taken, an agent that gave up, or an account that
    brushes for hire, `Invalid` for a name that is none.
    """
    ids = [wanted.agent for wanted in takes]
    check_each_once(ids)
    moved = {row[0] for row in rows(TAKE, [ids, RING])}
    there = _agents(ids)
    refused: dict[int, Refusal] = {}
    for n, wanted in enumerate(takes):
        if not wanted.person.strip() or len(wanted.person) > NAME_MOST or "\x00" in wanted.person:
            refused[n] = Invalid(
                f"a person's name is 1 to {NAME_MOST} characters",
                field="person",
                rule="a_person_has_a_name",
                way_out="Say who sits down.",
            )
        elif wanted.agent not in moved:
            refused[n] = _not_taken(wanted.agent, there.get(wanted.agent))
    if refused:
        raise several(refused)
    seats = insert(
        Seat, [{"agent_id": wanted.agent, "person": wanted.person, "taken_at": at} for wanted in takes]
    )
    emit("seat.taken", seat_facts(there, [(wanted.agent, wanted.person) for wanted in takes]), at=at)
    return seats


@transaction.atomic
def leave(agents: Sequence[int], *, at: datetime) -> list[int]:
    """Whoever sits there gets up; the seats' rows, in order. The bot looks at what stands, and goes on.

    Raises `NotFound` for no such agent, `Conflict` where nobody sits.
    """
    check_each_once(agents)
    moved = {row[0] for row in rows(LEAVE, [list(agents)])}
    there = _agents(agents)
    refused: dict[int, Refusal] = {
        n: _nobody_there(agent, there.get(agent)) for n, agent in enumerate(agents) if agent not in moved
    }
    if refused:
        raise several(refused)
    ended = {agent: (seat, person) for agent, seat, person in rows(END, [at, list(agents)])}
    emit("seat.left", seat_facts(there, [(agent, ended[agent][1]) for agent in agents]), at=at)
    returning.again([agent for agent in agents if there[agent]["kind"] == BUYER], at=at)
    return [ended[agent][0] for agent in agents]


def seat_facts(there: dict[int, dict[str, Any]], seated: Iterable[tuple[int, str]]) -> list[dict[str, Any]]:
    """Only the member whose seat it is hears of it."""
    return [
        {"id": agent, "members": [there[agent]["member_id"]], "member": there[agent]["member_id"], "person": person}
        for agent, person in seated
    ]  # fmt: skip


def _agents(ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    return {row["id"]: row for row in dicts(AGENTS, [list(ids)])}


def _no_agent(agent: int) -> NotFound:
    return NotFound(
        f"there is no agent {agent}",
        field="id",
        rule="agent_exists",
        way_out="GET /api/population/agents/ lists them.",
    )


def _not_taken(agent: int, row: dict[str, Any] | None) -> Refusal:
    if row is None:
        return _no_agent(agent)
    if row["kind"] == RING:
        return Conflict(
            f"agent {agent} is an account for hire, nobody's seat",
            field="id",
            rule="a_seat_is_a_buyers_or_a_sellers",
            way_out="Take a buyer's or a seller's.",
        )
    if row["left_at"] is not None:
        return Conflict(
            f"agent {agent} gave up and is gone for good",
            field="id",
            rule="who_gave_up_is_gone",
            way_out="Take another seat.",
        )
    return Conflict(
        f"{row['person']} sits in the seat of agent {agent}",
        field="id",
        rule="one_person_in_a_seat",
        way_out="Take another, or have them leave it first.",
    )


def _nobody_there(agent: int, row: dict[str, Any] | None) -> Refusal:
    if row is None:
        return _no_agent(agent)
    return Conflict(
        f"nobody sits in the seat of agent {agent}",
        field="id",
        rule="somebody_sits_in_a_seat_that_is_left",
        way_out="The bot decides there already.",
    )


# -- and the keys to act with ------------------------------------------------------------------------------------


def admit(world: World, wanted: Take, *, at: datetime) -> dict[str, Any]:
    """`take` for one person of `world`, in which this connection is, with a fresh key of that member (shown once)."""
    [seat] = take([wanted], at=at)
    agent = _agents([wanted.agent])[wanted.agent]
    key = worlds.issue_key(world, scope="member", member_id=agent["member_id"], label=_label(seat))
    return {
        "agent": wanted.agent,
        "kind": KINDS[agent["kind"]],
        "person": wanted.person,
        "member": agent["member_id"],
        "shop": agent["shop_id"],
        "taken_at": at,
        "key": key,
    }


def dismiss(world: World, agent: int, *, at: datetime) -> None:
    """`leave` for one seat; the key that came with it opens nothing any more."""
    [seat] = leave([agent], at=at)
    for key in ApiKey.objects.filter(world=world, scope="member", label=_label(seat), revoked_at=None):
        worlds.revoke_key(key)


def _label(seat: int) -> str:
    return f"seat {seat}"


__all__ = ["Take", "admit", "dismiss", "leave", "take"]
