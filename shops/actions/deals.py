"""Deal pages: issued by a seller for one buyer, used by ordering, declined, withdrawn, or lapsed by time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from common.batch import dicts, insert, rows
from common.errors import Conflict, Gone, Invalid, NotFound, Refusal, several
from common.moments import show
from common.transitions import take
from events.actions import emit
from regime import queries as regime
from shops.actions.edits import check_each_once, not_there, not_yours
from shops.models import Deal, DealLine
from shops.rules import deal as rules
from shops.rules.listing import POSTAGE_MOST_FEN, PRICE_MOST_FEN
from shops.rules.shop import unprintable


@dataclass(frozen=True, slots=True)
class Agreed:
    """So many pieces of a listing at this price each, in fen."""

    listing: int
    quantity: int
    price_fen: int


@dataclass(frozen=True, slots=True)
class NewDeal:
    """What `shop` offers to `buyer` alone. `expires_at` None: after the lever `deal.expiry_days`."""

    shop: int
    buyer: int
    lines: Sequence[Agreed]
    postage_fen: int = 0
    terms: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UsedDeal:
    """A deal as the order takes it over."""

    id: int
    shop: int
    buyer: int
    postage_fen: int
    terms: str
    lines: tuple[Agreed, ...]


@transaction.atomic
def issue(deals: Sequence[NewDeal], *, by: int | None, at: datetime) -> list[int]:
    """Issue deal pages; returns their ids. `by`: the shop's owner, None the platform.

    Raises, naming the rows: `NotFound`, `Forbidden` (another's shop), `Invalid` (a line, the price, the
    expiry, a deal with oneself), `Conflict` (a shop that is closed).
    """
    days = regime.at(at).deal.expiry_days
    shops = _by_id("SELECT id, owner_id, status FROM shops_shop WHERE id = ANY(%s)", [d.shop for d in deals])
    buyers = _by_id("SELECT id, status FROM members_member WHERE id = ANY(%s)", [d.buyer for d in deals])
    listings = _by_id(
        "SELECT id, shop_id FROM shops_listing WHERE id = ANY(%s)",
        [line.listing for d in deals for line in d.lines],
    )
    refused: dict[int, Refusal] = {}
    for i, deal in enumerate(deals):
        fault = (
            _shop_fault(deal, shops, by)
            or _buyer_fault(deal, shops, buyers)
            or _page_fault(deal, at)
            or next((f for line in deal.lines if (f := _line_fault(deal, line, listings))), None)
        )
        if fault:
            refused[i] = fault
    if refused:
        raise several(refused)
    ids = insert(
        Deal,
        [
            {
                "shop_id": d.shop,
                "buyer_id": d.buyer,
                "postage_fen": d.postage_fen,
                "terms": d.terms,
                "status": "issued",
                "issued_at": at,
                "expires_at": d.expires_at or rules.expiry(at, days),
            }
            for d in deals
        ],
    )
    insert(
        DealLine,
        [
            {
                "deal_id": id_,
                "listing_id": line.listing,
                "quantity": line.quantity,
                "price_fen": line.price_fen,
            }
            for id_, d in zip(ids, deals, strict=True)
            for line in d.lines
        ],
    )
    _tell(
        "deal.issued",
        [(id_, d.shop, shops[d.shop][0], d.buyer) for id_, d in zip(ids, deals, strict=True)],
        at,
    )
    return ids


def _by_id(sql: str, ids: Sequence[int]) -> dict[int, tuple[Any, ...]]:
    return {row[0]: row[1:] for row in rows(sql, [sorted(set(ids))])}


def _shop_fault(deal: NewDeal, shops: dict[int, tuple[Any, ...]], by: int | None) -> Refusal | None:
    if deal.shop not in shops:
        return not_there("shop", deal.shop)
    owner, status = shops[deal.shop]
    if by is not None and owner != by:
        return not_yours("shop", deal.shop)
    if status == "closed":
        return Conflict(
            f"shop {deal.shop} is closed",
            field="shop",
            rule="a_closed_shop_deals_no_more",
            way_out="Reopen it.",
        )
    return None


def _buyer_fault(
    deal: NewDeal, shops: dict[int, tuple[Any, ...]], buyers: dict[int, tuple[Any, ...]]
) -> Refusal | None:
    if deal.buyer not in buyers:
        return not_there("buyer", deal.buyer)
    if shops[deal.shop][0] == deal.buyer:
        return Invalid(
            "nobody deals with themself", field="buyer", rule="a_deal_has_two_sides", way_out="Name a buyer."
        )
    return None


def _page_fault(deal: NewDeal, at: datetime) -> Refusal | None:
    if not 1 <= len(deal.lines) <= rules.LINES_MOST:
        return Invalid(
            f"a deal page has 1 to {rules.LINES_MOST} lines",
            field="lines",
            rule="a_deal_has_lines",
            way_out="Add one.",
        )
    if len({line.listing for line in deal.lines}) < len(deal.lines):
        return Invalid(
            "a listing stands once on a deal page", field="lines", rule="a_listing_stands_once_on_a_deal",
            way_out="Add the quantities up.",
        )  # fmt: skip
    if len(deal.terms) > rules.TERMS_CHARACTERS or unprintable(deal.terms):
        return Invalid(
            f"terms are at most {rules.TERMS_CHARACTERS} printable characters",
            field="terms", rule="terms_length",
            way_out="Shorten them.",
        )  # fmt: skip
    if not 0 <= deal.postage_fen <= POSTAGE_MOST_FEN:
        return Invalid("postage is not negative", field="postage_fen", rule="deal_postage_is_not_negative")
    latest = at + timedelta(days=rules.STANDS_DAYS_MOST)
    if deal.expires_at is not None and not at < deal.expires_at <= latest:
        return Invalid(
            f"a deal page expires after now, by {show(latest)}", field="expires_at",
            rule="a_deal_expires_after_it_is_issued", way_out="Choose another moment, or leave it out.",
        )  # fmt: skip
    return None


def _line_fault(deal: NewDeal, line: Agreed, listings: dict[int, tuple[Any, ...]]) -> Refusal | None:
    if line.listing not in listings or listings[line.listing][0] != deal.shop:
        return NotFound(
            f"shop {deal.shop} has no listing {line.listing}",
            field="lines", rule="a_deal_is_about_own_listings",
            way_out="Name listings of this shop.",
        )  # fmt: skip
    if not 1 <= line.quantity <= rules.QUANTITY_MOST:
        return Invalid(
            "a quantity is 1 or more", field="quantity", rule="deal_quantity_is_1_or_more", way_out="Send 1."
        )
    if not 1 <= line.price_fen <= PRICE_MOST_FEN:
        return Invalid(
            "a price is 1 fen or more",
            field="price_fen",
            rule="deal_price_is_1_fen_or_more",
            way_out="Send 1.",
        )
    return None


@transaction.atomic
def use(ids: Sequence[int], buyer: int | Sequence[int], *, at: datetime) -> list[UsedDeal]:
    """Take deals over into orders, each once; `buyer` is who orders (of all, or one for each).

    Raises, naming the rows: `NotFound` (also when it was made for somebody else: nobody learns of it), `Gone`
    from the second it expires, `Conflict` when it is used, declined or withdrawn.
    """
    check_each_once(ids)
    buyers = [buyer] * len(ids) if isinstance(buyer, int) else list(buyer)
    there = _deals(ids)
    refused: dict[int, Refusal] = {}
    for i, id_ in enumerate(ids):
        if id_ not in there or there[id_]["buyer"] != buyers[i]:
            refused[i] = not_there("deal", id_)
        elif there[id_]["status"] in ("issued", "lapsed") and at >= there[id_]["expires_at"]:
            refused[i] = Gone(
                f"deal {id_} lapsed at {show(there[id_]['expires_at'])}", field="deal", rule="a_deal_lapses",
                way_out="Ask the seller for another.",
            )  # fmt: skip
    if refused:
        raise several(refused)
    take(Deal, ids, rules.DEAL_STEP["use"], settled_at=at)
    lines: dict[int, list[Agreed]] = {id_: [] for id_ in ids}
    for deal, listing, quantity, price_fen in rows(
        """SELECT deal_id, listing_id, quantity, price_fen FROM shops_dealline
            WHERE deal_id = ANY(%s) ORDER BY id""",
        [list(ids)],
    ):
        lines[deal].append(Agreed(listing, quantity, price_fen))
    _tell(
        "deal.used", [(id_, there[id_]["shop"], there[id_]["owner"], there[id_]["buyer"]) for id_ in ids], at
    )
    return [
        UsedDeal(id_, row["shop"], row["buyer"], row["postage_fen"], row["terms"], tuple(lines[id_]))
        for id_ in ids
        if (row := there[id_])
    ]


def _deals(ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """What never changes of each deal, and its status (for words only: the step decides)."""
    found = dicts(
        """SELECT d.id, d.shop_id AS shop, s.owner_id AS owner, d.buyer_id AS buyer, d.postage_fen, d.terms,
                  d.expires_at, d.status
             FROM shops_deal d JOIN shops_shop s ON s.id = d.shop_id WHERE d.id = ANY(%s)""",
        [list(ids)],
    )
    return {row["id"]: row for row in found}


def decline(ids: Sequence[int], *, by: int, at: datetime) -> None:
    """The buyer does not want it."""
    _settle("decline", "buyer", ids, by, at)


def withdraw(ids: Sequence[int], *, by: int | None, at: datetime) -> None:
    """The seller (or the platform, `by` None) takes it back."""
    _settle("withdraw", "owner", ids, by, at)


@transaction.atomic
def _settle(action: str, side: str, ids: Sequence[int], by: int | None, at: datetime) -> None:
    check_each_once(ids)
    there = _deals(ids)
    hidden = [
        i for i, id_ in enumerate(ids) if id_ not in there or (by is not None and there[id_][side] != by)
    ]
    if hidden:
        raise several({i: not_there("deal", ids[i]) for i in hidden})
    take(Deal, ids, rules.DEAL_STEP[action], settled_at=at)
    done = [(id_, there[id_]["shop"], there[id_]["owner"], there[id_]["buyer"]) for id_ in ids]
    _tell(rules.EVENT[action], done, at)


@transaction.atomic
def lapse(ids: Sequence[int], *, at: datetime) -> None:
    """What time does to deals nobody used, at the second they expire."""
    there = _deals(ids)
    take(Deal, ids, rules.DEAL_STEP["lapse"], settled_at=at)
    done = [(id_, there[id_]["shop"], there[id_]["owner"], there[id_]["buyer"]) for id_ in ids]
    _tell("deal.lapsed", done, at)


def _tell(name: str, deals: Sequence[tuple[Any, ...]], at: datetime) -> None:
    """Only the two sides hear of a deal; prices and terms are on its page."""
    emit(
        name,
        [
            {"id": id_, "members": [owner, buyer], "shop": shop, "seller": owner, "buyer": buyer}
            for id_, shop, owner, buyer in deals
        ],
        at=at,
    )
