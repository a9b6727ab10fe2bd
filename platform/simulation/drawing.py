"""Pictures that stand alone: a few shapes of SVG, drawn without a style sheet, in words that can be read aloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise

INK, PALE, GRID = "#1f2a37", "#5b6776", "#d8dee6"
COLOURS = ("#1f77b4", "#d9480f", "#2b8a3e", "#862e9c", "#5c940d", "#0b7285", "#a61e4d", "#495057")
FONT = "font-family='Noto Sans, Noto Sans CJK SC, PingFang SC, Microsoft YaHei, sans-serif'"
Number = float | None


def text(
    x: float,
    y: float,
    said: str,
    *,
    size: float = 12,
    anchor: str = "start",
    colour: str = INK,
    more: str = "",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" fill="{colour}"{more}>'
        f"{escape(said)}</text>"
    )


def line(
    x1: float, y1: float, x2: float, y2: float, *, colour: str = GRID, width: float = 1, more: str = ""
) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width:g}"{more}/>'


def path(points: Sequence[tuple[float, float]], *, colour: str, width: float = 2) -> str:
    drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="{width:g}"/>'


def picture(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    """A whole picture: self-contained, with its title for those who listen."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" {FONT}>'.replace(
            "'", '"'
        )
        + f'<title>{escape(title)}</title><rect width="{width:g}" height="{height:g}" fill="#ffffff"/>'
        + "".join(parts)
        + "</svg>"
    )


def lines(
    named: Mapping[str, Sequence[Number]],
    *,
    title: str,
    box: tuple[float, float, float, float],
    low: float | None = None,
    high: float | None = None,
    steps: bool = False,
    first: int = 1,
    colours: Sequence[str] = COLOURS,
    rising: bool = False,
) -> list[str]:
    """Lines over `first`, `first` + 1 … in a box (x, y, width, height); a gap where a value is None. A name of
    spaces is not told. `rising`: the right upper corner is taken, names stand in the left one."""
    x0, y0, width, height = box
    held = [value for values in named.values() for value in values if value is not None]
    top = high if high is not None else max(held, default=1.0) or 1.0
    base = low if low is not None else min(0.0, min(held, default=0.0))
    many = max((len(values) for values in named.values()), default=0)
    scale_x, scale_y = width / max(many - 1, 1), height / ((top - base) or 1)
    made = [text(x0, y0 - 10, title, size=13)]
    for share in (0, 0.5, 1):
        y, value = y0 + height * (1 - share), base + (top - base) * share
        made += [
            line(x0, y, x0 + width, y),
            text(x0 - 6, y + 4, short(value), size=10, anchor="end", colour=PALE),
        ]
    made += [
        text(x0, y0 + height + 16, f"{first}", size=10, colour=PALE),
        text(x0 + width, y0 + height + 16, f"{first + many - 1}", size=10, anchor="end", colour=PALE),
    ]
    for number, (name, values) in enumerate(named.items()):
        colour = colours[number % len(colours)]
        for piece in _pieces(values):
            points = [(x0 + n * scale_x, y0 + height - (v - base) * scale_y) for n, v in piece]
            made.append(path(_stairs(points) if steps else points, colour=colour))
        if name.strip():
            x, anchor = (x0 + 6, "start") if rising else (x0 + width - 4, "end")
            made.append(text(x, y0 + 14 + 15 * number, name, size=11, anchor=anchor, colour=colour))
    return made


def _pieces(values: Sequence[Number]) -> list[list[tuple[int, float]]]:
    pieces: list[list[tuple[int, float]]] = [[]]
    for n, value in enumerate(values):
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append((n, value))
    return [piece for piece in pieces if piece]


def _stairs(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    made = list(points[:1])
    for (_, before), (x, after) in pairwise(points):
        made += [(x, before), (x, after)]
    return made


def short(value: Number) -> str:
    """A number in few characters."""
    if value is None:
        return "–"
    size = abs(value)
    if size >= 1000 or (size == int(size) and size < 1e15):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def forest(rows: Sequence[tuple[str, Number, tuple[float, float] | None, str]], *, title: str) -> str:
    """Points with their intervals, a row each, around zero: (name, value, interval, said at the right)."""
    width, left, right, step = 900.0, 330.0, 640.0, 22.0
    ends = [abs(e) for _, value, span, _ in rows for e in [*(span or ()), value or 0.0]]
    reach = min(max([1.0, *ends]), 8.0)
    scale = (right - left) / 2 / reach
    middle, height = (left + right) / 2, 60 + step * len(rows)
    parts = [text(12, 22, title, size=14), line(middle, 34, middle, height - 18, colour=PALE)]
    parts += [
        text(middle + end * scale, height - 4, short(round(end, 2)), size=10, anchor="middle", colour=PALE)
        for end in (-reach, reach)
    ]
    parts.append(text(middle, height - 4, "0", size=10, anchor="middle", colour=PALE))
    for number, (name, value, span, said) in enumerate(rows):
        y = 50 + number * step
        parts.append(text(left - 14, y + 4, name, size=12, anchor="end"))
        clear = span is not None and (span[0] > 0 or span[1] < 0)
        colour = COLOURS[1] if clear else PALE
        if span is not None:
            a, b = (middle + max(-reach, min(reach, e)) * scale for e in span)
            parts.append(line(a, y, b, y, colour=colour, width=2))
        if value is not None:
            x = middle + max(-reach, min(reach, value)) * scale
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}"/>')
        parts.append(text(right + 14, y + 4, said, size=11, colour=INK if clear else PALE))
    return picture(width, height, title, parts)
