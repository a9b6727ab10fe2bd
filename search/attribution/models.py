"""What each sale passed through, and what each source brought and cost a shop on a day: both caches, a day at a time."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, Q

from search.attribution.rules import MODELS


class AttributedSale(models.Model):
    """An order paid on `day` and the touches before it, in order: `sources` by code, `touched_at` the moments they
    began. Both empty when nobody was seen coming. `paid_fen`: for goods, without postage."""

    order_id = models.BigIntegerField(primary_key=True)
    day = models.DateField()
    shop_id = models.BigIntegerField()
    placed_at = models.DateTimeField()
    paid_fen = models.BigIntegerField()
    sources = ArrayField(models.SmallIntegerField())
    touched_at = ArrayField(models.DateTimeField())

    class Meta:
        app_label = "search"
        db_table = "search_attribution_sale"
        verbose_name = "attributed sale"
        constraints = [
            CheckConstraint(
                condition=Q(sources__len=models.F("touched_at__len")),
                name="a_touch_has_a_source_and_a_moment",
            ),
        ]
        indexes = [models.Index(fields=["day", "shop_id"], name="sales_of_a_day")]


class AttributionDaily(models.Model):
    """What a source (0 to none: `traffic.rules.SOURCES`) brought a shop on a closed day, by each of `rules.MODELS`.

    `touches` and `orders`: of the orders paid that day, the touches from this source, and how many orders had one.
    `cost_fen`: what the source cost the shop that day (below nought when more was given back than spent).
    `<model>_thousandths`: of orders; `<model>_paid_fen`; `<model>_refunded_fen`: what refunds of the day took back of
    goods, by the sale's own shares: after them less before them, so that a sale refunded in full leaves nothing.
    """

    pk = models.CompositePrimaryKey("day", "shop_id", "source")
    day = models.DateField()
    shop_id = models.BigIntegerField()
    source = models.SmallIntegerField()
    touches = models.BigIntegerField()
    orders = models.BigIntegerField()
    cost_fen = models.BigIntegerField()
    first_thousandths = models.BigIntegerField()
    first_paid_fen = models.BigIntegerField()
    first_refunded_fen = models.BigIntegerField()
    last_thousandths = models.BigIntegerField()
    last_paid_fen = models.BigIntegerField()
    last_refunded_fen = models.BigIntegerField()
    last_non_direct_thousandths = models.BigIntegerField()
    last_non_direct_paid_fen = models.BigIntegerField()
    last_non_direct_refunded_fen = models.BigIntegerField()
    linear_thousandths = models.BigIntegerField()
    linear_paid_fen = models.BigIntegerField()
    linear_refunded_fen = models.BigIntegerField()

    class Meta:
        app_label = "search"
        db_table = "search_attribution_daily"
        verbose_name = "day of a source"
        indexes = [models.Index(fields=["shop_id", "day"], name="attribution_of_a_shop")]


NUMBERS = ("touches", "orders", "cost_fen")
OF_MODEL = ("thousandths", "paid_fen", "refunded_fen")
BY_MODEL = tuple(f"{model.name}_{number}" for model in MODELS for number in OF_MODEL)
