"""Figures go out: the market's to all, a shop's and a listing's to its owner, the books to the platform."""

from __future__ import annotations

from datetime import date
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from common.api.doors import EVERYBODY, Door, In, Out, only, reads
from common.batch import rows
from common.errors import NotFound
from common.sections import all_sections
from traffic.queries import audit as books
from traffic.queries import figures
from traffic.queries.live import live
from traffic.rules import PAGES, SOURCES

COUNT = "distinct within the day"


class TrafficFiguresOut(Out):
    """Rates are null where there is nothing to divide."""

    pv = serializers.IntegerField(help_text="pages opened or refreshed")
    uv_daily = serializers.IntegerField(help_text=f"visitors, {COUNT}")
    ipv = serializers.IntegerField(help_text="item pages")
    ipv_uv_daily = serializers.IntegerField(help_text=f"visitors of item pages, {COUNT}")
    visits = serializers.IntegerField(help_text="they end after the regime's traffic.session_gap_minutes")
    bounces = serializers.IntegerField(help_text="visits that saw one page here (traffic.bounce_page_count)")
    favourites = serializers.IntegerField()
    carts = serializers.IntegerField()
    orders_placed = serializers.IntegerField()
    orders_paid = serializers.IntegerField()
    buyers_daily = serializers.IntegerField(help_text=f"members who paid, {COUNT}")
    pieces_paid = serializers.IntegerField()
    paid_fen = serializers.IntegerField(help_text="for goods, without postage")
    bounce_rate_bps = serializers.IntegerField(allow_null=True)
    depth_hundredths = serializers.IntegerField(allow_null=True, help_text="pages a visit, times 100")
    stay_seconds_per_visit = serializers.IntegerField(allow_null=True)
    conversion_bps = serializers.IntegerField(allow_null=True, help_text="buyers_daily of uv_daily")
    average_order_fen = serializers.IntegerField(allow_null=True)


class TrafficDayOut(TrafficFiguresOut):
    day = serializers.DateField()


class TrafficSourceFiguresOut(TrafficFiguresOut):
    source = serializers.CharField()  # type: ignore[assignment]


class TrafficListingFiguresOut(TrafficFiguresOut):
    listing = serializers.IntegerField()
    title = serializers.CharField()


class TrafficShopFiguresOut(TrafficFiguresOut):
    shop = serializers.IntegerField()
    name = serializers.CharField()


class TrafficDaysOut(Out):
    results = TrafficDayOut(many=True)


class TrafficLiveOut(Out):
    at = serializers.DateTimeField(help_text="the figures are of the open day up to here")
    day = serializers.DateField()
    figures = TrafficFiguresOut()


class TrafficMarketLiveOut(TrafficLiveOut):
    sources = TrafficSourceFiguresOut(many=True)
    shops = TrafficShopFiguresOut(many=True)


class TrafficShopLiveOut(TrafficLiveOut):
    sources = TrafficSourceFiguresOut(many=True)
    listings = TrafficListingFiguresOut(many=True)


class TrafficShopLastOut(Out):
    day = serializers.DateField(help_text="the last of the days asked for")
    sources = TrafficSourceFiguresOut(many=True)
    listings = TrafficListingFiguresOut(many=True)


class TrafficShopOut(Out):
    shop = serializers.IntegerField()
    today = TrafficShopLiveOut()
    last = TrafficShopLastOut(allow_null=True)
    days = TrafficDayOut(many=True)


class TrafficListingOut(Out):
    listing = serializers.IntegerField()
    today = TrafficLiveOut()
    days = TrafficDayOut(many=True)


class TrafficSectionOut(Out):
    section = serializers.IntegerField()
    today = TrafficLiveOut()
    days = TrafficDayOut(many=True)


class TrafficSourceOut(Out):
    code = serializers.IntegerField()
    name = serializers.CharField()
    scheme = serializers.CharField(
        help_text="which of the schemes that distribute eyeballs gave it (Li table 6-2)"
    )
    paid = serializers.BooleanField()
    words = serializers.CharField()


class TrafficPageOut(Out):
    code = serializers.IntegerField()
    name = serializers.CharField()
    of = serializers.CharField(help_text="what a view of it must name")
    words = serializers.CharField()


class TrafficSourcesOut(Out):
    sources = TrafficSourceOut(many=True)
    pages = TrafficPageOut(many=True)
    day = serializers.DateField(allow_null=True, help_text="the last closed day")
    figures = TrafficSourceFiguresOut(many=True)


