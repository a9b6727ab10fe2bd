"""What a tick is told: who is who, who decides by themselves, what is for sale. Read from the tables, kept between the
ticks of one process, and read again whenever it may have changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from common.batch import dicts, dumps, rows
from common.errors import NotFound
from common.moments import day_of
from simulation import shelf as shelves
from simulation.models import BUYER, RING, SELLER
from simulation.people import People, people_of
from simulation.scenario.shapes import Scenario
from simulation.shelf import Shelf
from worlds.pen import held

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(eq=False)
class Scene:
    """One tick of one market, from `start` (exclusive) to `at`.

    Members and shops by number: 0 where there is none (yet). `buyer_bot`, `seller_bot`: who decides by themselves
    now: in the market, not gone, and no person in their seat. `ring`: members of accounts that brush for hire.
    """

    scenario: Scenario
    seed: int
    people: People
    started_at: datetime
    start: datetime
    at: datetime
    shelf: Shelf
    buyer_member: Ints
    buyer_bot: Bools
    seller_member: Ints
    seller_shop: Ints
    seller_bot: Bools
    seller_agent: Ints
    seller_entered: Ints
    seller_left: Bools
    ring: Ints
    seats: tuple[int, ...] = ()  # changes whenever somebody sits down or gets up
    kept: dict[str, Any] = field(
        default_factory=dict
    )  # what other rooms keep between ticks, rebuilt when lost

    @property
    def day(self) -> int:
        """How many days this population has lived, from 0."""
        return (day_of(self.at) - day_of(self.started_at)).days

    @property
    def first_tick_today(self) -> bool:
        return day_of(self.start) != day_of(self.at) or self.start <= self.started_at

    def agent(self, number: int) -> int | None:
        """A seller's agent, by number."""
        found = int(self.seller_agent[number]) if 0 <= number < len(self.seller_agent) else 0
        return found or None


@dataclass(eq=False)
class _Kept:
    """What this process remembers of a market."""

    agents: tuple[Any, ...] = ()
    columns: dict[str, Any] = field(default_factory=dict)
    shelf: Shelf | None = None
    shelf_day: object = None
    until: datetime | None = None
    written: str = ""  # which writing of the population's row the last tick was
    rooms: dict[str, Any] = field(default_factory=dict)


_kept: dict[UUID, _Kept] = {}
KEPT_MOST = 2

STAMP = """
    SELECT (SELECT coalesce(max(id), 0) FROM simulation_agent), (SELECT coalesce(max(id), 0) FROM simulation_seat),
           (SELECT count(*) FROM simulation_seat WHERE left_at IS NULL),
           (SELECT count(*) FROM simulation_agent WHERE left_at IS NOT NULL),
           (SELECT count(*) FROM simulation_agent WHERE shop_id IS NOT NULL)
"""


def population() -> dict[str, Any]:
    """The population's row; raises `NotFound` in a market without one."""
    found = dicts("SELECT *, xmin::text AS written FROM simulation_population")
    if not found:
        raise NotFound(
            "nobody lives in this market by themselves",
            rule="a_population_is_there",
            way_out="Create the market from a scenario.",
        )
    return found[0]


def who_lives(row: dict[str, Any]) -> tuple[Scenario, People]:
    """The scenario and the people of the population `row`."""
    document = row["document"]
    return people_of(document if isinstance(document, str) else dumps(document), row["seed"])


def scene(row: dict[str, Any], *, at: datetime) -> Scene:
    """The scene of the tick that ends at `at`, for the population `row`."""
    scenario, crowd = who_lives(row)
    moment = held()
    assert moment is not None
    kept = _kept.get(moment.uid)
    start = max(at - timedelta(hours=row["tick_hours"]), row["started_at"])
    if kept is None or kept.until != start or kept.written != row["written"]:
        while len(_kept) >= KEPT_MOST:
            _kept.pop(next(iter(_kept)))
        kept = _kept[moment.uid] = _Kept()
    kept.until = at
    _look(kept, crowd, row["seed"], scenario.behaviour.item_spread, at)
    assert kept.shelf is not None
    return Scene(
        scenario=scenario,
        seed=row["seed"],
        people=crowd,
        started_at=row["started_at"],
        start=start,
        at=at,
        shelf=kept.shelf,
        seats=kept.agents[1:3],
        kept=kept.rooms,
        **kept.columns,
    )


def look_again(now: Scene) -> None:
    """What is on the shelf may have changed within the tick."""
    moment = held()
    assert moment is not None
    now.shelf = _kept[moment.uid].shelf = shelves.fresh(
        now.shelf, now.seed, now.scenario.behaviour.item_spread
    )


def over(*, next_at: datetime) -> None:
    """The tick is over. What is remembered holds for who finds the row as it was written here: not if this is taken back
    and somebody else lives the tick."""
    sql = "UPDATE simulation_population SET next_tick_at = %s WHERE id = 1 RETURNING xmin::text"
    moment = held()
    assert moment is not None
    _kept[moment.uid].written = rows(sql, [next_at])[0][0]


def _look(kept: _Kept, crowd: People, seed: int, spread: float, at: datetime) -> None:
    stamp = rows(STAMP)[0]
    if stamp != kept.agents:
        kept.agents, kept.columns = stamp, _columns(crowd)
    if kept.shelf is None or kept.shelf_day != day_of(at):
        kept.shelf, kept.shelf_day = shelves.whole(seed, spread), day_of(at)
    else:
        kept.shelf = shelves.fresh(kept.shelf, seed, spread)


def _columns(crowd: People) -> dict[str, Any]:
    """Agents by kind and number."""
    told = rows(
        """SELECT kind, number, member_id, coalesce(shop_id, 0), seat = 'bot' AND left_at IS NULL, id,
                  extract(epoch FROM entered_at)::bigint, left_at IS NOT NULL FROM simulation_agent ORDER BY kind, number"""
    )
    table = np.array([tuple(map(int, row)) for row in told], dtype=np.int64).reshape(-1, 8)
    buyers, there = table[table[:, 0] == BUYER], table[table[:, 0] == SELLER]
    bought = np.zeros(crowd.buyers.count, dtype=np.int64)
    buys = np.zeros(crowd.buyers.count, dtype=bool)
    bought[buyers[:, 1]], buys[buyers[:, 1]] = buyers[:, 2], buyers[:, 4] == 1
    many = crowd.sellers.count
    columns = np.zeros((6, many), dtype=np.int64)
    columns[:, there[:, 1]] = there[:, 2:8].T
    return {
        "buyer_member": bought,
        "buyer_bot": buys,
        "seller_member": columns[0],
        "seller_shop": columns[1],
        "seller_bot": columns[2] == 1,
        "seller_agent": columns[3],
        "seller_entered": columns[4],
        "seller_left": columns[5] == 1,
        "ring": table[table[:, 0] == RING][:, 2],
    }
