"""A village's shops month by month beside what is known of it, and the country's lists of Taobao Villages."""

from __future__ import annotations

from typing import Any

from simulation.drawing import COLOURS, PALE, line, lines, picture, text
from simulation.villages.diffusion import filled

WIDTH, HEIGHT = 1000, 440
LEFT, RIGHT = (80.0, 90.0, 520.0, 260.0), (690.0, 90.0, 270.0, 260.0)  # x, y, width, height


def drawn(told: dict[str, Any], name: str = "") -> str:
    """What `diffusion` told, as an SVG that stands alone."""
    title = f"Shops of {told['village']}{f' in {name}' if name else ''} · 村里的网店"
    months = filled(told["months"], told["now"][:7])
    facts = [
        fact for fact in told["facts"] if fact["what"] == "shops" and _since(months, fact) <= len(months)
    ]
    top = float(max([row["ever"] for row in months] + [fact["least"] for fact in facts], default=1) or 1)
    named = {
        "open 营业中": [float(row["shops"]) for row in months],
        "ever opened 累计开店": [float(row["ever"]) for row in months],
    }
    held = f"{months[0]['month']} – {months[-1]['month']}" if months else "no shop yet 尚无店铺"
    parts = [
        text(24, 36, title, size=19),
        *lines(named, title=f"Shops by month 逐月店铺数, {held}", box=LEFT, low=0.0, high=top, rising=True),
        *_known(facts, months, top),
        *_country(told["years"]),
    ]
    sources = sorted({fact["told_by"].split(":")[0] for fact in facts})
    if sources:
        parts.append(text(LEFT[0], HEIGHT - 34, f"Known 史实: {'; '.join(sources)}", size=11, colour=PALE))
    return picture(WIDTH, HEIGHT, title, parts)


def _known(facts: list[dict[str, Any]], months: list[dict[str, Any]], top: float) -> list[str]:
    """What is known, as a dashed line at its height from the January it speaks of."""
    x0, y0, width, height = LEFT
    if not months:
        return []
    made: list[str] = []
    for fact in facts:
        x = x0 + width * min(max(_since(months, fact), 0) / max(len(months) - 1, 1), 1.0)
        y = y0 + height * (1 - fact["least"] / top)
        made += [
            line(x0, y, x, y, colour=COLOURS[2], more=' stroke-dasharray="5 4"'),
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{COLOURS[2]}"/>',
            text(
                x - 8, y - 6, f"{fact['year']}: {fact['least']:,}", size=11, anchor="end", colour=COLOURS[2]
            ),
        ]
    return made


def _since(months: list[dict[str, Any]], fact: dict[str, Any]) -> int:
    """Months from the first of `months` to the January of the year that `fact` is about."""
    first = months[0]["month"] if months else "0000-01"
    return int(fact["year"]) * 12 - int(first[:4]) * 12 - int(first[5:]) + 1


def _country(years: list[dict[str, Any]]) -> list[str]:
    """The national lists and the market's own, in villages."""
    counted = [row for row in years if row["country_villages"] is not None]
    if not counted:
        return []
    first, last = years[0]["year"], years[-1]["year"]
    by_year = {row["year"]: row for row in years}
    span = range(first, last + 1)
    country = [by_year.get(year, {}).get("country_villages") for year in span]
    named = {"China 全国": country, "here 本市场": [by_year.get(year, {}).get("villages") for year in span]}
    return lines(named, title="Taobao Villages by year 淘宝村", box=RIGHT, low=0.0, first=first, rising=True)
