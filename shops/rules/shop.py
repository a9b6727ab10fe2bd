"""A shop's standing, its showcase and its certificates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from common import regions, sections
from common.errors import Invalid
from common.transitions import Step, steps_by_action
from regime.levers import Showcase

# fmt: off
SHOP_STEPS = (
    #    action    from                to        by                    then
    Step("hide",   "open",             "hidden", "seller or platform", "out of lists; orders go on"),
    Step("show",   ("hidden",),        "open",   "whoever hid it"),
    Step("close",  ("open", "hidden"), "closed", "seller or platform", "every listing is taken down"),
    Step("reopen", "closed",           "open",   "whoever closed it"),
)

# What a shop shows beside its name, in this order (Li 2014, table 5-1).
CERTIFICATES = (
    # name              column of the owner or shop   promise
    ("id_verified",      "id_verified_at",   "the owner's identity was checked"),
    ("bank_verified",    "bank_verified_at", "the owner's bank account was checked"),
    ("protection",       "protection_since", "Consumer Protection Scheme, backed by a deposit"),
    ("seven_day_return", "seven_day_return", "goods go back within seven days without a reason"),
)
# fmt: on
SHOP_STEP = steps_by_action(SHOP_STEPS)

NAME_CHARACTERS = 30
LOOK_CHARACTERS = 40
ANNOUNCEMENT_CHARACTERS = 500
INTRODUCTION_CHARACTERS = 10_000
PICTURES_MOST = 10_000


def slots(granted: int, opened_at: datetime, protected: bool, at: datetime, lever: Showcase) -> int:
    """How many listings a shop may put forward at `at`: those its grade gives, more while young or protected.

    Source: `3-rules`: young shops and protected shops get more (showcase rules of 2014).
    """
    young = at < opened_at + timedelta(days=lever.young_days)
    return granted + young * lever.young_extra_count + protected * lever.protection_extra_count


def certificates(row: Mapping[str, Any]) -> list[str]:
    """The names of the certificates that a row with the columns above shows."""
    return [name for name, column, _ in CERTIFICATES if row[column]]


def fault(field: str, value: Any) -> Invalid | None:
    """What is wrong with one field of a shop; None when nothing is. Types are the caller's care."""
    words = FAULTS[field](value) if field in FAULTS else None
    return Invalid(words[0], field=field, rule=words[1], way_out=words[2]) if words else None


def subsection_fault(section_id: int, subsection_id: int) -> Invalid | None:
    """A sub-section lies in its section."""
    if section_id in SECTIONS and SUBSECTIONS.get(subsection_id) == section_id:
        return None
    field = "section" if section_id not in SECTIONS else "subsection"
    return Invalid(
        f"there is no section {section_id}"
        if field == "section"
        else f"section {section_id} has no sub-section {subsection_id}",
        field=field,
        rule="sub_section_lies_in_its_section",
        way_out="Sections are 1 to 24; sub-section 3 of section 15 is 1503.",
    )


SECTIONS = {section.id for section in sections.all_sections()}
SUBSECTIONS = {sub.id: sub.section_id for sub in sections.all_sub_sections()}
Words = tuple[str, str, str] | None


def text(noun: str, least: int, most: int) -> Any:
    """A check that a text has `least` to `most` characters, none of them a control (line breaks may be)."""

    def check(value: str) -> Words:
        if not least <= len(value) <= most or (least and not value.strip()):
            return f"{noun} has {least} to {most} characters", f"{noun}_length", "Make it fit."
        if unprintable(value):
            return f"{noun} holds a control character", f"{noun}_is_printable", "Take it out."
        return None

    return check


def unprintable(value: str) -> bool:
    """Does the text hold what no page can show: controls (but tab and line breaks) or half a character?"""
    if value.isprintable():
        return False
    return any((c < " " and c not in "\t\n\r") or c == "\x7f" or "\ud800" <= c <= "\udfff" for c in value)


def number(noun: str, least: int, most: int) -> Any:
    """A check that a number lies from `least` to `most`."""

    def check(value: int) -> Words:
        if least <= value <= most:
            return None
        return (
            f"{noun} runs from {least} to {most}",
            f"{noun}_range".replace(" ", "_"),
            "Send a number in between.",
        )

    return check


def _region(value: int) -> Words:
    if regions.valid(value):
        return None
    return f"there is no region {value}", "region_is_known", "Send a GB/T 2260 code such as 320324."


FAULTS: dict[str, Any] = {
    "name": text("a shop's name", 1, NAME_CHARACTERS),
    "region": _region,
    "template": text("template", 1, LOOK_CHARACTERS),
    "style": text("style", 1, LOOK_CHARACTERS),
    "announcement": text("announcement", 0, ANNOUNCEMENT_CHARACTERS),
    "introduction": text("introduction", 0, INTRODUCTION_CHARACTERS),
    "picture_count": number("pictures", 0, PICTURES_MOST),
    "description_richness": number("richness", 0, 100),
}
