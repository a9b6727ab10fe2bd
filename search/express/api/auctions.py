"""The doors of auctions: where one's own ads were shown, and why they stood there at that price."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.request import Request

from common.api.doors import TRADERS, Door, In, Out, Paged, page, reads
from common.moments import day_of
from search.express.api.fields import AdPlacedOut, acting, number
from search.express.queries import clicks as queries
from search.express.queries import explain
from search.express.rules import VERDICT
from worlds.clock import now


class AdPlaceOut(Out):
    """Of another seller's: place and slot alone."""

    place = serializers.IntegerField()
    slot = serializers.IntegerField(allow_null=True)
    id = serializers.IntegerField(required=False, help_text="the keyword")
    keyword = serializers.IntegerField(required=False)
    word = serializers.CharField(required=False)
    match = serializers.CharField(required=False)
    group = serializers.IntegerField(required=False)
    campaign = serializers.IntegerField(required=False)
    shop = serializers.IntegerField(required=False)
    seller = serializers.IntegerField(required=False)
    listing = serializers.IntegerField(required=False)
    bid_fen = serializers.IntegerField(required=False, help_text="as offered")
    quality = serializers.IntegerField(required=False)
    score = serializers.IntegerField(required=False)
    tied_with = serializers.ListField(child=serializers.IntegerField(), required=False)
    tied_count = serializers.IntegerField(required=False)
    next = serializers.IntegerField(required=False, allow_null=True)
    clicks = serializers.IntegerField(required=False, help_text="expected of the slot")
    price_fen = serializers.IntegerField(required=False, allow_null=True)
    unrounded_fen = serializers.FloatField(required=False, allow_null=True)
    because = serializers.CharField(required=False)
    why = serializers.CharField(required=False)
    cost_fen = serializers.IntegerField(required=False)
    vcg_payment_fen = serializers.IntegerField(required=False)
    value_fen = serializers.IntegerField(required=False)
    gain_fen = serializers.IntegerField(required=False)
    best_gain_fen = serializers.IntegerField(required=False)
    regret_fen = serializers.IntegerField(required=False)
    best_bid_fen = serializers.IntegerField(required=False, allow_null=True)
    best_slot = serializers.IntegerField(required=False, allow_null=True)
    lowest_bid_fen = serializers.FloatField(
        required=False, allow_null=True, help_text="of a symmetric equilibrium"
    )
    highest_bid_fen = serializers.FloatField(required=False, allow_null=True)


class AdLeftOutOut(Out):
    id = serializers.IntegerField()
    bid_fen = serializers.IntegerField()
    why = serializers.CharField()


class AdAuctionExplanationOut(Out):
    auction = serializers.IntegerField()
    at = serializers.DateTimeField()
    words = serializers.ListField(child=serializers.CharField())
    bidders = serializers.IntegerField()
    held_again = serializers.BooleanField(help_text="order and prices come out again as recorded")
    mechanism = serializers.CharField()
    means = serializers.CharField()
    reserve_fen = serializers.IntegerField()
    increment_fen = serializers.IntegerField()
    ties = serializers.CharField()
    places = AdPlaceOut(many=True)
    left_out = AdLeftOutOut(many=True)
    revenue_fen = serializers.IntegerField(required=False, help_text="for the platform")
    vcg_revenue_fen = serializers.IntegerField(required=False)
    lowest_equilibrium_revenue_fen = serializers.FloatField(required=False)
    highest_equilibrium_revenue_fen = serializers.FloatField(required=False)
    band_is_envy_free = serializers.BooleanField()


class AdClickExplanationOut(AdAuctionExplanationOut):
    click = serializers.IntegerField()
    verdict = serializers.ChoiceField(list(VERDICT))
    verdict_means = serializers.CharField()
    charged_fen = serializers.IntegerField()
    clicked_at = serializers.DateTimeField()
    slot = serializers.IntegerField()
    keyword = serializers.IntegerField()
    listing = serializers.IntegerField()
    price_fen = serializers.IntegerField()


# `as` is Python's own word
AsQuery: Any = type(
    "AdExplanationQuery",
    (In,),
    {
        "as": serializers.ChoiceField(
            ["json", "table"], required=False, default="json", help_text="a table is plain text"
        )
    },
)
AS_TABLE = {(200, "text/plain"): OpenApiTypes.STR}


def _told(told: dict[str, Any], query: Any) -> Any:
    if query["as"] == "table":
        return HttpResponse(explain.as_table(told), content_type="text/plain; charset=utf-8")
    return told


class AdClickExplanationDoor(Door):
    @reads(AdClickExplanationOut, query=AsQuery, scopes=TRADERS, also=AS_TABLE)
    def get(self, request: Request, query: Any, click_id: int) -> Any:
        """Why a click on one's own ad cost what it did: the order, the price, what VCG would ask, equilibrium, regret."""
        return _told(explain.click(click_id, acting(request)), query)


class AdAuctionExplanationDoor(Door):
    @reads(AdAuctionExplanationOut, query=AsQuery, scopes=TRADERS, also=AS_TABLE)
    def get(self, request: Request, query: Any, auction_id: int) -> Any:
        """An auction one bid in, clicked or not: why one's own ads stood where they did, or nowhere."""
        return _told(explain.impression(auction_id, acting(request)), query)


class AdImpressionOut(AdPlacedOut):
    id = serializers.IntegerField(help_text=f"the auction's number x {queries.SLOTS} + the slot")
    words = serializers.ListField(child=serializers.CharField(), help_text="of the search")
    price_fen = serializers.IntegerField(help_text="what a click there costs")


class AdImpressionQuery(Paged):
    day = serializers.DateField(required=False, help_text="default: today")
    campaign = number(required=False)
    group = number(required=False)
    keyword = number(required=False)


class AdImpressionsDoor(Door):
    @reads(AdImpressionOut, query=AdImpressionQuery, paged=True, scopes=TRADERS)
    def get(self, request: Request, query: Any) -> Any:
        """The paid places in which the acting member's ads were shown on a day (a key that names nobody: all), by number."""
        after, limit = query.pop("after", 0), query.pop("limit")
        day = query.pop("day", None) or day_of(now())
        return page(
            request, queries.impressions(day, query, acting(request), after=after, limit=limit), limit
        )
