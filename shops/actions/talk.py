"""Wangwang: say something, be online, read, keep contacts. What was said stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from common.batch import execute, insert, rows
from common.errors import Invalid, NotFound, Refusal, several
from events.actions import emit
from regime import queries as regime
from shops.actions.edits import not_there
from shops.models import Contact, Conversation, Inquiry, Message
from shops.rules import talk as rules


@dataclass(frozen=True, slots=True)
class Said:
    """`sender` says `text` to `to`, perhaps about a `listing` of one of the two."""

    sender: int
    to: int
    text: str
    listing: int | None = None


@transaction.atomic
def send(messages: Sequence[Said], *, at: datetime) -> list[int]:
    """Send messages in their order; returns their ids. A buyer's first about a listing is an inquiry; the
    seller's next word to that buyer answers all that wait.

    Raises, naming the rows: `NotFound` (member, listing), `Invalid` (text, oneself, a listing of neither).
    """
    listings = _listings([said.listing for said in messages if said.listing is not None])
    _check(messages, listings)
    conversations = _conversations(messages, at)
    filed = [conversations[rules.pair(said.sender, said.to)] for said in messages]
    ids = insert(
        Message,
        [
            {
                "conversation_id": conversation,
                "sender_id": said.sender,
                "listing_id": said.listing,
                "text": said.text,
                "sent_at": at,
            }
            for said, conversation in zip(messages, filed, strict=True)
        ],
    )
    _count(messages, filed, at)
    _ask(messages, filed, ids, listings, at)
    _answer(filed, min(ids), at) if ids else None
    return ids


def _listings(ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Listing to its shop and that shop's owner."""
    if not ids:
        return {}
    found = rows(
        """SELECT l.id, l.shop_id, s.owner_id FROM shops_listing l JOIN shops_shop s ON s.id = l.shop_id
            WHERE l.id = ANY(%s)""",
        [sorted(set(ids))],
    )
    return {row[0]: row[1:] for row in found}


def _check(messages: Sequence[Said], listings: Mapping[int, tuple[int, int]]) -> None:
    wanted = sorted({member for said in messages for member in (said.sender, said.to)})
    members = {row[0] for row in rows("SELECT id FROM members_member WHERE id = ANY(%s)", [wanted])}
    refused = {i: fault for i, said in enumerate(messages) if (fault := _fault(said, members, listings))}
    if refused:
        raise several(refused)


def _fault(said: Said, members: set[int], listings: Mapping[int, tuple[int, int]]) -> Refusal | None:
    for name, member in (("sender", said.sender), ("to", said.to)):
        if member not in members:
            return NotFound(
                f"there is no member {member}",
                field=name,
                rule="member_exists",
                way_out="Look the number up.",
            )
    if said.sender == said.to:
        return Invalid(
            "nobody talks to themself",
            field="to",
            rule="nobody_talks_to_themself",
            way_out="Name somebody else.",
        )
    if said.listing is not None and said.listing not in listings:
        return not_there("listing", said.listing)
    if said.listing is not None and listings[said.listing][1] not in (said.sender, said.to):
        return Invalid(
            f"listing {said.listing} belongs to neither of the two",
            field="listing",
            rule="they_talk_about_their_own_listings",
            way_out="Write to its seller.",
        )
    return rules.text_fault(said.text)


def _conversations(messages: Sequence[Said], at: datetime) -> dict[tuple[int, int], int]:
    """The conversation of each pair, opened (and put in both contact lists) where there was none."""
    pairs = list(dict.fromkeys(rules.pair(said.sender, said.to) for said in messages))
    known = _known(pairs)
    fresh = [pair for pair in pairs if pair not in known]
    if not fresh:
        return known
    insert(
        Conversation,
        [
            {"low_id": low, "high_id": high, "opened_at": at, "last_at": at, **NOTHING_YET}
            for low, high in fresh
        ],
        ignore='("low_id", "high_id")',
    )
    sides = [side for low, high in fresh for side in ((low, high), (high, low))]
    insert(
        Contact,
        [{"member_id": one, "other_id": other, "label": "", "added_at": at} for one, other in sides],
        ignore='("member_id", "other_id")',
    )
    return known | _known(fresh)


NOTHING_YET = {"message_count": 0, "low_unread": 0, "high_unread": 0}


