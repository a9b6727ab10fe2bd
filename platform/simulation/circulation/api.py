"""/api/circulation/: the meter, for those who see the whole market."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from common.api.doors import Door, In, Out, reads
from simulation.circulation import meter


class CirculationQuery(In):
    lag_days = serializers.IntegerField(
        required=False,
        default=1,
        min_value=1,
        max_value=30,
        help_text="from descriptors to the visitors they bring",
    )
    idle_days = serializers.IntegerField(
        required=False,
        default=14,
        min_value=1,
        max_value=366,
        help_text="without a sale, after which a shop is dead",
    )


class ElasticityOut(Out):
    """What 1 % more of one thing does to another, in percent; null where the market cannot tell yet."""

    elasticity = serializers.FloatField(allow_null=True)
    se = serializers.FloatField(allow_null=True, help_text="clustered by shop")
    low = serializers.FloatField(allow_null=True, help_text="of the 95 % interval")
    high = serializers.FloatField(allow_null=True)
    rows = serializers.IntegerField(help_text="shop-days")
    shops = serializers.IntegerField()
    days = serializers.IntegerField()
    why_not = serializers.CharField(allow_blank=True)


class ElasticitiesOut(Out):
    """By descriptor, as published."""

    sales = ElasticityOut(help_text="pieces of the last 30 days")
    credit = ElasticityOut(help_text="credit points")
    good_rate = ElasticityOut(help_text="per point of 1 %")
    dsr = ElasticityOut(help_text="mean of the three indices, per tenth of a star")


class SpreadOut(Out):
    gini = serializers.FloatField(allow_null=True)
    hhi = serializers.FloatField(allow_null=True)
    top_1 = serializers.FloatField(allow_null=True, help_text="what the top 1 % of shops have of all")
    top_10 = serializers.FloatField(allow_null=True)
    top_20 = serializers.FloatField(allow_null=True)


class ConcentrationOut(Out):
    day = serializers.IntegerField()
    on = serializers.DateField()
    shops = serializers.IntegerField()
    pv = SpreadOut()
    orders = SpreadOut()
    income = SpreadOut()


class SlopesOut(Out):
    P1 = serializers.FloatField(allow_null=True)
    P2 = serializers.FloatField(allow_null=True, help_text="of credit points")
    P3 = serializers.FloatField(allow_null=True, help_text="of credit points")
    P3_sales = serializers.FloatField(allow_null=True, help_text="of 30-day sales")


class DaySlopesOut(SlopesOut):
    day = serializers.IntegerField()
    on = serializers.DateField()


class ShopSlopesOut(SlopesOut):
    shop = serializers.IntegerField()


class SurvivalStepOut(Out):
    day = serializers.IntegerField(help_text="since opening")
    at_risk = serializers.IntegerField()
    died = serializers.IntegerField()
    share = serializers.FloatField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class SurvivalOut(Out):
    shops = serializers.IntegerField()
    died = serializers.IntegerField()
    curve = SurvivalStepOut(many=True)
    after = serializers.DictField(child=serializers.FloatField(), help_text="share alive after so many days")


class CirculationOut(Out):
    now = serializers.DateTimeField()
    days = serializers.IntegerField()
    shops = serializers.IntegerField()
    lag_days = serializers.IntegerField()
    idle_days = serializers.IntegerField()
    looks_back_days = serializers.DictField(
        child=serializers.IntegerField(allow_null=True),
        help_text="days of trades behind a descriptor; null: all",
    )
    P1 = ElasticityOut()
    P2 = ElasticitiesOut()
    P3 = ElasticitiesOut()
    loop = serializers.FloatField(allow_null=True, help_text="what 1 % more visitors brings back, in percent")
    by_day = DaySlopesOut(many=True)
    by_shop = ShopSlopesOut(many=True)
    concentration = ConcentrationOut(many=True)
    survival = SurvivalOut()
    note = serializers.CharField()


class Circulation(Door):
    @reads(CirculationOut, query=CirculationQuery, scopes=("admin", "read"))
    def get(self, request: Request, query: dict[str, Any]) -> dict[str, Any]:
        """Measure how eyeballs become trades, trades descriptors, descriptors eyeballs; concentration and survival."""
        return meter.measure(**query)
