"""Founding a population, and letting it live: the job that fills a blank market with a scenario's people, shops and goods
through the ordinary actions, and then lets days pass. Slice after slice; a killed one is done again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from common import words
from common.batch import dicts, execute, insert, one, rows
from common.errors import Conflict, Invalid
from common.memory import peak_rss_mb
from common.moments import day_of, show, start_of
from members import actions as members
from payments import ledger
from regime import actions as regime
from shops.actions import listings, shops
from simulation import crew, goods
from simulation.engine import first_tick
from simulation.models import BUYER, RING, SELLER, Agent, Population
from simulation.people import Ints, People, people
from simulation.scenario import document, find, from_document
from simulation.scenario.shapes import Scenario
from worlds import clock, jobs
from worlds.hashing import state_hash
from worlds.jobs import Slice, Work
from worlds.models import Job, World
from worlds.pen import glance, stepping

SLICE_SECONDS = 0.25
BATCH = 4_000
PHASES = ("buyers", "ring", "sellers", "goods", "living")
RING_NUMBERS = 1 << 35  # accounts for hire are drawn apart from buyers and sellers
SELLER_NUMBERS = 1 << 33
DAYS_MOST = 3_660
RING_MOST = 2_000


def start(
    world: World,
    scenario: str | Path | Scenario | None,
    *,
    seed: int | None = None,
    days: int | None = None,
    workers: int = 1,
    wake: bool = False,
) -> Job:
    """A job that lets `days` pass in `world`, in which this connection is, with a population of `scenario`.

    A blank market is filled first. One that has a population goes on with it; then `scenario` may be None, and must
    otherwise be the same. Raises `Conflict` for a market of people without a population, or of another scenario.
    """
    there = _living()
    if there is None and scenario is None:
        raise Invalid(
            f"nobody lives in {world.name} by themselves yet",
            field="scenario",
            rule="a_population_has_a_scenario",
            way_out="Name one.",
        )
    plan = None if scenario is None else scenario if isinstance(scenario, Scenario) else find(scenario)
    if there is None and not _blank():
        raise Conflict(
            f"there are people in {world.name} already",
            field="scenario",
            rule="a_scenario_fills_a_blank_world",
            way_out="Create a new world from it.",
        )
    if there is not None and plan is not None and plan.name != there["scenario"]:
        raise Conflict(
            f"{world.name} is lived in by {there['scenario']}",
            field="scenario",
            rule="a_market_has_one_population",
            way_out="Create a new world for another scenario.",
        )
    if there is not None and seed not in (None, there["seed"]):
        raise Conflict(
            f"the population of {world.name} was drawn from seed {there['seed']}",
            field="seed",
            rule="a_population_keeps_its_seed",
            way_out="Leave the seed out, or create a new world.",
        )
    span = days if days is not None else plan.days if plan else 1
    if not 0 <= span <= DAYS_MOST:
        raise Invalid(
            f"days are 0 to {DAYS_MOST}", field="days", rule="days_are_few", way_out="Ask again after them."
        )
    args = arguments(
        None if there else plan, seed=glance().seed if seed is None else seed, days=span, workers=workers
    )
    return jobs.start(world, "simulate", args, wake=wake)


def arguments(plan: Scenario | None, *, seed: int, days: int, workers: int = 1) -> dict[str, Any]:
    """What the job is told: `plan` None where a population lives already."""
    return {
        "document": None if plan is None else document(plan),
        "seed": seed,
        "days": days,
        "workers": workers,
    }


def fill(world: World, name: str, *, wake: bool = False) -> Job:
    """A job that fills a blank `world` with the scenario called `name` and lives the days it says."""
    return start(world, name, wake=wake)


def _blank() -> bool:
    return one("SELECT NOT EXISTS (SELECT FROM members_member)") is True


def _living() -> dict[str, Any] | None:
    found = dicts("SELECT * FROM simulation_population")
    return found[0] if found else None


# When this process ended its last slice: what it took to write down (foreign keys are looked at then) counts in the next.
_ended: dict[str, float] = {}


def simulate(work: Work) -> Slice:
    """One slice of the job."""
    began = _ended.pop(work.job, perf_counter())
    until = perf_counter() + SLICE_SECONDS
    crew.crew.use(work.args.get("workers", 1))
    state: dict[str, Any] = dict(work.state) or _opening(work.args)
    while True:
        over = _do(work.args, state)
        if state["phase"] == "living" and "filled" not in state:
            state["filled"] = perf_counter() - began + state["seconds"]
        if over or perf_counter() > until:
            break
    _ended.clear()
    _ended[work.job] = perf_counter()
    state["seconds"] += _ended[work.job] - began
    return Slice(_progress(state), state, _summary(state) if over else None)


def _opening(args: Any) -> dict[str, Any]:
    """Where the job begins: a blank market at the eve of its first day, or a living one where it stands."""
    there = _living()
    state = {"done": 0, "seconds": 0.0, "after": clock.last_event(), "from": show(clock.now())}
    if there is not None:
        return state | {"filled": 0.0} | _span(clock.now(), args["days"], "living")
    plan = from_document(args["document"])
    if clock.now() < plan.start:
        with stepping():
            execute("UPDATE worlds_clock SET now_at = %s", [plan.start])
    return state | _span(clock.now(), args["days"], PHASES[0])


def _span(at: datetime, days: int, phase: str) -> dict[str, Any]:
    """Days are whole days of the calendar from the day the clock shows."""
    whole = start_of(day_of(at))
    until = (whole if whole == at else at) + timedelta(days=days)
    return {"phase": phase, "from": show(at), "to": until.isoformat(), "days": days}


def _do(args: Any, state: dict[str, Any]) -> bool:
    phase = state["phase"]
    if phase == "living":
        target = datetime.fromisoformat(state["to"])
        reached = clock.chunk(max(target, clock.now()), seconds=SLICE_SECONDS / 2)
        state["at"] = reached.at.isoformat()
        return reached.done
    plan = from_document(args["document"])
    if PHASE[phase](plan, args["seed"], state):
        following = PHASES[PHASES.index(phase) + 1]
        if following == "living":
            _begin(plan, args["seed"])
        state["phase"], state["done"] = following, 0
    return False


def _begin(plan: Scenario, seed: int) -> None:
    """Everybody is there: the population's row, with which its life begins, and the rules that change on a day."""
    with stepping() as now:
        for change in plan.changes:
            day = start_of(day_of(now.at)) + timedelta(days=change.day - 1)
            regime.change(
                change.levers,
                at=now.at,
                by=None,
                why=f"the scenario {plan.name}",
                effective_at=max(day, now.at),
            )
        insert(
            Population,
            [
                {
                    "scenario": plan.name,
                    "document": document(plan),
                    "seed": seed,
                    "tick_hours": plan.tick_hours,
                    "started_at": now.at,
                    "next_tick_at": first_tick(now.at, plan.tick_hours),
                }
            ],
        )


