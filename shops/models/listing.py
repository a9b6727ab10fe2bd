"""A listing: goods on offer, made ahead, on order, or to measure."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, Q

from common.models import Fact


class Listing(Fact):
    """`stock` counts pieces nobody has ordered yet; goods made to order (`custom`) have none to count.

    `listed_at` starts the listing cycle (null: never on sale); relisting at its end is arithmetic
    (`shops.rules.listing.cycle`). `outer_id` is the seller's own code. `withdrawn_by`: who took it down.
    """

    shop = models.ForeignKey("shops.Shop", models.PROTECT, related_name="+", db_index=False)
    title = models.CharField(max_length=120)
    tags = ArrayField(models.TextField(), default=list)
    category_id = models.IntegerField()
    section_id = models.IntegerField()
    price_fen = models.BigIntegerField()
    postage_fen = models.BigIntegerField(default=0)
    supply = models.CharField(max_length=10, default="stock")
    delivery = models.CharField(max_length=10, default="express")
    stock = models.IntegerField(default=0)
    ready_at = models.DateTimeField(null=True)
    ship_within_days = models.IntegerField(null=True)
    condition = models.CharField(max_length=10, default="new")
    properties = models.JSONField(default=dict)
    description = models.TextField(default="", blank=True)
    picture_count = models.IntegerField(default=0)
    description_richness = models.IntegerField(default=0)
    outer_id = models.CharField(max_length=64, default="", blank=True)
    status = models.CharField(max_length=10, default="on_sale")
    withdrawn_by = models.CharField(max_length=10, default="", blank=True)
    created_at = models.DateTimeField()
    listed_at = models.DateTimeField(null=True)
    delisted_at = models.DateTimeField(null=True)
    edited_at = models.DateTimeField()
    showcase = models.BooleanField(default=False)
    sold_count = models.BigIntegerField(default=0)
    version = models.IntegerField(default=1)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(stock__gte=0), name="stock_never_oversells"),
            CheckConstraint(
                condition=~Q(supply="custom") | Q(stock=0), name="goods_made_to_order_have_no_stock"
            ),
            CheckConstraint(
                condition=Q(supply__in=["stock", "preorder", "custom"]), name="listing_supply_is_known"
            ),
            CheckConstraint(
                condition=~Q(supply="preorder")
                | Q(ready_at__isnull=False)
                | Q(ship_within_days__isnull=False),
                name="a_preorder_says_when_it_ships",
            ),
            CheckConstraint(
                condition=Q(delivery__in=["express", "mail", "virtual", "auto"]),
                name="listing_delivery_is_known",
            ),
            CheckConstraint(
                condition=Q(condition__in=["new", "unused", "second"]), name="listing_condition_is_known"
            ),
            CheckConstraint(
                condition=Q(price_fen__gte=1, price_fen__lte=10**11), name="price_is_1_fen_or_more"
            ),
            CheckConstraint(
                condition=Q(postage_fen__gte=0, postage_fen__lte=10**9), name="postage_is_not_negative"
            ),
            CheckConstraint(condition=Q(status__in=["on_sale", "in_stock"]), name="listing_status_is_known"),
            CheckConstraint(
                condition=~Q(status="on_sale") | Q(listed_at__isnull=False), name="what_is_on_sale_was_listed"
            ),
            CheckConstraint(
                condition=Q(withdrawn_by__in=["", "seller", "platform"]),
                name="listing_was_withdrawn_by_somebody_known",
            ),
            CheckConstraint(
                condition=Q(description_richness__gte=0, description_richness__lte=100),
                name="listing_richness_is_0_to_100",
            ),
            CheckConstraint(condition=Q(picture_count__gte=0), name="listing_pictures_are_counted_from_0"),
            CheckConstraint(condition=Q(sold_count__gte=0), name="sold_pieces_are_counted_from_0"),
        ]
        indexes = [
            models.Index(fields=["shop", "id"], name="listings_of_a_shop"),
            models.Index(
                fields=["category_id", "id"], name="offers_of_a_category", condition=Q(status="on_sale")
            ),
            models.Index(
                fields=["section_id", "id"], name="offers_of_a_section", condition=Q(status="on_sale")
            ),
            models.Index(fields=["shop"], name="showcase_of_a_shop", condition=Q(showcase=True)),
            models.Index(
                fields=["shop", "outer_id"], name="listing_of_an_own_code", condition=~Q(outer_id="")
            ),
        ]
