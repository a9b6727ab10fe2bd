"""One entry of a scenario, read strictly: the value as its kind says, or `Invalid` with field, rule and way out."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any

from common import regions, sections
from common.errors import Invalid
from common.moments import SHANGHAI, within
from regime import shipped

from .kinds import Kind

A_PLAIN_YEAR = 2001  # without 29 February
MONTH_AND_DAY = re.compile(r"[0-9]{2}-[0-9]{2}")  # ISO 8601 knows weeks as well: W05-3


def value(field: str, kind: Kind, given: Any) -> Any:
    """`given` (TOML or JSON) as `kind` has it; `field` is its full name: shops[2].count, lists counted from 1."""
    return _READERS[kind.shape](field, kind, given)


def limits(kind: Kind) -> str:
    """What an entry can be set to, in words."""
    if kind.shape == "flag":
        return "true or false"
    if kind.shape == "word":
        return " or ".join(kind.words)
    if kind.shape == "text":
        return f"a text of {kind.least:g} to {kind.most:g} characters"
    if kind.shape in ("slugs", "weights"):
        return kind.unit
    span = f"{kind.least:g} to {kind.most:g} {kind.unit}" if kind.most else kind.unit
    if kind.shape == "numbers":
        return f"{kind.rows[0]} numbers, {span}"
    return f"a whole number, {span}" if kind.shape == "whole" else span


def refused(field: str, rule: str, why: str, way_out: str) -> Invalid:
    return Invalid(f"{field}: {why}", field=field, rule=rule, way_out=way_out)


def unknown(field: str, what: str, name: Any, known: Iterable[str], rule: str) -> Invalid:
    """There is no `what` called `name`: the nearest there is, and all of them when they are few."""
    there = [str(one) for one in known]
    close = get_close_matches(str(name), there, n=1)
    meant = f"Did you mean {close[0]}? " if close else ""
    every = (
        f"There are: {', '.join(there)}."
        if len(there) <= 90
        else "`docs/how-to/write-a-scenario.md` says where they stand."
    )
    return refused(field, rule, f"there is no {what} {_shown(name)}", meant + every)


def _shown(given: Any) -> str:
    shown = repr(given)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def _wrong(field: str, kind: Kind, given: Any, rule: str) -> Invalid:
    return refused(field, rule, f"cannot be {_shown(given)}: {kind.means}", f"Set it to {limits(kind)}.")


def _text(field: str, kind: Kind, given: Any) -> str:
    if not isinstance(given, str) or not given.isprintable() or given != given.strip():
        raise _wrong(field, kind, given, "entry_is_a_text")
    if given == kind.fallback:
        return given
    if not kind.least <= len(given) <= kind.most:
        raise _wrong(field, kind, given, "text_has_its_length")
    return given


def _whole(field: str, kind: Kind, given: Any) -> int:
    if not isinstance(given, int) or isinstance(given, bool):
        raise _wrong(field, kind, given, "entry_is_a_whole_number")
    if not kind.least <= given <= kind.most:
        raise _wrong(field, kind, given, "number_is_within_its_bounds")
    return given


def _number(field: str, kind: Kind, given: Any) -> float:
    if not isinstance(given, int | float) or isinstance(given, bool) or not math.isfinite(_size(given)):
        raise _wrong(field, kind, given, "entry_is_a_number")
    if not kind.least <= given <= kind.most:
        raise _wrong(field, kind, given, "number_is_within_its_bounds")
    return float(given)


def _size(given: float) -> float:
    """`given` as a float; a whole number beyond any float is endless."""
    try:
        return float(given)
    except OverflowError:
        return math.inf


def _flag(field: str, kind: Kind, given: Any) -> bool:
    if not isinstance(given, bool):
        raise _wrong(field, kind, given, "entry_is_yes_or_no")
    return given


def _word(field: str, kind: Kind, given: Any) -> str:
    if given not in kind.words:
        raise unknown(field, "choice", given, kind.words, "entry_is_one_of_its_words")
    assert isinstance(given, str)
    return given


def _numbers(field: str, kind: Kind, given: Any) -> tuple[float, ...]:
    if given == kind.fallback or (given == [] and kind.fallback == ()):
        return ()
    if not isinstance(given, list | tuple) or len(given) != kind.rows[0]:
        raise _wrong(field, kind, given, "list_has_so_many_entries")
    read = tuple(_number(f"{field}[{n}]", kind, one) for n, one in enumerate(given, 1))
    if sum(read) <= 0:
        raise _wrong(field, kind, given, "something_is_above_nothing")
    return read


def _section(field: str, given: Any) -> str:
    try:
        return sections.find(given).slug
    except (KeyError, TypeError):
        known = [s.slug for s in sections.all_sections()] + [s.slug for s in sections.all_sub_sections()]
        raise unknown(field, "section or sub-section", given, known, "section_exists") from None


def _region(field: str, given: Any) -> int:
    if not isinstance(given, int | str) or isinstance(given, bool) or not regions.valid(given):
        raise refused(
            field,
            "region_exists",
            f"no region has the code {_shown(given)}",
            "Name a province, city or county by its six digits (320324), a town by its nine (320324109).",
        )
    return int(given)


def _slugs(field: str, kind: Kind, given: Any) -> tuple[str, ...]:
    if not isinstance(given, list | tuple):
        raise _wrong(field, kind, given, "entry_is_a_list")
    read = tuple(_section(f"{field}[{n}]", one) for n, one in enumerate(given, 1))
    if len(set(read)) < len(read):
        raise _wrong(field, kind, given, "list_names_nothing_twice")
    return read


def _weights(field: str, kind: Kind, given: Any) -> dict[Any, float]:
    if not isinstance(given, Mapping):
        raise _wrong(field, kind, given, "entry_is_a_table")
    if not given and kind.required:
        raise _wrong(field, kind, given, "table_names_something")
    name = _section if kind.of == "section" else _region
    read = {name(f"{field}.{key}", key): _number(f"{field}.{key}", kind, held) for key, held in given.items()}
    for key, held in read.items():
        if held <= 0:
            raise refused(
                f"{field}.{key}",
                "weight_is_above_nothing",
                "weighs nothing",
                "Give it a weight, or leave it out.",
            )
    return read


def _place(digits: int) -> Callable[[str, Kind, Any], int]:
    def read(field: str, kind: Kind, given: Any) -> int:
        code = _region(field, given)
        if len(str(code)) != digits:
            raise _wrong(field, kind, given, "code_has_its_digits")
        return code

    return read


def _regime(field: str, kind: Kind, given: Any) -> str:
    if given not in shipped.names():
        raise unknown(field, "regime", given, shipped.names(), "regime_is_shipped")
    assert isinstance(given, str)
    return given


def _moment(field: str, kind: Kind, given: Any) -> datetime:
    try:
        at = datetime.fromisoformat(given) if isinstance(given, str) else given
    except ValueError:
        at = None
    if not isinstance(at, datetime) or at.tzinfo is None:
        raise _wrong(field, kind, given, "moment_says_its_offset")
    local = within(at).astimezone(SHANGHAI)
    if (local.hour, local.minute, local.second, local.microsecond) != (0, 0, 0, 0):
        raise refused(
            field,
            "market_begins_at_midnight",
            f"cannot be {at.isoformat()}",
            "Write it so: 2010-03-01T00:00:00+08:00",
        )
    return local


def _day(field: str, kind: Kind, given: Any) -> str:
    if given == "":
        return ""
    try:
        if not isinstance(given, str) or not MONTH_AND_DAY.fullmatch(given):
            raise ValueError
        date.fromisoformat(f"{A_PLAIN_YEAR}-{given}")
    except ValueError:
        raise refused(
            field,
            "peak_is_a_day_of_every_year",
            f"cannot be {_shown(given)}",
            "Write month and day, so: 05-20",
        ) from None
    return given


def _table(field: str, kind: Kind, given: Any) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise _wrong(field, kind, given, "entry_is_a_table")
    return dict(given)


_READERS: dict[str, Callable[[str, Kind, Any], Any]] = {
    "text": _text,
    "whole": _whole,
    "number": _number,
    "flag": _flag,
    "word": _word,
    "numbers": _numbers,
    "slugs": _slugs,
    "weights": _weights,
    "town": _place(9),
    "county": _place(6),
    "regime": _regime,
    "moment": _moment,
    "day": _day,
    "settings": _table,
    "levers": _table,
}
