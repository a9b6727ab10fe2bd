"""Shops as they are read: one statement a page, certificates and presence worked out in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from common.batch import dicts, rows
from common.errors import NotFound
from regime import queries as regime
from shops.queries.talk import inquiry_figures
from shops.rules.shop import certificates, slots

SHOP = """
    SELECT s.id, s.owner_id AS owner, m.nick, s.name, s.section_id AS section, s.subsection_id AS subsection,
           s.region, s.status, s.held_by, s.introduction, s.announcement, s.template, s.style,
           s.picture_count, s.description_richness, s.opened_at, s.edited_at, s.closed_at, s.protection_since,
           s.seven_day_return, s.showcase_slots, s.version,
           coalesce(s.online_until > c.now_at, false) AS online,
           m.id_verified_at, m.bank_verified_at
      FROM shops_shop s JOIN members_member m ON m.id = s.owner_id CROSS JOIN worlds_clock c
"""
FILTERS = {
    "owner": "s.owner_id = %(owner)s",
    "section": "s.section_id = %(section)s",
    "subsection": "s.subsection_id = %(subsection)s",
    "region": "s.region = %(region)s",
    "status": "s.status = %(status)s",
    "name": "s.name = %(name)s",
    "nick": "m.nick = %(nick)s",
    "protected": "(s.protection_since IS NOT NULL) = %(protected)s",
    "seven_day_return": "s.seven_day_return = %(seven_day_return)s",
    "online": "coalesce(s.online_until > c.now_at, false) = %(online)s",
}


def shops(filters: Mapping[str, Any], *, after: int = 0, limit: int = 50) -> list[dict[str, Any]]:
    """Shops in order of id after `after`, one more than `limit` when there are more."""
    tests = ["s.id > %(after)s", *(FILTERS[name] for name in filters)]
    found = dicts(
        f"{SHOP} WHERE {' AND '.join(tests)} ORDER BY s.id LIMIT %(limit)s",
        {**filters, "after": after, "limit": limit + 1},
    )
    return [_with_certificates(row) for row in found]


def shop(shop_id: int) -> dict[str, Any]:
    """One shop; raises `NotFound`."""
    found = dicts(f"{SHOP} WHERE s.id = %s", [shop_id])
    if not found:
        raise NotFound(
            f"there is no shop {shop_id}", field="shop", rule="shop_exists", way_out="List the shops."
        )
    return _with_certificates(found[0])


def _with_certificates(row: dict[str, Any]) -> dict[str, Any]:
    row["certificates"] = certificates(row)
    del row["id_verified_at"], row["bank_verified_at"]
    return row


def shop_of(owner: int) -> int:
    """The id of a member's shop; raises `NotFound`."""
    found = rows("SELECT id FROM shops_shop WHERE owner_id = %s", [owner])
    if not found:
        raise NotFound(
            f"member {owner} has no shop", field="owner", rule="member_has_a_shop", way_out="Open one."
        )
    return int(found[0][0])


def owners(shop_ids: Sequence[int]) -> dict[int, int]:
    """Shop to its owner."""
    return dict(rows("SELECT id, owner_id FROM shops_shop WHERE id = ANY(%s)", [list(shop_ids)]))


def deposits_fen(owner_ids: Sequence[int]) -> dict[int, int]:
    """Owner to what is left of the deposit for the protection scheme, in fen."""
    found = rows(
        "SELECT code, received_fen - given_fen FROM payments_account WHERE code = ANY(%s)",
        [[f"deposit:{owner}" for owner in owner_ids]],
    )
    return {int(code.partition(":")[2]): fen for code, fen in found}


def showcase(shop_id: int, at: datetime) -> dict[str, int]:
    """Showcase slots of a shop at `at`: all, used, left (not below 0 when a grade was lost)."""
    there = slots_of([shop_id], at)
    if shop_id not in there:
        raise NotFound(
            f"there is no shop {shop_id}", field="shop", rule="shop_exists", way_out="List the shops."
        )
    used = rows("SELECT count(*) FROM shops_listing WHERE shop_id = %s AND showcase", [shop_id])[0][0]
    return {"all": there[shop_id], "used": used, "left": max(there[shop_id] - used, 0)}


def slots_of(shop_ids: Sequence[int], at: datetime) -> dict[int, int]:
    """Shop to the number of listings it may put forward at `at`."""
    lever = regime.at(at).showcase
    found = rows(
        """SELECT id, showcase_slots, opened_at, protection_since IS NOT NULL
             FROM shops_shop WHERE id = ANY(%s)""",
        [list(shop_ids)],
    )
    return {
        id_: slots(granted, opened_at, protected, at, lever) for id_, granted, opened_at, protected in found
    }


def profile(shop_id: int) -> dict[str, Any]:
    """What everybody may know of a seller, but for trades and feedback (those who know them show them)."""
    row = shop(shop_id)
    on_sale, down, sold = rows(
        """SELECT count(*) FILTER (WHERE status = 'on_sale'), count(*) FILTER (WHERE status = 'in_stock'),
                  coalesce(sum(sold_count), 0)::bigint FROM shops_listing WHERE shop_id = %s""",
        [shop_id],
    )[0]
    figures = inquiry_figures([shop_id])[shop_id]
    return {
        "shop": row,
        "listings_on_sale": on_sale,
        "listings_taken_down": down,
        "pieces_sold": sold,
        "inquiries_asked": figures["asked"],
        "inquiries_answered": figures["answered"],
        "median_response_seconds": figures["median_response_seconds"],
    }