# -- who is there -------------------------------------------------------------------------------------------


def _buyers(plan: Scenario, seed: int, state: dict[str, Any]) -> bool:
    crowd = people(plan, seed).buyers
    stop = min(state["done"] + BATCH, crowd.count)
    numbers = np.arange(state["done"], stop)
    with stepping() as now:
        ids = _joined(seed, numbers, crowd.region[numbers], at=now.at)
        ledger.top_up(
            [
                ledger.TopUp(member, int(fen), key=f"funds-{number}")
                for member, number, fen in zip(ids, numbers.tolist(), crowd.funds_fen[numbers], strict=True)
                if fen  # an empty purse is no payment
            ],
            at=now.at,
        )
        _agents(BUYER, numbers, ids, at=now.at)
    state["done"] = stop
    return stop == crowd.count


def _ring(plan: Scenario, seed: int, state: dict[str, Any]) -> bool:
    """Accounts for hire, as many as the scenario's brushers need."""
    count = min(ring_size(plan), RING_MOST)
    if count:
        numbers = np.arange(count)
        crowd = people(plan, seed).buyers
        with stepping() as now:
            home = crowd.region[numbers % crowd.count] if crowd.count else np.full(count, 110000)
            _agents(RING, numbers, _joined(seed, RING_NUMBERS + numbers, home, at=now.at), at=now.at)
    return True


def ring_size(plan: Scenario) -> int:
    """Second accounts of those who brush alone, and accounts for hire of those who hire a ring."""
    brushers = [
        row for row in plan.shops if row.strategy == "brusher" and row.settings.get("means") != "crowd"
    ]
    return int(sum(row.settings.get("helpers", 5) * row.count for row in brushers))


