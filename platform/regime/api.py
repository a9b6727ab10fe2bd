"""The doors to the rules: read them, compare them, change them from a stated moment on."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson
from rest_framework import serializers

from common.api.doors import ADMIN, Door, In, Out, Paged, page, reads, writes
from common.errors import Invalid, Refusal
from common.moments import moment, show
from regime import actions, queries
from regime.levers import levers
from regime.rules import flat, limits, nested, plain
from regime.shipped import Setting, names, shipped
from worlds.pen import glance

PLUS_LOST = re.compile(r"(?<=T)(.*) (\d\d:?\d\d)$")  # `+08:00` unescaped in a query arrives as ` 08:00`


def when(name: str, text: str) -> datetime:
    """The moment a caller wrote in field `name`; `now` is the market's."""
    if text == "now":
        return glance().at
    try:
        return moment(PLUS_LOST.sub(r"\1+\2", text))
    except Refusal as refusal:
        refusal.field = name
        raise


class WhenIn(In):
    at = serializers.CharField(default="now", max_length=40, help_text="An ISO 8601 moment; default now")


class DiffIn(In):
    a = serializers.CharField(max_length=40, help_text="A shipped regime, an ISO 8601 moment, or now")
    b = serializers.CharField(max_length=40, help_text="A shipped regime, an ISO 8601 moment, or now")


class HistoryIn(Paged):
    lever = serializers.CharField(required=False, max_length=60, help_text="Only this lever's changes")


class ChangeIn(In):
    changes = serializers.DictField(
        child=serializers.JSONField(), required=False, help_text='{"feedback.window_days": 20, …}'
    )
    regime = serializers.CharField(
        required=False, max_length=40, help_text="Or: all levers of this shipped regime"
    )
    effective_at = serializers.CharField(
        required=False, max_length=40, help_text="From this market moment on; default now, never the past"
    )
    why = serializers.CharField(max_length=actions.WHY_CHARACTERS)


class LeverOut(Out):
    lever = serializers.CharField()
    value = serializers.JSONField()
    unit = serializers.CharField()
    means = serializers.CharField()
    limits = serializers.CharField(help_text="What it can be set to")
    why = serializers.CharField()


class StandingLeverOut(LeverOut):
    effective_at = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    changed_by = serializers.IntegerField(allow_null=True, help_text="A member, or null: the platform itself")
    regime = serializers.CharField(allow_blank=True, help_text="The shipped regime that set it, if one did")


class StandingOut(Out):
    at = serializers.DateTimeField()
    values = serializers.DictField(child=serializers.DictField(child=serializers.JSONField()))
    levers = StandingLeverOut(many=True)


class ShippedLeverOut(LeverOut):
    source = serializers.CharField()  # type: ignore[assignment]
    era = serializers.CharField()
    confidence = serializers.ChoiceField(["high", "medium", "low", "assumption"])
    said_by = serializers.CharField(help_text="The file that says it: this regime or its base")


class ShippedOut(Out):
    name = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    base = serializers.CharField(allow_null=True)
    own_lever_count = serializers.IntegerField(help_text="Levers that are not its base's")


class ShippedFileOut(ShippedOut):
    values = serializers.DictField(child=serializers.DictField(child=serializers.JSONField()))
    levers = ShippedLeverOut(many=True)


class DifferenceOut(Out):
    lever = serializers.CharField()
    a = serializers.JSONField()
    b = serializers.JSONField()
    unit = serializers.CharField()
    why = serializers.CharField(help_text="Why it stands as in b")


class ChangeOut(Out):
    id = serializers.IntegerField()
    lever = serializers.CharField()
    value = serializers.JSONField()
    effective_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField()
    changed_by = serializers.IntegerField(allow_null=True)
    regime = serializers.CharField(allow_blank=True)
    why = serializers.CharField()


class Standing(Door):
    @reads(StandingOut, query=WhenIn)
    def get(self, request: Any, query: dict[str, Any]) -> dict[str, Any]:
        """The rules that hold at a moment, each with since when, by whom and why."""
        at = when("at", query["at"])
        regime, rows = queries.at(at), queries.standing(at)
        return {
            "at": show(at),
            "values": nested(regime),
            "levers": [_standing(path, value, rows.get(path)) for path, value in flat(regime).items()],
        }


