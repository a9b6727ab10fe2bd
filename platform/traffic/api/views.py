"""Where page views come in: one, ten thousand, a file. They take the gate, not the pen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.http import HttpRequest
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import idempotency
from common.api.batches import BatchOut
from common.api.doors import Door, In, Out, writes
from common.errors import Invalid, TooLarge
from common.moments import show
from traffic.actions import see_one
from traffic.api.quick import at_once
from traffic.intake import not_yours, take_in, take_in_file
from traffic.reading import MOST, read_row
from traffic.rules import COOKIE_MOST, PAGES, SOURCES, STAY_MOST
from worlds.pen import Moment, viewing

ROWS_MOST = 10_000
BYTES_MOST = 64 * 1024 * 1024
REFUSALS_SHOWN = 1_000
KINDS = {"text/csv": "csv", "application/x-ndjson": "ndjson", "application/ndjson": "ndjson"}


def _number(**more: Any) -> serializers.IntegerField:
    return serializers.IntegerField(
        **{"required": False, "allow_null": True, "min_value": 1, "max_value": MOST, **more}
    )


class ViewIn(In):
    """One page opened. For the document: `traffic.reading` reads it in a fraction of the time."""

    visitor = serializers.CharField(max_length=COOKIE_MOST, help_text="the cookie of the visitor's browser")
    member = _number(help_text="who it is, when they are known; a member's key sends its own")
    page = serializers.ChoiceField(
        [page.name for page in PAGES],
        required=False,
        allow_null=True,
        help_text="default: what is named, else other",
    )
    source = serializers.ChoiceField(  # type: ignore[assignment]
        [source.name for source in SOURCES if not source.paid],
        required=False,
        allow_null=True,
        help_text="default: direct",
    )
    shop = _number()
    listing = _number(help_text="of an item page: its shop and section are worked out")
    section = _number(max_value=24)
    stay_seconds = _number(
        min_value=0, max_value=STAY_MOST, help_text="default: the time to the next page of the visit"
    )
    at = serializers.DateTimeField(
        required=False,
        allow_null=True,
        help_text="default now; on the market's open day and not in its future",
    )

    def run_validation(self, data: Any = None) -> Any:
        return read_row(data)


class ViewOut(Out):
    at = serializers.DateTimeField(help_text="the market's moment the view is counted at")


class ViewBatchIn(In):
    rows = serializers.ListField(child=ViewIn(), min_length=1, max_length=ROWS_MOST)

    def run_validation(self, data: Any = None) -> Any:
        if not isinstance(data, Mapping) or set(data) != {"rows"} or type(data["rows"]) is not list:
            raise Invalid(
                "rows is a list", field="rows", rule="rows_is_a_list", way_out='Send {"rows": [{...}]}.'
            )
        if not 1 <= len(data["rows"]) <= ROWS_MOST:
            raise Invalid(
                f"a batch has 1 to {ROWS_MOST} views",
                field="rows",
                rule="batch_is_of_its_size",
                way_out="Send several.",
            )
        return data


class GateDoor(Door):
    """A door that takes the gate: `moment` is the clock it found there."""

    moment: Moment


def acting(request: Request) -> int | None:
    principal: Any = request.user
    member: int | None = principal.member_id
    return member


def at_the_gate(method: Callable[..., Any], always: bool = True) -> Callable[..., Any]:
    """Do a door's method in one transaction at the gate: what it writes and the answer it keeps are one."""

    @wraps(method)
    def guarded(self: GateDoor, request: Request, **path: Any) -> Any:
        if not always and idempotency.key_of(request) is None:
            return method(self, request, **path)
        principal: Any = request.user
        if principal is None or principal.schema is None:
            return method(self, request, **path)  # refuses
        with viewing() as moment:
            self.moment = moment
            return method(self, request, **path)

    return guarded


def at_the_gate_when_repeated(method: Callable[..., Any]) -> Callable[..., Any]:
    """Without an Idempotency-Key a single view is one statement, which takes the gate itself."""
    return at_the_gate(method, always=False)


class ViewsDoor(GateDoor):
    """The hottest door of all: a plain request is served by `at_once`; the rest is for what is not plain."""

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        door = super().as_view(**initkwargs)

        @wraps(door)
        def view(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            return at_once(request) or door(request, *args, **kwargs)

        return view

    @at_the_gate_when_repeated
    @writes(ViewIn, ViewOut, status=201, pen=False)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Count one page view, now or earlier today."""
        return _seen(acting(request), data)


def _seen(acting: int | None, row: dict[str, Any]) -> dict[str, Any]:
    if acting is not None:
        if row["member"] not in (None, acting):
            raise not_yours()
        row["member"] = acting
    return {"at": show(see_one(**row))}


class ViewBatchDoor(GateDoor):
    @at_the_gate
    @writes(ViewBatchIn, BatchOut, pen=False)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Count up to 10,000 page views; `results` tells of the refused ones only."""
        return take_in(data["rows"], at=self.moment.at, acting=acting(request)).shown()


class _AsItCame(BaseParser):
    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        read: bytes = stream.read(BYTES_MOST + 1)
        if len(read) > BYTES_MOST:
            raise TooLarge(
                "a file of views has at most 64 MB",
                field="body",
                rule="body_size",
                way_out="Send it in parts.",
            )
        return read


class ViewFileDoor(GateDoor):
    parser_classes = [_AsItCame]

    @extend_schema(request={"text/csv": OpenApiTypes.STR, "application/x-ndjson": OpenApiTypes.STR})
    @at_the_gate
    @writes(None, BatchOut, pen=False, errors=(415,))
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Count the views of a file: CSV with a header line, or an object a line (NDJSON).

        Columns and fields as of a single view. `results` tells of the first 1,000 refused rows.
        """
        kind = KINDS.get((request.content_type or "").partition(";")[0].strip().lower())
        if kind is None:
            refused = Invalid(
                "a file of views is text/csv or application/x-ndjson",
                field="Content-Type",
                rule="content_type_is_known",
                way_out="Send the header Content-Type: text/csv.",
            )
            refused.status = 415
            raise refused
        sent: Any = request.data
        body: bytes = sent if isinstance(sent, bytes) else b""
        taken = take_in_file(body.splitlines(keepends=True), kind, at=self.moment.at, acting=acting(request))
        return Response(taken.shown(REFUSALS_SHOWN))
