"""Audits and explanations: tables of the roof's, assembled for whoever asks (command line, suite)."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from common.errors import Invalid, NotFound
from worlds.clock import now


def audit() -> dict[str, list[Any]]:
    """Each book of this connection's market with the rows that are wrong; every list empty when sound."""
    table: Mapping[str, Sequence[str]] = import_string(settings.JISHI_AUDITS)
    return {book: [row for path in paths for row in _called(path)] for book, paths in table.items()}


def _called(path: str) -> Sequence[Any]:
    check = import_string(path)
    takes_moment = "at" in inspect.signature(check).parameters
    found: Sequence[Any] = check(at=now()) if takes_moment else check()
    return found


def explain(what: str, said: Sequence[str]) -> Any:
    """The arithmetic behind a number, as data: `explain("credit", ["7"])`. `NotFound` when there is none."""
    table: Mapping[str, tuple[str, Sequence[str]]] = import_string(settings.JISHI_EXPLAINS)
    if what not in table:
        raise NotFound(
            f"nothing called {what} can be explained",
            field="what",
            rule="explanation_exists",
            way_out=f"There are: {', '.join(table)}.",
        )
    path, names = table[what]
    if len(said) != len(names):
        wanted = " ".join(name.upper() for name in names)
        raise Invalid(f"{what} takes {wanted}", field="arguments", rule="explanation_has_its_arguments")
    return import_string(path)(*(_read(name, text) for name, text in zip(names, said, strict=True)))


def drawn(what: str, told: Any) -> str:
    """What `explain` told, as a table for people; `NotFound` for what is told as data only."""
    table: Mapping[str, str] = import_string(settings.JISHI_TABLES)
    if what not in table:
        raise NotFound(
            f"{what} is told as data only", field="what", rule="table_exists",
            way_out=f"Tables are drawn of: {', '.join(table)}.",
        )  # fmt: skip
    text: str = import_string(table[what])(told)
    return text


def _read(name: str, text: str) -> Any:
    if name in {"member", "shop", "listing", "id"}:
        if not re.fullmatch(r"[1-9][0-9]{0,17}", text):
            raise Invalid(f"{text!r} is not a {name}'s number", field=name, rule="id_is_a_number")
        return int(text)
    if name == "day":
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise Invalid(f"{text!r} is not a day", field=name, rule="day_is_iso_8601") from None
    return text
