"""/api/population/diffusion/: how a village's shops spread, for those who see the whole market."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from common.api.doors import Door, In, Out, reads
from simulation.villages.diffusion import diffusion


class DiffusionQuery(In):
    village = serializers.CharField(
        required=False, default="", max_length=60, allow_blank=True, help_text="default: the only one"
    )


class MonthOut(Out):
    """A month in which a shop came or went."""

    month = serializers.CharField(help_text="YYYY-MM")
    came = serializers.IntegerField()
    gone = serializers.IntegerField()
    shops = serializers.IntegerField(help_text="open at its end")


class YearOut(Out):
    year = serializers.IntegerField()
    villages = serializers.IntegerField(
        allow_null=True, help_text="recognised in this market; null: not judged"
    )
    towns = serializers.IntegerField(allow_null=True)
    country_villages = serializers.IntegerField(allow_null=True, help_text="on the national list")
    country_towns = serializers.IntegerField(allow_null=True)


class FactOut(Out):
    year = serializers.IntegerField()
    what = serializers.CharField()
    least = serializers.IntegerField(help_text="the figure, or the least of it where a source says over")
    told_by = serializers.CharField()


class DiffusionOut(Out):
    village = serializers.CharField()
    now = serializers.DateTimeField()
    months = MonthOut(many=True)
    years = YearOut(many=True)
    facts = FactOut(many=True)


class DiffusionDoor(Door):
    @reads(DiffusionOut, query=DiffusionQuery, scopes=("admin", "read"))
    def get(self, request: Request, query: dict[str, Any]) -> dict[str, Any]:
        """How shops of a village spread month by month, beside what is known and the country's Taobao Villages."""
        return diffusion(query["village"])
