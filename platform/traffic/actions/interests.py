"""Favourites and carts: each act is kept, and what stands is the last one of a member on a listing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from common.batch import insert, rows
from common.errors import NotFound, Refusal, several
from common.moments import day_of, show, start_of
from events.actions import emit
from traffic.models import Interest
from traffic.rules import ACTS, refusal


@dataclass(frozen=True, slots=True)
class Act:
    """`member` favourites, un-favourites, puts in the cart or takes out of it (`act`) the `listing`.

    `at`: when, on the open day and not after the call's moment (None: at it).
    """

    act: str
    member: int
    listing: int
    source: int = 1
    quantity: int = 1
    at: datetime | None = None


@transaction.atomic
def show_interest(acts: Sequence[Act], *, at: datetime) -> list[int]:
    """Record favourites and carts; returns their ids, numbered in the order of their moments.

    Raises `NotFound` for a listing or member not there, `Conflict` for a moment off the open day, `Invalid`
    for an unknown act or a quantity out of bounds; `rows` name the offenders.
    """
    shops = {
        listing: (shop, section)
        for listing, shop, section in rows(
            "SELECT id, shop_id, section_id FROM shops_listing WHERE id = ANY(%s)",
            [sorted({a.listing for a in acts})],
        )
    }
    members = {
        row[0]
        for row in rows(
            "SELECT id FROM members_member WHERE id = ANY(%s)", [sorted({a.member for a in acts})]
        )
    }
    _check(acts, shops, members, at)
    order = sorted(range(len(acts)), key=lambda i: acts[i].at or at)
    records = [
        {
            "act": a.act,
            "member_id": a.member,
            "listing_id": a.listing,
            "shop_id": shops[a.listing][0],
            "section_id": shops[a.listing][1],
            "source": a.source,
            "quantity": a.quantity,
            "at": a.at or at,
        }
        for a in (acts[i] for i in order)
    ]
    ids = insert(Interest, records)
    emit(
        "interest.shown",
        [
            {
                "id": id_,
                "members": [record["member_id"]],  # nobody else learns who looks at what, its seller included
                "act": record["act"],
                "listing": record["listing_id"],
                "shop": record["shop_id"],
                "quantity": record["quantity"],
                "at": show(record["at"]),
            }
            for id_, record in zip(ids, records, strict=True)
        ],
        at=at,
    )
    numbered = dict(zip(order, ids, strict=True))
    return [numbered[i] for i in range(len(acts))]


def _check(acts: Sequence[Act], listings: Collection[int], members: Collection[int], at: datetime) -> None:
    opened = start_of(day_of(at))
    wrong: dict[int, Refusal] = {}
    for i, act in enumerate(acts):
        if act.listing not in listings:
            wrong[i] = NotFound(f"there is no listing {act.listing}", field="listing", rule="listing_exists")
        elif act.member not in members:
            wrong[i] = NotFound(f"there is no member {act.member}", field="member", rule="member_exists")
        elif act.act not in ACTS:
            wrong[i] = refusal("an_interest_is_a_known_act")
        elif not 1 <= act.quantity <= 9999:
            wrong[i] = refusal("a_cart_holds_1_to_9999_pieces")
        elif act.at is not None and not opened <= act.at <= at:
            wrong[i] = refusal("an_act_is_of_the_open_day")
    if wrong:
        raise several(wrong)
