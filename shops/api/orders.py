"""The doors of orders: placing, paying, sending, confirming; the public trade history of a shop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.doors import Door, In, Paged, actor, page, reads, writes
from common.api.together import Joint
from shops.actions import orders as actions
from shops.actions import shipping
from shops.actions.orders import Adjust, Extend, Place, Remark, Wanted
from shops.actions.shipping import Report, Ship
from shops.api.fields import MomentField, acting, number, words
from shops.api.order_shapes import (
    BoughtOut,
    OrderChangedOut,
    OrderOut,
    OrderRowOut,
    OrderTrackedOut,
    SnapshotsOut,
    TradeOut,
)
from shops.queries import history
from shops.queries import orders as queries
from shops.queries.listings import listing as listing_row
from shops.queries.shops import shop as shop_row
from shops.rules.order import KINDS, LINES_MOST, ORDER_STATUSES, TEXT_MOST, TRACKING_KINDS
from worlds.clock import now


class OrderQuery(Paged):
    role = serializers.ChoiceField(
        ["any", "buyer", "seller"], default="any", help_text="the acting member's part"
    )
    status = serializers.ListField(child=serializers.ChoiceField(ORDER_STATUSES), required=False)
    buyer = number(required=False)
    seller = number(required=False)
    shop = number(required=False)
    placed_from = MomentField(required=False)
    placed_to = MomentField(required=False, help_text="not included")
    modified_from = MomentField(required=False)
    modified_to = MomentField(required=False, help_text="not included")


class OrderChangedQuery(OrderQuery):
    after = serializers.CharField(  # type: ignore[assignment]
        required=False, max_length=60, help_text="the `cursor` of the last row seen"
    )


class OrderLineIn(In):
    listing = number(min_value=1)
    quantity = number(required=False, default=1, min_value=1, max_value=10**6)


class ReceiverIn(In):
    name = words(30, required=False, allow_blank=True)
    region = number(required=False)
    address = words(200, required=False, allow_blank=True)
    zip = words(10, required=False, allow_blank=True)
    mobile = words(20, required=False, allow_blank=True)


class OrderIn(In):
    lines = serializers.ListField(child=OrderLineIn(), required=False, min_length=1, max_length=LINES_MOST)
    deal = number(required=False, min_value=1, help_text="instead of lines: buy from this deal page")
    message = words(TEXT_MOST, required=False, default="", allow_blank=True)
    receiver = ReceiverIn(required=False)
    kind = serializers.ChoiceField(KINDS, required=False, default="plain")
    pay = serializers.BooleanField(required=False, default=False, help_text="pay at once from the balance")


def bought(baskets: Sequence[Sequence[dict[str, Any]]]) -> list[dict[str, Any]]:
    names = ("id", "seller", "shop", "status", "total_fen", "postage_fen", "lines")
    lines = ("line", "listing", "quantity", "paid_fen")
    return [
        {name: row[name] for name in names}
        | {"lines": [{n: line[n] for n in lines} for line in row["lines"]]}
        for basket in baskets
        for row in basket
    ]


def _told(basket: Sequence[dict[str, Any]], moment: Any) -> Response:
    placed = bought([basket])
    where = {"Location": f"/api/orders/{placed[0]['id']}/"}
    return Response({"orders": placed}, status=201, headers=where)


class OrdersDoor(Door):
    @reads(OrderRowOut, query=OrderQuery, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """Orders one has bought or sold (a key that names nobody: all), by number."""
        after, limit, role = query.pop("after", 0), query.pop("limit"), query.pop("role")
        found = queries.orders(query, acting(request), role=role, after=after, limit=limit)
        return page(request, found, limit)

    @writes(OrderIn, BoughtOut, status=201, joint=True)
    def post(self, request: Request, data: Any) -> Joint:
        """Order a basket (one order for each seller in it), and pay at once if asked to."""
        pay = data.pop("pay")
        lines = tuple(Wanted(**line) for line in data.pop("lines", ()))
        return Joint(actions.buy if pay else actions.place_rows, Place(actor(request), lines, **data), _told)


class OrdersChangedDoor(Door):
    @reads(OrderChangedOut, query=OrderChangedQuery, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """The same by their last change: follow `next`, then ask again from the last `cursor`."""
        after, limit, role = query.pop("after", ""), query.pop("limit"), query.pop("role")
        found = queries.changed(query, acting(request), role=role, after=after, limit=limit)
        return page(request, found, limit, "cursor")


class OrderDoor(Door):
    @reads(OrderOut)
    def get(self, request: Request, query: Any, order_id: int) -> Any:
        """An order with its lines and parcels, what the asking side may do now, and what time does by
        itself.
        """
        return queries.order(order_id, acting(request), at=now())


def shown(request: Request, order_id: int, moment: Any) -> Any:
    return queries.order(order_id, acting(request), at=moment.at)


class OrderSnapshotsDoor(Door):
    @reads(SnapshotsOut)
    def get(self, request: Request, query: Any, order_id: int) -> Any:
        """What was promised of each line on the day it was ordered; it never changes."""
        return {"lines": queries.snapshots(order_id, acting(request))}


class OrderPayDoor(Door):
    @writes(None, OrderOut)
    def post(self, request: Request, data: Any, moment: Any, order_id: int) -> Any:
        """The buyer pays from the balance; the money waits in escrow."""
        actions.pay([order_id], by=acting(request), at=moment.at)
        return shown(request, order_id, moment)


class OrderCancelDoor(Door):
    @writes(None, OrderOut)
    def post(self, request: Request, data: Any, moment: Any, order_id: int) -> Any:
        """Buyer or seller closes an unpaid order; stock returns."""
        actions.cancel([order_id], by=acting(request), at=moment.at)
        return shown(request, order_id, moment)


class OrderPriceIn(In):
    adjust_fen = serializers.IntegerField(
        required=False,
        default=0,
        min_value=-(10**12),
        max_value=10**12,
        help_text="on the goods; replaces the one before",
    )
    postage_fen = number(required=False, max_value=10**9)


class OrderPriceDoor(Door):
    @writes(OrderPriceIn, OrderOut)
    def post(self, request: Request, data: Any, moment: Any, order_id: int) -> Any:
        """The seller changes what an unpaid order costs."""
        actions.adjust([Adjust(order_id, **data)], by=acting(request), at=moment.at)
        return shown(request, order_id, moment)


class OrderShipIn(In):
    lines = serializers.ListField(
        child=number(min_value=1),
        required=False,
        max_length=LINES_MOST,
        help_text="default: all that is not yet sent",
    )
    carrier = words(40, required=False, default="", allow_blank=True)
    tracking_no = words(40, required=False, default="", allow_blank=True)


class OrderShipDoor(Door):
    @writes(OrderShipIn, OrderOut)
    def post(self, request: Request, data: Any, moment: Any, order_id: int) -> Any:
        """The seller sends the order, or some of its lines."""
        lines = tuple(data.pop("lines", ()))
        shipping.ship([Ship(order_id, lines, **data)], by=acting(request), at=moment.at)
        return shown(request, order_id, moment)


class OrderConfirmDoor(Door):
    @writes(None, OrderOut)
    def post(self, request: Request, data: Any, moment: Any, order_id: int) -> Any:
        """The buyer confirms receipt; escrow pays the seller."""
        actions.confirm([order_id], by=acting(request), at=moment.at)
        return shown(request, order_id, moment)


class OrderExtendIn(In):
    days = number(min_value=1, max_value=90, help_text="one of the lever trade.seller_extension_days")


class OrderExtendDoor(Door):
    @writes(OrderExtendIn, OrderOut)
    def post(self, request: Request, data: Any, moment: Any, order_id: int) -> Any:
        """The seller gives the buyer more days to confirm."""
        actions.extend([Extend(order_id, data["days"])], by=acting(request), at=moment.at)
        return shown(request, order_id, moment)


class OrderProlongDoor(Door):
    @writes(None, OrderOut)
    def post(self, request: Request, data: Any, moment: Any, order_id: int) -> Any:
        """The buyer takes a few days more, in the last days and once."""
        actions.prolong([order_id], by=acting(request), at=moment.at)
        return shown(request, order_id, moment)


class OrderRemarkIn(In):
    memo = words(TEXT_MOST, required=False, allow_blank=True)
    flag = number(required=False, max_value=5)


class OrderRemarkDoor(Door):
    @writes(OrderRemarkIn, OrderOut)
    def post(self, request: Request, data: Any, moment: Any, order_id: int) -> Any:
        """The seller's own memo and flag (0 to 5); the buyer never sees them."""
        actions.remark([Remark(order_id, **data)], by=acting(request), at=moment.at)
        return shown(request, order_id, moment)


