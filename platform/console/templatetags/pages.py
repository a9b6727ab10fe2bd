"""How the pages write numbers, money, moments, places and badges."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext, ngettext

from common import regions, sections
from common.moments import SHANGHAI
from ratings.rules import CLASSES

register = template.Library()


def chinese() -> bool:
    return (get_language() or "").startswith("zh")


@register.filter
def number(value: float | None) -> str:
    """Whole, with separators; a dash for nothing known."""
    return "–" if value is None else f"{value:,.0f}"


@register.filter
def yuan(fen: int | None) -> str:
    """Fen as yuan: ¥12.34; from ¥10,000 on without the fen."""
    if fen is None:
        return "–"
    return f"¥{fen / 100:,.0f}" if abs(fen) >= 1_000_000 else f"¥{fen / 100:,.2f}"


@register.filter
def round_yuan(fen: int) -> str:
    """Fen as whole yuan, short enough for an axis."""
    yuan_ = fen / 100
    return (
        f"¥{yuan_ / 1000:,.4g}k"
        if yuan_ >= 10_000 and not chinese()
        else f"¥{yuan_ / 10_000:,.4g}万"
        if yuan_ >= 10_000
        else f"¥{yuan_:,.4g}"
    )


@register.filter
def percent(bps: int | None) -> str:
    """Basis points as a percentage with one digit after the point."""
    return "–" if bps is None else f"{bps / 100:.1f}%"


@register.filter
def stars(hundredths: float | None) -> str:
    """Hundredths of a star as stars."""
    return "–" if hundredths is None else f"{hundredths / 100:.2f}"


@register.filter
def long_day(at: date | datetime) -> str:
    """Monday 1 March 2010, as the language writes it."""
    return date_format(at, gettext("l j F Y"))


@register.filter
def short_day(at: date) -> str:
    """1 Mar, as the language writes it."""
    return date_format(at, gettext("j M"))


@register.filter
def weekday(at: date) -> str:
    """Mon, or 一."""
    name = str(WEEKDAYS_ABBR[at.weekday()])
    return name[-1] if chinese() else name


@register.filter
def moment(at: datetime | None) -> str:
    """Day and time in Shanghai."""
    if at is None:
        return "–"
    local = at.astimezone(SHANGHAI)
    day = date_format(local, gettext("j M Y"))
    return f"{day} {local:%H:%M}"


@register.filter
def section_name(number_: int) -> str:
    """A section, sub-section or category in the page's language."""
    if not sections.valid(number_):
        return str(number_)
    node = sections.node(number_)
    return node.name if chinese() else node.english


@register.filter
def place(region: int) -> str:
    """Province and prefecture of a region."""
    if not regions.valid(region):
        return str(region)
    language = "zh" if chinese() else "en"
    names = dict.fromkeys(
        (regions.name(regions.province(region), language), regions.name(regions.city(region), language))
    )
    return " ".join(names) if chinese() else ", ".join(reversed(list(names)))


def grade_words(level: int) -> str:
    """A level in words: 3 diamonds."""
    if not level:
        return gettext("no badge yet")
    badge, step = CLASSES[(level - 1) // 5], (level - 1) % 5 + 1
    return {
        "heart": ngettext("%d heart", "%d hearts", step),
        "diamond": ngettext("%d diamond", "%d diamonds", step),
        "crown": ngettext("%d crown", "%d crowns", step),
        "golden_crown": ngettext("%d golden crown", "%d golden crowns", step),
    }[badge] % step


@register.inclusion_tag("console/badge.html")
def badge(level: int) -> dict[str, Any]:
    """A credit badge, drawn: as many hearts, diamonds or crowns as the level says."""
    if not level:
        return {"words": grade_words(0), "steps": ()}
    return {
        "words": grade_words(level),
        "kind": CLASSES[(level - 1) // 5],
        "steps": range((level - 1) % 5 + 1),
    }
