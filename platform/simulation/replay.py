"""Replaying a behaviour log: the job that brings its people and goods into a market and lives its hours.

Users become members, items become listings of generated shops, views become page views at their seconds, and
purchases become orders paid through escrow, shipped, confirmed and rated. Slice after slice, each one
transaction with the job's state: a killed replay goes on where it stopped.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from common.batch import dicts, execute, one, rows
from common.errors import Conflict, Invalid
from common.memory import peak_rss_mb
from common.moments import show
from members import actions as members
from payments import ledger
from shops.actions import listings, shops
from simulation import cast as casting
from simulation.cast import Cast
from simulation.script import HOUR, script
from simulation.stage import Stage, moment
from simulation.userbehavior import counted
from worlds import clock, jobs
from worlds.hashing import state_hash
from worlds.jobs import Slice, Work
from worlds.models import Job, World
from worlds.pen import glance, stepping

FORMATS = ("userbehavior",)
SLICE_SECONDS = 0.25
SETTLING_DAYS = 30  # after the log's last hour: parcels arrive, clocks confirm, windows close
BATCH = 4000
PHASES = ("members", "sellers", "shops", "listings", "money", "hours", "settling")


def start(
    world: World, file: str, *, form: str = "userbehavior", seed: int | None = None, wake: bool = False
) -> Job:
    """A job that replays `file` in `world`, in which this connection is.

    Raises `Invalid` for an unknown format or a file without a readable line, `Conflict` when the market's
    clock is past the log's first row already.
    """
    if form not in FORMATS:
        raise Invalid(
            f"no format is called {form}",
            field="format",
            rule="format_is_known",
            way_out="Use userbehavior.",
        )
    path = Path(file).resolve()
    now = glance()
    args = {"file": str(path), "format": form, "seed": now.seed if seed is None else seed}
    who = _cast(args)
    first = moment(int(who.log.ts[0]))
    if now.at > first:
        raise Conflict(
            f"it is {show(now.at)} in {world.name}; the log begins {show(first)}",
            field="world",
            rule="clock_never_goes_back",
            way_out="Replay into a new world.",
        )
    return jobs.start(world, "replay", args, wake=wake)


def _blank() -> bool:
    """Is nobody in this market yet?"""
    return one("SELECT NOT EXISTS (SELECT FROM members_member)") is True


def _cast(args: Any) -> Cast:
    path = Path(args["file"])
    try:
        stat = path.stat()
    except OSError as error:
        raise Invalid(
            f"{path} cannot be read: {error.strerror}", field="file", rule="file_is_readable"
        ) from None
    return casting.cast_of_file(str(path), stat.st_size, stat.st_mtime_ns, args["seed"])


def replay(work: Work) -> Slice:
    """One slice of the job."""
    began = perf_counter()
    who = _cast(work.args)
    state: dict[str, Any] = dict(work.state) or _opening(who)
    while True:
        done = _do(who, state)
        if done or perf_counter() - began > SLICE_SECONDS:
            break
    state["seconds"] += perf_counter() - began
    result = _summary(who, state) if done else None
    return Slice(_progress(who, state), state, result)


def _opening(who: Cast) -> dict[str, Any]:
    """A market with nobody in it begins the evening before its log does."""
    eve = moment(int(who.log.ts[0])).replace(hour=0, minute=0, second=0) - timedelta(days=1)
    if _blank() and clock.now() < eve:
        with stepping():
            execute("UPDATE worlds_clock SET now_at = %s", [eve])
    return {
        "phase": "members",
        "done": 0,
        "seconds": 0.0,
        "open": {},
        "refused": {},
        "after": clock.last_event(),
    }


def _do(who: Cast, state: dict[str, Any]) -> bool:
    """Do the next bit of the phase that stands; True when the last phase is over."""
    phase = state["phase"]
    over: bool = PHASE[phase](who, state)
    if over:
        following = PHASES.index(phase) + 1
        if following == len(PHASES):
            return True
        state["phase"], state["done"] = PHASES[following], 0
    return False


def _members(who: Cast, state: dict[str, Any]) -> bool:
    stop = min(state["done"] + BATCH, len(who.users))
    with stepping() as now:
        ids = members.register(casting.registrations(who, state["done"], stop), at=now.at)
    state.setdefault("first_member", ids[0])
    state["done"] = stop
    return stop == len(who.users)


def _sellers(who: Cast, state: dict[str, Any]) -> bool:
    stop = min(state["done"] + BATCH, len(who.shop_subsection))
    with stepping() as now:
        ids = members.register(casting.sellers(who, state["done"], stop), at=now.at)
        for what in ("id", "bank"):
            members.verify(ids, what, at=now.at)
    state.setdefault("first_seller", ids[0])
    state["done"] = stop
    return stop == len(who.shop_subsection)


def _shops(who: Cast, state: dict[str, Any]) -> bool:
    stop = min(state["done"] + BATCH, len(who.shop_subsection))
    owners = range(state["first_seller"] + state["done"], state["first_seller"] + stop)
    with stepping() as now:
        ids = shops.open_shops(casting.openings(who, owners, state["done"], stop), at=now.at)
    state.setdefault("first_shop", ids[0])
    state["done"] = stop
    return stop == len(who.shop_subsection)


def _listings(who: Cast, state: dict[str, Any]) -> bool:
    stop = min(state["done"] + BATCH, len(who.items))
    there = range(state["first_shop"], state["first_shop"] + len(who.shop_subsection))
    with stepping() as now:
        ids = listings.create(casting.new_listings(who, there, state["done"], stop), by=None, at=now.at)
    state.setdefault("first_listing", ids[0])
    state["done"] = stop
    return stop == len(who.items)


def _money(who: Cast, state: dict[str, Any]) -> bool:
    """Every buyer of the log brings in what the log will see them spend."""
    spent = np.bincount(
        who.user_of[who.buys],
        weights=who.price_fen[who.item_of[who.buys]].astype(float),
        minlength=len(who.users),
    ).astype(np.int64)
    with stepping() as now:
        ledger.top_up(
            [
                ledger.TopUp(
                    state["first_member"] + user, int(spent[user]), key=f"log-{state['first_member']}-{user}"
                )
                for user in np.flatnonzero(spent).tolist()
            ],
            at=now.at,
        )
    return True


def _hours(who: Cast, state: dict[str, Any]) -> bool:
    plan = script(who)
    stage = Stage(
        who,
        plan,
        state["first_member"],
        state["first_listing"],
        {int(number): order for number, order in state["open"].items()},
        state["refused"],
    )
    stage.hour(plan.hours[state["done"]])
    state["open"] = {str(number): order for number, order in stage.open.items()}
    state["done"] += 1
    return state["done"] == len(plan.hours)


def _settling(who: Cast, state: dict[str, Any]) -> bool:
    """The log is over; what it began comes to its end."""
    last = moment(int(who.log.ts[-1]) // HOUR * HOUR + HOUR)
    return clock.chunk(max(last + timedelta(days=SETTLING_DAYS), clock.now()), seconds=SLICE_SECONDS / 2).done


PHASE = {
    "members": _members,
    "sellers": _sellers,
    "shops": _shops,
    "listings": _listings,
    "money": _money,
    "hours": _hours,
    "settling": _settling,
}
SHARE = (0.0, 0.01, 0.02, 0.03, 0.15, 0.17, 0.9, 1.0)  # how far each phase begins, about


def _progress(who: Cast, state: dict[str, Any]) -> float:
    number = PHASES.index(state["phase"])
    size = {"members": len(who.users), "listings": len(who.items), "hours": len(script(who).hours)}.get(
        state["phase"], 1
    )
    within = min(state["done"] / size, 1.0)
    return SHARE[number] + (SHARE[number + 1] - SHARE[number]) * within


DAYS = """
    SELECT at::date::text AS day, count(*) AS pv, count(DISTINCT visitor) AS uv
      FROM traffic_pageview WHERE at >= %(first)s AND at <= %(last)s GROUP BY 1
