"""Talk as it is read: by the two who talk, and by the platform when it hears a dispute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from common.batch import dicts, rows
from common.errors import NotFound
from members.queries import shown_name_sql

# A member's nick is theirs to show: sellers do, and so does who has written to you.
KNOWN_TO = """CASE WHEN EXISTS (SELECT FROM shops_shop s WHERE s.owner_id = {other}.id) OR EXISTS (
                   SELECT FROM shops_message said JOIN shops_conversation t ON t.id = said.conversation_id
                    WHERE t.low_id = least({other}.id, {by}) AND t.high_id = greatest({other}.id, {by})
                      AND said.sender_id = {other}.id)
               THEN {other}.nick ELSE {shown} END"""


def _shown(other: str, by: str) -> str:
    return KNOWN_TO.format(other=other, by=by, shown=shown_name_sql(f"{other}.nick", f"{other}.openness"))


CONVERSATION = f"""
    SELECT c.id, o.id AS member, {_shown("o", "%(by)s")} AS shown_name,
           coalesce(p.online_until > k.now_at, false) AS online, c.opened_at, c.last_at, c.message_count,
           CASE WHEN c.low_id = %(by)s THEN c.low_unread ELSE c.high_unread END AS unread
      FROM (SELECT * FROM shops_conversation WHERE low_id = %(by)s
            UNION ALL SELECT * FROM shops_conversation WHERE high_id = %(by)s) c
      JOIN members_member o ON o.id = c.low_id + c.high_id - %(by)s
      LEFT JOIN shops_presence p ON p.member_id = o.id CROSS JOIN worlds_clock k
"""


def conversations(
    by: int, *, unread: bool = False, member: int | None = None, after: int = 0, limit: int = 50
) -> list[dict[str, Any]]:
    """With whom member `by` talks, in order of id after `after`; `unread`: only with something unread."""
    return dicts(
        f"""SELECT * FROM ({CONVERSATION}) mine
             WHERE id > %(after)s AND (NOT %(unread)s OR unread > 0)
               AND (%(member)s::bigint IS NULL OR member = %(member)s)
             ORDER BY id LIMIT %(limit)s""",
        {"by": by, "unread": unread, "member": member, "after": after, "limit": limit + 1},
    )


def unread_count(by: int) -> int:
    """How many messages wait for member `by`."""
    return int(
        rows(
            """SELECT coalesce(sum(n), 0)
                 FROM (SELECT low_unread AS n FROM shops_conversation WHERE low_id = %s
               UNION ALL SELECT high_unread FROM shops_conversation WHERE high_id = %s) mine""",
            [by, by],
        )[0][0]
    )


def messages(
    conversation: int, viewer: int | None, *, after: int = 0, before: int | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """What was said, in order after id `after`; with `before`, the last ones before it, still in order.

    Raises `NotFound` for everybody but the two (`viewer` None: the platform).
    """
    found = rows(
        "SELECT 1 FROM shops_conversation WHERE id = %s AND (%s::bigint IS NULL OR %s IN (low_id, high_id))",
        [conversation, viewer, viewer],
    )
    if not found:
        raise NotFound(
            f"there is no conversation {conversation}", field="conversation", rule="conversation_exists",
            way_out="List your conversations.",
        )  # fmt: skip
    order = "ASC" if before is None else "DESC"
    said = dicts(
        f"""SELECT id, sender_id AS sender, listing_id AS listing, text, sent_at FROM shops_message
             WHERE conversation_id = %s AND id > %s AND (%s::bigint IS NULL OR id < %s)
             ORDER BY id {order} LIMIT %s""",
        [conversation, after, before, before, limit + 1 if before is None else limit],
    )
    return said if before is None else said[::-1]


def conversation_of_dispute(dispute: int) -> int | None:
    """The conversation of the two sides of an open dispute, None if they never talked; raises `NotFound`."""
    found = rows(
        """SELECT c.id FROM shops_dispute d
             LEFT JOIN shops_conversation c ON c.low_id = least(d.buyer_id, d.seller_id)
                                           AND c.high_id = greatest(d.buyer_id, d.seller_id)
            WHERE d.id = %s AND d.settled_at IS NULL""",
        [dispute],
    )
    if not found:
        raise NotFound(
            f"there is no open dispute {dispute}", field="dispute", rule="talk_is_opened_in_a_dispute",
            way_out="Talk stays closed without one.",
        )  # fmt: skip
    conversation: int | None = found[0][0]
    return conversation


def no_shop(shop: int) -> NotFound:
    return NotFound(f"there is no shop {shop}", field="shop", rule="shop_exists", way_out="List the shops.")


def contacts(by: int, *, after: int = 0, limit: int = 50) -> list[dict[str, Any]]:
    """Member `by`'s contact list, with who is online, in order of id after `after`."""
    return dicts(
        f"""SELECT c.id, c.other_id AS member, {_shown("m", "c.member_id")} AS shown_name, c.label,
                  c.added_at,
                  coalesce(p.online_until > k.now_at, false) AS online
             FROM shops_contact c JOIN members_member m ON m.id = c.other_id
             LEFT JOIN shops_presence p ON p.member_id = c.other_id CROSS JOIN worlds_clock k
            WHERE c.member_id = %s AND c.id > %s ORDER BY c.id LIMIT %s""",
        [by, after, limit + 1],
    )


def presence(members: Sequence[int]) -> list[dict[str, Any]]:
    """Who of `members` is online, and until or since when nothing was heard (null: never), in order of id."""
    return dicts(
        """SELECT m.id AS member, coalesce(p.online_until > k.now_at, false) AS online, p.online_until
             FROM members_member m LEFT JOIN shops_presence p ON p.member_id = m.id CROSS JOIN worlds_clock k
            WHERE m.id = ANY(%s) ORDER BY m.id""",
        [list(members)],
    )


def inquiries(
    shop: int | None, buyer: int | None, *, answered: bool | None = None, after: int = 0, limit: int = 50
) -> list[dict[str, Any]]:
    """Inquiries to a shop or of a buyer, in order of id after `after`; `answered`: only these."""
    return dicts(
        """SELECT id, conversation_id AS conversation, shop_id AS shop, listing_id AS listing,
                  buyer_id AS buyer, message_id AS message, asked_at, answered_at, response_seconds
             FROM shops_inquiry
            WHERE id > %(after)s AND (%(shop)s::bigint IS NULL OR shop_id = %(shop)s)
              AND (%(buyer)s::bigint IS NULL OR buyer_id = %(buyer)s)
              AND (%(answered)s::boolean IS NULL OR (answered_at IS NOT NULL) = %(answered)s)
            ORDER BY id LIMIT %(limit)s""",
        {"shop": shop, "buyer": buyer, "answered": answered, "after": after, "limit": limit + 1},
    )


def inquiry_figures(shops: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Shop to how it answers: asked, answered, median seconds to the answer (rounded down; or None)."""
    found = dicts(
        """SELECT shop_id AS shop, count(*) AS asked, count(answered_at) AS answered,
                  floor(percentile_cont(0.5) WITHIN GROUP (ORDER BY response_seconds))::bigint
                      AS median_response_seconds
             FROM shops_inquiry WHERE shop_id = ANY(%s) GROUP BY shop_id""",
        [list(shops)],
    )
    nothing = {"asked": 0, "answered": 0, "median_response_seconds": None}
    return dict.fromkeys(shops, nothing) | {row.pop("shop"): row for row in found}
