"""Refusals: what the market says no to, in words. The one place where a constraint becomes a sentence.

A refusal names the field, the rule and the way out. `common.api` prints it as an RFC 9457 problem document.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import psycopg
from django.db.utils import InterfaceError, OperationalError


class Refusal(Exception):
    """The market said no. Nothing was changed.

    `rows` are the indices of the offending intents in a batch (empty: the batch as a whole); `each` holds
    the words for one of them where they differ (see `several`).
    """

    status = 400
    code = "refused"
    title = "Refused"
    usual_way_out = "Read what is there, and ask for something that the rule allows."

    def __init__(
        self,
        detail: str,
        *,
        field: str | None = None,
        rule: str | None = None,
        way_out: str | None = None,
        rows: Iterable[int] = (),
        errors: list[dict[str, Any]] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        self.rule = rule
        self.way_out = way_out or self.usual_way_out
        self.rows = tuple(rows)
        self.errors = errors
        self.extra = dict(extra or {})
        self.each: dict[int, Refusal] = {}

    def problem(self) -> dict[str, Any]:
        """The RFC 9457 problem document of this refusal."""
        document: dict[str, Any] = {
            "type": f"urn:jishi:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "field": self.field,
            "rule": self.rule,
            "way_out": self.way_out,
        }
        if self.errors:
            document["errors"] = self.errors
        return document | self.extra


def several(refused: Mapping[int, Refusal]) -> Refusal:
    """One refusal of a batch in which each offending row (index -> refusal) has words of its own.

    It speaks with the words of the first of them and names every row.
    """
    first = refused[min(refused)]
    first.rows = tuple(sorted(refused))
    first.each = dict(refused)
    return first


class Invalid(Refusal):
    status, code, title = 400, "invalid", "The request cannot be read as asked"
    usual_way_out = "Correct the field and send it again."


class Unauthorised(Refusal):
    status, code, title = 401, "no_key", "A key is needed"
    usual_way_out = "Send a key of this market, as `Authorization: Bearer <key>`."


class Forbidden(Refusal):
    status, code, title = 403, "forbidden", "This key may not do that"
    usual_way_out = "Use a key that may: the owner's, or an admin's."


class NotFound(Refusal):
    status, code, title = 404, "not_found", "There is no such thing here"
    usual_way_out = "Read the list of its kind, and name one that is there."


class Conflict(Refusal):
    status, code, title = 409, "conflict", "The market's state does not allow that"
    usual_way_out = "Read it as it stands now, and ask for what that allows."


class Unaffordable(Conflict):
    code, title = "unaffordable", "There is not enough money"
    usual_way_out = "Top up first, or ask for less."


class Gone(Refusal):
    status, code, title = 410, "gone", "It is no longer there"
    usual_way_out = "Name another: what is gone does not come back."


class Stale(Refusal):
    status, code, title = 412, "stale", "Somebody else changed it first"
    usual_way_out = "Read it again, and send the version that it has now."


class TooLarge(Refusal):
    status, code, title = 413, "too_large", "The request is too large"
    usual_way_out = "Send less at once."


class Unavailable(Refusal):
    status, code, title = 503, "unavailable", "A server the market needs does not answer"
    usual_way_out = "Ask again in a moment."


# constraint name -> (refusal class, sentence, field, way out); each app adds its own in its rules.py
REFUSALS_BY_CONSTRAINT: dict[str, tuple[type[Refusal], str, str | None, str | None]] = {}


def register_constraints(
    table: Mapping[str, tuple[type[Refusal], str, str | None, str | None]],
) -> None:
    """Say which refusal a broken constraint is: name -> (class, sentence, field, way out)."""
    REFUSALS_BY_CONSTRAINT.update(table)


AWAY = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)


def refusal_of(error: BaseException) -> Refusal | None:
    """The refusal that a database error stands for, or None when it is not the caller's fault."""
    diag = getattr(error.__cause__ or error, "diag", None)
    sqlstate = getattr(error.__cause__ or error, "sqlstate", None) or ""
    name = getattr(diag, "constraint_name", None)
    if name and name in REFUSALS_BY_CONSTRAINT:
        kind, sentence, field, way_out = REFUSALS_BY_CONSTRAINT[name]
        return kind(sentence, field=field, rule=name, way_out=way_out)
    if sqlstate in {"23505", "23514", "23503", "23P01"}:
        return Conflict(name.replace("_", " ") if name else "a rule of the table was broken", rule=name)
    if sqlstate == "23502":
        column = getattr(diag, "column_name", None)
        return Invalid(f"{column} is missing", field=column, rule="value_is_required")
    if sqlstate in {"22003", "22P02", "22021", "22P05", "22001", "22007", "22008"}:
        return Invalid(
            "a value does not fit its column", rule="value_fits_its_column", way_out="Send a smaller value."
        )
    if sqlstate in {"42P01", "3F000"}:
        return Gone(
            "this world is no longer there",
            rule="world_exists",
            way_out="Create it again or use another key.",
        )
    if sqlstate == "57014":
        return Unavailable(
            "the statement took too long", rule="statement_timeout", way_out="Ask for less, or again."
        )
    # Without a state it was not the server that spoke: it refused the connection, or broke it off.
    away = not sqlstate and isinstance(error, AWAY)
    if away or sqlstate in {
        "53100",
        "53200",
        "53300",
        "53400",
        "57P01",
        "57P02",
        "57P03",
        "08006",
        "08001",
        "40P01",
        "40001",
    }:
        return Unavailable(
            "the database cannot do that now", rule="database_answers", way_out="Try again shortly."
        )
    return None
