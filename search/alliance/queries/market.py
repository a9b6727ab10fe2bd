"""What is let and offered: spaces and placements to everybody, offers too, contracts to their two sides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.batch import dicts
from common.errors import NotFound

SPACES = """
    SELECT t.id, t.owner_id AS owner, t.name, t.kind, t.address, t.description, t.status, t.opened_at, t.closed_at,
           (SELECT coalesce(json_agg(json_build_object('id', p.id, 'name', p.name, 'description', p.description,
                                                       'status', p.status) ORDER BY p.id), '[]')
              FROM search_alliance_placement p WHERE p.space_id = t.id) AS placements
      FROM search_alliance_space t WHERE TRUE
"""
# Each ends in a WHERE, so that tests can be added. The last offer on a shop, or on a listing of it, is the one that stands.
OFFERS = """
    SELECT t.id, t.shop_id AS shop, t.listing_id AS listing, t.rate_bps, t.offered_at
      FROM search_alliance_offer t
     WHERE t.rate_bps > 0 AND NOT EXISTS (
           SELECT FROM search_alliance_offer o WHERE o.shop_id = t.shop_id AND o.id > t.id
              AND o.listing_id IS NOT DISTINCT FROM t.listing_id)
"""
CONTRACTS = """
    SELECT t.id, t.placement_id AS placement, p.space_id AS space, w.owner_id AS owner, t.shop_id AS shop,
           s.owner_id AS seller, t.status, t.said_by, t.sold_by, t.price_fen, t.rate_bps, t.budget_fen, t.spent_fen,
           t.starts_at, t.ends_at, t.proposed_at, t.said_at, t.respond_by, t.settled_at, t.ended_at
      FROM search_alliance_contract t JOIN search_alliance_placement p ON p.id = t.placement_id
      JOIN search_alliance_space w ON w.id = p.space_id JOIN shops_shop s ON s.id = t.shop_id
     WHERE (%(viewer)s::bigint IS NULL OR %(viewer)s IN (s.owner_id, w.owner_id))
"""
LINKS = """
    SELECT t.id, t.token, t.space_id AS space, t.placement_id AS placement, t.shop_id AS shop, t.listing_id AS listing,
           t.contract_id AS contract, t.made_at
      FROM search_alliance_link t JOIN search_alliance_space w ON w.id = t.space_id
      JOIN shops_shop s ON s.id = t.shop_id
     WHERE (%(viewer)s::bigint IS NULL OR %(viewer)s IN (s.owner_id, w.owner_id))
"""
COLUMN = {
    "owner": "t.owner_id", "kind": "t.kind", "status": "t.status", "shop": "t.shop_id", "listing": "t.listing_id",
    "placement": "t.placement_id", "space": "t.space_id", "contract": "t.contract_id",
}  # fmt: skip


def some(sql: str, query: Mapping[str, Any], *, viewer: int | None = None) -> list[dict[str, Any]]:
    """Rows after `query["after"]`, one more than `query["limit"]`, by whatever filters of COLUMN it holds."""
    tests = "".join(f" AND {COLUMN[name]} = %({name})s" for name in query if name in COLUMN)
    return dicts(
        f"{sql} AND t.id > %(after)s{tests} ORDER BY t.id LIMIT %(most)s",
        {"after": 0, **query, "most": query["limit"] + 1, "viewer": viewer},
    )


def one_of(sql: str, noun: str, number: int, *, viewer: int | None = None) -> dict[str, Any]:
    """That row; raises `NotFound`, also to a `viewer` it is hidden from."""
    found = some(sql, {"after": number - 1, "limit": 0}, viewer=viewer)
    if not found or found[0]["id"] != number:
        raise NotFound(
            f"there is no {noun} {number}", field=noun, rule=f"{noun}_exists", way_out="Look at the list."
        )
    return found[0]
