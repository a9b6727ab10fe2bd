"""Wangwang: who talks with whom, what was said (kept for ever), who is there, who was answered."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from common.models import Fact


class Conversation(Fact):
    """Two members, the one with the lower number first; what each has not read yet."""

    low = models.ForeignKey("members.Member", models.PROTECT, related_name="+", db_index=False)
    high = models.ForeignKey("members.Member", models.PROTECT, related_name="+", db_index=False)
    opened_at = models.DateTimeField()
    last_at = models.DateTimeField()
    message_count = models.IntegerField(default=0)
    low_unread = models.IntegerField(default=0)
    high_unread = models.IntegerField(default=0)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["low", "high"], name="one_conversation_per_pair"),
            CheckConstraint(condition=Q(low__lt=F("high")), name="nobody_talks_to_themself"),
            CheckConstraint(
                condition=Q(low_unread__gte=0, high_unread__gte=0), name="unread_is_counted_from_0"
            ),
        ]
        indexes = [models.Index(fields=["high", "low"], name="conversations_of_the_second")]


class Message(Fact):
    """One message, archived: never changed, never deleted."""

    conversation = models.ForeignKey("shops.Conversation", models.PROTECT, related_name="+", db_index=False)
    sender = models.ForeignKey("members.Member", models.PROTECT, related_name="+", db_index=False)
    listing = models.ForeignKey("shops.Listing", models.PROTECT, related_name="+", db_index=False, null=True)
    text = models.TextField()
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [CheckConstraint(condition=~Q(text=""), name="a_message_says_something")]
        indexes = [models.Index(fields=["conversation", "id"], name="messages_of_a_conversation")]


class Inquiry(Fact):
    """A buyer's first message about a listing, and how long the seller took to answer (null: not yet)."""

    conversation = models.ForeignKey("shops.Conversation", models.PROTECT, related_name="+", db_index=False)
    shop = models.ForeignKey("shops.Shop", models.PROTECT, related_name="+", db_index=False)
    listing = models.ForeignKey("shops.Listing", models.PROTECT, related_name="+", db_index=False)
    buyer = models.ForeignKey("members.Member", models.PROTECT, related_name="+", db_index=False)
    message = models.ForeignKey("shops.Message", models.PROTECT, related_name="+", db_index=False)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    response_seconds = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["buyer", "listing"], name="one_inquiry_per_buyer_and_listing"),
            CheckConstraint(
                condition=Q(answered_at__isnull=True, response_seconds__isnull=True)
                | Q(answered_at__gte=F("asked_at"), response_seconds__gte=0),
                name="an_answer_comes_after_its_question",
            ),
        ]
        indexes = [
            models.Index(fields=["shop", "id"], name="inquiries_of_a_shop"),
            models.Index(
                fields=["asked_at"], name="inquiries_to_answer", condition=Q(answered_at__isnull=True)
            ),
            models.Index(
                fields=["conversation"], name="inquiries_waiting", condition=Q(answered_at__isnull=True)
            ),
        ]


class Contact(Fact):
    """Somebody in a member's contact list, under a label of the member's own."""

    member = models.ForeignKey("members.Member", models.PROTECT, related_name="+", db_index=False)
    other = models.ForeignKey("members.Member", models.PROTECT, related_name="+", db_index=False)
    label = models.CharField(max_length=30, default="", blank=True)
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["member", "other"], name="one_contact_per_pair"),
            CheckConstraint(condition=~Q(member=F("other")), name="nobody_is_their_own_contact"),
        ]


class Presence(models.Model):
    """Until when a member's Wangwang counts as online: the last heartbeat and a lever."""

    member = models.OneToOneField("members.Member", models.PROTECT, primary_key=True, related_name="+")
    online_until = models.DateTimeField()