class TrackingIn(In):
    kind = serializers.ChoiceField(TRACKING_KINDS)
    place = words(60, required=False, default="", allow_blank=True)
    text = words(200, required=False, default="", allow_blank=True)


class ShipmentTrackingDoor(Door):
    @writes(TrackingIn, OrderTrackedOut, status=201)
    def post(self, request: Request, data: Any, moment: Any, shipment_id: int) -> Any:
        """Append what the carrier reports of a parcel (the seller, or the platform for the carrier)."""
        [event] = shipping.track([Report(shipment_id, **data)], by=acting(request), at=moment.at)
        return {"id": event, "shipment": shipment_id, "at": moment.at, **data}


class ShopTradesDoor(Door):
    @reads(TradeOut, query=Paged, paged=True)
    def get(self, request: Request, query: Any, shop_id: int) -> Any:
        """The shop's whole trade history, newest first; nobody can hide or delete it."""
        shop_row(shop_id)
        return page(
            request,
            history.of_shop(shop_id, after=query.get("after", 0), limit=query["limit"]),
            query["limit"],
        )


class ListingTradesDoor(Door):
    @reads(TradeOut, query=Paged, paged=True)
    def get(self, request: Request, query: Any, listing_id: int) -> Any:
        """The recent deals of a listing, newest first."""
        listing_row(listing_id)
        found = history.of_listing(listing_id, after=query.get("after", 0), limit=query["limit"])
        return page(request, found, query["limit"])
