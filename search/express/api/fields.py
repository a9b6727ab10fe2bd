"""What the doors of keyword ads share: fields, and who acts."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.doors import page
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


def acting(request: Request) -> int | None:
    """The member who acts; None: the platform (an admin key that names nobody)."""
    member: int | None = request.user.member_id  # type: ignore[union-attr]
    return member


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
