"""What sellers set up (campaigns, ad groups, creatives, keywords), and what came of it (auctions, clicks, days).

Tables `search_express_*`.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from common.models import Fact, Row
from search.express import rules


class AdCampaign(Row):
    """A shop's ads under one day's budget. `seller_id`: who owns the shop, and the account that pays.

    `time_rates_bps`: of the bid, a number for each time slot of the week (empty: all of it, always).
    `regions`: where buyers are (empty: everywhere). `exhausted_on`: the day it went offline, spent.
    """

    shop = models.ForeignKey("shops.Shop", models.PROTECT, related_name="+")
    seller_id = models.BigIntegerField()
    name = models.CharField(max_length=rules.NAME_MOST)
    status = models.CharField(max_length=10)
    budget_fen = models.BigIntegerField()
    smoothing = models.BooleanField()
    time_rates_bps = ArrayField(models.IntegerField())
    regions = ArrayField(models.IntegerField())
    created_at = models.DateTimeField()
    budget_edited_on = models.DateField(null=True)
    exhausted_on = models.DateField(null=True)

    class Meta:
        db_table = "search_express_campaign"
        verbose_name = "campaign"
        constraints = [
            CheckConstraint(
                condition=Q(status__in=rules.CAMPAIGN_STATUSES), name="a_campaigns_status_is_known"
            ),
            CheckConstraint(condition=Q(budget_fen__gt=0), name="a_days_budget_is_positive"),
            UniqueConstraint(
                fields=["shop", "name"],
                condition=~Q(status="ended"),
                name="a_shops_campaigns_have_names_of_their_own",
            ),
        ]
        indexes = [models.Index(fields=["seller_id", "id"], name="campaigns_of_a_seller")]


class AdGroup(Row):
    """One listing advertised in a campaign, with the bid of its keywords that have none of their own."""

    campaign = models.ForeignKey(AdCampaign, models.PROTECT, related_name="+")
    listing = models.ForeignKey("shops.Listing", models.PROTECT, related_name="+")
    status = models.CharField(max_length=10)
    bid_fen = models.BigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "search_express_group"
        verbose_name = "ad group"
        constraints = [
            CheckConstraint(
                condition=Q(status__in=rules.GROUP_STATUSES), name="an_ad_groups_status_is_known"
            ),
            UniqueConstraint(
                fields=["campaign", "listing"],
                condition=~Q(status="removed"),
                name="a_campaign_shows_a_listing_once",
            ),
        ]


class Creative(Row):
    """A title an ad may show. `faults`: the rules of the audit that it breaks, in words. `words`: the title's."""

    group = models.ForeignKey(AdGroup, models.PROTECT, related_name="+")
    title = models.CharField(max_length=120)
    status = models.CharField(max_length=10)
    faults = ArrayField(models.CharField(max_length=200))
    words = ArrayField(models.TextField())
    created_at = models.DateTimeField()

    class Meta:
        db_table = "search_express_creative"
        verbose_name = "creative"
        constraints = [
            CheckConstraint(
                condition=Q(status__in=rules.CREATIVE_STATUSES), name="a_creatives_status_is_known"
            ),
            CheckConstraint(
                condition=Q(status="removed")
                | Q(status="approved", faults=[])
                | Q(status="refused") & ~Q(faults=[]),
                name="a_refused_creative_says_why",
            ),
        ]


class Keyword(Row):
    """A word bought for an ad group. `words`: as it is matched (`rules.normal`). `bid_at`: since when this bid.

    `lead`: the longest of its words (`rules.lead`). `follows`: the bid is the group's. `quality` and its four parts (0 to 10,000): `recompute.QUALITY`.
    """

    group = models.ForeignKey(AdGroup, models.PROTECT, related_name="+")
    word = models.CharField(max_length=rules.WORD_MOST)
    words = ArrayField(models.TextField())
    lead = models.TextField()
    match = models.CharField(max_length=10)
    status = models.CharField(max_length=10)
    bid_fen = models.BigIntegerField()
    follows = models.BooleanField()
    bid_at = models.DateTimeField()
    created_at = models.DateTimeField()
    quality = models.IntegerField(default=0)
    relevance = models.IntegerField(default=0)
    ctr = models.IntegerField(default=0)
    experience = models.IntegerField(default=0)
    account = models.IntegerField(default=0)

    class Meta:
        db_table = "search_express_keyword"
        verbose_name = "keyword"
        constraints = [
            CheckConstraint(
                condition=Q(status__in=rules.KEYWORD_STATUSES), name="a_keywords_status_is_known"
            ),
            CheckConstraint(condition=Q(match__in=tuple(rules.MATCH)), name="a_keywords_match_is_known"),
            CheckConstraint(condition=Q(quality__range=(0, 10_000)), name="quality_is_0_to_10000"),
            UniqueConstraint(
                fields=["group", "words", "match"],
                condition=~Q(status="removed"),
                name="a_group_buys_a_word_once",
            ),
        ]
        indexes = [
            models.Index(fields=["lead"], condition=Q(status="on"), name="who_bids_on_words"),
            GinIndex(
                fields=["words"],
                condition=Q(status="on", match="broad"),
                fastupdate=False,
                name="who_bids_broadly",
            ),
        ]


