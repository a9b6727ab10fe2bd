"""The door of forecasts: what bids would have brought, and the auctions they are computed from."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from common.api.doors import TRADERS, Door, In, Out, reads
from common.errors import Invalid
from regime import queries as regime
from search.cubes.api.fields import cut, subscriber
from search.cubes.queries.forecasts import bought, forecast, imagined
from search.cubes.rules import AUCTIONS_MOST, BIDS_MOST
from search.express.api import fields
from search.express.rules import WORD_MOST, bid_fault, match_fault, word_fault
from worlds.clock import now

MILLIONTHS = "millionths of a click an impression"


class WordsForecastQuery(In):
    keyword = fields.number(required=False, help_text="a bought word of one's own; or else:")
    listing = fields.number(required=False, help_text="a listing of one's own shop")
    word = fields.words(WORD_MOST, required=False, help_text="for that listing")
    match = fields.match(required=False, help_text="of that word; default: centre")
    bid = serializers.ListField(
        child=fields.bid(), required=False, default=list, max_length=BIDS_MOST,
        help_text="fen a click, again and again (bid=80&bid=120); default: the keyword's own",
    )  # fmt: skip
    at_bid = fields.bid(required=False, help_text="list the auctions one by one at this bid")
    after = fields.number(required=False, default=0, min_value=0, help_text="the last auction seen")
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=1_000)


class WordsForecastBidOut(Out):
    bid_fen = serializers.IntegerField()
    held = serializers.IntegerField(help_text="auctions held again")
    placed = serializers.IntegerField(help_text="of these, with a place for it")
    average_slot_hundredths = serializers.IntegerField(allow_null=True, help_text="100 is the best slot")
    impressions_a_day_hundredths = serializers.IntegerField()
    clicks_a_day_hundredths = serializers.IntegerField(help_text="expected; as many as the budget covers")
    cost_a_day_fen = serializers.IntegerField(help_text="of these clicks")
    average_cpc_fen = serializers.IntegerField(allow_null=True)
    marginal_cpc_fen = serializers.IntegerField(
        allow_null=True,
        help_text="fen for each click more than at the next lower bid (the lowest: than none)",
    )
    days_over_budget = serializers.IntegerField(
        help_text="days on which its clicks would cost more than the budget"
    )


class WordsForecastSlotOut(Out):
    slot = serializers.IntegerField(help_text="from 1, the best")
    impressions = serializers.IntegerField(help_text="in the whole market, in these days")
    clicks = serializers.IntegerField(help_text="valid ones")
    clicks_millionths = serializers.IntegerField(help_text=f"{MILLIONTHS}, smoothed by a prior")


class WordsForecastAuctionsOut(Out):
    found = serializers.IntegerField(help_text="searches that the word matches")
    held = serializers.IntegerField(
        help_text=f"again: all, or every so many-th of them, at most {AUCTIONS_MOST}"
    )
    first = serializers.IntegerField(allow_null=True, help_text="the number of the first that is held")
    first_at = serializers.DateTimeField(allow_null=True)
    last = serializers.IntegerField(allow_null=True)
    last_at = serializers.DateTimeField(allow_null=True)


class WordsForecastAuctionOut(Out):
    auction = serializers.IntegerField()
    at = serializers.DateTimeField()
    slot = serializers.IntegerField(allow_null=True, help_text="null: no place")
    price_fen = serializers.IntegerField(allow_null=True, help_text="of a click there")


class WordsForecastOut(Out):
    keyword = serializers.IntegerField(
        allow_null=True, help_text="null: nobody has bought it for this listing"
    )
    listing = serializers.IntegerField()
    words = serializers.ListField(child=serializers.CharField(), help_text="as they are matched")
    match = fields.match()
    first = serializers.DateField(
        help_text="closed days; those before the market's first search are left out"
    )
    last = serializers.DateField()
    days = serializers.IntegerField()
    budget_fen = serializers.IntegerField(allow_null=True, help_text="a day, of its campaign")
    auctions = WordsForecastAuctionsOut()
    slots = WordsForecastSlotOut(many=True)
    own_rate_millionths = serializers.IntegerField(
        help_text="how often the word is clicked, of how often its slots are; a million: as often"
    )
    bids = WordsForecastBidOut(many=True, help_text="the lowest first")
    at_bid = serializers.IntegerField(allow_null=True)
    results = WordsForecastAuctionOut(many=True, help_text="by number; none without at_bid")
    next = serializers.CharField(allow_null=True)


class WordsForecastsDoor(Door):
    @reads(WordsForecastOut, query=WordsForecastQuery, scopes=TRADERS)
    def get(self, request: Request, query: Any) -> Any:
        """What bids on a word would have brought a day: the last closed days' auctions, held again with them.

        A word of the same listing that stood there is replaced. The bid stands at all hours and everywhere: time slots,
        regions and the account are not looked at, the day's budget is. Of other sellers nothing is told.
        """
        at = now()
        by = subscriber(request, at)
        levers = regime.at(at).auction
        if ("keyword" in query) == ("listing" in query or "word" in query) or ("listing" in query) != (
            "word" in query
        ):
            raise Invalid(
                "a forecast is for a keyword, or for a word and a listing", field="keyword", rule="a_forecast_is_for_one",
                way_out="Send keyword=, or listing= and word=.",
            )  # fmt: skip
        if "keyword" in query:
            wanted = bought(query["keyword"], by)
        else:
            kind = query.get("match", "centre")
            if fault := word_fault(query["word"]) or match_fault(kind, levers):
                raise fault
            wanted = imagined(query["listing"], query["word"], kind, by, at=at)
        bids = query["bid"] or ([wanted.bid_fen] if wanted.bid_fen else [])
        asked = [("bid", each) for each in query["bid"]] + [
            ("at_bid", each) for each in [query.get("at_bid")] if each
        ]
        if fault := next((wrong for name, each in asked if (wrong := bid_fault(each, levers, name))), None):
            raise fault
        told = forecast(
            wanted, bids, at_bid=query.get("at_bid"), after=query["after"], limit=query["limit"], at=at
        )
        following = (
            {"after": told["results"][query["limit"] - 1]["auction"]}
            if len(told["results"]) > query["limit"]
            else {}
        )
        return told | cut(request, told["results"], query["limit"], following)
