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
from search.express.api.fields import AdPlacedOut, acting, number, words
from search.express.queries import clicks as queries
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


class AdClickOut(AdPlacedOut):
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
