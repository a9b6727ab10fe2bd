"""A shop: one member's stand in the market, and how it is decorated (Wang Pu)."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from common.models import Fact


class Shop(Fact):
    """`held_by` says who took it out of sight ('' while open); `showcase_slots` are the ones its grade gives.

    `protection_since`: in the Consumer Protection Scheme from then on. `online_until`: its owner's Wangwang.
    """

    owner = models.ForeignKey("members.Member", models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=60)
    section_id = models.IntegerField()
    subsection_id = models.IntegerField()
    region = models.IntegerField()
    status = models.CharField(max_length=10, default="open")
    held_by = models.CharField(max_length=10, default="", blank=True)
    introduction = models.TextField(default="", blank=True)
    announcement = models.TextField(default="", blank=True)
    template = models.CharField(max_length=40, default="plain")
    style = models.CharField(max_length=40, default="plain")
    picture_count = models.IntegerField(default=0)
    description_richness = models.IntegerField(default=0)
    opened_at = models.DateTimeField()
    edited_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    protection_since = models.DateTimeField(null=True)
    seven_day_return = models.BooleanField(default=False)
    showcase_slots = models.IntegerField(default=0)
    online_until = models.DateTimeField(null=True)
    version = models.IntegerField(default=1)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["owner"], name="one_shop_per_member"),
            UniqueConstraint(fields=["name"], name="shop_name_is_taken"),
            CheckConstraint(
                condition=Q(status__in=["open", "hidden", "closed"]), name="shop_status_is_known"
            ),
            CheckConstraint(
                condition=Q(held_by__in=["", "seller", "platform"]), name="shop_is_held_by_somebody_known"
            ),
            CheckConstraint(
                condition=Q(status="open", held_by="") | (~Q(status="open") & ~Q(held_by="")),
                name="a_shop_out_of_sight_is_held_by_somebody",
            ),
            CheckConstraint(
                condition=Q(region__gte=110000, region__lte=829999)
                | Q(region__gte=110000000, region__lte=829999999),
                name="shop_region_is_six_or_nine_digits",
            ),
            CheckConstraint(
                condition=Q(description_richness__gte=0, description_richness__lte=100),
                name="shop_richness_is_0_to_100",
            ),
            CheckConstraint(condition=Q(picture_count__gte=0), name="shop_pictures_are_counted_from_0"),
            CheckConstraint(condition=Q(showcase_slots__gte=0), name="showcase_slots_are_counted_from_0"),
        ]
        indexes = [
            models.Index(fields=["section_id", "subsection_id", "id"], name="shops_of_a_section"),
            models.Index(fields=["region", "id"], name="shops_of_a_region"),
        ]
