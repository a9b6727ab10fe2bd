"""The job that lets time pass: what may be asked, and one slice of doing it."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from common.errors import Invalid
from common.moments import LAST, duration, moment, show
from worlds import clock, jobs, live
from worlds.hashing import state_hash
from worlds.jobs import Slice, Work
from worlds.models import Job, World
from worlds.pen import glance

HORIZON = "P366D"  # how far to look for an event that may never come
WANTED = ("event", "member", "subject", "order")


def plan(asked: dict[str, Any], at: datetime) -> dict[str, Any]:
    """The job's arguments for what was asked of a market whose clock shows `at`.

    `to` (a moment) or `duration` or `until` ({"event", "member"?, "subject"?, "order"?}), which may come with
    one of the other two or `horizon` to say when to give up. Raises `Invalid`, or `Conflict` for the past.
    """
    ways = [name for name in ("to", "duration", "horizon") if asked.get(name)]
    until = {name: value for name, value in (asked.get("until") or {}).items() if value is not None}
    if len(ways) > 1 or not (ways or until) or ("horizon" in ways and not until):
        raise Invalid(
            "say one of: how long, to which moment, until which event",
            field="duration",
            rule="one_way_to_advance",
            way_out='Send {"duration": "P30D"}, {"to": "…"} or {"until": {"event": "order.paid"}}.',
        )
    if ways == ["to"]:
        target = moment(asked["to"])
    else:
        target = _later(at, asked[ways[0]] if ways else HORIZON, bool(until))
    clock.check_target(target, at)
    return {"to": show(target), "until": until}


def _later(at: datetime, text: str, looking: bool) -> datetime:
    try:
        target = at + duration(text)
    except OverflowError:
        target = LAST + timedelta(days=1)
    return min(target, LAST) if looking else target


def start(world: World, asked: dict[str, Any], *, wake: bool = True) -> Job:
    """A job that advances `world`, in which this connection is."""
    return jobs.start(world, "advance", plan(asked, glance().at), wake=wake)


def advance(work: Work) -> Slice:
    """About a fifth of a second of passing time; in the transaction of the job."""
    began = perf_counter()
    state = dict(work.state) or {"from": show(glance().at), "after": clock.last_event(), "seconds": 0.0}
    target = moment(work.args["to"])
    wanted = work.args.get("until") or {}
    until = (
        clock.Until(after=state["after"], **{k: wanted[k] for k in WANTED if k in wanted}) if wanted else None
    )
    reached = clock.chunk(target, until=until)
    result = None
    if reached.done:
        live.anchor()
        result = {
            "from": state["from"],
            "to": show(reached.at),
            "state_hash": state_hash(),
            "events": clock.events_since(state["after"]),
            "event": clock.event_shown(reached.event),
        }
    state["seconds"] = round(state["seconds"] + perf_counter() - began, 6)
    if result is not None:
        result["seconds"] = state["seconds"]
    start_at = moment(state["from"])
    span = (target - start_at).total_seconds()
    return Slice((reached.at - start_at).total_seconds() / span if span else 1.0, state, result)
