"""The levers a scenario changes on the way: named by path or by section, each read as the regime reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.errors import Invalid
from regime import rules
from regime.levers import levers
from regime.levers import sections as parts

from .values import refused, unknown


def flat(field: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Path of a lever to its value (JSON), from `"feedback.window_days" = 20` or `feedback.window_days = 20`."""
    spread: dict[str, Any] = {}
    for key, held in given.items():
        if key in parts() and isinstance(held, Mapping):
            spread |= {f"{key}.{name}": one for name, one in held.items()}
        else:
            spread[key] = held
    if not spread:
        raise refused(field, "a_change_names_a_lever", "names no lever", 'Write "feedback.window_days" = 20.')
    for path, held in spread.items():
        if path not in levers():
            raise unknown(f"{field}.{path}", "lever", path, levers(), "lever_is_known")
        try:
            rules.read(path, held)
        except Invalid as wrong:
            raise _here(field, wrong) from None
    return spread


def together(field: str, standing: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    """The levers after a change; raises `Invalid` where they contradict each other."""
    after = {**standing, **{path: rules.read(path, held) for path, held in changed.items()}}
    try:
        rules.build(after)
    except Invalid as wrong:
        raise _here(field, wrong) from None
    return after


def _here(field: str, wrong: Invalid) -> Invalid:
    return Invalid(
        f"{field}: {wrong.detail}", field=f"{field}.{wrong.field}", rule=wrong.rule, way_out=wrong.way_out
    )
