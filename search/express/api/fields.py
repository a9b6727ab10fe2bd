"""What the doors of keyword ads share: fields, and who acts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.doors import In, Out, page
from common.moments import day_of
from search.express.queries import things as queries
from search.express.rules import BID_MOST_FEN, MATCH
from worlds.clock import now

MOST = 10**18


def number(**more: Any) -> serializers.IntegerField:
    return serializers.IntegerField(**{"min_value": 1, "max_value": MOST, **more})


def bid(**more: Any) -> serializers.IntegerField:
    return serializers.IntegerField(**{"min_value": 1, "max_value": BID_MOST_FEN, **more})


def words(most: int, **more: Any) -> serializers.CharField:
    return serializers.CharField(**{"max_length": most, "trim_whitespace": False, **more})


def match(**more: Any) -> serializers.ChoiceField:
    return serializers.ChoiceField(list(MATCH), **more)


class AdPlacedOut(Out):
    """What an impression and a click both say: which ad it was of, where it stood, and when."""

    id = serializers.IntegerField()
    auction = serializers.IntegerField()
    slot = serializers.IntegerField()
    seller = serializers.IntegerField()
    campaign = serializers.IntegerField()
    group = serializers.IntegerField()
    keyword = serializers.IntegerField()
    creative = serializers.IntegerField()
    listing = serializers.IntegerField()
    shop = serializers.IntegerField()
    at = serializers.DateTimeField()


def acting(request: Request) -> int | None:
    """The member who acts; None: the platform (an admin key that names nobody)."""
    member: int | None = request.user.member_id  # type: ignore[union-attr]
    return member


LAST_DAYS = 7


class SpanQuery(In):
    """Query of a report over closed days."""

    first = serializers.DateField(required=False, help_text="default: seven days before today")
    last = serializers.DateField(
        required=False, help_text="included; default: yesterday, the last closed day"
    )
    limit = serializers.IntegerField(required=False, default=1_000, min_value=1, max_value=1_000)
    offset = serializers.IntegerField(required=False, default=0, min_value=0, max_value=10**6)


def span(query: Any) -> dict[str, Any]:
    """What a `SpanQuery` asks a report for."""
    today: date = day_of(now())
    return {
        "first": query.get("first") or today - timedelta(days=LAST_DAYS), "last": query.get("last") or today,
        "limit": query["limit"], "offset": query["offset"],
    }  # fmt: skip


def leaf(request: Request, query: Any, found: Sequence[Any]) -> dict[str, Any]:
    """A page of rows that were fetched with one more than the query's limit, and the address of the next, by offset."""
    following = None
    if len(found) > query["limit"]:
        kept = {name: value for name, value in request.query_params.items() if name != "offset"}
        following = f"{request.path}?{urlencode({**kept, 'offset': query['offset'] + query['limit']})}"
    return {"results": found[: query["limit"]], "next": following}


def a_page(request: Request, noun: str, query: Any) -> Any:
    """The caller's own things (the platform: everybody's), by number."""
    after, limit = query.pop("after", 0), query.pop("limit")
    found = queries.listed(noun, acting(request), query, after=after, limit=limit, at=now())
    return page(request, found, limit)


def shown(request: Request, noun: str, id_: int, moment: Any = None) -> Any:
    return queries.one(noun, id_, acting(request), at=moment.at if moment else now())


def made(request: Request, noun: str, id_: int, moment: Any) -> Response:
    location = {"Location": f"/api/ads/{noun}s/{id_}/"}
    return Response(shown(request, noun, id_, moment), status=201, headers=location)
