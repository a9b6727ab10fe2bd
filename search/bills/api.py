"""The doors of traffic bills: a seller's and a space owner's own, and all of them for the platform."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from common.api.doors import TRADERS, Door, In, Out, Paged, page, reads
from search.alliance.api.statements import DayField, asking
from search.alliance.queries.statements import PARTIES
from search.bills import queries
from search.express.api.fields import acting, number

BOUGHT = [queries.AD.name, queries.ALLIANCE.name]


class TrafficBillQuery(In):
    day = DayField(help_text="of the open day: what was billed so far")
    shop = number(required=False)
    space = number(required=False)


class TrafficBillLineOut(Out):
    source = serializers.ChoiceField(BOUGHT)  # type: ignore[assignment]
    kind = serializers.ChoiceField(queries.KINDS)
    campaign = serializers.IntegerField(allow_null=True, required=False, help_text="of keyword ads")
    shop = serializers.IntegerField(required=False, help_text="on a space's bill")
    space = serializers.IntegerField(allow_null=True, required=False, help_text="on a shop's bill")
    contract = serializers.IntegerField(allow_null=True, help_text="null: a standing offer, or keyword ads")
    quantity = serializers.IntegerField(help_text="clicks; views shown (thousands); sales")
    page_views = serializers.IntegerField(
        help_text="of the market, each once; views shown on a space are none"
    )
    amount_fen = serializers.IntegerField()
    views_at = serializers.CharField(help_text="the address of the page views behind it")


class TrafficBillOut(Out):
    shop = serializers.IntegerField(required=False)
    space = serializers.IntegerField(required=False)
    amount_fen = serializers.IntegerField(
        help_text="what a shop paid with the fees, or a space got without them; returns taken off"
    )
    lines = TrafficBillLineOut(many=True)


class TrafficBillsOut(Out):
    day = serializers.DateField()
    shops = TrafficBillOut(many=True)
    spaces = TrafficBillOut(many=True)


class TrafficBillViewsQuery(Paged):
    day = DayField()
    party = serializers.ChoiceField(PARTIES, required=False)
    shop = number(required=False)
    space = number(required=False)
    source = serializers.ChoiceField(BOUGHT)  # type: ignore[assignment]
    kind = serializers.ChoiceField(queries.KINDS)
    campaign = number(required=False)
    contract = number(required=False, min_value=0, help_text="0: by none")


class TrafficBillViewOut(Out):
    n = serializers.IntegerField(
        help_text="the click (keyword ads), the charge (alliance), the campaign (a return)"
    )
    source = serializers.ChoiceField(BOUGHT)  # type: ignore[assignment]
    kind = serializers.ChoiceField(queries.KINDS)
    shop = serializers.IntegerField()
    space = serializers.IntegerField(allow_null=True)
    campaign = serializers.IntegerField(allow_null=True)
    contract = serializers.IntegerField(allow_null=True)
    quantity = serializers.IntegerField()
    amount_fen = serializers.IntegerField()
    clicked_on = serializers.DateField(allow_null=True)
    page = serializers.CharField(allow_null=True)
    order = serializers.IntegerField(allow_null=True, help_text="hidden from the space's owner")
    view = serializers.IntegerField(allow_null=True, help_text="the page view; hidden from the space's owner")
    at = serializers.DateTimeField(allow_null=True, help_text="hidden from the space's owner")
    listing = serializers.IntegerField(allow_null=True, help_text="hidden from the space's owner")
    charge = serializers.IntegerField(
        allow_null=True,
        help_text="the view's charge_id; null of a repeat that earned; hidden from the space's owner",
    )
    after_view = serializers.IntegerField(
        allow_null=True, help_text="views shown of the contract after this one"
    )
    last_view = serializers.IntegerField(allow_null=True, help_text="until this one")


class TrafficBillsDoor(Door):
    @reads(TrafficBillsOut, query=TrafficBillQuery, scopes=TRADERS)
    def get(self, request: Request, query: Any) -> Any:
        """A day's traffic bills: of the acting member's shop and web spaces (a key that names nobody: of all)."""
        return queries.day_bills(acting(request), query["day"], query)


class TrafficBillViewsDoor(Door):
    @reads(TrafficBillViewOut, query=TrafficBillViewsQuery, scopes=TRADERS, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """The page views behind the lines of a day's bills: what each was for, and what it cost."""
        party, member = asking(request, query)
        return page(request, queries.behind(party, member, query), query["limit"], key="n")
