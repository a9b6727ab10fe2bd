"""Eyeballs: every page view is a row; a day's figures are rebuilt from them by one statement."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import CheckConstraint, Q
from django.db.models.functions import Now

from common.models import Fact
from traffic.rules import ACTS, LISTING_PAGE, PAGES, PAID, SOURCES


class PageView(models.Model):
    """One page opened or refreshed: who, where, from which source, when, how long.

    The one table numbered by a sequence: views are written beside each other without the pen, and the number
    is no part of a market's meaning. `visitor` is the cookie's hash; `shop_id` and `section_id` are the
    listing's when the page was seen. No foreign keys are declared: the rows are checked as they come in, in
    one statement, and reconciled every day.
    """

    at = models.DateTimeField()
    visitor = models.BigIntegerField()
    member_id = models.BigIntegerField(null=True)
    page = models.SmallIntegerField()
    source = models.SmallIntegerField()
    shop_id = models.BigIntegerField(null=True)
    listing_id = models.BigIntegerField(null=True)
    section_id = models.IntegerField(null=True)
    stay_seconds = models.IntegerField(null=True)
    charge_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(page__in=[page.code for page in PAGES]), name="a_view_is_of_a_known_page"
            ),
            CheckConstraint(
                condition=Q(source__in=[source.code for source in SOURCES]),
                name="a_view_says_where_it_came_from",
            ),
            CheckConstraint(
                condition=Q(page=LISTING_PAGE, listing_id__isnull=False, shop_id__isnull=False)
                | ~Q(page=LISTING_PAGE) & Q(listing_id__isnull=True),
                name="a_listing_page_names_its_listing",
            ),
            CheckConstraint(
                condition=Q(source__in=PAID, charge_id__isnull=False)
                | ~Q(source__in=PAID) & Q(charge_id__isnull=True),
                name="paid_views_carry_their_charge",
            ),
            CheckConstraint(
                condition=Q(stay_seconds__gte=0) | Q(stay_seconds__isnull=True), name="a_stay_is_not_negative"
            ),
        ]
        indexes = [BrinIndex(fields=["at"], pages_per_range=16, autosummarize=True, name="views_of_a_day")]


class Interest(Fact):
    """A favourite or a cart: each act is a fact; what stands is the last act of a member on a listing."""

    act = models.CharField(max_length=12)
    member = models.ForeignKey("members.Member", models.PROTECT, related_name="+", db_index=False)
    listing = models.ForeignKey("shops.Listing", models.PROTECT, related_name="+", db_index=False)
    shop_id = models.BigIntegerField()
    section_id = models.IntegerField()
    source = models.SmallIntegerField()
    quantity = models.IntegerField(default=1)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(act__in=ACTS), name="an_interest_is_a_known_act"),
            CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=9999), name="a_cart_holds_1_to_9999_pieces"
            ),
        ]
        indexes = [
            models.Index(fields=["member", "listing", "id"], name="interests_of_a_member"),
            models.Index(fields=["at"], name="interests_of_a_day"),
            models.Index(fields=["listing", "id"], name="interests_in_a_listing"),
        ]


class Conversion(Fact):
    """An order line placed or paid, as traffic counts it: who, in which shop, how much."""

    act = models.CharField(max_length=8)
    order_id = models.BigIntegerField()
    line_id = models.BigIntegerField()
    member_id = models.BigIntegerField()
    shop_id = models.BigIntegerField()
    listing_id = models.BigIntegerField()
    section_id = models.IntegerField()
    quantity = models.IntegerField()
    amount_fen = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(act__in=["placed", "paid"]), name="a_conversion_is_placed_or_paid"),
            models.UniqueConstraint(fields=["line_id", "act"], name="a_line_converts_once"),
        ]
        indexes = [models.Index(fields=["at"], name="conversions_of_a_day")]


class Daily(models.Model):
    """The figures of one day and slice (`traffic.rules.DIMENSIONS`): a cache, rebuilt by `traffic.recompute`.

    `key` is the shop, section or listing (0 for the whole market), `source` the source's code (0 for all).
    `uv_daily`: distinct visitors within the day. `visits` end after the regime's session gap; a bounce is a
    visit of one page of the slice. `stay_seconds` is reported by the page, else the time to the next page.
    """

    pk = models.CompositePrimaryKey("day", "dimension", "key", "source")
    day = models.DateField()
    dimension = models.SmallIntegerField()
    key = models.BigIntegerField()
    source = models.SmallIntegerField()
    pv = models.BigIntegerField(default=0)
    uv_daily = models.BigIntegerField(default=0)
    ipv = models.BigIntegerField(default=0)
    ipv_uv_daily = models.BigIntegerField(default=0)
    visits = models.BigIntegerField(default=0)
    bounces = models.BigIntegerField(default=0)
    stay_seconds = models.BigIntegerField(default=0)
    favourites = models.BigIntegerField(default=0)
    carts = models.BigIntegerField(default=0)
    orders_placed = models.BigIntegerField(default=0)
    orders_paid = models.BigIntegerField(default=0)
    buyers_daily = models.BigIntegerField(default=0)
    pieces_paid = models.BigIntegerField(default=0)
    paid_fen = models.BigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["dimension", "key", "day"], name="days_of_a_slice")]


class DayClose(models.Model):
    """A day whose books were closed, with what was counted in them; no view may be added to it."""

    day = models.DateField(primary_key=True)
    rows = models.BigIntegerField()
    by_source = models.BigIntegerField()
    by_shop = models.BigIntegerField()
    closed_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(rows=models.F("by_source")) & Q(rows=models.F("by_shop")),
                name="a_days_books_balance",
            )
        ]
