"""Attribution counted the slow way, view by view in Python: what `search.attribution.recompute` must equal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

Row = Mapping[str, Any]
DIRECT, REPEAT = 1, 9


def belongs_to(view: Row, views: Sequence[Row], end: datetime) -> int | None:
    """Whose a view is: the member it names, else the first one seen with its cookie later, before `end`."""
    later = [v for v in views if v["visitor"] == view["visitor"] and v["at"] < end]
    later = [v for v in later if (v["at"], v["id"]) >= (view["at"], view["id"]) and v["member"] is not None]
    return min(later, key=lambda v: (v["at"], v["id"]))["member"] if later else None


def touches(
    sale: Row, views: Sequence[Row], *, end: datetime, days: int, gap: timedelta
) -> list[tuple[int, datetime]]:
    """(source, moment) of each visit of the buyer to the shop before the order."""
    since = sale["placed_at"] - timedelta(days=days)
    mine = [
        v
        for v in sorted(views, key=lambda v: (v["at"], v["id"]))
        if v["shop"] == sale["shop"] and since < v["at"] <= sale["placed_at"]
        and belongs_to(v, views, end) == sale["member"]
    ]  # fmt: skip
    found: list[tuple[int, datetime]] = []
    last: datetime | None = None
    for view in mine:
        new_visit = last is None or view["at"] - last > gap
        brought = view["source"] not in (DIRECT, REPEAT) and view["source"] != (found and found[-1][0])
        if new_visit or brought:
            found.append((view["source"], view["at"]))
        last = view["at"]
    return found


def weights(path: Sequence[int], model: str) -> dict[int, Fraction]:
    """How much of a sale each source has, exactly."""
    many = len(path)
    chosen = {"first": [0], "last": [many - 1], "linear": list(range(many))}.get(model)
    if chosen is None:
        chosen = [max([n for n in range(many) if path[n] not in (DIRECT, REPEAT)] or [many - 1])]
    of: dict[int, Fraction] = defaultdict(Fraction)
    for n in chosen:
        of[path[n]] += Fraction(1, len(chosen))
    return of
