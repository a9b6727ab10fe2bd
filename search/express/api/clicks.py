"""The doors of clicks: anybody clicks; what came of it its seller reads, and the platform."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from common.api.batches import BatchOut, Column, answer, batch_in, read_row
from common.api.doors import ADMIN, TRADERS, Door, In, Out, Paged, page, reads, writes
from common.api.together import Joint
from common.errors import Forbidden
from common.moments import show
from search.express.actions.clicks import ADDRESS_MOST, Press, press
from search.express.api.fields import acting, number, words
from search.express.queries import clicks as queries
from search.express.queries import explain
from search.express.rules import VERDICT
from traffic.rules import COOKIE_MOST
from worlds.auth import who

SLOTS_MOST = 200


class AdClickIn(In):
    auction = number()
    slot = serializers.IntegerField(min_value=1, max_value=SLOTS_MOST)
    visitor = words(COOKIE_MOST, help_text="the cookie")
    member = number(
        required=False, allow_null=True, help_text="who clicks, if known; a member's key is that member"
    )
    address = words(ADDRESS_MOST, required=False, allow_blank=True, help_text="of the client, if known")


class AdClickedOut(Out):
    id = serializers.IntegerField()
    listing = serializers.IntegerField(help_text="where the click leads")
    shop = serializers.IntegerField()
    at = serializers.DateTimeField()
    verdict = serializers.ChoiceField(
        list(VERDICT),
        allow_null=True,
        help_text="for the platform: it would tell others how a seller's budget stands",
    )


class AdClickOut(Out):
    id = serializers.IntegerField()
    auction = serializers.IntegerField()
    slot = serializers.IntegerField()
    seller = serializers.IntegerField()
    campaign = serializers.IntegerField()
    group = serializers.IntegerField()
    keyword = serializers.IntegerField()
    creative = serializers.IntegerField()
    listing = serializers.IntegerField()
    shop = serializers.IntegerField()
    at = serializers.DateTimeField()
    verdict = serializers.ChoiceField(list(VERDICT))
    price_fen = serializers.IntegerField(help_text="0 unless valid")


class AdClickQuery(Paged):
    campaign = number(required=False)
    group = number(required=False)
    keyword = number(required=False)
    creative = number(required=False)
    verdict = serializers.ChoiceField(list(VERDICT), required=False)
    day = serializers.DateField(required=False)


class AdClicksDoor(Door):
    @reads(AdClickOut, query=AdClickQuery, paged=True, scopes=TRADERS)
    def get(self, request: Request, query: Any) -> Any:
        """Clicks on the acting member's ads with what each cost (a key that names nobody: on all), by number."""
        after, limit = query.pop("after", 0), query.pop("limit")
        return page(request, queries.clicks(query, acting(request), after=after, limit=limit), limit)

    @writes(AdClickIn, AdClickedOut, status=201, joint=True)
    def post(self, request: Request, data: Any) -> Any:
        """Click on a paid place: the page is opened and, when the click is valid, its seller billed."""
        member = acting(request)
        if member is not None and data.get("member") not in (None, member):
            raise Forbidden(
                "a member clicks for oneself",
                field="member",
                rule="own_things_only",
                way_out="Leave member out.",
            )
        told_all = who(request).scope == "admin"
        intent = Press(**{**data, "member": member if member is not None else data.get("member")})

        def tell(done: Any, moment: Any) -> Any:
            found = {name: done[name] for name in ("id", "listing", "shop")}
            return {**found, "at": show(moment.at), "verdict": done["verdict"] if told_all else None}

        return Joint(press, intent, tell)


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


class AdClickExplanationOut(Out):
    click = serializers.IntegerField()
    verdict = serializers.ChoiceField(list(VERDICT))
    verdict_means = serializers.CharField()
    charged_fen = serializers.IntegerField()
    clicked_at = serializers.DateTimeField()
    slot = serializers.IntegerField()
    keyword = serializers.IntegerField()
    listing = serializers.IntegerField()
    auction = serializers.IntegerField()
    at = serializers.DateTimeField()
    words = serializers.ListField(child=serializers.CharField())
    price_fen = serializers.IntegerField()
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


class AdClickExplanationDoor(Door):
    @reads(AdClickExplanationOut, scopes=TRADERS)
    def get(self, request: Request, query: Any, click_id: int) -> Any:
        """Why a click on one's own ad cost what it did: the order, the price, what VCG would ask, equilibrium, regret."""
        return explain.click(click_id, acting(request))


ROW = {
    "auction": Column(int, least=1),
    "slot": Column(int, least=1, most=SLOTS_MOST),
    "visitor": Column(str, least=1, most=COOKIE_MOST),
    "member": Column(int, default=None, least=1),
    "address": Column(str, default="", most=ADDRESS_MOST),
}


class AdClickRowIn(AdClickIn):
    pass


class AdClickBatchDoor(Door):
    @writes(batch_in(AdClickRowIn), BatchOut, scopes=ADMIN)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Many clicks in one call, judged in their order; a result for each row."""
        return answer(
            data["rows"],
            lambda row: Press(**read_row(row, ROW)),
            lambda presses: press(presses, at=moment.at),
        )


class AdClickDoor(Door):
    @reads(AdClickOut, scopes=TRADERS)
    def get(self, request: Request, query: Any, click_id: int) -> Any:
        """A click on one's own ad."""
        return queries.click(click_id, acting(request))
