"""The regimes that come with Jishi: TOML files, read strictly, each value with its source and its why.

A regime NAME is `files/NAME.toml` and, when it outgrew one sitting, every file of the folder `files/NAME/`.
`base` names the regime that says everything this one does not.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from common.errors import Invalid, NotFound
from regime.levers import Regime, levers, sections
from regime.rules import build, read

FILES = Path(__file__).parent / "files"
HEAD = {"title", "summary", "base"}
NOTES = ("unit", "source", "era", "confidence", "why")
CONFIDENCE = ("high", "medium", "low", "assumption")


@dataclass(frozen=True, slots=True)
class Setting:
    """One lever's value and where it comes from. `said_by` is the file that says it (a base, perhaps)."""

    value: Any
    unit: str
    source: str
    era: str
    confidence: str
    why: str
    said_by: str


@dataclass(frozen=True, slots=True)
class Shipped:
    """A regime as its file has it: a setting for every lever."""

    name: str
    title: str
    summary: str
    base: str | None
    settings: Mapping[str, Setting]
    regime: Regime

    @property
    def own(self) -> dict[str, Setting]:
        """The settings that are not its base's."""
        return {path: setting for path, setting in self.settings.items() if setting.said_by == self.name}


def names() -> list[str]:
    """The shipped regimes, the default first."""
    found = sorted(file.stem for file in FILES.glob("*.toml"))
    return sorted(found, key=lambda name: name != "thesis-2010")


@cache
def shipped(name: str) -> Shipped:
    """The shipped regime `name`; raises `NotFound`, or `Invalid` for a file that breaks a rule."""
    return load(name, FILES)


def load(name: str, folder: Path, heirs: tuple[str, ...] = ()) -> Shipped:
    """The regime `name` of `folder`, whose heirs are being read already."""
    file = folder / f"{name}.toml"
    if name not in {there.stem for there in folder.glob("*.toml")}:
        raise NotFound(
            f"there is no regime {name[:40]}",
            field="regime",
            rule="regime_is_shipped",
            way_out=f"Choose one of {', '.join(names())}.",
        )
    head, tables = _parse(name, file)
    for part in sorted((folder / name).glob("*.toml")):
        _merge(tables, _parse(name, part)[1])
    base = head.get("base")
    if base in (*heirs, name):
        raise Invalid(
            f"{name} is its own base", field="base", rule="base_is_another", way_out="Name an older regime."
        )
    settings = dict(load(base, folder, (*heirs, name)).settings) if base else {}
    settings |= _settings(name, tables)
    settings = {path: settings[path] for path in levers() if path in settings}
    return Shipped(
        name,
        head.get("title", name),
        head.get("summary", ""),
        base,
        settings,
        build({path: setting.value for path, setting in settings.items()}),
    )


def _parse(name: str, file: Path) -> tuple[dict[str, str], dict[str, Any]]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(
            f"{file.name} of {name} is not TOML: {error}",
            field=file.name,
            rule="file_is_toml",
            way_out="Mend that line.",
        ) from None
    head = {key: value for key, value in document.items() if not isinstance(value, dict)}
    for key, value in head.items():
        if key not in HEAD or not isinstance(value, str):
            raise Invalid(
                f"{key} stands above the levers of {name}",
                field=key,
                rule="head_is_title_summary_base",
                way_out="Put levers under their section; title, summary and base are texts.",
            )
    return head, {key: value for key, value in document.items() if isinstance(value, dict)}


def _merge(tables: dict[str, Any], more: dict[str, Any]) -> None:
    for section, held in more.items():
        for lever, entry in held.items():
            if lever in tables.setdefault(section, {}):
                raise Invalid(
                    f"{section}.{lever} is set twice",
                    field=f"{section}.{lever}",
                    rule="lever_is_set_once",
                    way_out="Keep one of them.",
                )
            tables[section][lever] = entry


def _settings(name: str, tables: Mapping[str, Any]) -> Iterator[tuple[str, Setting]]:
    for section, held in tables.items():
        if section not in sections():
            raise Invalid(
                f"there is no section {section[:40]}",
                field=section[:40],
                rule="lever_is_known",
                way_out=f"Choose one of {', '.join(sections())}.",
            )
        for lever, entry in held.items():
            path = f"{section}.{lever}"
            yield path, _setting(name, path, entry)


def _setting(name: str, path: str, entry: Any) -> Setting:
    wanted = {"value", *NOTES}
    if not isinstance(entry, dict) or set(entry) != wanted:
        given = set(entry) if isinstance(entry, dict) else set()
        odd = sorted(wanted ^ given)
        raise Invalid(
            f"{path} of {name} does not say {', '.join(sorted(wanted - given)) or 'only what a lever says'}",
            field=f"{path}.{odd[0]}" if odd else path,
            rule="lever_says_value_unit_source_era_confidence_why",
            way_out=f"Write a table [{path}] with {', '.join(['value', *NOTES])}.",
        )
    value = read(path, entry["value"])
    for note in NOTES:
        if not isinstance(entry[note], str) or not entry[note].strip():
            raise Invalid(
                f"{path} of {name} has no {note}",
                field=f"{path}.{note}",
                rule="lever_says_value_unit_source_era_confidence_why",
                way_out="Write it in a line.",
            )
    if entry["unit"] != levers()[path].unit:
        raise Invalid(
            f"{path} is counted in {levers()[path].unit}, not {entry['unit']}",
            field=f"{path}.unit",
            rule="unit_is_the_levers",
            way_out=f'Write unit = "{levers()[path].unit}" and convert the value.',
        )
    if entry["confidence"] not in CONFIDENCE:
        raise Invalid(
            f"{path} of {name} is sure to degree {entry['confidence']!r}",
            field=f"{path}.confidence",
            rule="confidence_is_known",
            way_out=f"Choose one of {', '.join(CONFIDENCE)}.",
        )
    return Setting(value, said_by=name, **{note: entry[note] for note in NOTES})
