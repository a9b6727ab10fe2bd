"""What the doors of the keyword market share: who may read, and pages of lists that stand in an order of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from rest_framework import serializers
from rest_framework.request import Request

from common.api.doors import In
from search.cubes.queries import subscriptions
from search.express.api.fields import acting

PAGE_MOST = 200


class WordsPagedQuery(In):
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=PAGE_MOST)
    offset = serializers.IntegerField(required=False, default=0, min_value=0, max_value=10**6)


def subscriber(request: Request, at: datetime) -> int | None:
    """The member who reads, with a subscription that runs; None: the platform."""
    member = acting(request)
    subscriptions.check(member, at=at)
    return member


def paged(request: Request, told: dict[str, Any], query: Any) -> dict[str, Any]:
    """`told` with its `results` cut to a page, and the address of the next one (or null)."""
    following = {"offset": query["offset"] + query["limit"]}
    return told | cut(request, told["results"], query["limit"], following)


def cut(request: Request, results: Sequence[Any], limit: int, following: dict[str, int]) -> dict[str, Any]:
    """The first `limit` of `results`, and the same address with `following` where there are more."""
    if len(results) <= limit:
        return {"results": results, "next": None}
    asked = {
        name: request.query_params.getlist(name) for name in request.query_params if name not in following
    }
    address = f"{request.path}?{urlencode({**asked, **following}, doseq=True)}"
    return {"results": results[:limit], "next": address}
