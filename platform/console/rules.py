"""The rules in force, as a page tells them: every lever with its value, unit, and why it stands so."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Any

import orjson

from regime import queries as regime
from regime.levers import levers
from regime.rules import flat, plain


def parts(at: datetime) -> list[tuple[str, list[dict[str, Any]]]]:
    """The levers that hold at `at`, by the part of the regime they belong to, in reading order."""
    values, rows = flat(regime.at(at)), regime.standing(at)
    told = [
        {
            "path": path,
            "part": path.partition(".")[0],
            "name": path.partition(".")[2].replace("_", " "),
            "value": _shown(plain(values[path])),
            "unit": kind.unit,
            "why": rows[path]["why"] if path in rows else "",
            "changed": path in rows and not rows[path]["regime"],
            "since": rows[path]["effective_at"] if path in rows else None,
        }
        for path, kind in levers().items()
    ]
    return [(part, list(held)) for part, held in groupby(told, key=lambda lever: lever["part"])]


def _shown(value: Any) -> str:
    """A value as a line of text; lists and tables as short JSON."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(part, int | str) for part in value):
        return ", ".join(f"{part:,}" if isinstance(part, int) else part for part in value)
    return (
        f"{value:,}"
        if isinstance(value, int)
        else value
        if isinstance(value, str)
        else orjson.dumps(value).decode()
    )