class ShippedList(Door):
    @reads(ShippedOut(many=True))
    def get(self, request: Any, query: dict[str, Any]) -> list[dict[str, Any]]:
        """The regimes that come with Jishi."""
        return [_head(name) for name in names()]


class ShippedOne(Door):
    @reads(ShippedFileOut)
    def get(self, request: Any, query: dict[str, Any], name: str) -> dict[str, Any]:
        """One shipped regime: every lever with its source, era, confidence and why."""
        regime = shipped(name)
        return {
            **_head(name),
            "values": nested(regime.regime),
            "levers": [_shipped(path, setting) for path, setting in regime.settings.items()],
        }


class Diff(Door):
    @reads(DifferenceOut(many=True), query=DiffIn)
    def get(self, request: Any, query: dict[str, Any]) -> list[dict[str, Any]]:
        """The levers that two sets of rules set differently: shipped regimes, or moments of this market."""
        return [
            asdict(difference) for difference in queries.diff(_side("a", query["a"]), _side("b", query["b"]))
        ]


class Changes(Door):
    @reads(ChangeOut, query=HistoryIn, paged=True)
    def get(self, request: Any, query: dict[str, Any]) -> dict[str, Any]:
        """Every change of a lever ever decided here, in order."""
        found = queries.history(
            after=query.get("after", 0), limit=query["limit"] + 1, lever=query.get("lever")
        )
        return page(request, [_change(row) for row in found], query["limit"])

    @writes(ChangeIn, ChangeOut(many=True), status=201, scopes=ADMIN)
    def post(self, request: Any, data: dict[str, Any], moment: Any) -> list[dict[str, Any]]:
        """Change levers from a stated moment on: some by name, or all to a shipped regime's values."""
        if ("changes" in data) == ("regime" in data):
            raise Invalid(
                "say either which levers change or which regime is loaded",
                field="changes",
                rule="changes_or_regime",
                way_out="Send one of the two.",
            )
        effective_at = when("effective_at", data["effective_at"]) if "effective_at" in data else None
        terms: dict[str, Any] = {
            "at": moment.at,
            "by": request.user.member_id,
            "why": data["why"],
            "effective_at": effective_at,
        }
        if "regime" in data:
            ids = actions.load(data["regime"], **terms)
        else:
            ids = actions.change(data["changes"], **terms)
        return [_change(row) for row in queries.history(after=ids[0] - 1, limit=len(ids))] if ids else []


def _side(name: str, text: str) -> queries.Side:
    if text in names():
        return text
    try:
        return when(name, text)
    except Refusal:
        raise Invalid(
            f"{text!r} is neither a shipped regime nor a moment",
            field=name,
            rule="side_is_a_regime_or_a_moment",
            way_out=f"Write one of {', '.join(names())}, now, or 2010-03-01T12:00:00+08:00.",
        ) from None


def _lever(path: str, value: Any) -> dict[str, Any]:
    kind = levers()[path]
    return {
        "lever": path,
        "value": plain(value),
        "unit": kind.unit,
        "means": kind.means,
        "limits": limits(kind),
    }


def _standing(path: str, value: Any, row: dict[str, Any] | None) -> dict[str, Any]:
    row = row or {}
    return {
        **_lever(path, value),
        "why": row.get("why", ""),
        "effective_at": show(row.get("effective_at")),
        "decided_at": show(row.get("decided_at")),
        "changed_by": row.get("changed_by"),
        "regime": row.get("regime", ""),
    }


def _shipped(path: str, setting: Setting) -> dict[str, Any]:
    notes = {key: getattr(setting, key) for key in ("why", "source", "era", "confidence", "said_by")}
    return {**_lever(path, setting.value), **notes}


def _head(name: str) -> dict[str, Any]:
    regime = shipped(name)
    return {
        "name": regime.name,
        "title": regime.title,
        "summary": regime.summary,
        "base": regime.base,
        "own_lever_count": len(regime.own),
    }


def _change(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "value": orjson.loads(row["value"]),
        "effective_at": show(row["effective_at"]),
        "decided_at": show(row["decided_at"]),
    }