def _known(pairs: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    found = rows(
        """SELECT c.low_id, c.high_id, c.id FROM shops_conversation c
             JOIN unnest(%s::bigint[], %s::bigint[]) AS w (low, high)
               ON w.low = c.low_id AND w.high = c.high_id""",
        [[low for low, _ in pairs], [high for _, high in pairs]],
    )
    return {(low, high): id_ for low, high, id_ in found}


def _count(messages: Sequence[Said], filed: Sequence[int], at: datetime) -> None:
    """Unread for whom it was sent to; the sender has evidently read what was there."""
    execute(
        """UPDATE shops_conversation c
              SET message_count = c.message_count + n.messages, last_at = %s,
                  low_unread = CASE WHEN n.by_low > 0 THEN 0 ELSE c.low_unread END + n.after_low,
                  high_unread = CASE WHEN n.by_high > 0 THEN 0 ELSE c.high_unread END + n.after_high
             FROM (SELECT w.conversation, count(*) AS messages,
                          count(*) FILTER (WHERE by_low) AS by_low,
                          count(*) FILTER (WHERE NOT by_low) AS by_high,
                          count(*) FILTER (WHERE NOT by_low AND n > last_low) AS after_low,
                          count(*) FILTER (WHERE by_low AND n > last_high) AS after_high
                     FROM (SELECT *, coalesce(max(n) FILTER (WHERE by_low) OVER pair, 0) AS last_low,
                                  coalesce(max(n) FILTER (WHERE NOT by_low) OVER pair, 0) AS last_high
                             FROM unnest(%s::bigint[], %s::boolean[])
                                  WITH ORDINALITY AS s (conversation, by_low, n)
                           WINDOW pair AS (PARTITION BY conversation)) w
                    GROUP BY w.conversation) n
            WHERE c.id = n.conversation""",
        [at, list(filed), [said.sender < said.to for said in messages]],
    )


def _ask(
    messages: Sequence[Said],
    filed: Sequence[int],
    ids: Sequence[int],
    listings: Mapping[int, tuple[int, int]],
    at: datetime,
) -> None:
    """A buyer's first message about a listing is an inquiry."""
    firsts: dict[tuple[int, int], dict[str, Any]] = {}
    for said, conversation, id_ in zip(messages, filed, ids, strict=True):
        if said.listing is None or listings[said.listing][1] == said.sender:
            continue
        record = {
            "conversation_id": conversation,
            "shop_id": listings[said.listing][0],
            "listing_id": said.listing,
            "buyer_id": said.sender,
            "message_id": id_,
            "asked_at": at,
        }
        firsts.setdefault((said.sender, said.listing), record)
    new = set(insert(Inquiry, list(firsts.values()), ignore='("buyer_id", "listing_id")'))
    if not new:
        return
    asked = rows(
        """SELECT i.id, i.buyer_id, s.owner_id, i.shop_id, i.listing_id
             FROM shops_inquiry i JOIN shops_shop s ON s.id = i.shop_id WHERE i.id = ANY(%s) ORDER BY i.id""",
        [sorted(new)],
    )
    emit(
        "inquiry.asked",
        [
            {
                "id": id_,
                "members": [buyer, owner],
                "buyer": buyer,
                "seller": owner,
                "shop": shop,
                "listing": listing,
            }
            for id_, buyer, owner, shop, listing in asked
        ],
        at=at,
    )


def _answer(filed: Sequence[int], first_id: int, at: datetime) -> None:
    """The other side's word after a question answers it: `first_id` on are the messages just sent."""
    answered = rows(
        """UPDATE shops_inquiry i
              SET answered_at = %s, response_seconds = extract(epoch FROM %s - i.asked_at)::bigint
             FROM shops_shop s
            WHERE i.conversation_id = ANY(%s) AND i.answered_at IS NULL AND s.id = i.shop_id
              AND EXISTS (SELECT FROM shops_message m WHERE m.conversation_id = i.conversation_id
                             AND m.id >= %s AND m.id > i.message_id AND m.sender_id <> i.buyer_id)
        RETURNING i.id, i.buyer_id, s.owner_id, i.shop_id, i.listing_id, i.response_seconds""",
        [at, at, sorted(set(filed)), first_id],
    )
    emit(
        "inquiry.answered",
        [
            {
                "id": id_, "members": [buyer, owner], "buyer": buyer, "seller": owner, "shop": shop,
                "listing": listing, "response_seconds": seconds,
            }
            for id_, buyer, owner, shop, listing, seconds in sorted(answered)
        ],
        at=at,
    )  # fmt: skip


@transaction.atomic
def read(conversations: Sequence[int], *, by: int, at: datetime) -> None:
    """`by` has read all that is there. Raises `NotFound` for a conversation of others."""
    touched = {
        row[0]
        for row in rows(
            """UPDATE shops_conversation SET low_unread = CASE WHEN low_id = %s THEN 0 ELSE low_unread END,
                      high_unread = CASE WHEN high_id = %s THEN 0 ELSE high_unread END
                WHERE id = ANY(%s) AND %s IN (low_id, high_id) RETURNING id""",
            [by, by, list(conversations), by],
        )
    }
    refused = {i: not_there("conversation", id_) for i, id_ in enumerate(conversations) if id_ not in touched}
    if refused:
        raise several(refused)


@transaction.atomic
def beat(members: Sequence[int], *, at: datetime) -> datetime:
    """Signs of life; returns until when they last (lever `talk.online_minutes`)."""
    until = rules.online_until(at, regime.at(at).talk.online_minutes)
    _present(members, until)
    return until


@transaction.atomic
def leave(members: Sequence[int], *, at: datetime) -> None:
    """Go offline now."""
    _present(members, at)


def _present(members: Sequence[int], until: datetime) -> None:
    execute(
        """INSERT INTO shops_presence (member_id, online_until)
           SELECT DISTINCT id, %s::timestamptz FROM unnest(%s::bigint[]) AS m (id)
           ON CONFLICT (member_id) DO UPDATE SET online_until = excluded.online_until""",
        [until, list(members)],
    )
    execute("UPDATE shops_shop SET online_until = %s WHERE owner_id = ANY(%s)", [until, list(members)])


@transaction.atomic
def add_contact(member: int, other: int, label: str = "", *, at: datetime) -> None:
    """Put `other` in `member`'s contact list, or give them another label."""
    if fault := rules.label_fault(label):
        raise fault
    if not rows("SELECT 1 FROM members_member WHERE id = %s", [other]):
        raise not_there("member", other)
    if not insert(
        Contact,
        [{"member_id": member, "other_id": other, "label": label, "added_at": at}],
        ignore='("member_id", "other_id")',
    ):
        Contact.objects.filter(member_id=member, other_id=other).update(label=label)


@transaction.atomic
def remove_contact(member: int, other: int, *, at: datetime) -> None:
    """Take `other` off `member`'s list; what was said stays. Raises `NotFound`."""
    if not Contact.objects.filter(member_id=member, other_id=other).delete()[0]:
        raise not_there("contact", other)
