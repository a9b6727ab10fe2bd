"""The one picture: eyeballs, account record, descriptors, and what passes between them; Gini and survival below."""

from __future__ import annotations

from typing import Any

from simulation.circulation.words import NAMES, figure
from simulation.drawing import COLOURS, INK, PALE, lines, picture, text

WIDTH, HEIGHT = 1000, 860
PLACES = {"eyeballs": (190, 110), "record": (810, 110), "descriptors": (500, 400)}
LINES = (COLOURS[0], PALE, PALE)
MARKER = (
    '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" orient="auto">'
    f'<path d="M0,0 L10,5 L0,10 z" fill="{INK}"/></marker></defs>'
)


def drawn(told: dict[str, Any], name: str = "") -> str:
    """What `meter.measure` told, as an SVG that stands alone."""
    title = f"The circulation of eyeballs{f' in {name}' if name else ''} · 眼球流转"
    about = f"{told['shops']:,} shops 店铺, {told['days']} days 天"
    parts = [MARKER, text(24, 34, title, size=19), text(976, 34, about, size=13, anchor="end", colour=PALE)]
    parts += [
        _arrow(300, 110, 700, 110),
        _arrow(760, 160, 575, 355),
        _arrow(425, 355, 240, 160),
        *_said(500, 90, "P1", [("", told["P1"])], anchor="middle", above=True),
        *_said(660, 255, "P2", list(told["P2"].items()), anchor="start"),
        *_said(340, 255, "P3", list(told["P3"].items()), anchor="end"),
    ]
    parts += [_box(key, *place) for key, place in PLACES.items()]
    if told["loop"] is not None:
        said = f"{NAMES['loop'][0]} {NAMES['loop'][1]}: {told['loop']:+.3f} %"
        parts.append(text(500, 200, said, size=13, anchor="middle", colour=COLOURS[1]))
    return picture(WIDTH, HEIGHT, title, [*parts, *_gini(told), *_survival(told)])


def _arrow(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{INK}" stroke-width="2" marker-end="url(#tip)"/>'


def _box(key: str, x: float, y: float) -> str:
    english, chinese = NAMES[key]
    return (
        f'<rect x="{x - 105}" y="{y - 40}" width="210" height="80" rx="12" fill="#eef3f9" stroke="{COLOURS[0]}"/>'
        + text(x, y - 4, english, size=16, anchor="middle")
        + text(x, y + 22, chinese, size=15, anchor="middle", colour=PALE)
    )


def _said(
    x: float, y: float, key: str, rows: list[tuple[str, dict[str, Any]]], *, anchor: str, above: bool = False
) -> list[str]:
    """A transition's name, and an elasticity with its interval a line."""
    head = f"{key} {NAMES[key][0]} {NAMES[key][1]}"
    if above:
        return [
            text(x, y - 18, head, size=13, anchor=anchor, colour=PALE),
            text(x, y + 8, figure(rows[0][1]), size=15, anchor=anchor),
        ]
    made = [text(x, y, head, size=13, anchor=anchor, colour=PALE)]
    for number, (name, one) in enumerate(rows, 1):
        said = f"{NAMES[name][0]} {NAMES[name][1]} {figure(one)}"
        made.append(text(x, y + 20 * number, said, size=12.5, anchor=anchor))
    return made


def _gini(told: dict[str, Any]) -> list[str]:
    held = told["concentration"]
    named = {
        f"{words}": [day[key]["gini"] for day in held]
        for key, words in (("pv", "views 浏览量"), ("orders", "orders 订单"), ("income", "income 收入"))
    }
    title = f"{NAMES['gini'][0]} {NAMES['gini'][1]}"
    return lines(named, title=title, box=(80, 530, 380, 260), low=0.0, high=1.0)


def _survival(told: dict[str, Any]) -> list[str]:
    curve = told["survival"]["curve"]
    last = max([told["days"], *(step["day"] for step in curve)], default=1)
    shares: dict[str, list[float | None]] = {"share": [], "low": [], "high": []}
    now: dict[str, float | None] = {"share": 1.0, "low": None, "high": None}
    by_day = {step["day"]: step for step in curve}
    for day in range(last + 1):
        now = {key: by_day[day][key] for key in now} if day in by_day else now
        for key, values in shares.items():
            values.append(now[key])
    title = f"{NAMES['survival'][0]} {NAMES['survival'][1]}"
    named = {"alive 存活": shares["share"], "95 %": shares["low"], " ": shares["high"]}
    return lines(
        named, title=title, box=(580, 530, 380, 260), low=0.0, high=1.0, steps=True, first=0, colours=LINES
    )