"""
BOUGHT = """
    SELECT paid_at::date::text AS day, count(*) AS orders, sum(total_fen)::bigint AS gmv_fen FROM shops_order
     WHERE paid_at >= %(first)s AND paid_at <= %(last)s GROUP BY 1
"""


def _summary(who: Cast, state: dict[str, Any]) -> dict[str, Any]:
    """What the market holds of the log's days, beside what the file says; counted in the market's own tables."""
    span = {"first": moment(int(who.log.ts[0])), "last": moment(int(who.log.ts[-1]))}
    file = counted(who.log)
    bought = {row["day"]: row for row in dicts(BOUGHT, span)}
    seen = {row["day"]: row for row in dicts(DAYS, span)}
    acts = dict(
        rows(
            "SELECT act, count(*) FROM traffic_interest WHERE at >= %(first)s AND at <= %(last)s GROUP BY 1",
            span,
        )
    )
    market = {
        "pv": sum(row["pv"] for row in seen.values()),
        "fav": acts.get("favourite", 0),
        "cart": acts.get("cart", 0),
        "buy": sum(row["orders"] for row in bought.values()),
        "users": one(
            "SELECT count(*) FROM members_member WHERE id >= %s AND id < %s",
            _range(who.users, state["first_member"]),
        ),
        "items": one(
            "SELECT count(*) FROM shops_listing WHERE id >= %s AND id < %s",
            _range(who.items, state["first_listing"]),
        ),
        "days": {
            day: {
                "pv": seen.get(day, {}).get("pv", 0),
                "uv": seen.get(day, {}).get("uv", 0),
                "buy": bought.get(day, {}).get("orders", 0),
            }
            for day in sorted({*seen, *bought})
        },
    }
    differences = {
        name: {"file": file[name], "market": value} for name, value in market.items() if file[name] != value
    }
    return {
        "rows": file["rows"],
        "skipped": file["skipped"],
        **market,
        "orders": market["buy"],
        "gmv_fen": sum(row["gmv_fen"] for row in bought.values()),
        "refused": state["refused"],
        "reconciles": not differences,
        "differences": differences,
        "drift": len(ledger.drift()),
        "events": clock.events_since(state["after"]),
        "now": show(clock.now()),
        "state_hash": state_hash(),
        "seconds": round(state["seconds"], 3),
        "peak_rss_mb": peak_rss_mb(),
    }


def _range(ids: Any, first: int) -> list[int]:
    return [first, first + len(ids)]
