"""A day's figures of words and slots, and who may read them. Tables `search_cubes_*`."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from common.models import Fact
from search.cubes.rules import KEY_MOST


class WordDaily(models.Model):
    """The figures of a closed day for one set of words searched (`words`: distinct and sorted).

    A cache of auctions and clicks. `unsold`: searches nobody bid on. `searchers_daily`: distinct cookies (searches
    without one count for none). `impressions`: paid places shown. `bidders`, `payers` (of valid clicks) and `keywords`
    are sets, so that they can be counted over any days; `prices` is what each valid click cost, sorted.
    """

    pk = models.CompositePrimaryKey("day", "words")
    day = models.DateField()
    words = ArrayField(models.TextField())
    searches = models.BigIntegerField()
    searchers_daily = models.BigIntegerField()
    unsold = models.BigIntegerField()
    impressions = models.BigIntegerField()
    clicks = models.BigIntegerField()
    invalid_clicks = models.BigIntegerField()
    cost_fen = models.BigIntegerField()
    bidders = ArrayField(models.BigIntegerField())
    payers = ArrayField(models.BigIntegerField())
    keywords = ArrayField(models.BigIntegerField())
    prices = ArrayField(models.BigIntegerField())

    class Meta:
        app_label = "search"
        db_table = "search_cubes_daily"
        indexes = [GinIndex(fields=["words"], fastupdate=False, name="searches_that_say_a_word")]


class SlotDaily(models.Model):
    """How often a slot was shown on a closed day, and validly clicked, over all words."""

    pk = models.CompositePrimaryKey("day", "slot")
    day = models.DateField()
    slot = models.SmallIntegerField()
    impressions = models.BigIntegerField()
    clicks = models.BigIntegerField()

    class Meta:
        app_label = "search"
        db_table = "search_cubes_slot"


class WordSubscription(Fact):
    """A period of the keyword market that a member bought; the next begins where the last ends. Append-only.

    The posting's key is `subscription:<id>`; `key` is the member's own, so that asking twice is asking once.
    """

    member = models.ForeignKey("members.Member", models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=KEY_MOST)
    paid_fen = models.BigIntegerField()
    bought_at = models.DateTimeField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        app_label = "search"
        db_table = "search_cubes_subscription"
        verbose_name = "subscription"
        constraints = [
            CheckConstraint(
                condition=Q(starts_at__gte=F("bought_at"), ends_at__gt=F("starts_at"), paid_fen__gte=0),
                name="a_subscription_runs_from_its_purchase_on",
            ),
            UniqueConstraint(
                fields=["member", "key"], condition=~Q(key=""), name="a_subscription_is_bought_once"
            ),
        ]
        indexes = [models.Index(fields=["member", "-ends_at"], name="until_when_words_are_told")]
