"""A shopping street as the tests of search speak of it, and its oracle: the whole order, worked out by hand in Python."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from common import sections
from common.batch import dicts, execute, one, rows
from common.moments import day_of
from ratings.models import Credit, Index
from regime import queries as regime
from regime.actions import change
from search.queries.asked import Asked
from search.queries.find import Found
from search.queries.find import search as finding
from search.rules import FULL, TERMS, end_part, part_of, stale_bps, values, weights
from search.words import document_words, misplaced, mispriced, query_words, stuffed
from shops.actions import listings as listing_actions
from shops.actions import shops as shop_actions
from shops.actions.edits import Edit
from tests.shops.stalls import goods, joined, opened
from traffic.rules import DIMENSIONS
from worlds.pen import writing

WARDROBE, SOFA = 150102, 150201


class Street:
    """Shops by nick; verbs call the ordinary actions at the market's now."""

    def __init__(self, market: Any) -> None:
        self.market = market
        self.shops: dict[str, int] = {}
        self.owners: dict[str, int] = {}

    @property
    def at(self) -> datetime:
        return self.market.at  # type: ignore[no-any-return]

    def shop(self, nick: str = "老张", **more: Any) -> int:
        if nick not in self.shops:
            [self.owners[nick]] = joined(nick, fen=10_000_000)
            self.shops[nick] = opened(self.owners[nick], f"{nick}的店", **more)
        return self.shops[nick]

    def lists(self, *titles: str, shop: str = "老张", **more: Any) -> list[int]:
        shop_id = self.shop(shop)
        with writing() as moment:
            return listing_actions.create(
                [goods(shop_id, title, **more) for title in titles], by=None, at=moment.at
            )

    def listed(self, title: str = "简易衣柜", **more: Any) -> int:
        return self.lists(title, **more)[0]

    def edit(self, listing: int, **changes: Any) -> None:
        with writing() as moment:
            listing_actions.edit([Edit(listing, changes)], by=None, at=moment.at)

    def do(self, verb: Any, *args: Any, **more: Any) -> Any:
        with writing() as moment:
            return verb(*args, at=moment.at, **more)

    def delist(self, *listings: int) -> None:
        self.do(listing_actions.delist, list(listings), by=None)

    def relist(self, *listings: int) -> None:
        self.do(listing_actions.list_again, list(listings), by=None)

    def hide(self, nick: str) -> None:
        self.do(shop_actions.hide, [self.shops[nick]], by=None)

    def show(self, nick: str) -> None:
        self.do(shop_actions.show, [self.shops[nick]], by=None)

    def protect(self, nick: str) -> None:
        self.do(shop_actions.join_protection, [self.shops[nick]], by=None)

    def stands(self, nick: str, **credit: int) -> None:
        """What the daily run of ratings would have published of the shop's owner."""
        owner = self.owners[nick]
        kept = {"level": 0, "points": 0, "recent_good": 0, "recent_all": 0, "stars": 0} | credit
        shown = {name: kept[name] for name in ("level", "points", "recent_good", "recent_all")}
        Credit.objects.update_or_create(
            id=owner * 2, defaults={"member_id": owner, "role": "seller", **shown}
        )
        if kept["stars"]:
            stars = dict.fromkeys(("description", "service", "delivery"), kept["stars"])
            counts = {f.attname: 9 for f in Index._meta.concrete_fields if not f.null and not f.primary_key}
            Index.objects.update_or_create(
                id=owner,
                defaults={**counts, "member_id": owner, "section_id": 15, "on": self.at.date(), **stars},
            )

    def seen(self, listing: int, *, pv: int = 0, uv: int = 0, sold: int = 0, days_ago: int = 1) -> None:
        """What the close of a day would have counted of a listing."""
        execute(
            """INSERT INTO traffic_daily (day, dimension, key, source, pv, uv_daily, ipv, ipv_uv_daily, visits, bounces, stay_seconds,
                      favourites, carts, orders_placed, orders_paid, buyers_daily, pieces_paid, paid_fen)
               VALUES (%s::date - %s::int, %s, %s, 0, %s, %s, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, %s, 0)
               ON CONFLICT (day, dimension, key, source) DO UPDATE SET pv = excluded.pv, uv_daily = excluded.uv_daily,
                      pieces_paid = excluded.pieces_paid""",
            [self.at.date(), days_ago, DIMENSIONS["listing"], listing, pv, uv, sold],
        )

    def set_lever(self, **levers: Any) -> None:
        with writing() as moment:
            change(
                {name.replace("__", "."): value for name, value in levers.items()},
                at=moment.at,
                by=None,
                why="a test",
            )

    def only(self, **weights_: int) -> None:
        """Every weight of the formula nought, but these."""
        levers = {f"ranking__{term}": 0 for term in LEVERS} | {
            f"ranking__{name}": value for name, value in weights_.items()
        }
        self.set_lever(**levers)