def _sellers(plan: Scenario, seed: int, state: dict[str, Any]) -> bool:
    there = people(plan, seed).sellers
    starting = np.flatnonzero(~there.enters)
    stop = min(state["done"] + BATCH // 4, len(starting))
    if stop > state["done"]:
        with stepping() as now:
            numbers = starting[state["done"] : stop]
            home = [plan.villages[v].name if v >= 0 else "" for v in there.village[numbers].tolist()]
            enter(people(plan, seed), seed, numbers, at=now.at, villages=home)
    state["done"] = stop
    return stop == len(starting)


def _goods(plan: Scenario, seed: int, state: dict[str, Any]) -> bool:
    crowd = people(plan, seed)
    opened = rows(
        "SELECT number, shop_id FROM simulation_agent WHERE kind = %s AND number >= %s ORDER BY number LIMIT %s",
        [SELLER, state["done"], BATCH // 8],
    )
    if not opened:
        return True
    numbers = np.array([row[0] for row in opened], dtype=np.int64)
    with stepping() as now:
        new = goods.first_goods(crowd, seed, numbers, [row[1] for row in opened])
        for first in range(0, len(new), BATCH):
            listings.create(new[first : first + BATCH], by=None, at=now.at)
    state["done"] = int(numbers[-1]) + 1
    return False


PHASE = {"buyers": _buyers, "ring": _ring, "sellers": _sellers, "goods": _goods}


def _joined(seed: int, numbers: Ints, home: Ints, *, at: datetime) -> list[int]:
    nicks = words.nicks(seed, numbers)
    return members.register(
        [
            members.Registration(nick=nick, region=region)
            for nick, region in zip(nicks, home.tolist(), strict=True)
        ],
        at=at,
    )


def _agents(
    kind: int,
    numbers: Ints,
    member_ids: Sequence[int],
    *,
    at: datetime,
    shop_ids: Sequence[int] = (),
    strategies: Sequence[str] = (),
    villages: Sequence[str] = (),
) -> None:
    insert(
        Agent,
        [
            {
                "kind": kind,
                "number": number,
                "member_id": member,
                "shop_id": shop_ids[n] if shop_ids else None,
                "strategy": strategies[n] if strategies else "",
                "village": villages[n] if villages else "",
                "seat": "bot",
                "entered_at": at,
            }
            for n, (number, member) in enumerate(zip(numbers.tolist(), member_ids, strict=True))
        ],
    )


def enter(
    crowd: People, seed: int, numbers: Ints, *, at: datetime, villages: Sequence[str] = ()
) -> list[int]:
    """Sellers `numbers` come: they join, are verified, open their shops. Returns the shops' ids."""
    if not len(numbers):
        return []
    there = crowd.sellers
    ids = _joined(seed, SELLER_NUMBERS + numbers, there.region[numbers], at=at)
    for what in ("id", "bank"):
        members.verify(ids, what, at=at)
    ledger.top_up(
        [
            ledger.TopUp(member, int(200_000 + 1_800_000 * skill), key=f"start-{number}")
            for member, number, skill in zip(
                ids, numbers.tolist(), there.skill[numbers].tolist(), strict=True
            )
        ],
        at=at,
    )
    opened = shops.open_shops(goods.openings(crowd, seed, numbers, ids), at=at)
    protected = goods.protected(crowd, seed, numbers)
    if protected.any():
        shops.join_protection(
            [shop for shop, joins in zip(opened, protected.tolist(), strict=True) if joins], by=None, at=at
        )
    _agents(
        SELLER,
        numbers,
        ids,
        at=at,
        shop_ids=opened,
        strategies=there.strategy[numbers].tolist(),
        villages=list(villages) if villages else [""] * len(ids),
    )
    return opened


def leave(numbers: Sequence[int], *, at: datetime) -> None:
    """Sellers give up: they decide nothing any more."""
    execute(
        "UPDATE simulation_agent SET left_at = %s WHERE kind = %s AND number = ANY(%s) AND left_at IS NULL",
        [at, SELLER, list(numbers)],
    )


# -- what is told -------------------------------------------------------------------------------------------


def _progress(state: dict[str, Any]) -> float:
    if state["phase"] != "living":
        return 0.1 * PHASES.index(state["phase"]) / (len(PHASES) - 1)
    begun, until = (datetime.fromisoformat(state[end]) for end in ("from", "to"))
    at = datetime.fromisoformat(state.get("at", state["from"]))
    span = (until - begun).total_seconds()
    return 0.1 + 0.9 * ((at - begun).total_seconds() / span if span else 1.0)


FIGURES = """
    SELECT (SELECT count(*) FROM shops_shop) AS shops,
           (SELECT count(*) FROM simulation_agent WHERE kind = 0) AS buyers,
           (SELECT count(*) FROM traffic_pageview WHERE at >= %(from)s) AS pv,
           (SELECT count(*) FROM shops_order WHERE placed_at >= %(from)s) AS orders,
           (SELECT coalesce(sum(total_fen), 0)::bigint FROM shops_order WHERE paid_at >= %(from)s) AS gmv_fen
"""


def _summary(state: dict[str, Any]) -> dict[str, Any]:
    return {
        **dicts(FIGURES, {"from": datetime.fromisoformat(state["from"])})[0],
        "days": state["days"],
        "from": state["from"],
        "now": show(clock.now()),
        "drift": len(ledger.drift()),
        "events": clock.events_since(state["after"]),
        "state_hash": state_hash(),
        "seconds": round(state["seconds"], 3),
        "filled_seconds": round(state.get("filled", 0.0), 3),
        "peak_rss_mb": peak_rss_mb(),
    }
