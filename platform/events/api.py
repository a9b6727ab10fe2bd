"""/api/events/ and /api/webhooks/."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from common.api.doors import TRADERS, Door, In, Out, Paged, page, reads, writes
from common.errors import NotFound
from common.moments import show
from events import queries, webhooks
from events.models import Delivery, Webhook
from events.rules import URL_MOST, check_names, check_url
from worlds.auth import who

LARGEST = 10**18


class EventOut(Out):
    id = serializers.IntegerField()
    name = serializers.CharField()
    subject = serializers.IntegerField()
    at = serializers.DateTimeField()
    payload = serializers.DictField()


class EventsIn(Paged):
    name = serializers.CharField(required=False, max_length=60, help_text="order.paid, or order.* for a kind")
    member = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST)
    subject = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST)


class Events(Door):
    @reads(EventOut, query=EventsIn, paged=True)
    def get(self, request: Request, query: dict[str, Any]) -> dict[str, Any]:
        """What happened, in the order in which it became true: numbers have no gaps and never come late."""
        found = queries.events(
            after=query.get("after", 0),
            limit=query["limit"] + 1,
            viewer=who(request).member_id,
            name=query.get("name"),
            member=query.get("member"),
            subject=query.get("subject"),
        )
        return page(request, found, query["limit"])


class OneEvent(Door):
    @reads(EventOut)
    def get(self, request: Request, query: dict[str, Any], event_id: int) -> dict[str, Any]:
        """One event."""
        found = queries.event(event_id, viewer=who(request).member_id)
        if found is None:
            raise NotFound(f"there is no event {event_id} to see", field="event_id", rule="event_exists")
        return found


class WebhookIn(In):
    url = serializers.CharField(max_length=URL_MOST)
    names = serializers.ListField(child=serializers.CharField(max_length=60), default=list, max_length=50)


class WebhookEditIn(In):
    url = serializers.CharField(max_length=URL_MOST, required=False)
    names = serializers.ListField(child=serializers.CharField(max_length=60), required=False, max_length=50)
    is_active = serializers.BooleanField(required=False)


class WebhookOut(Out):
    id = serializers.IntegerField()
    url = serializers.CharField()
    names = serializers.ListField(child=serializers.CharField())
    member = serializers.IntegerField(allow_null=True)
    is_active = serializers.BooleanField()
    cursor = serializers.IntegerField(help_text="The last event looked at for it")
    created_at = serializers.DateTimeField()


class WebhookMadeOut(WebhookOut):
    secret = serializers.CharField(allow_null=True, help_text="Signs each delivery; told this once")


class DeliveryOut(Out):
    id = serializers.IntegerField()
    event = serializers.IntegerField()
    name = serializers.CharField()
    status = serializers.ChoiceField(["waiting", "delivered", "dead"])
    attempts = serializers.IntegerField()
    last_status = serializers.IntegerField(allow_null=True)
    last_error = serializers.CharField()
    queued_at = serializers.DateTimeField()
    next_try_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    replayed = serializers.BooleanField()


class ReplayIn(In):
    event = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST)
    after = serializers.IntegerField(required=False, min_value=0, max_value=LARGEST)


class ReplayOut(Out):
    queued = serializers.IntegerField()


def shown(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.pk,
        "url": webhook.url,
        "names": webhook.names,
        "member": webhook.member_id,
        "is_active": webhook.is_active,
        "cursor": webhook.cursor,
        "created_at": show(webhook.created_at),
    }


def _world(request: Request) -> int:
    """The world of the key; a key of none does not get this far."""
    world = who(request).world_id
    assert world is not None
    return world


def own(request: Request, webhook_id: int) -> Webhook:
    """The webhook, if it is this key's to see: an admin's whole world, a member's own."""
    found = Webhook.objects.filter(pk=webhook_id, world_id=_world(request))
    if who(request).member_id is not None:
        found = found.filter(member_id=who(request).member_id)
    webhook = found.first()
    if webhook is None:
        raise NotFound(f"there is no webhook {webhook_id} here", field="webhook_id", rule="webhook_exists")
    return webhook


