"""A trial: the job that lives one run of an experiment in a market of its own, and then measures it there."""

from __future__ import annotations

import resource
from dataclasses import replace
from time import perf_counter
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from simulation.experiments.outcomes import measured
from worlds.hashing import state_hash
from worlds.jobs import Slice, Work

KIND = "trial"


def trial(work: Work) -> Slice:
    """A slice of the phase that stands; after the last phase, the measuring."""
    phases = work.args["phases"]
    state: dict[str, Any] = dict(work.state) or {"phase": 0, "inner": {}, "lived": [], "seconds": 0.0}
    began = perf_counter()
    number = state["phase"]
    if number == len(phases):
        seen = measured(work.args["outcomes"])
        spent = round(state["seconds"] + perf_counter() - began, 3)
        peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
        facts = {"state_hash": state_hash(), "seconds": spent, "peak_rss_mb": peak, "lived": state["lived"]}
        return Slice(1.0, state, seen | facts)
    kind, args = phases[number]
    made = import_string(import_string(settings.JISHI_JOBS)[kind])(
        replace(work, args=args, state=state["inner"])
    )
    state["inner"] = made.state
    if made.result is not None:
        state |= {"phase": number + 1, "inner": {}, "lived": [*state["lived"], _short(made.result)]}
    state["seconds"] += perf_counter() - began
    done = number + (1.0 if made.result is not None else made.progress)
    return Slice(0.99 * done / len(phases), state)


def _short(result: dict[str, Any]) -> dict[str, Any]:
    """Of a phase's result the single figures; lists and tables stay where they are."""
    return {name: value for name, value in result.items() if not isinstance(value, dict | list)}
