"""Batches of views as they arrive: what can be read and written is, every other row is refused on its own."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

import numpy as np
import orjson

from common.errors import Forbidden, Invalid, Refusal
from traffic.actions import NONE, see
from traffic.reading import KEYS, KNOWN, read_rows

CHUNK = 10_000
NUMBERS = frozenset({"member", "shop", "listing", "section", "stay_seconds"})


@dataclass
class Taken:
    """How many views were written, and why each other row (its number, from 0) was not."""

    done: int = 0
    refused: dict[int, Refusal] = field(default_factory=dict)

    def shown(self, most: int | None = None) -> dict[str, Any]:
        """As doors answer: a result for each refused row (the first `most`), and the two counts."""
        rows = sorted(self.refused)
        return {
            "results": [
                {"row": i, "status": self.refused[i].status, "problem": self.refused[i].problem()}
                for i in rows[:most]
            ],
            "done": self.done,
            "refused": len(rows),
        }


def take_in(rows: Sequence[Any], *, at: datetime, acting: int | None = None) -> Taken:
    """Write the views of rows; see `reading.read_rows`. Rows that are refused leave nothing.

    `acting`: the member whose views these are: said of every row, and another's are refused.
    """
    read = read_rows(rows, at=at)
    taken = Taken(refused=read.refused)
    views, places = read.views, read.rows
    if acting is not None:
        others = (views.member != NONE) & (views.member != acting)
        taken.refused |= dict.fromkeys(places[others].tolist(), not_yours())
        views, places = views.only(~others), places[~others]
        views.member = np.full(len(views), acting)
    while len(views):
        try:
            taken.done = see(views, at=at)
            break
        except Refusal as refusal:
            if not refusal.rows:
                raise
            taken.refused |= {int(places[i]): refusal.each.get(i, refusal) for i in refusal.rows}
            good = ~np.isin(np.arange(len(views)), refusal.rows)
            views, places = views.only(good), places[good]
    return taken


def not_yours() -> Refusal:
    return Forbidden(
        "a member sends their own views", field="member", rule="own_views_only", way_out="Leave member out."
    )


def take_in_file(lines: Iterable[bytes], kind: str, *, at: datetime, acting: int | None = None) -> Taken:
    """Write the views of a file, `csv` (a header line names the columns) or `ndjson` (an object a line)."""
    rows = _csv(lines) if kind == "csv" else _ndjson(lines)
    total = Taken()
    first = 0
    while chunk := list(islice(rows, CHUNK)):
        taken = take_in(chunk, at=at, acting=acting)
        total.done += taken.done
        total.refused |= {first + i: refusal for i, refusal in taken.refused.items()}
        first += len(chunk)
    return total


def _ndjson(lines: Iterable[bytes]) -> Iterator[Any]:
    """Objects, or the refusal of a line that is none; empty lines are passed over."""
    for line in lines:
        if line.strip():
            try:
                yield orjson.loads(line)
            except ValueError as fault:
                yield Invalid(
                    f"the line is not JSON: {fault}",
                    field="line",
                    rule="line_is_json",
                    way_out="Send UTF-8 JSON.",
                )


def _csv(lines: Iterable[bytes]) -> Iterator[Any]:
    texts = (
        line.decode("utf-8-sig" if n == 0 else "utf-8", errors="replace") for n, line in enumerate(lines)
    )
    reader = csv.reader(texts)
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error:
        header = []
    if (
        not header
        or not KNOWN.issuperset(header)
        or "visitor" not in header
        or len(set(header)) != len(header)
    ):
        raise Invalid(
            f"the first line names the columns: visitor and any of {', '.join(KEYS[1:])}",
            field="line",
            rule="csv_has_a_header",
            way_out="Write visitor,listing,source,at.",
        )
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            yield Invalid(
                f"the line is not CSV: {fault}", field="line", rule="line_is_csv", way_out="Mend the line."
            )
            continue
        if values:
            yield _typed(header, values)


def _typed(header: Sequence[str], values: Sequence[str]) -> Any:
    if len(values) != len(header):
        return Invalid(
            f"the line has {len(values)} fields and the header {len(header)}", field="line",
            rule="line_is_as_the_header", way_out="Mend the line.",
        )  # fmt: skip
    return {name: _value(name, text) for name, text in zip(header, values, strict=True) if text}


def _value(name: str, text: str) -> Any:
    plain = name in NUMBERS and len(text) <= 18 and text.isascii() and text.isdigit()
    return int(text) if plain else text
