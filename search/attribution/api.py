"""The doors of attribution: a shop's own, for its seller, and all shops' for the platform. What ads cost is in it, so
that keys that only read the market do not see it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from common.api.doors import TRADERS, Door, Out, reads
from search.alliance.queries.statements import own
from search.attribution.queries import report
from search.attribution.rules import MODELS
from search.express.api.fields import SpanQuery, acting, leaf, number, span
from traffic.rules import SOURCE

SOURCES = list(SOURCE)


class AttributionPathQuery(SpanQuery):
    shop = number(required=False, help_text="for the platform: one shop; a seller has the own alone")


class AttributionQuery(AttributionPathQuery):
    days = serializers.BooleanField(
        required=False, default=True, help_text="a row for each day; else one over all"
    )


class AttributionBroughtOut(Out):
    orders_thousandths = serializers.IntegerField(help_text="of paid orders: linear shares one out")
    paid_fen = serializers.IntegerField(help_text="for goods, without postage")
    refunded_fen = serializers.IntegerField(
        help_text="taken back by refunds of these days, whenever the sale was"
    )
    net_fen = serializers.IntegerField(help_text="paid_fen less refunded_fen")
    roi_bps = serializers.IntegerField(
        allow_null=True, help_text="net_fen of cost_fen; 10,000 is break-even; null where it cost nothing"
    )
    cost_per_order_fen = serializers.IntegerField(allow_null=True)


def _each_model(gives: Any, name: str) -> Any:
    """A field for each model."""
    fields = {model.name: gives(help_text=model.words) for model in MODELS}
    return type(name, (Out,), fields)()


def _shared_out(**more: Any) -> Any:
    return AttributionShareOut(many=True, **more)


class AttributionRowOut(Out):
    day = serializers.DateField(allow_null=True)
    shop = serializers.IntegerField()
    source = serializers.ChoiceField(SOURCES)  # type: ignore[assignment]
    touches = serializers.IntegerField(help_text="visits from this source before the orders that were paid")
    orders = serializers.IntegerField(help_text="orders it took part in; one may be in several sources' rows")
    cost_fen = serializers.IntegerField(
        help_text="clicks less what midnight gave back; of the alliance all charges with the fees, less returns"
    )
    models = _each_model(AttributionBroughtOut, "AttributionModelsOut")


class AttributionOut(Out):
    results = AttributionRowOut(many=True)
    next = serializers.CharField(allow_null=True)


class AttributionPathOut(Out):
    shop = serializers.IntegerField()
    path = serializers.ListField(child=serializers.ChoiceField(SOURCES))
    said = serializers.CharField(help_text="organic_search > keyword_ad > direct")
    orders = serializers.IntegerField()
    paid_fen = serializers.IntegerField()


class AttributionPathsOut(Out):
    results = AttributionPathOut(many=True)
    next = serializers.CharField(allow_null=True)


class AttributionTouchOut(Out):
    source = serializers.ChoiceField(SOURCES)  # type: ignore[assignment]
    at = serializers.DateTimeField(help_text="when it began")


class AttributionShareOut(Out):
    source = serializers.ChoiceField(SOURCES)  # type: ignore[assignment]
    orders_thousandths = serializers.IntegerField()
    paid_fen = serializers.IntegerField()


class AttributionOrderOut(Out):
    order = serializers.IntegerField()
    shop = serializers.IntegerField()
    day = serializers.DateField(help_text="it was paid")
    placed_at = serializers.DateTimeField()
    paid_fen = serializers.IntegerField(help_text="for goods, without postage")
    path = serializers.ListField(child=serializers.ChoiceField(SOURCES))
    touches = AttributionTouchOut(many=True, help_text="in this shop; none: it came direct")
    models = _each_model(_shared_out, "AttributionSharesOut")


def _shops(request: Request, query: Any) -> list[int] | None:
    """The shops a caller may read of, of those asked for; None: all."""
    member, asked = acting(request), query.get("shop")
    if member is None:
        return None if asked is None else [asked]
    return [shop for shop in own("seller", member) if asked in (None, shop)]


class AttributionDoor(Door):
    @reads(AttributionOut, query=AttributionQuery, scopes=TRADERS)
    def get(self, request: Request, query: Any) -> Any:
        """What each source brought and cost the acting member's shop on closed days (a key that names nobody: all shops)."""
        found = report.report(_shops(request, query), days=query["days"], **span(query))
        return leaf(request, query, found)


class AttributionPathsDoor(Door):
    @reads(AttributionPathsOut, query=AttributionPathQuery, scopes=TRADERS)
    def get(self, request: Request, query: Any) -> Any:
        """The sources that sales of the acting member's shop passed through, in order; the most frequent path first."""
        return leaf(request, query, report.paths(_shops(request, query), **span(query)))


class AttributionOrderDoor(Door):
    @reads(AttributionOrderOut, scopes=TRADERS)
    def get(self, request: Request, query: Any, order_id: int) -> Any:
        """How the buyer of an order came to the own shop, and what each model makes of it."""
        return report.order(order_id, _shops(request, {}))
