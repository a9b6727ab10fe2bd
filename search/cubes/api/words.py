"""The doors of words: figures, hot and rising ones, suggestions; and of the subscription to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from common.api.doors import TRADERS, Door, In, Out, actor, reads, writes
from common.errors import Invalid
from common.moments import day_of
from search.cubes.actions import Subscribe, subscribe
from search.cubes.api.fields import WordsPagedQuery, paged, subscriber
from search.cubes.queries import subscriptions
from search.cubes.queries import words as queries
from search.cubes.queries.suggestions import suggestions
from search.cubes.rules import (
    DAYS_MOST,
    GROWTH,
    KEY_MOST,
    MATCHES,
    PARTS,
    SELLERS_LEAST,
    SMOOTHING,
    WHY,
)
from search.express.api.fields import number, words
from search.express.rules import WORD_MOST, normal, word_fault
from worlds.clock import now

COUNTED = "result pages that asked for paid places (paid=true)"


class WordsFiguresOut(Out):
    searches = serializers.IntegerField(help_text=COUNTED)
    searchers_daily = serializers.IntegerField(
        help_text="distinct cookies a day and set of words, added up; searches without one count for none"
    )
    unsold = serializers.IntegerField(help_text="searches nobody bid on")
    unsold_bps = serializers.IntegerField(allow_null=True, help_text="of searches")
    impressions = serializers.IntegerField(help_text="paid places shown")
    clicks = serializers.IntegerField(help_text="valid ones")
    invalid_clicks = serializers.IntegerField(help_text="not billed")
    ctr_bps = serializers.IntegerField(allow_null=True, help_text="clicks of impressions")
    bidders = serializers.IntegerField(help_text="distinct sellers who bid")
    priced_clicks = serializers.IntegerField(
        help_text=f"those whose prices may be told: of words and days with {SELLERS_LEAST} paying sellers or more"
    )
    average_cpc_fen = serializers.IntegerField(allow_null=True, help_text="fen a priced click")
    why = serializers.CharField(allow_null=True, help_text=f"why no price is told: {WHY}")


class WordsDayOut(WordsFiguresOut):
    day = serializers.DateField()


class WordsTodayOut(Out):
    day = serializers.DateField()
    searches = serializers.IntegerField(help_text=COUNTED)
    unsold = serializers.IntegerField()
    impressions = serializers.IntegerField()
    clicks = serializers.IntegerField(help_text="valid ones")


class WordsOut(WordsFiguresOut):
    words = serializers.ListField(child=serializers.CharField(), help_text="as they are matched")
    match = serializers.ChoiceField(MATCHES)
    first = serializers.DateField()
    last = serializers.DateField()
    keywords = serializers.IntegerField(help_text="distinct bought words that bid")
    trend = WordsDayOut(many=True, help_text="a row for each day")
    today = WordsTodayOut(help_text="so far; no part of the rest")

    cpc_p10_fen = serializers.IntegerField(
        allow_null=True, help_text="a tenth of the priced clicks cost so much or less"
    )
    cpc_p25_fen = serializers.IntegerField(allow_null=True, help_text="a quarter")
    cpc_median_fen = serializers.IntegerField(allow_null=True, help_text="half")
    cpc_p75_fen = serializers.IntegerField(allow_null=True, help_text="three quarters")
    cpc_p90_fen = serializers.IntegerField(allow_null=True, help_text="nine tenths")


class WordsQuery(In):
    q = words(WORD_MOST, help_text="one word or several")
    match = serializers.ChoiceField(
        MATCHES, required=False, default="exact",
        help_text="exact: searches that say just these words; centre: these, and maybe more",
    )  # fmt: skip
    first = serializers.DateField(required=False, help_text="default: cubes.window_days before today")
    last = serializers.DateField(required=False, help_text="included; a closed day; default: yesterday")


class WordsDoor(Door):
    @reads(WordsOut, query=WordsQuery, scopes=TRADERS)
    def get(self, request: Request, query: Any) -> Any:
        """A word's searches, impressions, clicks, prices of a click, bidders and trend over closed days."""
        at = now()
        subscriber(request, at)
        if fault := word_fault(query["q"]):
            fault.field = "q"
            raise fault
        usual = queries.closed_days(at=at)
        last = query.get("last") or usual["last"]
        first = query.get("first") or min(usual["first"], last)
        if not timedelta(0) <= last - first < timedelta(days=DAYS_MOST) or last >= day_of(at):
            raise Invalid(
                f"figures are of 1 to {DAYS_MOST} days that are closed, in their order", field="last",
                rule="figures_are_of_closed_days", way_out=f"Ask until {usual['last']} at most.",
            )  # fmt: skip
        return queries.figures(normal(query["q"]), query["match"], first, last, at=at)


class WordsWindowOut(Out):
    first = serializers.DateField()
    last = serializers.DateField()
    days = serializers.IntegerField(help_text="the lever cubes.window_days")
    next = serializers.CharField(allow_null=True)


