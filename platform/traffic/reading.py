"""Page views as people send them (rows of JSON, lines of CSV or NDJSON) become columns of numbers.

Read by the column, not by the row: each field of ten thousand rows is checked at once, and only a field that
holds something odd is looked at one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import repeat
from typing import Any

import numpy as np

from common.errors import Invalid, Refusal
from common.moments import moment
from traffic.actions import NONE, Views, microseconds, visitor_number
from traffic.actions.binary import Ints
from traffic.rules import COOKIE_MOST, PAGE, SOURCE, STAY_MOST, refusal

MOST = 10**18
ODD = -2  # stands for a value that cannot be read, until its row is refused
KEYS = ("visitor", "member", "page", "source", "shop", "listing", "section", "stay_seconds", "at")
KNOWN = frozenset(KEYS)
PAGES = {page.name: page.code for page in PAGE.values()}
SOURCES = {source.name: source.code for source in SOURCE.values()} | {None: SOURCE["direct"].code}
NUMBERS = (("member", MOST), ("shop", MOST), ("listing", MOST), ("section", 24), ("stay_seconds", STAY_MOST))
LEAST = {"stay_seconds": 0}


@dataclass
class Read:
    """The views that could be read, the row each came from, and why the others could not."""

    views: Views
    rows: Ints
    refused: dict[int, Refusal]


def read_rows(rows: Sequence[Any], *, at: datetime) -> Read:
    """Views of rows such as {"visitor": "c1", "listing": 5, "source": "category"}; `at`: the default moment.

    A page left out is the listing's or shop's that is named, else `other`.
    """
    refused: dict[int, Refusal] = {}
    sound, given = _sound(rows, refused)
    empty = [None] * len(sound)
    columns = {key: list(map(dict.get, sound, repeat(key))) if key in given else empty for key in KEYS}
    numbers = {key: _numbers(columns[key], LEAST.get(key, 1), most, key, refused) for key, most in NUMBERS}
    views = Views(
        at=_moments(columns["at"], microseconds(at), refused),
        visitor=_visitors(columns["visitor"], refused),
        member=numbers["member"],
        page=_pages(columns["page"], numbers, refused),
        source=_codes(columns["source"], SOURCES, "a_view_says_where_it_came_from", refused),
        shop=numbers["shop"],
        listing=numbers["listing"],
        section=numbers["section"],
        stay=numbers["stay_seconds"],
        charge=np.full(len(sound), NONE),
    )
    places = np.arange(len(sound))
    if refused:
        good = ~np.isin(places, list(refused))
        views, places = views.only(good), places[good]
    return Read(views, places, refused)


def read_row(row: Any) -> dict[str, Any]:
    """One row, as `see_one` takes it; raises what is wrong with it."""
    if type(row) is not dict or not KNOWN.issuperset(row):
        raise _unsound(row)
    cookie, page, source = row.get("visitor"), row.get("page"), row.get("source")
    if fault := _cookie_fault(cookie):
        raise fault
    read: dict[str, Any] = {"source": "direct" if source is None else source}
    for key, most in NUMBERS:
        value = row.get(key)
        if value is not None and (type(value) is not int or not LEAST.get(key, 1) <= value <= most):
            raise _number_fault(key, most)
        read[key] = value
    if page is None:
        page = "listing" if read["listing"] else "shop" if read["shop"] else "other"
    stay = read.pop("stay_seconds")
    moment_of = row.get("at")
    return {**read, "cookie": cookie, "page": _text(page), "source": _text(read["source"]), "stay": stay,
            "at": None if moment_of is None else _moment(moment_of)}  # fmt: skip


def _text(value: Any) -> str:
    return value if type(value) is str else ""


def _sound(
    rows: Sequence[Any], refused: dict[int, Refusal]
) -> tuple[Sequence[dict[str, Any]], frozenset[str]]:
    """The rows, an empty one for each that is no object of known fields; and the fields any of them has."""
    if set(map(type, rows)) <= {dict} and KNOWN.issuperset(given := frozenset().union(*rows)):
        return rows, given
    sound = []
    for i, row in enumerate(rows):
        if type(row) is dict and KNOWN.issuperset(row):
            sound.append(row)
        else:
            refused[i] = _unsound(row)
            sound.append({})
    return sound, KNOWN


def _unsound(row: Any) -> Refusal:
    if isinstance(row, Refusal):
        return row
    if type(row) is not dict:
        return Invalid(
            "a row is an object", field="rows", rule="row_is_an_object", way_out='Send {"rows": [{...}]}.'
        )
    name = str(next(name for name in row if name not in KNOWN))[:80]
    return Invalid(f"{name} is not known here", field=name, rule="field_is_known", way_out="Leave it out.")


def _numbers(column: list[Any], least: int, most: int, key: str, refused: dict[int, Refusal]) -> Ints:
    kinds = set(map(type, column))
    if kinds == {type(None)}:
        return np.full(len(column), NONE)
    if kinds <= {int, type(None)}:
        try:
            found = np.array(
                [NONE if v is None else v for v in column] if type(None) in kinds else column, dtype=np.int64
            )
        except OverflowError:
            found = None
        if found is not None:
            odd = np.flatnonzero((found < least) | (found > most))
            if len(odd) != column.count(None):
                for i in odd.tolist():
                    if column[i] is not None:
                        refused.setdefault(i, _number_fault(key, most))
            return found
    for i, value in enumerate(column):
        if value is not None and (type(value) is not int or not least <= value <= most):
            refused.setdefault(i, _number_fault(key, most))
    return np.array([v if type(v) is int and least <= v <= most else NONE for v in column], dtype=np.int64)


def _number_fault(key: str, most: int) -> Refusal:
    return Invalid(
        f"{key}: a whole number from {LEAST.get(key, 1)} to {most} is allowed here",
        field=key,
        rule="field_is_within_bounds",
        way_out="Correct the field and send it again.",
    )


def _codes(column: list[Any], names: dict[Any, int], rule: str, refused: dict[int, Refusal]) -> Ints:
    try:
        codes = np.fromiter(map(names.get, column, repeat(ODD)), dtype=np.int64, count=len(column))
    except TypeError:  # a list or an object where a name should be
        codes = np.array(
            [names.get(v, ODD) if isinstance(v, str | None) else ODD for v in column], dtype=np.int64
        )
    for i in np.flatnonzero(codes == ODD).tolist():
        refused.setdefault(i, refusal(rule))
    return codes


def _pages(column: list[Any], numbers: dict[str, Ints], refused: dict[int, Refusal]) -> Ints:
    pages = _codes(column, {**PAGES, None: NONE}, "a_view_is_of_a_known_page", refused)
    implied = np.where(
        numbers["listing"] != NONE,
        PAGES["listing"],
        np.where(numbers["shop"] != NONE, PAGES["shop"], PAGES["other"]),
    )
    return np.where(pages == NONE, implied, pages)


def _visitors(column: list[Any], refused: dict[int, Refusal]) -> Ints:
    if set(map(type, column)) == {str}:
        distinct = set(column)
        if (
            "" not in distinct
            and max(map(len, distinct)) <= COOKIE_MOST
            and not any("\0" in v for v in distinct)
        ):
            try:
                return np.fromiter(map(visitor_number, column), dtype=np.int64, count=len(column))
            except UnicodeEncodeError:
                pass
    found = np.zeros(len(column), dtype=np.int64)
    for i, cookie in enumerate(column):
        if fault := _cookie_fault(cookie):
            refused.setdefault(i, fault)
        else:
            found[i] = visitor_number(cookie)
    return found


def _cookie_fault(cookie: Any) -> Refusal | None:
    if type(cookie) is str and 1 <= len(cookie) <= COOKIE_MOST and "\0" not in cookie:
        try:
            cookie.encode()
        except UnicodeEncodeError:
            pass
        else:
            return None
    return Invalid(
        f"a visitor is a cookie: a text of 1 to {COOKIE_MOST} characters",
        field="visitor",
        rule="visitor_is_a_cookie",
        way_out="Send what your pages keep in the visitor's browser.",
    )


def _moments(column: list[Any], now: int, refused: dict[int, Refusal]) -> Ints:
    if set(map(type, column)) == {type(None)}:
        return np.full(len(column), now)
    found = np.full(len(column), now)
    for i, text in enumerate(column):
        if text is not None:
            try:
                found[i] = _microseconds(text)
            except (Refusal, TypeError) as fault:
                refused.setdefault(i, fault if isinstance(fault, Refusal) else _not_a_moment())
    return found


@lru_cache(maxsize=100_000)
def _microseconds(text: str) -> int:
    return microseconds(_moment(text))


def _moment(text: Any) -> datetime:
    if type(text) is not str or len(text) > 40:
        raise _not_a_moment()
    try:
        return moment(text)
    except Refusal as fault:
        fault.field = "at"
        raise
    except OverflowError:
        raise _not_a_moment() from None


def _not_a_moment() -> Refusal:
    return Invalid(
        "at is an ISO 8601 moment",
        field="at",
        rule="iso_8601_moment",
        way_out="Write 2010-03-01T12:00:00+08:00.",
    )
