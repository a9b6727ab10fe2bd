"""Reading scenarios: strict, and in words a teacher can act on.

Whatever is wrong is `Invalid` and names the field (table.key, lists counted from 1: shops[2].trades.toys), the rule
and the way out. Nothing is guessed and nothing is skipped.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from common.errors import Invalid, NotFound
from common.moments import show

from .agreeing import agree
from .kinds import REQUIRED, kinds
from .levers import flat
from .shapes import Ads, Behaviour, Change, Crowd, Row, Scenario, Season, Village
from .strategies import settings_of
from .values import refused, unknown, value

FOLDER = Path(__file__).parents[1] / "scenarios"
MEASURED = Path(__file__).with_name("measured.toml")
MOST_BYTES = 1_000_000
NAME_MOST = 40  # characters of a file's name; the scenario is called so
LISTS = {"shops": Row, "villages": Village, "seasons": Season, "changes": Change}
TABLES = ("buyers", "ads", "behaviour", *LISTS)


def names() -> list[str]:
    """The scenarios that come with Jishi."""
    return sorted(file.stem for file in FOLDER.glob("*.toml"))


@cache
def scenario(name: str) -> Scenario:
    """The shipped scenario called `name`; raises `NotFound` naming those there are."""
    if name not in names():
        raise NotFound(
            f"there is no scenario called {name[:60]}",
            field="scenario",
            rule="scenario_exists",
            way_out=f"There are: {', '.join(names())}.",
        )
    return read_file(FOLDER / f"{name}.toml")


def find(name_or_path: str | Path) -> Scenario:
    """The shipped scenario of that name, or the one in a teacher's own file: anything with a slash or .toml."""
    said = str(name_or_path)
    return read_file(said) if "/" in said or said.endswith(".toml") else scenario(said)


def read_file(path: Path | str) -> Scenario:
    """The scenario in a TOML file, named after it; raises `NotFound` and `Invalid`."""
    file = Path(path)
    if len(file.stem) > NAME_MOST:
        raise refused(
            str(file),
            "scenario_has_a_name",
            f"is named by more than {NAME_MOST} characters",
            "Give the file a shorter name.",
        )
    try:
        if file.stat().st_size > MOST_BYTES:
            raise refused(
                str(file), "file_is_small", "is more than a megabyte", "A scenario is a page or two."
            )
        written = file.read_text(encoding="utf-8")
    except OSError as error:
        raise NotFound(
            f"{file} cannot be read: {error.strerror}",
            field="scenario",
            rule="file_is_readable",
            way_out=f"Name a file, or one of {', '.join(names())}.",
        ) from None
    except UnicodeDecodeError:
        raise refused(str(file), "file_is_toml", "is not UTF-8 text", "Save it as UTF-8.") from None
    return read(written, name=file.stem)


def read(written: str, *, name: str = "scenario") -> Scenario:
    """The scenario in a TOML text; raises `Invalid`."""
    return _scenario(name, parsed(written, "the scenario"))


def document(plan: Scenario) -> dict[str, Any]:
    """A scenario as JSON has it, everything said: `from_document` gives an equal one back."""
    plain: dict[str, Any] = _plain(plan)
    return plain


def from_document(given: Mapping[str, Any]) -> Scenario:
    """The scenario of a document; as strict as the file."""
    return _scenario(str(given.get("name", "scenario")), {k: v for k, v in given.items() if k != "name"})


def changed(plan: Scenario, settings: Mapping[str, Any]) -> Scenario:
    """`plan` with some entries set anew; as strict as the file. A table is merged into the one that is there; `shops` may
    be a table from a row's name, or * for all rows, to what changes in it."""
    if not settings:
        return plan
    given = _merged(document(plan), {key: value for key, value in settings.items() if key != "shops"})
    rows = settings.get("shops", {})
    if isinstance(rows, Mapping):
        if odd := set(rows) - {"*", *(row["name"] for row in given["shops"])}:
            raise refused(
                f"shops.{min(odd)}", "row_is_known", "is no row of this scenario", "Name one, or * for all."
            )
        for name, more in rows.items():
            _table(f"shops.{name}", more)
        for name in ("*", *(row["name"] for row in given["shops"])):
            given["shops"] = [
                _merged(row, rows.get(name, {})) if name in ("*", row["name"]) else row
                for row in given["shops"]
            ]
    else:
        given["shops"] = rows
    return from_document(given)