class WordsHotRowOut(WordsFiguresOut):
    words = serializers.ListField(child=serializers.CharField(), help_text="all a search said, sorted")


class WordsHotOut(WordsWindowOut):
    searches_least = serializers.IntegerField(help_text="what was searched for less often is not listed")
    results = WordsHotRowOut(many=True)


class WordsHotDoor(Door):
    @reads(WordsHotOut, query=WordsPagedQuery, scopes=TRADERS)
    def get(self, request: Request, query: Any) -> Any:
        """The most searched words of the last closed days."""
        at = now()
        subscriber(request, at)
        return paged(request, queries.hot(limit=query["limit"], offset=query["offset"], at=at), query)


class WordsRisingRowOut(Out):
    words = serializers.ListField(child=serializers.CharField(), help_text="all a search said, sorted")
    searches = serializers.IntegerField(help_text=COUNTED)
    searches_before = serializers.IntegerField(help_text="in as many days before")
    growth_bps = serializers.IntegerField(help_text=GROWTH)


class WordsRisingOut(WordsWindowOut):
    searches_least = serializers.IntegerField(help_text="what was searched for less often is not listed")
    formula = serializers.CharField()
    smoothing = serializers.IntegerField(help_text=f"searches; {SMOOTHING}, so that 1 becoming 2 is no boom")
    results = WordsRisingRowOut(many=True)


class WordsRisingDoor(Door):
    @reads(WordsRisingOut, query=WordsPagedQuery, scopes=TRADERS)
    def get(self, request: Request, query: Any) -> Any:
        """Words searched for more than in as many days before, the steepest first, with the formula."""
        at = now()
        subscriber(request, at)
        told = queries.rising(limit=query["limit"], offset=query["offset"], at=at)
        return paged(request, told | {"formula": GROWTH}, query)


class WordsPartOut(Out):
    part = serializers.CharField()
    weight = serializers.IntegerField()
    made_of = serializers.CharField()


class WordsSuggestedOut(WordsHotRowOut):
    relevance = serializers.IntegerField(help_text="0 to 10,000")
    demand = serializers.IntegerField(help_text="0 to 10,000")
    room = serializers.IntegerField(help_text="0 to 10,000")
    score = serializers.IntegerField(help_text="the weighted mean of the three")
    quality = serializers.IntegerField(help_text="1 to 10, as if it were bought now")
    keywords = serializers.ListField(
        child=serializers.IntegerField(), help_text="bought already for this listing: their numbers"
    )


class WordsSuggestionsOut(WordsWindowOut):
    listing = serializers.IntegerField()
    score = WordsPartOut(many=True)
    results = WordsSuggestedOut(many=True)


class WordsSuggestionsQuery(WordsPagedQuery):
    listing = number(help_text="of one's own shop")


class WordsSuggestionsDoor(Door):
    @reads(WordsSuggestionsOut, query=WordsSuggestionsQuery, scopes=TRADERS)
    def get(self, request: Request, query: Any) -> Any:
        """Words for a listing of one's own: its title's, and those searched for that it says; by a stated score."""
        at = now()
        by = subscriber(request, at)
        told = suggestions(query["listing"], by, limit=query["limit"], offset=query["offset"], at=at)
        parts = [{"part": part.name, "weight": part.weight, "made_of": part.words} for part in PARTS]
        return paged(request, {**told, "score": parts}, query)


class WordsSubscriptionOut(Out):
    member = serializers.IntegerField()
    running = serializers.BooleanField()
    ends_at = serializers.DateTimeField(allow_null=True, help_text="of the last period bought")
    fee_fen = serializers.IntegerField(help_text="the lever cubes.fee_fen: a period now")
    period_days = serializers.IntegerField(help_text="the lever cubes.period_days")


class WordsSubscribeIn(In):
    key = serializers.CharField(
        required=False, default="", max_length=KEY_MOST, allow_blank=True,
        help_text="the same key is the same period, once",
    )  # fmt: skip


class WordsSubscribedOut(Out):
    id = serializers.IntegerField()
    member = serializers.IntegerField()
    paid_fen = serializers.IntegerField()
    bought_at = serializers.DateTimeField()
    starts_at = serializers.DateTimeField(help_text="now, or when the last period ends")
    ends_at = serializers.DateTimeField()


class WordsSubscriptionDoor(Door):
    @reads(WordsSubscriptionOut, scopes=TRADERS)
    def get(self, request: Request, query: Any) -> Any:
        """Until when the acting member may read the keyword market, and what a period costs."""
        return subscriptions.standing(actor(request), at=now())

    @writes(WordsSubscribeIn, WordsSubscribedOut, status=201)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Pay for a period of the keyword market from the acting member's balance; it follows what runs."""
        [id_] = subscribe([Subscribe(actor(request), data["key"])], at=moment.at)
        return subscriptions.subscription(id_)
