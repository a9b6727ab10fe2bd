"""A day's figures counted the slow way, view by view in Python: what `traffic.recompute` must equal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
Key = tuple[int, int, int]


def slices(row: Row) -> list[Key]:
    """(dimension, key, source) of every slice a view or act falls into."""
    found: list[Key] = [(0, 0, 0), (1, 0, row["source"])]
    if row["section"] is not None:
        found.append((2, row["section"], 0))
    if row["shop"] is not None:
        found += [(3, row["shop"], 0), (4, row["shop"], row["source"])]
    if row["listing"] is not None:
        found.append((5, row["listing"], 0))
    return found


def visits(views: Sequence[Row], gap_seconds: float) -> list[list[Row]]:
    """Each visitor's views in order, cut where nothing happened for longer than the gap; `stay` filled in."""
    cut: list[list[Row]] = []
    of: dict[int, list[Row]] = defaultdict(list)
    for row in views:
        of[row["visitor"]].append(row)
    for mine in of.values():
        mine.sort(key=lambda row: (row["at"], row["id"]))
        for n, row in enumerate(mine):
            wait = (mine[n + 1]["at"] - row["at"]).total_seconds() if n + 1 < len(mine) else None
            stay = row["stay"]
            if stay is None:
                stay = int(wait) if wait is not None and wait <= gap_seconds else 0
            told = {**row, "stay": stay}
            if n and (row["at"] - mine[n - 1]["at"]).total_seconds() <= gap_seconds:
                cut[-1].append(told)
            else:
                cut.append([told])
    return cut


def figures(
    views: Sequence[Row],
    interests: Sequence[Row],
    conversions: Sequence[Row],
    *,
    gap_seconds: float,
    bounce: int,
) -> dict[Key, dict[str, int]]:
    """Every slice's counts. `views`: id, at, visitor, member, page, source, shop, listing, section, stay."""
    counts: dict[Key, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    people: dict[tuple[Key, str], set[int]] = defaultdict(set)
    for visit in visits(views, gap_seconds):
        touched: dict[Key, int] = defaultdict(int)
        for row in visit:
            for key in slices(row):
                touched[key] += 1
                counts[key]["pv"] += 1
                counts[key]["stay_seconds"] += row["stay"]
                people[key, "uv_daily"].add(row["visitor"])
                if row["page"] == 5:
                    counts[key]["ipv"] += 1
                    people[key, "ipv_uv_daily"].add(row["visitor"])
        for key, pages in touched.items():
            counts[key]["visits"] += 1
            counts[key]["bounces"] += pages <= bounce
    for row in interests:
        name = {"favourite": "favourites", "cart": "carts"}.get(row["act"])
        for key in slices(row) if name else ():
            counts[key][str(name)] += 1
    for row in conversions:
        for key in slices({**row, "source": came_by(row, views)}):
            people[key, f"orders_{row['act']}"].add(row["order"])
            if row["act"] == "paid":
                people[key, "buyers_daily"].add(row["member"])
                counts[key]["pieces_paid"] += row["quantity"]
                counts[key]["paid_fen"] += row["amount_fen"]
    for (key, name), who in people.items():
        counts[key][name] = len(who)
    return {key: dict(found) for key, found in counts.items()}


def came_by(conversion: Row, views: Sequence[Row]) -> int:
    """The source of that member's last view of that shop before, that day; direct when there is none."""
    before = [
        (row["at"], row["id"], row["source"])
        for row in views
        if row["member"] == conversion["member"]
        and row["shop"] == conversion["shop"]
        and row["at"] <= conversion["at"]
    ]
    return max(before)[2] if before else 1
