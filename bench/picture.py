"""Hours, sessions and popularity of a log beside the real ones: one SVG that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10
from typing import Any

import numpy as np

from simulation.measures.log import VIEW, arranged, session_sizes
from simulation.measures.popularity import expected_top
from simulation.userbehavior import Log

WIDE, HIGH, EDGE = 300, 200, 45
REAL, MINE = "#888888", "#d9480f"
SIGMA = 1.95  # the whole set's log-sd of items' rates: 1.9 to 2.0
PARTS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
Points = list[tuple[float, float]]


def picture(figures: Sequence[Any], log: Log, spec: dict[str, Any]) -> str:
    """Four panels: views and buys by hour (per cent), sessions of so many acts or more, the items' shares."""
    found = {figure.name: figure.value for figure in figures}
    acts = arranged(log)
    sizes = session_sizes(acts)
    viewing = acts.kind == VIEW
    once = np.unique(acts.pair[viewing], return_index=True)[1]
    viewers = np.sort(np.unique(acts.item[viewing][once], return_counts=True)[1])[::-1]
    falling = np.cumsum(viewers) / viewers.sum()
    panels: list[tuple[str, Points, Points]] = [
        *(
            (
                f"{name} by hour, per cent",
                [(float(hour), float(value)) for hour, value in enumerate(spec["hours"][name])],
                [(float(hour), 100 * found[f"{name}_hour_{hour:02}"]) for hour in range(24)],
            )
            for name in ("views", "buys")
        ),
        (
            "sessions of n acts or more: log n, log share",
            [
                (log10(n), log10(tail))
                for n, tail in zip(spec["sessions"]["at"], spec["sessions"]["tail"], strict=True)
            ],
            [
                (log10(n), log10(share))
                for n in spec["sessions"]["at"]
                if (share := float((sizes >= n).mean()))
            ],
        ),
        (
            "share of viewers that the top items take: log part",
            [(log10(part), expected_top(SIGMA, found["item_viewers"], part)) for part in PARTS],
            [(log10(part), float(falling[max(1, round(part * len(falling))) - 1])) for part in PARTS],
        ),
    ]
    drawn = "".join(_panel(n, *panel) for n, panel in enumerate(panels))
    size = f'width="{2 * (WIDE + EDGE) + EDGE}" height="{2 * (HIGH + EDGE) + EDGE}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="11">'
        f'<rect width="100%" height="100%" fill="white"/>{drawn}'
        f'<text x="{EDGE}" y="{2 * (HIGH + EDGE) + EDGE - 8}" fill="{REAL}">grey: real</text>'
        f'<text x="{EDGE + 70}" y="{2 * (HIGH + EDGE) + EDGE - 8}" fill="{MINE}">red: this log</text></svg>\n'
    )


def _panel(number: int, title: str, real: Points, mine: Points) -> str:
    left, up = EDGE + number % 2 * (WIDE + EDGE), EDGE / 2 + number // 2 * (HIGH + EDGE)
    xs, ys = zip(*real, *mine, strict=True)
    low, most = min(*ys, 0), max(*ys, 0)

    def line(points: Points, colour: str) -> str:
        at = " ".join(
            f"{left + WIDE * (x - min(xs)) / (max(xs) - min(xs)):.1f},{up + HIGH * (most - y) / (most - low):.1f}"
            for x, y in points
        )
        return f'<polyline points="{at}" fill="none" stroke="{colour}" stroke-width="2"/>'

    return (
        f'<rect x="{left}" y="{up}" width="{WIDE}" height="{HIGH}" fill="none" stroke="#cccccc"/>'
        f'<text x="{left + 4}" y="{up - 5}">{title}</text>'
        f'<text x="{left - 4}" y="{up + 10}" text-anchor="end">{most:.3g}</text>'
        f'<text x="{left - 4}" y="{up + HIGH}" text-anchor="end">{low:.3g}</text>'
        f'<text x="{left}" y="{up + HIGH + 14}">{min(xs):.3g}</text>'
        f'<text x="{left + WIDE}" y="{up + HIGH + 14}" text-anchor="end">{max(xs):.3g}</text>'
        f"{line(real, REAL)}{line(mine, MINE)}"
    )