LEVERS = tuple(term.lever for term in TERMS)


def search(
    q: str = "", *, sort: str = "default", limit: int = 20, offset: int = 0, **filters: Any
) -> list[int]:
    """The listings a search finds, in order."""
    return [row["listing"] for row in results(found(q, sort=sort, limit=limit, offset=offset, **filters))]


def found(q: str = "", *, sort: str = "default", limit: int = 20, offset: int = 0, **filters: Any) -> Found:
    return finding(Asked(q, filters, sort, limit, offset))[0]


def results(page: Found) -> list[dict[str, Any]]:
    return orjson.loads(page.results)  # type: ignore[no-any-return]


# -- the oracle: from the market's own tables, by Python alone ----------------------------------------------


def oracle(q: str = "", at: datetime | None = None) -> list[tuple[int, int]]:
    """(listing, score) of all that has every word, best first: what a search by default must say."""
    at = at or one("SELECT now_at FROM worlds_clock")
    formula, words = weights(regime.at(at)), query_words(q)
    scored, there = [], _everything()
    for row in there:
        said = set(document_words(row["title"]))
        other = set(document_words(" ".join([*row["tags"], *_plain(row["properties"])])))
        other |= set(document_words(_path(row["category_id"], "zh"))) | set(
            document_words(_path(row["category_id"], "en"))
        )
        if not set(words) <= said | other:
            continue
        relevance = FULL if set(words) <= said else FULL // 2
        left = end_part(row["listed_at"], at, formula.cycle_parts) - part_of(at)
        described = _described(row, at, formula, there)
        worth = values(described, left, formula, relevance)
        scored.append((row["id"], sum(worth[name] * formula.of[name] for name in worth)))
    return sorted(scored, key=lambda pair: (-pair[1], pair[0]))


def _everything() -> list[dict[str, Any]]:
    return dicts(
        """SELECT l.*, l.properties::json AS properties, s.owner_id, s.protection_since, s.status AS shop_status
             FROM shops_listing l JOIN shops_shop s ON s.id = l.shop_id
            WHERE l.status = 'on_sale' AND s.status = 'open' AND (l.stock > 0 OR l.supply = 'custom') ORDER BY l.id"""
    )


def _described(
    row: dict[str, Any], at: datetime, formula: Any, there: list[dict[str, Any]]
) -> dict[str, Any]:
    credit = rows(
        "SELECT level, recent_good, recent_all FROM ratings_credit WHERE id = %s", [row["owner_id"] * 2]
    )
    level, good, all_ = credit[0] if credit else (0, 0, 0)
    stars = rows(
        "SELECT description, service, delivery FROM ratings_index WHERE id = %s AND answers > 0",
        [row["owner_id"]],
    )
    through = day_of(at) - timedelta(days=1)

    def counted(column: str, days: int) -> int:
        return int(
            one(
                f"SELECT coalesce(sum({column}), 0) FROM traffic_daily WHERE dimension = %s AND key = %s AND day > %s AND day <= %s",
                [DIMENSIONS["listing"], row["id"], through - timedelta(days=days), through],
            )
        )

    twins = [
        other
        for other in there
        if (other["shop_id"], other["title"], other["price_fen"])
        == (row["shop_id"], row["title"], row["price_fen"])
        and other["id"] < row["id"]
    ]
    return {
        "level": level,
        "good_rate_bps": (2 * good * 10_000 + all_) // (2 * all_) if all_ else None,
        "dsr": list(stars[0]) if stars else None,
        "pv": counted("pv", formula.views_days),
        "uv_daily": counted("uv_daily", formula.views_days),
        "sales": counted("pieces_paid", formula.sales_days),
        "stale_bps": stale_bps((day_of(at) - day_of(row["edited_at"])).days, formula.fresh_days),
        "protection": row["protection_since"] is not None,
        "showcase": row["showcase"],
        "duplicate": bool(twins),
        "suspected": bool(rows("SELECT 1 FROM search_suspicion WHERE id = %s", [row["id"]])),
        "stuffed": stuffed(row["title"], document_words(row["title"])),
        "misplaced": misplaced(document_words(row["title"]), row["category_id"]),
        "mispriced": mispriced(row["price_fen"], row["postage_fen"], row["category_id"]),
    }


def _path(category: int, tongue: str) -> str:
    return sections.path_name(category, tongue)


def _plain(properties: dict[str, Any]) -> Sequence[str]:
    told: list[str] = []
    for name, value in properties.items():
        told += [name, *map(str, value if isinstance(value, list) else [value])]
    return told


def tables() -> tuple[list[Any], list[Any]]:
    """Documents and descriptors, whole, in order."""
    return (
        rows("SELECT id, title, tokens::text FROM search_document ORDER BY id"),
        rows("SELECT * FROM search_descriptor ORDER BY id"),
    )


__all__ = ["SOFA", "WARDROBE", "Street", "found", "oracle", "results", "search", "tables"]
