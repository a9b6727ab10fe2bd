"""What can be found, and what it is ranked by. `id` is the listing's in all but `Fold`.

`Document` holds words and changes when a listing is edited; `Descriptor` holds figures and changes daily: so a
day's figures never touch the word index. Both hold only what can be found now (on sale, in stock, shop open).
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import CheckConstraint, Q


class Document(models.Model):
    """The words of a listing (`search.words`)."""

    id = models.BigIntegerField(primary_key=True)
    title = models.CharField(max_length=120)
    tokens = SearchVectorField()


class Descriptor(models.Model):
    """A listing's figures and its shop's, as of the last daily run and the last edit, and the key they make.

    `level`, `credit_points`, `good_rate_bps` and the three indices (hundredths of a star) are the shop's as
    published. `pv`, `uv_daily`, `sales` are sums over the closed days of the regime's windows. `end_part` is
    the part of a day (`rules.part_of`) in which the listing cycle ends. `key` is `rules.key_sql`.
    """

    id = models.BigIntegerField(primary_key=True)
    shop_id = models.BigIntegerField()
    category_id = models.IntegerField()
    region = models.IntegerField()
    price_fen = models.BigIntegerField()
    postage_fen = models.BigIntegerField()
    supply = models.CharField(max_length=10)
    delivery = models.CharField(max_length=10)
    listed_at = models.DateTimeField()
    edited_at = models.DateTimeField()
    id_verified = models.BooleanField()
    bank_verified = models.BooleanField()
    protection = models.BooleanField()
    seven_day_return = models.BooleanField()
    showcase = models.BooleanField()
    duplicate = models.BooleanField()
    suspected = models.BooleanField()
    stuffed = models.BooleanField()
    misplaced = models.BooleanField()
    mispriced = models.BooleanField()
    level = models.SmallIntegerField()
    credit_points = models.BigIntegerField()
    good_rate_bps = models.SmallIntegerField(null=True)
    description = models.SmallIntegerField(null=True)
    service = models.SmallIntegerField(null=True)
    delivery_speed = models.SmallIntegerField(null=True)
    stale_bps = models.SmallIntegerField()
    pv = models.BigIntegerField()
    uv_daily = models.BigIntegerField()
    sales = models.BigIntegerField()
    end_part = models.BigIntegerField()
    key = models.BigIntegerField()

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(level__range=(0, 20)), name="described_level_is_zero_to_twenty"),
            CheckConstraint(condition=Q(stale_bps__range=(0, 10_000)), name="freshness_fades_to_nothing"),
            CheckConstraint(
                condition=Q(pv__gte=0, uv_daily__gte=0, sales__gte=0),
                name="described_counts_are_not_negative",
            ),
        ]
        indexes = [
            models.Index(fields=["-key", "id"], name="best_of_all"),
            models.Index(fields=["end_part"], name="cycles_that_end"),
            models.Index(fields=["shop_id"], name="what_a_shop_shows"),
        ]


class Suspicion(models.Model):
    """A listing the platform suspects of fake trades: demoted while the row stands. Governance writes it."""

    id = models.BigIntegerField(primary_key=True)
    since = models.DateTimeField()
    why = models.CharField(max_length=500)


class Fold(models.Model):
    """What the keys stand for: figures through that day, weights of that digest, cycles turned to that part of a day."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    through = models.DateField()
    digest = models.CharField(max_length=32)
    windows = ArrayField(models.IntegerField())
    part = models.BigIntegerField()

    class Meta:
        constraints = [CheckConstraint(condition=Q(id=1), name="there_is_one_fold_of_search")]


from search.alliance import models as alliance  # noqa: E402, F401  the tables of the alliance are this app's
from search.attribution import models as attribution  # noqa: E402, F401  the tables of attribution are this app's
from search.cubes import models as cubes  # noqa: E402, F401  the tables of the keyword market are this app's
from search.express import models as express  # noqa: E402, F401  the tables of keyword ads are this app's