def _merged(there: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Tables within tables, entry by entry; anything else is replaced."""
    return {
        key: _merged(there[key], more[key])
        if isinstance(there.get(key), Mapping) and isinstance(more.get(key), Mapping)
        else more.get(key, there.get(key))
        for key in dict.fromkeys([*there, *more])
    }


@cache
def measured() -> dict[str, Any]:
    """What buyers were measured to do, by name: `measured.toml`."""
    return parsed(MEASURED.read_text(encoding="utf-8"), MEASURED.name)


def parsed(written: str, what: str, *, field: str = "scenario") -> dict[str, Any]:
    """The tables of a TOML text; raises `Invalid`. A byte order mark, as some editors on Windows write it, is no text."""
    try:
        return tomllib.loads(written.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        why, way_out = f"is not TOML: {error}", "Mend that line."
    except RecursionError:
        why, way_out = "holds lists within lists beyond all measure", "Close its brackets."
    except ValueError:  # Python reads no number of more than some thousand digits
        why, way_out = "holds a number that is too long to be read", "Write fewer digits."
    raise Invalid(f"{what} {why}", field=field, rule="file_is_toml", way_out=way_out)


def _scenario(name: str, given: Mapping[str, Any]) -> Scenario:
    head = kinds(Scenario)
    for key in given:
        if key not in head and key not in TABLES:
            raise unknown(key, "table or key", key, (*head, *TABLES), "key_is_known")
    read: dict[str, Any] = _entries("", Scenario, {key: held for key, held in given.items() if key in head})
    read["buyers"] = _one("buyers", Crowd, given.get("buyers", REQUIRED))
    for table, holder in LISTS.items():
        read[table] = _several(table, holder, given.get(table, []))
    read["ads"] = _one("ads", Ads, given["ads"]) if "ads" in given else None
    own = _table("behaviour", given.get("behaviour", {}))
    read["behaviour"] = _one("behaviour", Behaviour, {**measured(), **own})
    read["villages"] = _counted(read["villages"], read["shops"])
    plan = Scenario(name=name, **read)
    agree(plan)
    return plan


def _one(field: str, holder: type, given: Any) -> Any:
    if given is REQUIRED:
        raise refused(field, "table_is_there", "is missing", f"Write a table [{field}].")
    return holder(**_entries(f"{field}.", holder, _table(field, given)))


def _several(field: str, holder: type, given: Any) -> tuple[Any, ...]:
    if not isinstance(given, list | tuple):
        raise refused(
            field, "entry_is_a_list", "is not a list of tables", f"Write [[{field}]] above each of them."
        )
    return tuple(_one(f"{field}[{n}]", holder, one) for n, one in enumerate(given, 1))


def _table(field: str, given: Any) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise refused(field, "entry_is_a_table", "is not a table", f"Write a table [{field}].")
    return given


def _entries(field: str, holder: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """Every entry of a table, read; what is not said falls back."""
    wanted = kinds(holder)
    for key in given:
        if key not in wanted:
            raise unknown(f"{field}{key}", "key", key, wanted, "key_is_known")
    read: dict[str, Any] = {}
    for name, kind in wanted.items():
        if name in given:
            read[name] = value(f"{field}{name}", kind, given[name])
        elif kind.required:
            raise refused(
                f"{field}{name}", "key_is_there", f"is missing: {kind.means}", f"Write {name} = ..."
            )
    if holder is Row:
        read["settings"] = _settings(f"{field}settings.", read["strategy"], read.get("settings", {}))
    if holder is Change:
        read["levers"] = flat(f"{field}levers", read["levers"])
    return read


def _settings(field: str, strategy: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """All of a strategy's own numbers, those that are not said as `strategies.py` has them."""
    wanted = settings_of(strategy)
    for key in given:
        if key not in wanted:
            raise unknown(f"{field}{key}", f"setting of {strategy}", key, wanted, "setting_is_known")
    return {
        name: value(f"{field}{name}", kind, given[name]) if name in given else kind.fallback
        for name, kind in wanted.items()
    }


def _counted(villages: tuple[Village, ...], rows: tuple[Row, ...]) -> tuple[Village, ...]:
    """The villages with the number of shops that are open in them at the start."""
    first = {
        v.name: sum(r.count for r in rows if r.village == v.name and r.enters == "start") for v in villages
    }
    return tuple(
        Village(
            name=v.name,
            name_zh=v.name_zh,
            code=v.code,
            county=v.county,
            households=v.households,
            first_shops=first[v.name],
        )
        for v in villages
    )


def _plain(held: Any) -> Any:
    if is_dataclass(held) and not isinstance(held, type):
        said = {f.name: getattr(held, f.name) for f in fields(held) if f.name != "first_shops"}
        return {name: _plain(one) for name, one in said.items() if one is not None}
    if isinstance(held, Mapping):
        return {str(key): _plain(one) for key, one in held.items()}
    if isinstance(held, list | tuple):
        return [_plain(one) for one in held]
    return show(held) if isinstance(held, datetime) else held
