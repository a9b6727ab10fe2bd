"""The doors of listings: list, edit, take down, show, restock."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from common.api.batches import BatchOut, Column, answer, batch_in, read_row
from common.api.doors import Door, In, Out, Paged, actor, page, reads, writes
from common.errors import Refusal
from common.moments import moment as read_moment
from shops.actions import listings as actions
from shops.actions.edits import Edit
from shops.actions.listings import NewListing, Restock
from shops.api.fields import MomentField, acting, if_match, number, tagged, version_of, words
from shops.api.shops import renamed
from shops.queries import listings as queries
from shops.queries.shops import shop_of
from shops.rules import listing as rules

SUPPLIES, DELIVERIES, CONDITIONS = list(rules.SUPPLIES), list(rules.DELIVERIES), list(rules.CONDITIONS)
STATUSES = ["on_sale", "in_stock"]
RENAMED = {"category": "category_id"}


class ListingCycleOut(Out):
    round = serializers.IntegerField(help_text="0 in the first cycle after it was listed")
    ends_at = serializers.DateTimeField(help_text="it relists itself then")
    remaining_seconds = serializers.IntegerField()


class ListingOut(Out):
    id = serializers.IntegerField()
    shop = serializers.IntegerField()
    owner = serializers.IntegerField()
    title = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    category = serializers.IntegerField()
    section = serializers.IntegerField()
    price_fen = serializers.IntegerField()
    postage_fen = serializers.IntegerField()
    supply = serializers.ChoiceField(SUPPLIES)
    delivery = serializers.ChoiceField(DELIVERIES)
    stock = serializers.IntegerField()
    ready_at = serializers.DateTimeField(allow_null=True)
    ship_within_days = serializers.IntegerField(allow_null=True)
    condition = serializers.ChoiceField(CONDITIONS)
    properties = serializers.DictField(child=serializers.JSONField())
    description = serializers.CharField()
    picture_count = serializers.IntegerField()
    description_richness = serializers.IntegerField()
    outer_id = serializers.CharField(help_text="the seller's own code")
    status = serializers.ChoiceField(STATUSES)
    withdrawn_by = serializers.ChoiceField(["", "seller", "platform"])
    created_at = serializers.DateTimeField()
    listed_at = serializers.DateTimeField(allow_null=True)
    delisted_at = serializers.DateTimeField(allow_null=True)
    edited_at = serializers.DateTimeField()
    showcase = serializers.BooleanField()
    sold_count = serializers.IntegerField()
    cycle = ListingCycleOut(allow_null=True)
    version = serializers.IntegerField(help_text="the ETag")


class ListingQuery(Paged):
    shop = number(required=False)
    owner = number(required=False)
    section = number(required=False)
    subsection = number(required=False)
    category = number(required=False)
    status = serializers.ChoiceField(STATUSES, required=False)
    supply = serializers.ChoiceField(SUPPLIES, required=False)
    delivery = serializers.ChoiceField(DELIVERIES, required=False)
    showcase = serializers.BooleanField(required=False)
    available = serializers.BooleanField(
        required=False, help_text="there is a piece left, or it is made to order"
    )
    price_from_fen = number(required=False)
    price_to_fen = number(required=False)
    outer_id = words(64, required=False)


class ListingFieldsIn(In):
    """What listing and editing have in common; types here, limits in `shops.rules.listing`."""

    tags = serializers.ListField(child=words(100), required=False, max_length=100)
    postage_fen = number(required=False)
    supply = serializers.ChoiceField(SUPPLIES, required=False)
    delivery = serializers.ChoiceField(DELIVERIES, required=False)
    ready_at = MomentField(required=False, allow_null=True, help_text="a pre-order ships then")
    ship_within_days = number(required=False, allow_null=True, max_value=365)
    condition = serializers.ChoiceField(CONDITIONS, required=False)
    properties = serializers.DictField(child=serializers.JSONField(), required=False)
    description = words(rules.DESCRIPTION_CHARACTERS, required=False, allow_blank=True)
    picture_count = number(required=False, max_value=1_000)
    description_richness = number(
        required=False, allow_null=True, max_value=100, help_text="null: worked out"
    )
    outer_id = words(64, required=False, allow_blank=True)


class ListingNewIn(ListingFieldsIn):
    shop = number(required=False, help_text="default: the acting member's")
    title = words(120, help_text="60 bytes of GBK by default: 30 Chinese characters")
    category = number(help_text="a category's id, such as 150102")
    price_fen = number()
    stock = number(required=False)
    on_sale = serializers.BooleanField(required=False, help_text="false: into stock, to be listed later")


class ListingRowIn(ListingNewIn):
    shop = number()


class ListingEditIn(ListingFieldsIn):
    title = words(120, required=False)
    category = number(required=False)
    price_fen = number(required=False)
    version = number(required=False, help_text="the one you have read; or send If-Match")


class ListingsDoor(Door):
    @reads(ListingOut, query=ListingQuery, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """Listings, in the order in which they were made (searching is at /api/search/)."""
        filters = {name: value for name, value in query.items() if name not in ("after", "limit")}
        found = queries.listings(filters, after=query.get("after", 0), limit=query["limit"])
        return page(request, found, query["limit"])

    @writes(ListingNewIn, ListingOut, status=201)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """List goods: from stock, ahead of their making, or made to order."""
        shop = data.pop("shop", None) or shop_of(actor(request))
        [id_] = actions.create(
            [NewListing(shop=shop, **renamed(data, RENAMED))], by=acting(request), at=moment.at
        )
        return tagged(queries.listing(id_), 201, f"/api/listings/{id_}/")


ROW = {
    "shop": Column(int, least=1),
    "title": Column(str, most=500),
    "category": Column(int),
    "price_fen": Column(int),
    "stock": Column(int, default=0),
    "postage_fen": Column(int, default=0),
    "supply": Column(str, default="stock", most=20),
    "delivery": Column(str, default="express", most=20),
    "ship_within_days": Column(int, default=None),
    "condition": Column(str, default="new", most=20),
    "description": Column(str, default="", most=50_000),
    "picture_count": Column(int, default=0),
    "description_richness": Column(int, default=None),
    "outer_id": Column(str, default="", most=200),
    "on_sale": Column(bool, default=True),
    "tags": Column(list, default=(), most=100),
    "properties": Column(dict, default=None, most=1_000),
    "ready_at": Column(str, default=None, most=40),
}
NOTHING = {"ship_within_days", "description_richness", "ready_at"}  # a row may say null for these


def read_listing(row: Any) -> NewListing:
    """One row of a batch; raises what is wrong with its types."""
    if type(row) is dict and any(row.get(name, 0) is None for name in NOTHING):
        row = {name: value for name, value in row.items() if value is not None or name not in NOTHING}
    read = read_row(row, ROW)
    read["category_id"] = read.pop("category")
    read["tags"] = rules.texts(read["tags"])
    read["properties"] = read["properties"] or {}
    if read["ready_at"] is not None:
        try:
            read["ready_at"] = read_moment(read["ready_at"])
        except Refusal as refusal:
            refusal.field = "ready_at"
            raise
    return NewListing(**read)


class ListingBatchDoor(Door):
    @writes(batch_in(ListingRowIn), BatchOut)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """List up to 20,000 goods in one call; a result for each row."""
        by = acting(request)
        return answer(data["rows"], read_listing, lambda some: actions.create(some, by=by, at=moment.at))


class ListingDoor(Door):
    @reads(ListingOut)
    def get(self, request: Request, query: Any, listing_id: int) -> Any:
        """A listing, with where it stands in its cycle and its version as ETag."""
        return tagged(queries.listing(listing_id))

    @if_match
    @writes(ListingEditIn, ListingOut, errors=(412,))
    def patch(self, request: Request, data: Any, moment: Any, listing_id: int) -> Any:
        """Edit a listing. Trades made before keep what they were made on."""
        version = version_of(request, data.pop("version", None))
        actions.edit([Edit(listing_id, renamed(data, RENAMED), version)], by=acting(request), at=moment.at)
        return tagged(queries.listing(listing_id))


class ListingListDoor(Door):
    @writes(None, ListingOut)
    def post(self, request: Request, data: Any, moment: Any, listing_id: int) -> Any:
        """Put a listing on sale (again): a new cycle begins."""
        actions.list_again([listing_id], by=acting(request), at=moment.at)
        return tagged(queries.listing(listing_id))


class ListingDelistDoor(Door):
    @writes(None, ListingOut)
    def post(self, request: Request, data: Any, moment: Any, listing_id: int) -> Any:
        """Take a listing down; orders under way go on."""
        actions.delist([listing_id], by=acting(request), at=moment.at)
        return tagged(queries.listing(listing_id))


class ListingShowcaseDoor(Door):
    @writes(None, ListingOut)
    def put(self, request: Request, data: Any, moment: Any, listing_id: int) -> Any:
        """Put a listing into a showcase slot."""
        actions.put_in_showcase([listing_id], by=acting(request), at=moment.at)
        return tagged(queries.listing(listing_id))

    @writes(None, ListingOut)
    def delete(self, request: Request, data: Any, moment: Any, listing_id: int) -> Any:
        """Take a listing out of the showcase."""
        actions.take_from_showcase([listing_id], by=acting(request), at=moment.at)
        return tagged(queries.listing(listing_id))


class RestockIn(In):
    add = serializers.IntegerField(required=False, min_value=-rules.STOCK_MOST, max_value=rules.STOCK_MOST)
    to = number(required=False, max_value=rules.STOCK_MOST)


class ListingStockDoor(Door):
    @writes(RestockIn, ListingOut)
    def post(self, request: Request, data: Any, moment: Any, listing_id: int) -> Any:
        """Add pieces to the stock (below 0 takes them away), or set it to so many."""
        actions.restock([Restock(listing_id, **data)], by=acting(request), at=moment.at)
        return tagged(queries.listing(listing_id))
