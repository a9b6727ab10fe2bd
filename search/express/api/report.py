"""The door of the report: what ads brought and cost, by day and campaign, ad group, keyword or creative."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from common.api.doors import TRADERS, Door, Out, reads
from search.express.api.fields import SpanQuery, acting, leaf, number, span
from search.express.queries.report import report
from search.express.rules import DIMENSIONS


class AdReportQuery(SpanQuery):
    of = serializers.ChoiceField(list(DIMENSIONS), required=False, default="campaign")
    id = number(required=False, help_text="one campaign, ad group, keyword, creative, or member (of=account)")
    days = serializers.BooleanField(
        required=False, default=True, help_text="a row for each day; else one over all"
    )


class AdReportRowOut(Out):
    day = serializers.DateField(allow_null=True)
    id = serializers.IntegerField()
    impressions = serializers.IntegerField()
    clicks = serializers.IntegerField(help_text="valid ones")
    invalid_clicks = serializers.IntegerField(help_text="not billed")
    cost_fen = serializers.IntegerField(help_text="before what midnight gave back")
    orders = serializers.IntegerField(
        help_text="paid, by who had clicked within a day before ordering in that shop"
    )
    direct_orders = serializers.IntegerField(help_text="of the listing that was clicked")
    paid_fen = serializers.IntegerField()
    average_slot_hundredths = serializers.IntegerField(allow_null=True)
    ctr_bps = serializers.IntegerField(allow_null=True)
    average_cpc_fen = serializers.IntegerField(allow_null=True)
    conversion_bps = serializers.IntegerField(allow_null=True)
    roi_bps = serializers.IntegerField(allow_null=True, help_text="paid of cost; 10,000 is break-even")


class AdReportOut(Out):
    results = AdReportRowOut(many=True)
    next = serializers.CharField(allow_null=True)


class AdReportDoor(Door):
    @reads(AdReportOut, query=AdReportQuery, scopes=TRADERS)
    def get(self, request: Request, query: Any) -> Any:
        """What the acting member's ads brought and cost on closed days (a key that names nobody: everybody's)."""
        filters = {"id": query["id"]} if "id" in query else {}
        found = report(query["of"], acting(request), filters, days=query["days"], **span(query))
        return leaf(request, query, found)
