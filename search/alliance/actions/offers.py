"""What shops offer to everybody who brings them a sale: TaobaoKe's commissions, on the shop or on a listing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from common.batch import insert
from common.errors import Conflict, NotFound, Refusal, several
from events.actions import emit
from regime import queries as regime
from search.alliance import rules
from search.alliance.actions.finding import listings, not_yours, shops
from search.alliance.models import Offer
from shops.actions.edits import not_there


@dataclass(frozen=True, slots=True)
class NewOffer:
    """`rate_bps` of each sale of `shop`, or of `listing` alone (which goes before the shop's); 0: no longer."""

    shop: int
    rate_bps: int
    listing: int | None = None


@transaction.atomic
def offer(intents: Sequence[NewOffer], *, by: int | None, at: datetime) -> list[int]:
    """Offer commissions from now on; their ids. What was clicked before keeps the rate it had. `by`: the shops' owner.

    Raises, naming the rows: `NotFound` (shop, listing), `Forbidden`, `Invalid` (a rate outside the levers, commission
    not sold in this regime), `Conflict` (a closed shop).
    """
    levers = regime.at(at).alliance
    own, goods = shops(o.shop for o in intents), listings(o.listing for o in intents)
    refused: dict[int, Refusal] = {}
    for n, intent in enumerate(intents):
        terms = rules.Terms("commission", rate_bps=intent.rate_bps)
        fault: Refusal | None = None
        if intent.shop not in own:
            fault = not_there("shop", intent.shop)
        elif by is not None and own[intent.shop]["owner"] != by:
            fault = not_yours("shop", intent.shop)
        elif intent.listing is not None and goods.get(intent.listing, {}).get("shop") != intent.shop:
            fault = NotFound(
                f"shop {intent.shop} has no listing {intent.listing}", field="listing", rule="an_offer_is_on_own_goods",
                way_out="Name a listing of that shop, or none.",
            )  # fmt: skip
        elif intent.rate_bps != 0:
            fault = rules.terms_fault(
                terms,
                at=at,
                sold_by=levers.sold_by,
                least=levers.commission_least_bps,
                most=levers.commission_most_bps,
            ) or (_shut(intent.shop) if own[intent.shop]["status"] == "closed" else None)
        if fault:
            refused[n] = fault
    if refused:
        raise several(refused)
    ids = insert(
        Offer,
        [
            {"shop_id": o.shop, "listing_id": o.listing, "rate_bps": o.rate_bps, "offered_at": at}
            for o in intents
        ],
    )
    emit(
        "alliance.offered",
        [
            {"id": i, "public": True, "shop": o.shop, "listing": o.listing, "rate_bps": o.rate_bps}
            for i, o in zip(ids, intents, strict=True)
        ],
        at=at,
    )
    return ids


def _shut(shop: int) -> Refusal:
    return Conflict(
        f"shop {shop} is closed",
        field="shop",
        rule="a_closed_shop_offers_nothing",
        way_out="Open it again first.",
    )
