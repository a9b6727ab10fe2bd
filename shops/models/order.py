"""An order, its lines, and the parcels that carry them."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, F, Q

from common.models import Fact
from shops.rules.order import DELIVERIES, KINDS, ORDER_STATUSES, TRACKING_KINDS
from shops.rules.refund import ASKABLE


class Order(Fact):
    """One buyer,
    one shop. `total_fen` = goods + postage - discount + adjustment; it waits in escrow `order:<id>`.

    Deadlines: `pay_by`, `ship_by`, `confirm_by`. While a refund is open the confirm clock stands still:
    `confirm_by` is null and `confirm_left` keeps what was left. `open_refunds` counts requests not yet
    settled.
    """

    buyer = models.ForeignKey("members.Member", models.PROTECT, related_name="+", db_index=False)
    seller = models.ForeignKey("members.Member", models.PROTECT, related_name="+", db_index=False)
    shop = models.ForeignKey("shops.Shop", models.PROTECT, related_name="+", db_index=False)
    deal = models.ForeignKey("shops.Deal", models.PROTECT, related_name="+", db_index=False, null=True)
    kind = models.CharField(max_length=10, default="plain")
    status = models.CharField(max_length=12, default="placed")
    goods_fen = models.BigIntegerField()
    postage_fen = models.BigIntegerField()
    discount_fen = models.BigIntegerField(default=0)
    adjust_fen = models.BigIntegerField(default=0)
    total_fen = models.BigIntegerField()
    refunded_fen = models.BigIntegerField(default=0)
    compensation_fen = models.BigIntegerField(default=0)
    delivery = models.CharField(max_length=10)
    placed_at = models.DateTimeField()
    pay_by = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    ship_by = models.DateTimeField(null=True)
    overdue_at = models.DateTimeField(null=True)
    shipped_at = models.DateTimeField(null=True)
    confirm_by = models.DateTimeField(null=True)
    confirm_left = models.DurationField(null=True)
    finished_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=10, default="", blank=True)
    modified_at = models.DateTimeField()
    open_refunds = models.SmallIntegerField(default=0)
    seller_extensions = models.SmallIntegerField(default=0)
    buyer_extensions = models.SmallIntegerField(default=0)
    message = models.TextField(default="", blank=True)
    memo = models.TextField(default="", blank=True)
    flag = models.SmallIntegerField(default=0)
    receiver = models.JSONField(default=dict)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(status__in=ORDER_STATUSES), name="order_status_is_known"),
            CheckConstraint(condition=Q(kind__in=KINDS), name="order_kind_is_known"),
            CheckConstraint(condition=Q(delivery__in=DELIVERIES), name="order_delivery_is_known"),
            CheckConstraint(condition=~Q(buyer=F("seller")), name="nobody_buys_from_themself"),
            CheckConstraint(
                condition=Q(
                    total_fen=F("goods_fen") + F("postage_fen") - F("discount_fen") + F("adjust_fen")
                ),
                name="an_order_adds_up",
            ),
            CheckConstraint(
                condition=Q(goods_fen__gte=1, postage_fen__gte=0, discount_fen__gte=0),
                name="goods_postage_and_discount_are_not_negative",
            ),
            CheckConstraint(condition=Q(total_fen__gte=1), name="an_order_costs_1_fen_or_more"),
            CheckConstraint(
                condition=Q(refunded_fen__gte=0, refunded_fen__lte=F("total_fen")),
                name="no_more_is_refunded_than_was_paid",
            ),
            CheckConstraint(condition=Q(compensation_fen__gte=0), name="compensation_is_not_negative"),
            CheckConstraint(
                condition=Q(status__in=["placed", "cancelled"], paid_at__isnull=True)
                | ~Q(status__in=["placed", "cancelled"]) & Q(paid_at__isnull=False, ship_by__isnull=False),
                name="an_order_past_payment_was_paid",
            ),
            CheckConstraint(
                condition=Q(status__in=["shipped", "finished"], shipped_at__isnull=False)
                | Q(status="closed")
                | ~Q(status__in=["shipped", "finished", "closed"]) & Q(shipped_at__isnull=True),
                name="an_order_past_shipping_was_shipped",
            ),
            CheckConstraint(
                condition=Q(status="finished", finished_at__isnull=False)
                | ~Q(status="finished") & Q(finished_at__isnull=True),
                name="a_finished_order_says_when",
            ),
            CheckConstraint(
                condition=Q(status__in=["closed", "cancelled"], closed_at__isnull=False) & ~Q(closed_by="")
                | ~Q(status__in=["closed", "cancelled"]) & Q(closed_at__isnull=True, closed_by=""),
                name="a_closed_order_says_when_and_by_whom",
            ),
            CheckConstraint(
                condition=~Q(status="closed") | Q(refunded_fen=F("total_fen")),
                name="a_closed_order_was_refunded_in_full",
            ),
            CheckConstraint(
                condition=Q(status="shipped", confirm_by__isnull=False, confirm_left__isnull=True)
                | Q(status="shipped", confirm_by__isnull=True, confirm_left__isnull=False, open_refunds__gt=0)
                | ~Q(status="shipped") & Q(confirm_left__isnull=True),
                name="the_confirm_clock_runs_or_is_paused_by_a_refund",
            ),
            CheckConstraint(
                condition=Q(open_refunds=0) | Q(status__in=ASKABLE, open_refunds__gt=0),
                name="refunds_are_open_only_of_what_was_paid",
            ),
            CheckConstraint(condition=Q(flag__gte=0, flag__lte=5), name="order_flag_is_0_to_5"),
        ]
        indexes = [
            models.Index(fields=["pay_by"], name="orders_unpaid_until", condition=Q(status="placed")),
            models.Index(
                fields=["ship_by"],
                name="orders_to_ship_until",
                condition=Q(status__in=["paid", "shipped_part"], overdue_at__isnull=True),
            ),
            models.Index(
                fields=["id"],
                name="late_orders_to_ship",
                condition=Q(status__in=["paid", "shipped_part"], overdue_at__isnull=False),
            ),
            models.Index(
                fields=["confirm_by"],
                name="orders_to_confirm_until",
                condition=Q(status="shipped", open_refunds=0),
            ),
            models.Index(fields=["buyer", "id"], name="orders_of_a_buyer"),
            models.Index(fields=["seller", "id"], name="orders_of_a_seller"),
            models.Index(fields=["seller", "modified_at", "id"], name="orders_of_a_seller_by_change"),
            models.Index(fields=["shop", "id"], name="trades_of_a_shop", condition=Q(status="finished")),
        ]


class Shipment(Fact):
    """A parcel (or a code sent by machine) with some lines of an order. `signed_at`: when it was signed
    for.
    """

    order = models.ForeignKey("shops.Order", models.PROTECT, related_name="shipments", db_index=False)
    delivery = models.CharField(max_length=10)
    carrier = models.CharField(max_length=40, default="", blank=True)
    tracking_no = models.CharField(max_length=40, default="", blank=True)
    shipped_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(delivery__in=DELIVERIES), name="shipment_delivery_is_known")
        ]
        indexes = [models.Index(fields=["order", "id"], name="shipments_of_an_order")]


class OrderLine(Fact):
    """So many pieces of a listing, and the snapshot of what was promised: never changed, never deleted.

    `price_fen` is what one piece costs in this order, `paid_fen` what the line pays for its goods after
    discount and adjustment, `postage_fen` its share of the postage; both add up to the order's total.
    `taken_count` pieces left the listing's stock; `restocked_at`: when they went back (at most once).
    """

    order = models.ForeignKey("shops.Order", models.PROTECT, related_name="lines", db_index=False)
    listing = models.ForeignKey("shops.Listing", models.PROTECT, related_name="+", db_index=False)
    shipment = models.ForeignKey(
        "shops.Shipment", models.PROTECT, related_name="lines", db_index=False, null=True
    )
    title = models.CharField(max_length=120)
    quantity = models.IntegerField()
    price_fen = models.BigIntegerField()
    paid_fen = models.BigIntegerField()
    postage_fen = models.BigIntegerField()
    refunded_fen = models.BigIntegerField(default=0)
    delivery = models.CharField(max_length=10)
    snapshot = models.JSONField()
    taken_count = models.IntegerField(default=0)
    shipped_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    restocked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=10**6), name="order_quantity_is_1_or_more"
            ),
            CheckConstraint(condition=Q(price_fen__gte=1), name="order_price_is_1_fen_or_more"),
            CheckConstraint(condition=Q(delivery__in=DELIVERIES), name="line_delivery_is_known"),
            CheckConstraint(
                condition=Q(paid_fen__gte=0, postage_fen__gte=0), name="a_line_pays_nothing_or_more"
            ),
            CheckConstraint(
                condition=Q(refunded_fen__gte=0, refunded_fen__lte=F("paid_fen") + F("postage_fen")),
                name="no_more_of_a_line_is_refunded_than_was_paid",
            ),
            CheckConstraint(
                condition=Q(shipped_at__isnull=True, shipment__isnull=True)
                | Q(shipped_at__isnull=False, shipment__isnull=False),
                name="a_line_ships_in_a_parcel",
            ),
            CheckConstraint(condition=Q(taken_count__gte=0), name="pieces_taken_are_counted_from_0"),
        ]
        indexes = [
            models.Index(fields=["order"], name="lines_of_an_order"),
            models.Index(fields=["listing", "id"], name="orders_of_a_listing"),
        ]


class TrackingEvent(Fact):
    """What a carrier reported about a parcel, append-only."""

    shipment = models.ForeignKey("shops.Shipment", models.PROTECT, related_name="tracking", db_index=False)
    kind = models.CharField(max_length=20)
    place = models.CharField(max_length=60, default="", blank=True)
    text = models.CharField(max_length=200, default="", blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [CheckConstraint(condition=Q(kind__in=TRACKING_KINDS), name="tracking_kind_is_known")]
        indexes = [models.Index(fields=["shipment", "id"], name="tracking_of_a_shipment")]