class TrafficCloseOut(Out):
    day = serializers.DateField()
    rows = serializers.IntegerField(help_text="page views as they lie")
    by_source = serializers.IntegerField()
    by_shop = serializers.IntegerField(help_text="with the pages of no shop")
    closed_at = serializers.DateTimeField()


class TrafficReconciliationOut(Out):
    results = TrafficCloseOut(many=True)
    wrong = serializers.ListField(child=serializers.DictField(), help_text="best: empty")


class TrafficDaysQuery(In):
    since = serializers.DateField(required=False, help_text="the first day")
    before = serializers.DateField(required=False, help_text="the day after the last")
    limit = serializers.IntegerField(required=False, default=31, min_value=1, max_value=1000)


def _span(query: Any) -> dict[str, Any]:
    since: date | None = query.get("since")
    return {"since": since, "before": query.get("before"), "limit": query["limit"]}


def _owner(table: str, noun: str, key: int) -> int:
    shop = {"shops_shop": "t.id", "shops_listing": "t.shop_id"}[table]
    found = rows(
        f"SELECT s.owner_id FROM {table} t JOIN shops_shop s ON s.id = {shop} WHERE t.id = %s", [key]
    )
    if not found:
        raise NotFound(
            f"there is no {noun} {key}", field=f"{noun}_id", rule=f"{noun}_exists", way_out="List them."
        )
    owner: int = found[0][0]
    return owner


class TrafficDaysDoor(Door):
    @reads(TrafficDaysOut, query=TrafficDaysQuery)
    def get(self, request: Request, query: Any) -> Any:
        """The market's closed days, the latest first."""
        return {"results": figures.days("market", 0, **_span(query))}


class TrafficLiveDoor(Door):
    @reads(TrafficMarketLiveOut)
    def get(self, request: Request, query: Any) -> Any:
        """The open day so far: the market, its sources, its liveliest shops; some real seconds old."""
        return live()


class TrafficShopDoor(Door):
    @reads(TrafficShopOut, query=TrafficDaysQuery, scopes=EVERYBODY)
    def get(self, request: Request, query: Any, shop_id: int) -> Any:
        """A shop's traffic, for its owner: today, its closed days, the last by source and by listing."""
        only(request, _owner("shops_shop", "shop", shop_id))
        days = figures.days("shop", shop_id, **_span(query))
        last = date.fromisoformat(days[0]["day"]) if days else None
        return {
            "shop": shop_id,
            "today": live("shop", shop_id),
            "last": last
            and {
                "day": last.isoformat(),
                "sources": figures.sources_of(last, "shop_source", shop_id),
                "listings": figures.top_listings(last, shop_id),
            },
            "days": days,
        }


class TrafficListingDoor(Door):
    @reads(TrafficListingOut, query=TrafficDaysQuery)
    def get(self, request: Request, query: Any, listing_id: int) -> Any:
        """A listing's traffic, for its owner: today and its closed days."""
        only(request, _owner("shops_listing", "listing", listing_id))
        days = figures.days("listing", listing_id, **_span(query))
        return {"listing": listing_id, "today": live("listing", listing_id), "days": days}


class TrafficSectionDoor(Door):
    @reads(TrafficSectionOut, query=TrafficDaysQuery)
    def get(self, request: Request, query: Any, section_id: int) -> Any:
        """A section's traffic: what shops compare themselves with."""
        if section_id > len(all_sections()):
            raise NotFound(f"there is no section {section_id}", field="section_id", rule="section_exists")
        days = figures.days("section", section_id, **_span(query))
        return {"section": section_id, "today": live("section", section_id), "days": days}


class TrafficSourcesDoor(Door):
    @reads(TrafficSourcesOut)
    def get(self, request: Request, query: Any) -> Any:
        """Where eyeballs come from: every source and page there is, and the last closed day by source."""
        day = figures.last_closed()
        return {
            "sources": [vars(source) for source in SOURCES],
            "pages": [vars(page) for page in PAGES],
            "day": day and day.isoformat(),
            "figures": figures.sources_of(day, "source") if day else [],
        }


class TrafficReconciliationDoor(Door):
    @reads(TrafficReconciliationOut, query=TrafficDaysQuery, scopes=("admin", "read"))
    def get(self, request: Request, query: Any) -> Any:
        """Do the eyeballs' books balance? Every close asked for, and whatever is wrong with any."""
        return {"results": books.reconciliation(**_span(query)), "wrong": books.audit()}
