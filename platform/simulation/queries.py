"""Reads about a market's population: how it stands, who is who, which seats are meant for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from common.batch import dicts, one
from common.errors import NotFound
from simulation.models import KINDS, SELLER
from simulation.scenario import Scenario, from_document
from simulation.scene import population

STRATEGIES = """
    SELECT CASE strategy WHEN '' THEN 'buyer' ELSE strategy END AS strategy, count(*) AS agents
      FROM simulation_agent WHERE kind IN (0, 1) AND left_at IS NULL GROUP BY 1 ORDER BY 1
"""
SPANS = "EXISTS (SELECT FROM unnest(%(first)s::int[], %(last)s::int[]) m(f, l) WHERE a.number BETWEEN m.f AND m.l)"
COUNTS = f"""
    SELECT count(*) FILTER (WHERE kind = 0 AND left_at IS NULL) AS buyers,
           count(*) FILTER (WHERE kind = 1 AND left_at IS NULL) AS sellers,
           count(*) FILTER (WHERE left_at IS NOT NULL) AS gone,
           count(*) FILTER (WHERE seat = 'person') AS seats_taken,
           count(*) FILTER (WHERE kind = 1 AND left_at IS NULL AND {SPANS}) AS seats_for_people,
           count(*) FILTER (WHERE kind = 1 AND left_at IS NULL AND {SPANS} AND seat = 'bot') AS seats_free
      FROM simulation_agent a
"""
AGENT = f"""
    SELECT a.id, CASE a.kind {" ".join(f"WHEN {code} THEN '{name}'" for code, name in KINDS.items())} END AS kind,
           a.number, a.member_id AS member, a.shop_id AS shop, a.strategy, a.village, a.seat, s.person,
           s.taken_at, a.kind = {SELLER} AND {SPANS} AS for_people, a.entered_at, a.left_at
      FROM simulation_agent a LEFT JOIN simulation_seat s ON s.agent_id = a.id AND s.left_at IS NULL
"""
CODES = {name: code for code, name in KINDS.items()}


def _document(row: Mapping[str, Any]) -> Any:
    found = row["document"]
    return orjson.loads(found) if isinstance(found, str) else found


def _meant(row: Mapping[str, Any]) -> dict[str, list[int]]:
    """Numbers of the sellers whose shops the scenario means for people: the first and last of each of its rows."""
    spans: dict[str, list[int]] = {"first": [], "last": []}
    number = 0
    for shops in _document(row)["shops"]:
        if shops["seats"]:
            spans["first"].append(number)
            spans["last"].append(number + shops["count"] - 1)
        number += shops["count"]
    return spans


def changed_since(plan: Scenario) -> bool:
    """Does a population live here by a scenario of this name that said something else?"""
    there = population()
    return there["scenario"] == plan.name and from_document(_document(there)) != plan


def standing(*, minds: bool, member: int | None = None) -> dict[str, Any]:
    """The population as it stands; raises `NotFound` in a market without one.

    `minds`: with what would tell how others decide (seed, strategies). `member`: whose own agent is named.
    """
    row = population()
    found = {name: row[name] for name in ("scenario", "tick_hours", "started_at", "next_tick_at")}
    found |= dicts(COUNTS, _meant(row))[0]
    strategies = {each["strategy"]: each["agents"] for each in dicts(STRATEGIES)} if minds else None
    own = None if member is None else one("SELECT id FROM simulation_agent WHERE member_id = %s", [member])
    return found | {"seed": row["seed"] if minds else None, "strategies": strategies, "agent": own}


def agents(
    *,
    after: int = 0,
    limit: int = 1_000_000,
    kind: str | None = None,
    strategy: str | None = None,
    seat: str | None = None,
    free: bool | None = None,
) -> list[dict[str, Any]]:
    """Agents by number of their row. `free`: seats meant for people in which nobody sits and whose seller is there."""
    where, params = ["a.id > %(after)s"], {**_meant(population()), "after": after, "limit": limit}
    wanted: Sequence[tuple[str, str, Any]] = (
        ("kind", "a.kind = %(kind)s", kind and CODES[kind]),
        ("strategy", "a.strategy = %(strategy)s", strategy),
        ("seat", "a.seat = %(seat)s", seat),
    )
    for name, condition, value in wanted:
        if value is not None:
            where.append(condition)
            params[name] = value
    inner = f"{AGENT} WHERE {' AND '.join(where)}"
    if free is not None:
        held = "for_people AND seat = 'bot' AND left_at IS NULL"
        inner = f"SELECT * FROM ({inner}) a WHERE {'' if free else 'NOT '}({held})"
    return dicts(f"{inner} ORDER BY id LIMIT %(limit)s", params)


def agent(number: int) -> dict[str, Any]:
    """One agent, by the id of its row; raises `NotFound`."""
    found = dicts(f"{AGENT} WHERE a.id = %(id)s", {**_meant(population()), "id": number})
    if not found:
        raise NotFound(
            f"there is no agent {number}",
            field="agent_id",
            rule="agent_exists",
            way_out="GET /api/population/agents/ lists them.",
        )
    return found[0]


def seats() -> list[dict[str, Any]]:
    """Seats in which people sit, or may: of agents that are there."""
    return dicts(
        f"SELECT * FROM ({AGENT}) a WHERE (for_people OR seat = 'person') AND left_at IS NULL ORDER BY id",
        _meant(population()),
    )


def first_free() -> int:
    """The agent of the first free seat that is meant for people; raises `NotFound`."""
    found = agents(free=True, limit=1)
    if not found:
        raise NotFound(
            "no seat that is meant for people is free",
            rule="a_seat_is_free",
            way_out="Name an agent, or mark shops with seats = true in the scenario.",
        )
    return int(found[0]["id"])


__all__ = ["agent", "agents", "changed_since", "first_free", "seats", "standing"]
