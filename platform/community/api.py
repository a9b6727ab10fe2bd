"""The doors of the VIP club: where a member stands, for their own eyes."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from common.api.doors import Door, Out, actor, only, reads
from common.errors import NotFound
from community import queries
from community.rules import LEVELS_MOST
from members.queries import member

LEVEL: dict[str, Any] = {"min_value": 0, "max_value": LEVELS_MOST}


class VipOut(Out):
    """As of last night."""

    member = serializers.IntegerField()
    level = serializers.IntegerField(**LEVEL, help_text="0 to 6: V0 to V6")
    level_holds_until = serializers.DateTimeField(allow_null=True, help_text="at least; null on V0")
    growth_points = serializers.IntegerField()
    earned_level = serializers.IntegerField(
        **LEVEL, help_text="what growth alone gives; `level` may hold above it"
    )
    spent_yuan = serializers.IntegerField(help_text="whole yuan of each finished trade, net of refunds")
    to_next_points = serializers.IntegerField(
        allow_null=True, help_text="growth lacking for the next; null on V6"
    )


class OwnVipDoor(Door):
    @reads(VipOut)
    def get(self, request: Request, query: Any) -> Any:
        """The acting member's level and growth in the VIP club."""
        return queries.standing(actor(request))


class VipDoor(Door):
    @reads(VipOut)
    def get(self, request: Request, query: Any, member_id: int) -> Any:
        """A member's level and growth: one's own, or anybody's for an admin or read key."""
        only(request, member_id)
        if member(member_id) is None:
            raise NotFound(f"there is no member {member_id}", field="id", rule="member_exists")
        return queries.standing(member_id)
