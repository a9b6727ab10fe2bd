"""Listing goods, editing them, taking them down, putting them in the window, restocking."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from common import sections
from common.batch import dicts, execute, insert, rows
from common.errors import Conflict, Forbidden, Invalid, Refusal, several
from common.transitions import take
from events.actions import emit
from regime import queries as regime
from shops.actions.edits import (
    Edit,
    check_changes,
    check_each_once,
    check_owners,
    not_there,
    not_yours,
    revise,
)
from shops.models import Listing
from shops.queries.shops import slots_of
from shops.rules import listing as rules

COPIED = (
    "title", "tags", "category_id", "price_fen", "postage_fen", "supply", "delivery", "stock", "ready_at",
    "ship_within_days", "condition", "properties", "description", "picture_count", "outer_id",
)  # fmt: skip
FIELDS = tuple(name for name in (*COPIED, "description_richness") if name != "stock")


@dataclass(frozen=True, slots=True)
class NewListing:
    """Goods that `shop` offers. Money in fen; `stock` in pieces; `description_richness` None: worked out."""

    shop: int
    title: str
    category_id: int
    price_fen: int
    stock: int = 0
    postage_fen: int = 0
    supply: str = "stock"
    delivery: str = "express"
    tags: list[str] = field(default_factory=list)
    ready_at: datetime | None = None
    ship_within_days: int | None = None
    condition: str = "new"
    properties: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""
    picture_count: int = 0
    description_richness: int | None = None
    outer_id: str = ""
    on_sale: bool = True


DEFAULTS = {f.name: f.default for f in fields(NewListing) if f.default is not MISSING}


@dataclass(frozen=True, slots=True)
class Restock:
    """Either `add` pieces (below 0 takes them away) or set the stock `to` so many."""

    listing: int
    add: int | None = None
    to: int | None = None


@transaction.atomic
def create(listings: Sequence[NewListing], *, by: int | None, at: datetime) -> list[int]:
    """List goods; returns the listings' ids. `by`: the member who does it, None the platform.

    Raises, naming the rows: `Invalid` for a field that does not fit, `NotFound` for an unknown shop,
    `Forbidden` for another member's, `Conflict` for one that is closed or held by the platform.
    """
    most_bytes = regime.at(at).listing.title_bytes
    shops = {
        row[0]: row[1:]
        for row in rows(
            "SELECT id, owner_id, status, held_by FROM shops_shop WHERE id = ANY(%s)",
            [sorted({new.shop for new in listings})],
        )
    }
    refused = {
        i: found
        for i, new in enumerate(listings)
        if (found := _shop_fault(new.shop, shops.get(new.shop), by) or _fault(new, most_bytes))
    }
    if refused:
        raise several(refused)
    ids = insert(Listing, [_record(new, at) for new in listings])
    emit(
        "listing.created",
        [_fact(id_, new, shops[new.shop][0]) for id_, new in zip(ids, listings, strict=True)],
        at=at,
    )
    return ids


def _shop_fault(shop: int, there: tuple[Any, ...] | None, by: int | None) -> Refusal | None:
    if there is None:
        return not_there("shop", shop)
    owner, status, held_by = there
    if by is not None and owner != by:
        return not_yours("shop", shop)
    if status == "closed" or (held_by == "platform" and by is not None):
        return Conflict(
            f"shop {shop} is {status}; it publishes nothing",
            field="shop",
            rule="a_closed_shop_publishes_nothing",
            way_out="Reopen it, or wait until the platform lets it go.",
            extra={"state": status},
        )
    return None


def _fault(new: NewListing, most_bytes: int) -> Refusal | None:
    return (
        rules.title_fault(new.title, most_bytes)
        or rules.first_fault(new, DEFAULTS)
        or rules.supply_fault(new.supply, new.stock, new.ready_at, new.ship_within_days)
    )


def _record(new: NewListing, at: datetime) -> dict[str, Any]:
    richness = new.description_richness
    return {
        "shop_id": new.shop,
        **{name: getattr(new, name) for name in COPIED},
        "section_id": sections.section_id_of(new.category_id),
        "description_richness": rules.richness(new.description, new.picture_count)
        if richness is None
        else richness,
        "status": "on_sale" if new.on_sale else "in_stock",
        "withdrawn_by": "",
        "created_at": at,
        "listed_at": at if new.on_sale else None,
        "edited_at": at,
        "showcase": False,
        "sold_count": 0,
        "version": 1,
    }


def _fact(id_: int, new: NewListing, owner: int) -> dict[str, Any]:
    return {
        "id": id_,
        "members": [owner],
        "public": True,
        "shop": new.shop,
        "category": new.category_id,
        "price_fen": new.price_fen,
        "on_sale": new.on_sale,
    }


@transaction.atomic
def edit(edits: Sequence[Edit], *, by: int | None, at: datetime) -> None:
    """Change what listings say. A trade keeps what it was made on: orders hold a snapshot.

    Raises `NotFound`, `Forbidden`, `Invalid` or `Stale`, naming the rows. Stock is `restock`'s.
    """
    check_each_once([e.id for e in edits])
    there = _listings([e.id for e in edits], by)
    most_bytes = regime.at(at).listing.title_bytes
    refused = check_changes(edits, FIELDS)
    for i, e in enumerate(edits):
        if fault := _change_fault(e.changes, there[e.id], most_bytes):
            refused.setdefault(i, fault)
    if refused:
        raise several(refused)
    revise(Listing, [Edit(e.id, _whole(e.changes, there[e.id]), e.version) for e in edits], at=at)
    _tell("listing.edited", [(e.id, {"fields": sorted(e.changes)}) for e in edits], there, at)


def _change_fault(changes: Mapping[str, Any], row: Mapping[str, Any], most_bytes: int) -> Refusal | None:
    if "title" in changes and (found := rules.title_fault(changes["title"], most_bytes)):
        return found
    for name, value in changes.items():
        if found := rules.fault(name, value):
            return found
    after = {**row, **changes}
    return rules.supply_fault(after["supply"], after["stock"], after["ready_at"], after["ship_within_days"])


def _whole(changes: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """The changes and what follows from them: the category's section, the richness nobody scored."""
    whole = dict(changes)
    if "category_id" in whole:
        whole["section_id"] = sections.section_id_of(whole["category_id"])
    if whole.get("description_richness", 0) is None or (
        "description_richness" not in whole and whole.keys() & {"description", "picture_count"}
    ):
        after = {**row, **whole}
        whole["description_richness"] = rules.richness(after["description"], after["picture_count"])
    return whole


