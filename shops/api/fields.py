"""What the doors of shops share: moments, versions, who acts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.errors import Invalid, Refusal
from common.moments import moment

ENTITY = re.compile(r'^(?:W/)?"([1-9][0-9]{0,9})"$')
MOST = 10**18

if_match = extend_schema(
    parameters=[
        OpenApiParameter(
            "If-Match",
            OpenApiTypes.STR,
            OpenApiParameter.HEADER,
            description='The ETag you have read, such as `"3"`; 412 when somebody else was first',
        )
    ]
)


class MomentField(serializers.DateTimeField):
    """ISO 8601; without an offset it is Shanghai time."""

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str) or len(value) > 40:
            raise serializers.ValidationError("a moment is ISO 8601 text", "iso_8601_moment")
        try:
            return moment(value)
        except Refusal as refusal:
            raise serializers.ValidationError(refusal.detail, refusal.rule) from None


def number(**more: Any) -> serializers.IntegerField:
    """The id of something, or a count."""
    return serializers.IntegerField(**{"min_value": 0, "max_value": MOST, **more})


def words(most: int, **more: Any) -> serializers.CharField:
    """A text, spaces kept as they are."""
    return serializers.CharField(**{"max_length": most, "trim_whitespace": False, **more})


def acting(request: Request) -> int | None:
    """The member this request acts as; None: the platform itself (an admin key that names nobody)."""
    member: int | None = request.user.member_id  # type: ignore[union-attr]
    return member


def version_of(request: Request, given: int | None) -> int | None:
    """The version the caller has read: in the body, or in If-Match; None when they do not say."""
    header = request.META.get("HTTP_IF_MATCH", "").strip()
    if not header or header == "*":
        return given
    found = ENTITY.match(header)
    if not found:
        raise Invalid(
            "If-Match takes the ETag you have read",
            field="If-Match",
            rule="if_match_is_an_etag",
            way_out='Send "3".',
        )
    if given is not None and given != int(found[1]):
        raise Invalid(
            "If-Match and version differ",
            field="version",
            rule="one_version_is_meant",
            way_out="Send one of them.",
        )
    return int(found[1])


def tagged(row: Mapping[str, Any], status: int = 200, location: str = "") -> Response:
    """The row with its version as ETag."""
    headers = {"ETag": f'"{row["version"]}"'} | ({"Location": location} if location else {})
    return Response(row, status=status, headers=headers)
