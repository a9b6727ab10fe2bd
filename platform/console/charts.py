"""Pictures of numbers: the geometry of bars and lines, drawn as SVG by the templates and coloured by the style sheet.

A chart here is a few dozen shapes. So it is made on the server: it needs no script, follows light and dark,
scales with the page and can be read aloud.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 1000, 300  # units of the drawing; the page stretches it
GAP = 0.34  # of a bar's place that is left free
STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Shape:
    """One value drawn: a bar's box, with the words for it."""

    x: float
    y: float
    width: float
    height: float
    value: int
    label: str


def ceiling(most: float) -> int:
    """A round number no less than `most`: the top of the axis."""
    if most <= 4:
        return 4
    magnitude = 10 ** (len(str(int(most))) - 1)
    return int(next(step * magnitude for step in STEPS if step * magnitude >= most))


def ticks(top: int) -> list[int]:
    """What the axis says, the top first."""
    return [top, top // 2, 0]


@dataclass(frozen=True)
class Bars:
    """A row of bars on one axis: `name` in words, `kind` for the style sheet, `money` when values are fen."""

    name: Any
    kind: str
    money: bool
    ticks: list[int]
    shapes: list[Shape]
    days: list[Any]


def chart(name: Any, kind: str, rows: Sequence[dict[str, Any]], column: str) -> Bars:
    """Bars of a column of days (each with its `day`)."""
    values = [row[column] for row in rows]
    top = ceiling(max(values, default=0))
    shapes = bars(values, [row["day"] for row in rows], top)
    return Bars(name, kind, column.endswith("_fen"), ticks(top), shapes, [row["on"] for row in rows])


def bars(values: Sequence[int], labels: Sequence[str], top: int) -> list[Shape]:
    """A bar for each value, as high as its share of `top`."""
    place = WIDTH / max(len(values), 1)
    return [
        Shape(
            round(n * place + place * GAP / 2, 1),
            round(HEIGHT - HEIGHT * value / top, 1),
            round(place * (1 - GAP), 1),
            round(HEIGHT * value / top, 1),
            value,
            label,
        )
        for n, (value, label) in enumerate(zip(values, labels, strict=True))
    ]


def spark(values: Sequence[int], width: float = 96, height: float = 24) -> str:
    """The points of a small line from edge to edge, its own highest value at the top."""
    top, steps = max([*values, 1]), max(len(values) - 1, 1)
    return " ".join(
        f"{n * width / steps:.1f},{(height - 2) - (height - 4) * value / top:.1f}"
        for n, value in enumerate(values)
    )


@dataclass(frozen=True)
class Part:
    """A share of a whole strip: where it begins, how wide it is (of 1,000), what it is."""

    x: float
    width: float
    name: str
    value: int
    percent: float


def strip(parts: Sequence[tuple[str, int]]) -> list[Part]:
    """A strip of 1,000 units divided among the parts that are not nothing, in their order."""
    whole = sum(value for _, value in parts)
    drawn, x = [], 0.0
    for name, value in parts:
        if value:
            width = 1000 * value / whole
            drawn.append(Part(round(x, 1), round(width, 1), name, value, 100 * value / whole))
            x += width
    return drawn
