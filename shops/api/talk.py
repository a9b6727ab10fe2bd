"""The doors of Wangwang: messages, conversations, contacts, presence, inquiries."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.doors import ADMIN, TRADERS, Door, In, Out, Paged, actor, page, reads, writes
from common.errors import Forbidden, Invalid
from regime import queries as regime
from shops.actions import talk as actions
from shops.actions.talk import Said
from shops.api.fields import acting, number, words
from shops.queries import talk as queries
from shops.queries.shops import owners, shop_of
from shops.rules import talk as rules
from worlds.pen import glance


class MessageOut(Out):
    id = serializers.IntegerField()
    sender = serializers.IntegerField()
    listing = serializers.IntegerField(allow_null=True)
    text = serializers.CharField()
    sent_at = serializers.DateTimeField()


class MessageSentOut(Out):
    id = serializers.IntegerField()
    conversation = serializers.IntegerField()


class MessageIn(In):
    to = number(help_text="a member")
    text = words(rules.MESSAGE_CHARACTERS)
    listing = number(required=False, help_text="what it is about: a listing of one of the two")


class MessageQuery(Paged):
    before = number(required=False, help_text="the last ones before this id, still in order")


class ConversationOut(Out):
    id = serializers.IntegerField()
    member = serializers.IntegerField(help_text="the other one")
    shown_name = serializers.CharField(help_text="the nick, once that member has a shop or has written")
    online = serializers.BooleanField()
    opened_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()
    message_count = serializers.IntegerField()
    unread = serializers.IntegerField()


class ConversationQuery(Paged):
    unread = serializers.BooleanField(required=False, default=False, help_text="only with something unread")
    member = number(required=False, help_text="only the one with this member")


class UnreadOut(Out):
    unread = serializers.IntegerField()


class ContactOut(Out):
    id = serializers.IntegerField()
    member = serializers.IntegerField()
    shown_name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    added_at = serializers.DateTimeField()
    online = serializers.BooleanField()


class ContactIn(In):
    label = words(rules.LABEL_CHARACTERS, required=False, allow_blank=True, default="")  # type: ignore[assignment]


class PresenceOut(Out):
    member = serializers.IntegerField()
    online = serializers.BooleanField()
    online_until = serializers.DateTimeField(allow_null=True, help_text="null: never seen")


class PresenceQuery(In):
    member = serializers.ListField(child=number(), min_length=1, max_length=1_000)


class InquiryOut(Out):
    id = serializers.IntegerField()
    conversation = serializers.IntegerField()
    shop = serializers.IntegerField()
    listing = serializers.IntegerField()
    buyer = serializers.IntegerField()
    message = serializers.IntegerField()
    asked_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)
    response_seconds = serializers.IntegerField(allow_null=True)


class InquiryQuery(Paged):
    side = serializers.ChoiceField(["seller", "buyer"], required=False, default="seller")
    answered = serializers.BooleanField(required=False)


class InquiryFiguresOut(Out):
    asked = serializers.IntegerField()
    answered = serializers.IntegerField()
    median_response_seconds = serializers.IntegerField(allow_null=True)


class MessagesDoor(Door):
    @writes(MessageIn, MessageSentOut, status=201)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Say something to another member; archived as it was said."""
        by = actor(request)
        [message] = actions.send([Said(by, **data)], at=moment.at)
        [found] = queries.conversations(by, member=data["to"])
        return Response({"id": message, "conversation": found["id"]}, status=201)


