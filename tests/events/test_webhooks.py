"""Outside addresses are told: signed, at least once, again with patience, on demand; and never of what is not theirs.

Time is not waited for: what is to be tried later is made due in the table.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from common.batch import execute, one, rows
from events import webhooks
from events.models import Delivery, Webhook
from events.rules import BACKOFF_SECONDS, CLAIM_SECONDS, DELIVERIES_A_CLAIM, signature
from tests.asking import Asking
from tests.events.receiver import Receiver
from tests.events.test_outbox import said
from tests.shops.stalls import joined
from worlds import actions
from worlds.current import point, use_world
from worlds.pen import writing


def hook(place: Any, receiver: Receiver, *names: str, member: int | None = None) -> Webhook:
    with writing():
        return webhooks.subscribe(place.pk, receiver.url, list(names), member_id=member)


def due() -> None:
    """Whatever waits is due now."""
    execute("UPDATE public.events_delivery SET next_try_at = clock_timestamp() WHERE status = 'waiting'")


def of(webhook: Webhook) -> list[tuple[Any, ...]]:
    return rows(
        "SELECT event_id, status, attempts, last_status, replayed FROM public.events_delivery"
        " WHERE webhook_id = %s ORDER BY id",
        [webhook.pk],
    )


def test_an_event_is_told_signed_and_only_once_when_it_is_heard(place: Any, receiver: Receiver) -> None:
    listener = hook(place, receiver, "test.*")
    [number] = said(7, word="你好")
    assert webhooks.deliver() == 1
    assert webhooks.deliver() == 0
    [told] = receiver.told
    assert told.event == {
        "id": number, "name": "test.said", "subject": 7, "at": told.event["at"], "payload": {"word": "你好"},
    }  # fmt: skip
    assert told.signed_with(listener.secret)
    assert not told.signed_with(listener.secret + "x")
    assert (told.headers["Jishi-World"], told.headers["Jishi-Event"]) == (place.name, "test.said")
    assert told.headers["Jishi-Event-Id"] == str(number)
    real = one("SELECT extract(epoch FROM clock_timestamp())::int")
    assert abs(int(told.headers["Jishi-Signature"][2:].split(",")[0]) - real) < 120
    assert of(listener) == [(number, "delivered", 1, 204, False)]


def test_a_signature_is_the_known_one() -> None:
    """Computed apart: `printf '1.{}' | openssl dgst -sha256 -hmac key`."""
    assert signature("key", 1, b"{}") == "t=1,v1=" + KNOWN


KNOWN = "1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224"


def test_events_are_told_in_their_order_and_not_those_before_it_listened(
    place: Any, receiver: Receiver
) -> None:
    said(1)
    hook(place, receiver, "test.said")
    numbers = [said(n)[0] for n in range(2, 2 + 3 * DELIVERIES_A_CLAIM)]
    said(99, "test.sung")
    webhooks.deliver()
    assert receiver.numbers() == numbers


def test_a_members_webhook_tells_what_the_member_may_see(place: Any, receiver: Receiver) -> None:
    alice, bob = joined("alice", "bob")
    listener = hook(place, receiver, "test.*", member=alice)
    said(1, members=[alice])
    said(2, members=[bob])
    [public] = said(3, public=True)
    [hidden] = said(4)
    webhooks.deliver()
    assert [told.event["subject"] for told in receiver.told] == [1, 3]
    ask = Asking(place.name)
    replay = f"/api/webhooks/{listener.pk}/replay/"
    assert ask("post", replay, {"event": hidden}, key=ask.member(alice)).status_code == 404
    assert ask("post", replay, {"after": 0}, key=ask.member(alice)).json() == {"queued": 2}
    webhooks.deliver()
    assert [told.event["subject"] for told in receiver.told] == [1, 3, 1, 3]
    assert public < hidden


def test_a_worker_that_dies_between_sending_and_noting_makes_it_told_again(
    place: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = hook(place, receiver, "test.*")
    [number] = said()

    def die(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(webhooks, "_note", die)
        with pytest.raises(SystemExit):
            webhooks.deliver()
    assert of(listener) == [(number, "waiting", 1, None, False)]
    assert webhooks.deliver() == 0  # it is the dead worker's until its claim ends
    left = one(
        "SELECT next_try_at - clock_timestamp() FROM public.events_delivery WHERE webhook_id = %s",
        [listener.pk],
    )
    assert timedelta(0) < left <= timedelta(seconds=CLAIM_SECONDS)
    due()
    assert webhooks.deliver() == 1
    assert receiver.numbers() == [number, number]
    assert receiver.told[0].headers["Jishi-Delivery-Id"] == receiver.told[1].headers["Jishi-Delivery-Id"]
    assert [told.headers["Jishi-Attempt"] for told in receiver.told] == ["1", "2"]


def test_a_worker_that_dies_while_queueing_queues_everything_once(
    place: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook(place, receiver, "test.*")
    numbers = [said(n)[0] for n in range(1, 4)]

    def die(*_: object, **__: object) -> None:
        raise SystemExit

    listener = Webhook.objects.get(world=place)
    with monkeypatch.context() as patch:
        patch.setattr(Webhook.objects, "filter", die)
        with pytest.raises(SystemExit), transaction.atomic():
            webhooks._collect(listener)
    webhooks.collect()
    webhooks.collect()
    webhooks.send_waiting()
    assert receiver.numbers() == numbers


def test_it_is_tried_with_growing_patience_and_then_no_more(place: Any, receiver: Receiver) -> None:
    receiver.status = 500
    listener = hook(place, receiver, "test.*")
    [number] = said()
    webhooks.collect()
    waits = []
    for _ in BACKOFF_SECONDS:
        assert webhooks.send_waiting() == 0
        waits.append(
            round(
                one("SELECT extract(epoch FROM next_try_at - clock_timestamp()) FROM public.events_delivery")
            )
        )
        assert webhooks.send_waiting() == 0  # not before its time
        due()
    assert all(0 <= wanted - wait <= 3 for wanted, wait in zip(BACKOFF_SECONDS, waits, strict=True))
    webhooks.send_waiting()
    tries = len(BACKOFF_SECONDS) + 1
    assert of(listener) == [(number, "dead", tries, 500, False)]
    due()
    webhooks.send_waiting()
    assert len(receiver.told) == tries
    receiver.status = 200
    ask = Asking(place.name)
    delivery = one("SELECT id FROM public.events_delivery")
    retry = f"/api/webhooks/{listener.pk}/deliveries/{delivery}/retry/"
    assert ask("post", retry).json()["status"] == "waiting"
    assert webhooks.send_waiting() == 1
    assert ask("post", retry).status_code == 409
    log = ask("get", f"/api/webhooks/{listener.pk}/deliveries/").json()["results"]
    assert [(d["event"], d["status"], d["last_status"]) for d in log] == [(number, "delivered", 200)]


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 410, 429, 503])
def test_only_2xx_is_heard_and_no_redirect_is_followed(place: Any, receiver: Receiver, status: int) -> None:
    listener = hook(place, receiver, "test.*")
    receiver.answers = [status]
    [number] = said()
    assert webhooks.deliver() == 0
    assert of(listener) == [(number, "waiting", 1, status, False)]
    assert len(receiver.told) == 1


def test_an_address_where_nobody_listens_keeps_no_other_from_being_told(
    place: Any, receiver: Receiver
) -> None:
    with Receiver() as gone:
        deaf = hook(place, gone, "test.*")
    listener = hook(place, receiver, "test.*")
    [number] = said()
    assert webhooks.deliver() == 1
    assert of(listener) == [(number, "delivered", 1, 204, False)]
    assert of(deaf) == [(number, "waiting", 1, None, False)]
    assert "refused" in one("SELECT last_error FROM public.events_delivery WHERE webhook_id = %s", [deaf.pk])


def test_no_more_is_claimed_than_can_be_sent_before_the_claim_ends(place: Any, receiver: Receiver) -> None:
    """So that deliveries waiting behind a slow receiver use up no attempts of their own."""
    hook(place, receiver, "test.*")
    for n in range(1, 2 * DELIVERIES_A_CLAIM):
        said(n)
    webhooks.collect()
    assert len(webhooks._claim(DELIVERIES_A_CLAIM)) * webhooks.TIMEOUT_SECONDS <= CLAIM_SECONDS
    assert one("SELECT count(*) FROM public.events_delivery WHERE attempts = 0") == DELIVERIES_A_CLAIM - 1


def test_one_event_is_sent_again_and_everything_from_a_point(place: Any, receiver: Receiver) -> None:
    listener = hook(place, receiver, "test.said")
    numbers = [said(n)[0] for n in range(1, 4)]
    [sung] = said(9, "test.sung")
    webhooks.deliver()
    ask = Asking(place.name)
    replay = f"/api/webhooks/{listener.pk}/replay/"
    assert ask("post", replay, {"event": sung}).json() == {
        "queued": 1
    }  # named, so told whatever it listens to
    assert ask("post", replay, {"after": numbers[0]}).json() == {"queued": 2}
    webhooks.deliver()
    assert receiver.numbers() == [*numbers, sung, *numbers[1:]]
    assert [row[4] for row in of(listener)] == [False] * 3 + [True] * 3
    for wrong in ({}, {"event": 1, "after": 0}):
        assert ask("post", replay, wrong).json()["rule"] == "replay_names_events"
    assert ask("post", replay, {"event": 10**9}).status_code == 404


def test_a_reset_tells_anew_what_happens_from_there(place: Any, receiver: Receiver) -> None:
    listener = hook(place, receiver, "test.*")
    said(1)
    webhooks.deliver()
    point(None)
    actions.snapshot(place, "here")
    point(place.schema)
    [second] = said(2)
    webhooks.deliver()
    point(None)
    actions.reset(place, "here")
    point(place.schema)
    assert said(3) == [second]
    webhooks.deliver()
    webhooks.deliver()
    assert [told.event["subject"] for told in receiver.told] == [1, 2, 3]
    assert [row[0] for row in of(listener)] == [second - 1, second, second]


def test_a_fork_has_no_webhooks(place: Any, receiver: Receiver) -> None:
    hook(place, receiver, "test.*")
    point(None)
    copy, _ = actions.fork(place, f"{place.name}f")
    try:
        with use_world(copy.schema):
            said(5)
        webhooks.deliver()
        assert receiver.told == []
        assert not Webhook.objects.filter(world=copy).exists()
    finally:
        actions.drop(copy)


def test_a_resting_webhook_is_told_later_and_a_deleted_one_never(place: Any, receiver: Receiver) -> None:
    listener = hook(place, receiver, "test.*")
    ask, address = Asking(place.name), f"/api/webhooks/{listener.pk}/"
    said(1)
    webhooks.collect()
    assert ask("patch", address, {"is_active": False}).json()["is_active"] is False
    said(2)
    webhooks.deliver()
    assert receiver.told == []
    ask("patch", address, {"is_active": True})
    webhooks.deliver()
    assert [told.event["subject"] for told in receiver.told] == [1, 2]
    said(3)
    webhooks.collect()
    assert ask("delete", address).status_code == 204
    said(4)
    webhooks.deliver()
    assert len(receiver.told) == 2
    assert not Delivery.objects.filter(webhook_id=listener.pk).exists()
    assert ask("get", address).status_code == 404


def test_a_market_dropped_in_the_middle_keeps_no_other_from_being_told(
    place: Any, receiver: Receiver
) -> None:
    """Its webhooks were read before it went: their market is looked for and is not there."""
    listener = hook(place, receiver, "test.*")
    point(None)
    lost, _ = actions.create(f"{place.name}l")
    try:
        with use_world(lost.schema):
            hook(lost, receiver)
        Webhook.objects.filter(world=lost).update(id=0)  # the first to be asked
        execute(f'ALTER SCHEMA "{lost.schema}" RENAME TO "{lost.schema}x"')
        with use_world(place.schema):
            [number] = said()
        assert webhooks.deliver() == 1
        assert of(listener) == [(number, "delivered", 1, 204, False)]
    finally:
        execute(f'ALTER SCHEMA "{lost.schema}x" RENAME TO "{lost.schema}"')
        actions.drop(lost)


BAD = [
    "ftp://x/", "file:///etc/passwd", "http://", "http:///x", "javascript:1", "http://a b/", "http://a/\n", "//x",
    "http://主机/", "x", "http://a/" + "x" * 500,
]  # fmt: skip


@pytest.mark.parametrize("url", BAD)
@pytest.mark.parametrize("verb", ["post", "patch"])
def test_an_address_is_checked_when_made_and_when_changed(market: Any, verb: str, url: str) -> None:
    ask = Asking()
    made = ask("post", "/api/webhooks/", {"url": "http://127.0.0.1:9/"}).json()
    address = "/api/webhooks/" if verb == "post" else f"/api/webhooks/{made['id']}/"
    answer = ask(verb, address, {"url": url})
    if url.endswith("\n"):  # the field strips it
        assert answer.status_code < 300
        return
    assert (answer.status_code, answer.json()["field"]) == (400, "url"), answer.content


@pytest.mark.parametrize(
    "names", [["order"], ["*"], ["Order.paid"], ["order.**"], ["order.paid", ""], "order.paid", [1]]
)
def test_names_are_checked_when_made_and_when_changed(market: Any, names: Any) -> None:
    ask = Asking()
    made = ask("post", "/api/webhooks/", {"url": "http://127.0.0.1:9/", "names": ["order.*"]}).json()
    for verb, address in (("post", "/api/webhooks/"), ("patch", f"/api/webhooks/{made['id']}/")):
        body = {"names": names} if verb == "patch" else {"url": "http://127.0.0.1:9/", "names": names}
        answer = ask(verb, address, body)
        assert answer.status_code == 400, answer.content
        assert answer.json()["field"].startswith("names")
    assert ask("get", f"/api/webhooks/{made['id']}/").json()["names"] == ["order.*"]


def test_a_secret_is_told_once_and_a_member_sees_no_other_webhook(market: Any) -> None:
    alice, bob = joined("alice", "bob")
    ask = Asking()
    body = {"url": "http://127.0.0.1:9/"}
    made = ask("post", "/api/webhooks/", body, key=ask.member(alice)).json()
    assert made["secret"].startswith("whsec_")
    assert made["member"] == alice
    whole = ask("post", "/api/webhooks/", body).json()
    for answer in (ask("get", f"/api/webhooks/{made['id']}/"), ask("get", "/api/webhooks/")):
        assert made["secret"] not in answer.content.decode()
    for who in (ask.member(bob),):
        for verb in ("get", "patch", "delete"):
            assert ask(verb, f"/api/webhooks/{made['id']}/", key=who).status_code == 404
    assert ask("get", f"/api/webhooks/{whole['id']}/", key=ask.member(alice)).status_code == 404
    assert [w["id"] for w in ask("get", "/api/webhooks/", key=ask.member(alice)).json()["results"]] == [
        made["id"]
    ]
    assert ask("get", "/api/webhooks/", key=ask.read).status_code == 403