def _listings(ids: Sequence[int], by: int | None) -> dict[int, dict[str, Any]]:
    """The listings of `ids` by id, locked, if they exist and stand in a shop of `by`."""
    found = dicts(
        """SELECT l.id, l.shop_id, s.owner_id, s.status AS shop_status, s.held_by, l.supply, l.stock,
                  l.ready_at, l.ship_within_days, l.description, l.picture_count, l.status,
                  l.withdrawn_by, l.showcase
             FROM shops_listing l JOIN shops_shop s ON s.id = l.shop_id WHERE l.id = ANY(%s) ORDER BY l.id
              FOR UPDATE OF l""",
        [list(ids)],
    )
    check_owners("listing", ids, {row["id"]: row["owner_id"] for row in found}, by)
    return {row["id"]: row for row in found}


def _tell(
    name: str,
    facts: Sequence[tuple[int, dict[str, Any]]],
    there: Mapping[int, Mapping[str, Any]],
    at: datetime,
) -> None:
    emit(
        name,
        [
            {
                "id": id_,
                "members": [there[id_]["owner_id"]],
                "public": True,
                "shop": there[id_]["shop_id"],
                **more,
            }
            for id_, more in facts
        ],
        at=at,
    )


@transaction.atomic
def list_again(ids: Sequence[int], *, by: int | None, at: datetime) -> None:
    """Put listings on sale (again), for a new cycle. Needs something to sell and a shop that may publish."""
    check_each_once(ids)
    there = _listings(ids, by)
    refused: dict[int, Refusal] = {}
    for i, id_ in enumerate(ids):
        row = there[id_]
        fault = _shop_fault(row["shop_id"], (row["owner_id"], row["shop_status"], row["held_by"]), by)
        if fault is None and by is not None and row["withdrawn_by"] == "platform":
            fault = Forbidden(
                f"the platform took listing {id_} down",
                field="listing", rule="what_the_platform_withdrew_stays_down",
                way_out="Appeal.",
            )  # fmt: skip
        if fault is None and row["supply"] != "custom" and row["stock"] == 0:
            fault = Conflict(
                f"listing {id_} has no piece left", field="stock", rule="what_is_listed_can_be_sold",
                way_out="Restock it first.",
            )  # fmt: skip
        if fault:
            refused[i] = fault
    if refused:
        raise several(refused)
    take(Listing, ids, rules.LISTING_STEP["list"], listed_at=at, withdrawn_by="", version=F("version") + 1)
    _tell("listing.relisted", [(id_, {}) for id_ in ids], there, at)


