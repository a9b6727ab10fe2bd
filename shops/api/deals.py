"""The doors of deal pages: seen by the buyer they were made for, by their seller, and by nobody else."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.doors import TRADERS, Door, In, Out, Paged, actor, page, reads, writes
from shops.actions import deals as actions
from shops.actions.deals import Agreed, NewDeal
from shops.api.fields import MomentField, acting, number, words
from shops.queries import deals as queries
from shops.queries.shops import shop_of
from shops.rules import deal as rules


class DealLineOut(Out):
    listing = serializers.IntegerField()
    title = serializers.CharField()
    quantity = serializers.IntegerField()
    price_fen = serializers.IntegerField(help_text="agreed on, per piece")
    listed_price_fen = serializers.IntegerField(help_text="what everybody else pays now")


class DealOut(Out):
    id = serializers.IntegerField()
    shop = serializers.IntegerField()
    seller = serializers.IntegerField()
    buyer = serializers.IntegerField()
    postage_fen = serializers.IntegerField()
    terms = serializers.CharField()
    status = serializers.ChoiceField(rules.DEAL_STATUSES)
    issued_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)
    lines = DealLineOut(many=True)
    total_fen = serializers.IntegerField(help_text="with postage")


class DealQuery(Paged):
    shop = number(required=False)
    buyer = number(required=False)
    status = serializers.ChoiceField(rules.DEAL_STATUSES, required=False)


class DealLineIn(In):
    listing = number()
    quantity = number(required=False, default=1)
    price_fen = number(help_text="per piece")


class DealIn(In):
    shop = number(required=False, help_text="default: the acting member's")
    buyer = number()
    lines = serializers.ListField(child=DealLineIn(), min_length=1, max_length=rules.LINES_MOST)
    postage_fen = number(required=False)
    terms = words(rules.TERMS_CHARACTERS, required=False, allow_blank=True)
    expires_at = MomentField(required=False, help_text="default: after the lever deal.expiry_days")


class DealsDoor(Door):
    @reads(DealOut, query=DealQuery, scopes=TRADERS, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """The deal pages one has issued or was offered (an admin key that names nobody: all)."""
        filters = {name: value for name, value in query.items() if name not in ("after", "limit")}
        found = queries.deals(filters, acting(request), after=query.get("after", 0), limit=query["limit"])
        return page(request, found, query["limit"])

    @writes(DealIn, DealOut, status=201)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Issue a deal page: price and terms for one buyer, until it lapses."""
        shop = data.pop("shop", None) or shop_of(actor(request))
        lines = [Agreed(**line) for line in data.pop("lines")]
        [deal] = actions.issue([NewDeal(shop=shop, lines=lines, **data)], by=acting(request), at=moment.at)
        found = queries.deal(deal, None)
        return Response(found, status=201, headers={"Location": f"/api/deals/{deal}/"})


class DealDoor(Door):
    @reads(DealOut, scopes=TRADERS)
    def get(self, request: Request, query: Any, deal_id: int) -> Any:
        """A deal page, for its two sides only."""
        return queries.deal(deal_id, acting(request))


class DealDeclineDoor(Door):
    @writes(None, DealOut)
    def post(self, request: Request, data: Any, moment: Any, deal_id: int) -> Any:
        """The buyer declines (ordering from it is at /api/orders/)."""
        actions.decline([deal_id], by=actor(request), at=moment.at)
        return queries.deal(deal_id, actor(request))


class DealWithdrawDoor(Door):
    @writes(None, DealOut)
    def post(self, request: Request, data: Any, moment: Any, deal_id: int) -> Any:
        """The seller takes the page back."""
        actions.withdraw([deal_id], by=acting(request), at=moment.at)
        return queries.deal(deal_id, acting(request))