class Webhooks(Door):
    @reads(WebhookOut, query=Paged, paged=True, scopes=TRADERS)
    def get(self, request: Request, query: dict[str, Any]) -> dict[str, Any]:
        """The world's webhooks; a member sees their own."""
        found = Webhook.objects.filter(world_id=_world(request), id__gt=query.get("after", 0)).order_by("id")
        if who(request).member_id is not None:
            found = found.filter(member_id=who(request).member_id)
        return page(request, [shown(webhook) for webhook in found[: query["limit"] + 1]], query["limit"])

    @writes(WebhookIn, WebhookMadeOut, status=201, pen=True, secrets=["secret"])
    def post(self, request: Request, data: dict[str, Any], moment: Any) -> dict[str, Any]:
        """Tell an address of events from now on; each delivery is signed with the secret told here, once."""
        webhook = webhooks.subscribe(
            _world(request), data["url"], data["names"], member_id=who(request).member_id
        )
        webhook.refresh_from_db()
        return shown(webhook) | {"secret": webhook.secret}


class OneWebhook(Door):
    @reads(WebhookOut, scopes=TRADERS)
    def get(self, request: Request, query: dict[str, Any], webhook_id: int) -> dict[str, Any]:
        """One webhook."""
        return shown(own(request, webhook_id))

    @writes(WebhookEditIn, WebhookOut)
    def patch(self, request: Request, data: dict[str, Any], moment: Any, webhook_id: int) -> dict[str, Any]:
        """Change its address or names, or let it rest."""
        webhook = own(request, webhook_id)
        check_names(data.get("names", []))
        check_url(data.get("url", webhook.url))
        for name, value in data.items():
            setattr(webhook, name, value)
        webhook.save(update_fields=list(data) or ["url"])
        return shown(webhook)

    @writes()
    def delete(self, request: Request, data: dict[str, Any], moment: Any, webhook_id: int) -> None:
        """Tell it no more; its delivery log goes with it."""
        own(request, webhook_id).delete()


class Deliveries(Door):
    @reads(DeliveryOut, query=Paged, paged=True, scopes=TRADERS)
    def get(self, request: Request, query: dict[str, Any], webhook_id: int) -> dict[str, Any]:
        """The delivery log: what was sent, how often, and what the other side answered."""
        found = own(request, webhook_id).deliveries.filter(id__gt=query.get("after", 0)).order_by("id")
        return page(request, [told(delivery) for delivery in found[: query["limit"] + 1]], query["limit"])


def told(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.pk,
        "event": delivery.event_id,
        "name": delivery.name,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "last_status": delivery.last_status,
        "last_error": delivery.last_error,
        "queued_at": show(delivery.queued_at),
        "next_try_at": show(delivery.next_try_at),
        "delivered_at": show(delivery.delivered_at),
        "replayed": delivery.replayed,
    }


class Replays(Door):
    @writes(ReplayIn, ReplayOut)
    def post(self, request: Request, data: dict[str, Any], moment: Any, webhook_id: int) -> dict[str, Any]:
        """Send one event again, or every wanted one after a number."""
        webhook = own(request, webhook_id)
        return {"queued": webhooks.replay(webhook, event=data.get("event"), after=data.get("after"))}


class Retries(Door):
    @writes(None, DeliveryOut)
    def post(
        self, request: Request, data: dict[str, Any], moment: Any, webhook_id: int, delivery_id: int
    ) -> dict[str, Any]:
        """Try a dead delivery again."""
        delivery = own(request, webhook_id).deliveries.filter(pk=delivery_id).first()
        if delivery is None:
            raise NotFound(f"there is no delivery {delivery_id}", field="delivery_id", rule="delivery_exists")
        webhooks.retry(delivery)
        delivery.refresh_from_db()
        return told(delivery)