class AdAuction(models.Model):
    """A search that asked for paid places, and its auction as compact arrays: enough to hold it again, to the fen.

    Where nobody bid, the arrays of bidders and places are empty.

    `keywords`, `bids` (fen, as offered), `qualities`: of all bidders, in the order in which ties go. `placed`: their
    columns (from 0) in the slots, best first, with the `creatives` shown and the `prices` of a click. `clicks`: what
    each slot is expected to bring (`rules.SLOT_CLICKS`). Numbered by a sequence: searches stand beside each other.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    words = models.TextField()
    visitor = models.BigIntegerField(null=True)
    region = models.IntegerField(null=True)
    mechanism = models.CharField(max_length=12)
    ties = models.CharField(max_length=12)
    capped = models.BooleanField()
    reserve_fen = models.BigIntegerField()
    increment_fen = models.BigIntegerField()
    clicks = ArrayField(models.IntegerField())
    keywords = ArrayField(models.BigIntegerField())
    bids = ArrayField(models.BigIntegerField())
    qualities = ArrayField(models.IntegerField())
    placed = ArrayField(models.SmallIntegerField())
    creatives = ArrayField(models.BigIntegerField())
    prices = ArrayField(models.BigIntegerField())

    class Meta:
        db_table = "search_express_auction"
        indexes = [BrinIndex(fields=["at"], pages_per_range=16, autosummarize=True, name="auctions_of_a_day")]


class AdClick(Fact):
    """A click on a paid position, and what came of it (`rules.VERDICTS`). A valid one costs `price_fen`.

    `visitor` and `address` are hashes. The posting's key is `ad_click:<id>`, the page view's charge the id.
    """

    auction_id = models.BigIntegerField()
    slot = models.SmallIntegerField()
    keyword_id = models.BigIntegerField()
    creative_id = models.BigIntegerField()
    group_id = models.BigIntegerField()
    campaign_id = models.BigIntegerField()
    listing_id = models.BigIntegerField()
    shop_id = models.BigIntegerField()
    seller_id = models.BigIntegerField()
    visitor = models.BigIntegerField()
    member_id = models.BigIntegerField(null=True)
    address = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    verdict = models.CharField(max_length=12)
    price_fen = models.BigIntegerField()

    class Meta:
        db_table = "search_express_click"
        verbose_name = "click"
        constraints = [
            CheckConstraint(condition=Q(verdict__in=tuple(rules.VERDICT)), name="a_clicks_verdict_is_known"),
            CheckConstraint(
                condition=Q(verdict="valid", price_fen__gte=0) | ~Q(verdict="valid") & Q(price_fen=0),
                name="only_a_valid_click_is_paid",
            ),
        ]
        indexes = [
            models.Index(fields=["at"], name="clicks_of_a_day"),
            models.Index(fields=["seller_id", "id"], name="clicks_of_a_seller"),
            models.Index(
                fields=["group_id", "at"], condition=Q(verdict="valid"), name="valid_clicks_on_an_ad"
            ),
        ]


class AdSpending(models.Model):
    """What a campaign spent on a day: the sum of its valid clicks, kept so that a budget is one look."""

    pk = models.CompositePrimaryKey("campaign_id", "day")
    campaign_id = models.BigIntegerField()
    day = models.DateField()
    clicks = models.BigIntegerField()
    spent_fen = models.BigIntegerField()
    returned_fen = models.BigIntegerField(default=0)

    class Meta:
        db_table = "search_express_spending"
        constraints = [
            CheckConstraint(
                condition=Q(returned_fen__gte=0, returned_fen__lte=models.F("spent_fen")),
                name="no_more_is_returned_than_was_spent",
            ),
        ]


class AdDaily(models.Model):
    """The figures of a closed day for an account, campaign, ad group, keyword or creative (`rules.DIMENSIONS`).

    A cache of auctions, clicks and conversions. `slot_sum` over `impressions` is the average slot. `orders`: paid
    that day, by who clicked within a day before ordering in that shop; `direct_orders`: of the listing clicked.
    """

    pk = models.CompositePrimaryKey("day", "dimension", "key")
    day = models.DateField()
    dimension = models.SmallIntegerField()
    key = models.BigIntegerField()
    impressions = models.BigIntegerField()
    slot_sum = models.BigIntegerField()
    clicks = models.BigIntegerField()
    invalid_clicks = models.BigIntegerField()
    cost_fen = models.BigIntegerField()
    orders = models.BigIntegerField()
    direct_orders = models.BigIntegerField()
    paid_fen = models.BigIntegerField()

    class Meta:
        db_table = "search_express_daily"
        indexes = [models.Index(fields=["dimension", "key", "day"], name="days_of_an_ad")]