class ConversationsDoor(Door):
    @reads(ConversationOut, query=ConversationQuery, scopes=TRADERS, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """With whom one talks, and what is unread."""
        found = queries.conversations(
            actor(request),
            unread=query["unread"],
            member=query.get("member"),
            after=query.get("after", 0),
            limit=query["limit"],
        )
        return page(request, found, query["limit"])


class UnreadDoor(Door):
    @reads(UnreadOut, scopes=TRADERS)
    def get(self, request: Request, query: Any) -> Any:
        """How many messages wait."""
        return {"unread": queries.unread_count(actor(request))}


class ConversationMessagesDoor(Door):
    @reads(MessageOut, query=MessageQuery, scopes=TRADERS, paged=True)
    def get(self, request: Request, query: Any, conversation_id: int) -> Any:
        """What was said, for the two who said it."""
        by = acting(request)
        if by is None:
            raise Forbidden(
                "the archive is open to the two who talked",
                field="X-Jishi-Member",
                rule="talk_is_private",
                way_out="In a dispute the platform reads it at /api/disputes/<dispute>/messages/.",
            )
        found = queries.messages(conversation_id, by, **_cut(query))
        return page(request, found, query["limit"])


def _cut(query: Any) -> dict[str, Any]:
    if "before" in query and "after" in query:
        raise Invalid(
            "say after or before", field="before", rule="one_direction", way_out="Leave one of them out."
        )
    return {"after": query.get("after", 0), "before": query.get("before"), "limit": query["limit"]}


class DisputeMessagesDoor(Door):
    @reads(MessageOut, query=MessageQuery, scopes=ADMIN, paged=True)
    def get(self, request: Request, query: Any, dispute_id: int) -> Any:
        """The archive of the two sides of an open dispute, for the platform that rules it."""
        if acting(request) is not None:
            raise Forbidden(
                "the platform hears a dispute as nobody in particular",
                field="X-Jishi-Member", rule="talk_is_private",
                way_out="Leave the header out.",
            )  # fmt: skip
        if not regime.at(glance().at).dispute.chat_is_evidence:
            raise Forbidden(
                "talk is no evidence under these rules",
                rule="dispute.chat_is_evidence",
                way_out="Change the lever.",
            )
        conversation = queries.conversation_of_dispute(dispute_id)
        if conversation is None:
            return {"results": [], "next": None}
        return page(request, queries.messages(conversation, None, **_cut(query)), query["limit"])


class ConversationReadDoor(Door):
    @writes(None, None)
    def post(self, request: Request, data: Any, moment: Any, conversation_id: int) -> Any:
        """Mark all as read."""
        actions.read([conversation_id], by=actor(request), at=moment.at)


class ContactsDoor(Door):
    @reads(ContactOut, query=Paged, scopes=TRADERS, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """One's contact list, with who is online."""
        found = queries.contacts(actor(request), after=query.get("after", 0), limit=query["limit"])
        return page(request, found, query["limit"])


class ContactDoor(Door):
    @writes(ContactIn, None)
    def put(self, request: Request, data: Any, moment: Any, member_id: int) -> Any:
        """Put a member on one's contact list, under a label."""
        actions.add_contact(actor(request), member_id, data["label"], at=moment.at)

    @writes(None, None)
    def delete(self, request: Request, data: Any, moment: Any, member_id: int) -> Any:
        """Take a member off one's contact list."""
        actions.remove_contact(actor(request), member_id, at=moment.at)


class PresencesDoor(Door):
    @reads(PresenceOut(many=True), query=PresenceQuery)
    def get(self, request: Request, query: Any) -> Any:
        """Who of these members is online."""
        return queries.presence(query["member"])

    @writes(None, PresenceOut)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """A sign of life: online for as long as the lever talk.online_minutes says."""
        actions.beat([actor(request)], at=moment.at)
        return queries.presence([actor(request)])[0]

    @writes(None, PresenceOut)
    def delete(self, request: Request, data: Any, moment: Any) -> Any:
        """Go offline."""
        actions.leave([actor(request)], at=moment.at)
        return queries.presence([actor(request)])[0]


class InquiriesDoor(Door):
    @reads(InquiryOut, query=InquiryQuery, scopes=TRADERS, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """Inquiries to one's shop, or one's own as a buyer."""
        by = actor(request)
        shop, buyer = (shop_of(by), None) if query["side"] == "seller" else (None, by)
        found = queries.inquiries(
            shop, buyer, answered=query.get("answered"), after=query.get("after", 0), limit=query["limit"]
        )
        return page(request, found, query["limit"])


class ShopInquiriesDoor(Door):
    @reads(InquiryFiguresOut)
    def get(self, request: Request, query: Any, shop_id: int) -> Any:
        """How a shop answers: asked, answered, median seconds; the seller's measured data."""
        if not owners([shop_id]):
            raise queries.no_shop(shop_id)
        return queries.inquiry_figures([shop_id])[shop_id]
