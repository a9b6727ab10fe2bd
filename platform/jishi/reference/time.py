"""docs/reference/time.md: what time drives, who listens to what, what a state hash leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from inspect import getdoc

from django.utils.module_loading import import_string

from jishi import wiring

PAGE = "time.md"
HEAD = """# Time, and who listens

Made from `platform/jishi/wiring.py` by `python -m jishi.reference`; do not edit.

A market's clock moves only when somebody moves it: `./jishi advance`, `POST /api/clock/advance/`, or a live
clock. The engine goes from moment to moment: at each one first the deadlines that are due, in the order
below, until none is left; then the timetable's lines of that moment. So one jump of thirty days does what
thirty jumps of a day do ([why](../decisions/0005-time-passes-moment-by-moment.md)). Days are days in
Asia/Shanghai.
"""


def page() -> str:
    return "\n".join([HEAD, *_sections()]).rstrip() + "\n"


def _sections() -> Iterator[str]:
    yield "## Deadlines\n\nA column that holds a moment, or NULL for none. The act is done at that moment.\n"
    yield from _table(
        ("what happens", "column", "while", "act"),
        [
            (due.name, f"`{due.table}.{due.column}`", f"`{' '.join(due.where.split())}`", f"`{due.act}`")
            for due in wiring.DEADLINES
        ],
    )
    yield "## Timetable\n\nWhat a market does by itself again and again.\n"
    yield from _table(
        ("what happens", "when", "act"),
        [(entry.name, _when(entry.every, entry.hour), f"`{entry.act}`") for entry in wiring.TIMETABLE],
    )
    yield "## Subscriptions\n\nAn event is told to those above, in order, in the transaction that wrote it.\n"
    yield from _table(
        ("event", "is told to", "which"),
        [
            (f"`{name}`", f"`{path}`", _first_line(path))
            for name, paths in wiring.SUBSCRIPTIONS.items()
            for path in paths
        ],
    )
    yield "## Jobs\n\nLong work, done in slices; each slice and its progress are one transaction.\n"
    yield from _table(("job", "slice"), [(f"`{kind}`", f"`{path}`") for kind, path in wiring.JOBS.items()])
    yield "## Audits\n\nWhat must always hold: `./jishi audit NAME` lists the rows in which it does not.\n"
    yield from _table(
        ("book", "asks", "which"),
        [(book, f"`{path}`", _first_line(path)) for book, paths in wiring.AUDITS.items() for path in paths],
    )
    yield "## Not in the state hash\n\nEvery table and column of a market is hashed but these.\n"
    yield from _table(
        ("table", "column", "why not"),
        [(f"`{table}`", f"`{column}`", why) for (table, column), why in wiring.NOT_HASHED.items()],
    )


def _when(every: str, hour: int) -> str:
    at = f"at {hour}:00"
    return {"hour": "every hour", "day": f"daily {at}", "week": f"Mondays {at}", "year": f"1 January {at}"}[
        every
    ]


def _first_line(path: str) -> str:
    words = getdoc(import_string(path)) or ""
    return words.partition("\n\n")[0].replace("\n", " ").replace("|", "\\|")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""
