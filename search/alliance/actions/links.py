"""Tracking links: what stands in a web page and leads to a shop or one of its listings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from django.db import transaction

from common.batch import insert, one, rows
from common.errors import Conflict, Invalid, NotFound, Refusal, several
from events.actions import emit
from search.alliance.actions.contracts import contracts_of
from search.alliance.actions.finding import Row, listings, not_yours, placements, shops, spaces
from search.alliance.models import Link
from shops.actions.edits import not_there


@dataclass(frozen=True, slots=True)
class NewLink:
    """From `space` (or `placement` on it) to `shop` (or `listing` of it), by `contract` or, None, a standing offer."""

    space: int
    shop: int
    placement: int | None = None
    listing: int | None = None
    contract: int | None = None

    @property
    def way(self) -> tuple[Any, ...]:
        return (self.space, self.placement, self.shop, self.listing, self.contract)


# The rate that stands for a sale of that listing, or of the shop at large: the listing's own offer goes first.
# `upto`: the last offer that counts, None for all.
RATE = """coalesce(
    (SELECT nullif(f.rate_bps, 0) FROM search_alliance_offer f
      WHERE f.shop_id = {shop} AND f.listing_id = {listing} AND f.id <= {upto} ORDER BY f.id DESC LIMIT 1),
    (SELECT nullif(f.rate_bps, 0) FROM search_alliance_offer f
      WHERE f.shop_id = {shop} AND f.listing_id IS NULL AND f.id <= {upto} ORDER BY f.id DESC LIMIT 1))"""
ALL_OFFERS = str(2**63 - 1)
STANDING = f"""
    SELECT i.n, {RATE.format(shop="i.shop", listing="i.listing", upto=ALL_OFFERS)}
      FROM unnest(%s::bigint[], %s::bigint[]) WITH ORDINALITY AS i(shop, listing, n)
"""


def token_of(number: int) -> str:
    """A link's token: sixteen hexadecimal digits, the same in every fork. No secret: everybody may follow it."""
    return blake2b(b"alliance link %d" % number, digest_size=8).hexdigest()


@transaction.atomic
def link(intents: Sequence[NewLink], *, by: int | None, at: datetime) -> list[int]:
    """Make links, or find those made before; their ids. `by`: the spaces' owner, None the platform.

    Raises, naming the rows: `NotFound`, `Forbidden` (another's space), `Invalid` (parts that do not belong together,
    one's own shop), `Conflict` (a contract that is not accepted, no standing offer).
    """
    own, places = spaces(i.space for i in intents), placements(i.placement for i in intents)
    sellers, goods = shops(i.shop for i in intents), listings(i.listing for i in intents)
    deals = contracts_of([i.contract for i in intents if i.contract is not None])
    standing = [row[1] for row in rows(STANDING, [[i.shop for i in intents], [i.listing for i in intents]])]
    refused: dict[int, Refusal] = {}
    for n, intent in enumerate(intents):
        fault = (
            _space_fault(intent, own, places, by)
            or _shop_fault(intent, own, sellers, goods)
            or _terms_fault(intent, deals, standing[n])
        )
        if fault:
            refused[n] = fault
    if refused:
        raise several(refused)
    made = _known(intents)
    fresh = list(dict.fromkeys(i.way for i in intents if i.way not in made))
    first = 1 + (one("SELECT max(id) FROM search_alliance_link") or 0)
    names = ("space_id", "placement_id", "shop_id", "listing_id", "contract_id")
    ids = insert(
        Link,
        [
            dict(zip(names, way, strict=True)) | {"token": token_of(first + n), "made_at": at}
            for n, way in enumerate(fresh)
        ],
    )
    made |= dict(zip(fresh, ids, strict=True))
    emit(
        "alliance.linked",
        [
            {"id": i, "members": [own[way[0]]["owner"]], "space": way[0], "shop": way[2], "listing": way[3]}
            for i, way in zip(ids, fresh, strict=True)
        ],
        at=at,
    )
    return [made[i.way] for i in intents]


def _known(intents: Sequence[NewLink]) -> dict[tuple[Any, ...], int]:
    found = rows(
        """SELECT space_id, placement_id, shop_id, listing_id, contract_id, id FROM search_alliance_link
            WHERE space_id = ANY(%s) AND shop_id = ANY(%s)""",
        [sorted({i.space for i in intents}), sorted({i.shop for i in intents})],
    )
    return {tuple(row[:5]): row[5] for row in found}


def _space_fault(
    intent: NewLink, own: dict[int, Row], places: dict[int, Row], by: int | None
) -> Refusal | None:
    if intent.space not in own:
        return not_there("space", intent.space)
    if by is not None and own[intent.space]["owner"] != by:
        return not_yours("space", intent.space)
    if intent.placement is not None and places.get(intent.placement, {}).get("space") != intent.space:
        return NotFound(
            f"space {intent.space} has no placement {intent.placement}", field="placement",
            rule="a_link_stands_on_its_space", way_out="Name a placement of that space, or none.",
        )  # fmt: skip
    return None


def _shop_fault(
    intent: NewLink, own: dict[int, Row], sellers: dict[int, Row], goods: dict[int, Row]
) -> Refusal | None:
    if intent.shop not in sellers:
        return not_there("shop", intent.shop)
    if intent.listing is not None and goods.get(intent.listing, {}).get("shop") != intent.shop:
        return NotFound(
            f"shop {intent.shop} has no listing {intent.listing}", field="listing", rule="a_link_leads_into_its_shop",
            way_out="Name a listing of that shop, or none.",
        )  # fmt: skip
    if sellers[intent.shop]["owner"] == own[intent.space]["owner"]:
        return Invalid(
            "nobody is paid for bringing visitors to their own shop", field="shop",
            rule="a_link_leads_to_anothers_shop", way_out="Choose another's shop.",
        )  # fmt: skip
    return None


def _terms_fault(intent: NewLink, deals: dict[int, Row], rate_bps: int | None) -> Refusal | None:
    if intent.contract is None:
        if rate_bps is None:
            return Conflict(
                f"shop {intent.shop} offers no commission on that", field="shop", rule="a_link_needs_an_offer",
                way_out="See GET /api/alliance/offers/, or propose a contract.",
            )  # fmt: skip
        return None
    deal = deals.get(intent.contract)
    if deal is None or (deal["placement"], deal["shop"]) != (intent.placement, intent.shop):
        return NotFound(
            f"there is no contract {intent.contract} of that shop for that placement", field="contract",
            rule="a_link_is_by_its_contract", way_out="Name the contract's own placement and shop.",
        )  # fmt: skip
    if deal["status"] != "accepted":
        return Conflict(
            f"contract {intent.contract} is {deal['status']}", field="contract", rule="a_link_needs_an_accepted_contract",
            way_out="Have it accepted first.",
        )  # fmt: skip
    return None