@transaction.atomic
def delist(ids: Sequence[int], *, by: int | None, at: datetime) -> None:
    """Take listings down; they leave the showcase. Orders under way go on."""
    check_each_once(ids)
    there = _listings(ids, by)
    take(
        Listing,
        ids,
        rules.LISTING_STEP["delist"],
        showcase=False,
        delisted_at=at,
        withdrawn_by="platform" if by is None else "seller",
        version=F("version") + 1,
    )
    _tell(
        "listing.delisted", [(id_, {"by": "platform" if by is None else "seller"}) for id_ in ids], there, at
    )


@transaction.atomic
def put_in_showcase(ids: Sequence[int], *, by: int | None, at: datetime) -> None:
    """Put listings on sale forward. Raises `Conflict` naming the rows that found no slot of the shop left."""
    check_each_once(ids)
    there = _listings(ids, by)
    shops = sorted({row["shop_id"] for row in there.values()})
    execute("SELECT 1 FROM shops_shop WHERE id = ANY(%s) ORDER BY id FOR UPDATE", [shops])
    slots = slots_of(shops, at)
    used = Counter(
        dict(
            rows(
                "SELECT shop_id, count(*) FROM shops_listing WHERE shop_id = ANY(%s) AND showcase GROUP BY 1",
                [shops],
            )
        )
    )
    refused: dict[int, Refusal] = {}
    for i, id_ in enumerate(ids):
        shop = there[id_]["shop_id"]
        if there[id_]["status"] != "on_sale":
            refused[i] = Conflict(
                f"listing {id_} is not on sale",
                field="listing",
                rule="what_is_shown_is_on_sale",
                way_out="List it.",
            )
        elif not there[id_]["showcase"] and used[shop] >= slots[shop]:
            refused[i] = Conflict(
                f"shop {shop} uses all its {slots[shop]} showcase slots", field="listing",
                rule="a_shop_has_so_many_showcase_slots", way_out="Take another listing out first.",
                extra={"slots": slots[shop], "used": used[shop]},
            )  # fmt: skip
        else:
            used[shop] += not there[id_]["showcase"]
    if refused:
        raise several(refused)
    _set_showcase(ids, True, there, at)


@transaction.atomic
def take_from_showcase(ids: Sequence[int], *, by: int | None, at: datetime) -> None:
    """Take listings out of the showcase; one that is not in it stays as it is."""
    check_each_once(ids)
    _set_showcase(ids, False, _listings(ids, by), at)


def _set_showcase(
    ids: Sequence[int], shown: bool, there: Mapping[int, Mapping[str, Any]], at: datetime
) -> None:
    moved = [id_ for id_ in ids if there[id_]["showcase"] != shown]
    Listing.objects.filter(pk__in=moved).update(showcase=shown, version=F("version") + 1)
    _tell("listing.edited", [(id_, {"fields": ["showcase"]}) for id_ in moved], there, at)


@transaction.atomic
def restock(wishes: Sequence[Restock], *, by: int | None, at: datetime) -> list[int]:
    """Change how many pieces there are; returns the new stocks. Not an edit: it freshens nothing.

    Raises `Invalid` (neither or both of add and to; goods made to order) or `Conflict` (below 0).
    """
    check_each_once([wish.listing for wish in wishes])
    there = _listings([wish.listing for wish in wishes], by)
    stocks: list[int] = []
    refused: dict[int, Refusal] = {}
    for i, wish in enumerate(wishes):
        row = there[wish.listing]
        stocks.append(wish.to if wish.to is not None else row["stock"] + (wish.add or 0))
        if fault := _restock_fault(wish, row, stocks[i]):
            refused[i] = fault
    if refused:
        raise several(refused)
    execute(
        """UPDATE shops_listing l SET stock = w.stock
             FROM unnest(%s::bigint[], %s::int[]) AS w (listing, stock) WHERE l.id = w.listing""",
        [[wish.listing for wish in wishes], stocks],
    )
    _tell("listing.edited", [(wish.listing, {"fields": ["stock"]}) for wish in wishes], there, at)
    return stocks


def _restock_fault(wish: Restock, row: Mapping[str, Any], stock: int) -> Refusal | None:
    if (wish.add is None) == (wish.to is None):
        return Invalid("say either add or to", field="add", rule="add_or_to", way_out='Send {"add": 5}.')
    if row["supply"] == "custom":
        return rules.supply_fault("custom", 1, None, None)
    if stock < 0:
        return Conflict(
            f"listing {row['id']} has {row['stock']} left", field="add", rule="stock_never_oversells",
            way_out="Take fewer away.", extra={"left": row["stock"]},
        )  # fmt: skip
    return rules.fault("stock", stock)
