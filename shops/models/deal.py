"""A deal page: what seller and buyer agreed on, for that buyer alone, until it lapses."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from common.models import Fact
from shops.rules.deal import DEAL_STATUSES


class Deal(Fact):
    """`settled_at`: when it was used, declined, withdrawn or lapsed."""

    shop = models.ForeignKey("shops.Shop", models.PROTECT, related_name="+", db_index=False)
    buyer = models.ForeignKey("members.Member", models.PROTECT, related_name="+", db_index=False)
    postage_fen = models.BigIntegerField(default=0)
    terms = models.TextField(default="", blank=True)
    status = models.CharField(max_length=10, default="issued")
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(status__in=DEAL_STATUSES), name="deal_status_is_known"),
            CheckConstraint(
                condition=Q(expires_at__gt=F("issued_at")), name="a_deal_expires_after_it_is_issued"
            ),
            CheckConstraint(
                condition=Q(postage_fen__gte=0, postage_fen__lte=10**9), name="deal_postage_is_not_negative"
            ),
            CheckConstraint(
                condition=Q(status="issued", settled_at__isnull=True)
                | (~Q(status="issued") & Q(settled_at__isnull=False)),
                name="a_deal_is_open_or_settled",
            ),
        ]
        indexes = [
            models.Index(fields=["buyer", "id"], name="deals_for_a_buyer"),
            models.Index(fields=["shop", "id"], name="deals_of_a_shop"),
            models.Index(fields=["expires_at"], name="deals_about_to_lapse", condition=Q(status="issued")),
        ]


class DealLine(Fact):
    """So many pieces of a listing at the price agreed on (per piece)."""

    deal = models.ForeignKey("shops.Deal", models.PROTECT, related_name="lines", db_index=False)
    listing = models.ForeignKey("shops.Listing", models.PROTECT, related_name="+", db_index=False)
    quantity = models.IntegerField()
    price_fen = models.BigIntegerField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["deal", "listing"], name="a_listing_stands_once_on_a_deal"),
            CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=10**6), name="deal_quantity_is_1_or_more"
            ),
            CheckConstraint(
                condition=Q(price_fen__gte=1, price_fen__lte=10**11), name="deal_price_is_1_fen_or_more"
            ),
        ]
