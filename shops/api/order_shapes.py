"""What the doors of orders give, for the document."""

from __future__ import annotations

from rest_framework import serializers

from common.api.doors import Out
from shops.rules.order import DELIVERIES, KINDS, ORDER_STATUSES, TAOBAO_ORDER_STATUS, TRACKING_KINDS
from shops.rules.refund import REFUND_STATUSES

TAOBAO = list(TAOBAO_ORDER_STATUS.values())


def fen(**more: object) -> serializers.IntegerField:
    return serializers.IntegerField(**more)  # type: ignore[arg-type]


def moment(**more: object) -> serializers.DateTimeField:
    return serializers.DateTimeField(**{"allow_null": True, **more})  # type: ignore[arg-type]


class BoughtLineOut(Out):
    line = serializers.IntegerField()
    listing = serializers.IntegerField()
    quantity = serializers.IntegerField()
    paid_fen = fen(help_text="for the goods, without postage")


class BoughtOrderOut(Out):
    id = serializers.IntegerField()
    seller = serializers.IntegerField()
    shop = serializers.IntegerField()
    status = serializers.ChoiceField(ORDER_STATUSES)
    total_fen = fen()
    postage_fen = fen()
    lines = BoughtLineOut(many=True)


class BoughtOut(Out):
    orders = BoughtOrderOut(many=True, help_text="one for each seller in the basket")


class OrderLineOut(Out):
    id = serializers.IntegerField()
    listing = serializers.IntegerField()
    title = serializers.CharField()
    quantity = serializers.IntegerField()
    price_fen = fen(help_text="per piece")
    paid_fen = fen(help_text="for the goods, without postage")
    postage_fen = fen(help_text="its share of the postage")
    refunded_fen = fen()
    delivery = serializers.ChoiceField(DELIVERIES)
    shipment = serializers.IntegerField(allow_null=True)
    shipped_at = moment()
    refund = serializers.IntegerField(allow_null=True, help_text="the last request, if any")
    refund_status = serializers.ChoiceField(REFUND_STATUSES, allow_null=True)
    status = serializers.ChoiceField(ORDER_STATUSES)
    taobao_status = serializers.ChoiceField(TAOBAO)


class OrderRowOut(Out):
    id = serializers.IntegerField()
    status = serializers.ChoiceField(ORDER_STATUSES)
    taobao_status = serializers.ChoiceField(TAOBAO)
    kind = serializers.ChoiceField(KINDS)
    buyer = serializers.IntegerField()
    buyer_nick = serializers.CharField()
    seller = serializers.IntegerField()
    seller_nick = serializers.CharField()
    shop = serializers.IntegerField()
    deal = serializers.IntegerField(allow_null=True)
    goods_fen = fen()
    postage_fen = fen()
    discount_fen = fen()
    adjust_fen = fen(help_text="the seller's change of the price; may be negative")
    total_fen = fen(help_text="goods + postage - discount + adjustment")
    refunded_fen = fen()
    compensation_fen = fen(help_text="paid to the buyer for lateness")
    delivery = serializers.ChoiceField(DELIVERIES)
    placed_at = serializers.DateTimeField()
    pay_by = serializers.DateTimeField()
    paid_at = moment()
    ship_by = moment()
    overdue_at = moment()
    shipped_at = moment()
    confirm_by = moment(help_text="null while a refund pauses the clock")
    confirm_left_seconds = serializers.IntegerField(allow_null=True, help_text="what a paused clock has left")
    finished_at = moment()
    closed_at = moment()
    closed_by = serializers.CharField()
    modified_at = serializers.DateTimeField()
    open_refunds = serializers.IntegerField()
    seller_extensions = serializers.IntegerField()
    buyer_extensions = serializers.IntegerField()
    message = serializers.CharField(help_text="the buyer's")
    memo = serializers.CharField(allow_null=True, help_text="the seller's own; null to others")
    flag = serializers.IntegerField(allow_null=True, help_text="the seller's own, 0 to 5; null to others")
    receiver = serializers.DictField()
    lines = OrderLineOut(many=True)


class OrderChangedOut(OrderRowOut):
    cursor = serializers.CharField()


class TrackingOut(Out):
    kind = serializers.ChoiceField(TRACKING_KINDS)
    place = serializers.CharField()
    text = serializers.CharField()
    at = serializers.DateTimeField()


class OrderTrackedOut(TrackingOut):
    id = serializers.IntegerField()
    shipment = serializers.IntegerField()


class ShipmentOut(Out):
    id = serializers.IntegerField()
    delivery = serializers.ChoiceField(DELIVERIES)
    carrier = serializers.CharField()
    tracking_no = serializers.CharField()
    shipped_at = serializers.DateTimeField()
    signed_at = moment()
    tracking = TrackingOut(many=True)


class MayOut(Out):
    action = serializers.CharField()
    by = serializers.CharField()
    until = moment()
    door = serializers.CharField()


class OrderNextOut(Out):
    action = serializers.CharField()
    at = serializers.DateTimeField()


class OrderOut(OrderRowOut):
    shipments = ShipmentOut(many=True)
    may = MayOut(many=True, help_text="what the asking side may do now, until when, and where")
    next = OrderNextOut(allow_null=True, help_text="what time does by itself")


class SnapshotLineOut(Out):
    id = serializers.IntegerField()
    listing = serializers.IntegerField()
    snapshot = serializers.DictField()
    placed_at = serializers.DateTimeField()


class SnapshotsOut(Out):
    lines = SnapshotLineOut(many=True)


class TradeOut(Out):
    id = serializers.IntegerField()
    line = serializers.IntegerField()
    listing = serializers.IntegerField()
    title = serializers.CharField()
    price_fen = fen(help_text="per piece")
    quantity = serializers.IntegerField()
    shop = serializers.IntegerField()
    at = serializers.DateTimeField()
    buyer = serializers.CharField(help_text="as openly as the buyer chose")
