"""Members with shops and goods, as the tests of shop, listing, deal and talk speak of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from common.batch import rows
from members.actions import Registration, register, verify
from payments.ledger import TopUp, top_up
from shops.actions.listings import NewListing, create
from shops.actions.shops import Opening, open_shops
from worlds.pen import writing

SUINING = 320324
WARDROBES = 150102
FURNITURE = (15, 1501)


def joined(*nicks: str, verified: bool = True, fen: int = 0) -> list[int]:
    """Members of these nicks, with their papers checked and so much money each."""
    with writing() as moment:
        ids = register([Registration(nick, SUINING) for nick in nicks], at=moment.at)
        if verified:
            verify(ids, "id", at=moment.at)
            verify(ids, "bank", at=moment.at)
        if fen:
            top_up([TopUp(id_, fen) for id_ in ids], at=moment.at)
    return ids


def opening(owner: int, name: str = "木匠铺", **more: Any) -> Opening:
    section, subsection = FURNITURE
    return Opening(**{"owner": owner, "name": name, "section_id": section, "subsection_id": subsection,
                      "region": SUINING, **more})  # fmt: skip


def opened(owner: int, name: str = "木匠铺", **more: Any) -> int:
    """A shop of `owner`."""
    with writing() as moment:
        return open_shops([opening(owner, name, **more)], at=moment.at)[0]


def goods(shop: int, title: str = "简易衣柜", **more: Any) -> NewListing:
    return NewListing(
        **{"shop": shop, "title": title, "category_id": WARDROBES, "price_fen": 9_900, "stock": 10, **more}
    )


def listed(shop: int, title: str = "简易衣柜", **more: Any) -> int:
    """A listing of `shop`: 10 pieces at 99 yuan unless it says otherwise."""
    with writing() as moment:
        return create([goods(shop, title, **more)], by=None, at=moment.at)[0]


def stall(nick: str = "老张", **more: Any) -> tuple[int, int, int]:
    """A seller with a shop and one listing: their three ids."""
    owner = joined(nick)[0]
    shop = opened(owner, f"{nick}的店")
    return owner, shop, listed(shop, **more)


def column(table: str, name: str, ids: Sequence[int]) -> list[Any]:
    """A column of rows, in the order of `ids`."""
    found = dict(rows(f"SELECT id, {name} FROM {table} WHERE id = ANY(%s)", [list(ids)]))
    return [found[id_] for id_ in ids]


def stock_of(*listings: int) -> list[int]:
    return column("shops_listing", "stock", listings)


def events(name: str) -> list[tuple[int, list[int], dict[str, Any]]]:
    """(subject, members, payload) of every event of a name, in order."""
    return rows(
        "SELECT subject_id, members, payload::json FROM events_event WHERE name = %s ORDER BY id", [name]
    )
