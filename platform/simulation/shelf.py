"""What result pages and item pages show of everything on sale, as arrays: read anew every day, and in between only what
was edited, came or went. A cache of what anybody may see; it decides nothing by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common import exact, random, sections
from common.batch import one
from simulation.keys import LISTINGS, NTH

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

COLUMNS = (
    ("id", "r.id"),
    ("version", "l.version"),
    ("shop_version", "s.version"),
    ("key", "r.key"),
    ("shop", "r.shop_id"),
    ("owner", "s.owner_id"),
    ("category", "r.category_id"),
    ("price_fen", "r.price_fen"),
    ("postage_fen", "r.postage_fen"),
    ("sales", "r.sales"),
    ("uv_daily", "r.uv_daily"),
    ("level", "r.level"),
    ("good_rate_bps", "coalesce(r.good_rate_bps, -1)"),
    ("description", "coalesce(r.description, -1)"),
    ("service", "coalesce(r.service, -1)"),
    ("delivery", "coalesce(r.delivery_speed, -1)"),
    ("protection", "r.protection::int"),
    ("seven_day_return", "r.seven_day_return::int"),
    ("richness", "l.description_richness"),
    ("pictures", "l.picture_count"),
    ("custom", "(l.supply = 'custom')::int"),
    ("virtual", "(l.delivery IN ('virtual', 'auto'))::int"),
    ("nth", NTH),
)
NAMES = tuple(name for name, _ in COLUMNS)
SHOP_APPEAL = 1.6  # log-sd of how much shops please with all their goods: a part of the item_spread
FROM = "search_descriptor r JOIN shops_listing l ON l.id = r.id JOIN shops_shop s ON s.id = r.shop_id"


@dataclass(eq=False)
class Shelf:
    """Listings that can be found, by id; `of[name]` for each of `COLUMNS`. `appeal`: log of how much goods please by
    themselves, drawn once for each; `usual`: log of price over what is usual in its category."""

    of: dict[str, Ints]
    appeal: Floats
    usual: Floats

    def __len__(self) -> int:
        return len(self.of["id"])

    def __getattr__(self, name: str) -> Ints:
        try:
            return self.__dict__["of"][name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def keys(self) -> Ints:
        """What keys draws about each: whose it is, and which of theirs."""
        return self.of["owner"] * LISTINGS + self.of["nth"]

    def places(self, ids: Ints) -> Ints:
        """Where these listings stand here; -1 for those that cannot be found (any more)."""
        mine = self.of["id"]
        if not len(mine):
            return np.full(len(ids), -1)
        at = np.minimum(np.searchsorted(mine, ids), len(mine) - 1)
        return np.where(mine[at] == ids, at, -1)


def _read(columns: tuple[tuple[str, str], ...], where: str = "TRUE", params: object = None) -> Ints:
    sent = " || ".join(f"int8send({sql})" for _, sql in columns)
    raw = one(f"SELECT string_agg({sent}, ''::bytea ORDER BY r.id) FROM {FROM} WHERE {where}", params)
    return np.frombuffer(raw or b"", dtype=">i8").astype(np.int64).reshape(-1, len(columns)).T


def _made(columns: Ints, seed: int, spread: float) -> Shelf:
    of = {name: np.ascontiguousarray(column) for name, column in zip(NAMES, columns, strict=True)}
    ids, category = of["id"], of["category"]
    mean, sd = sections.prices_of(category) if len(ids) else (np.zeros(0), np.ones(0))
    usual = (exact.log(np.maximum(of["price_fen"], 1).astype(float)) - mean) / np.maximum(sd, 0.1)
    return Shelf(of, appeal(seed, of["owner"], of["nth"], spread), usual)


def appeal(seed: int, owners: Ints, nth: Ints, spread: float) -> Floats:
    """Logs of how much their owners' `nth` listings please, of standard deviation `spread`: a part of it is the shop's."""
    shared = min(SHOP_APPEAL, spread)
    own = random.normals(seed, "shelf.appeal", owners, nth, sd=np.sqrt(spread * spread - shared * shared))
    shop, of = np.unique(owners, return_inverse=True)
    return own + random.normals(seed, "shelf.shop_appeal", shop, sd=shared)[of]


def whole(seed: int, spread: float) -> Shelf:
    """Everything that can be found now. `spread`: log-sd of how much goods please."""
    columns = _read(COLUMNS[:-1])
    return _made(np.vstack([columns, _nth(columns[0])]), seed, spread)


def _nth(ids: Ints) -> Ints:
    """What `NTH` asks for each of `ids`, by going once through all listings there are."""
    raw = one(
        "SELECT string_agg(int8send(shop_id) || int8send(id), ''::bytea ORDER BY shop_id, id) FROM shops_listing"
    )
    shop, every = np.frombuffer(raw or b"", dtype=">i8").astype(np.int64).reshape(-1, 2).T
    order = np.argsort(every)
    nth: Ints = np.arange(len(shop)) - np.searchsorted(shop, shop)
    return nth[order[np.searchsorted(every[order], ids)]]


KEYS = 4  # the first columns: what tells whether a row is still as it was, and its place in the order


def fresh(before: Shelf, seed: int, spread: float) -> Shelf:
    """`before` with what was edited, came or went since; within a day nothing else of a listing changes but its key."""
    now = _read(COLUMNS[:KEYS])
    mine = before.of
    if now.shape[1] == len(before) and all(
        np.array_equal(now[n], mine[name]) for n, name in enumerate(NAMES[: KEYS - 1])
    ):
        if not np.array_equal(now[KEYS - 1], mine["key"]):
            mine["key"] = np.ascontiguousarray(now[KEYS - 1])
        return before
    at = before.places(now[0])
    same = at >= 0
    for n, name in enumerate(NAMES[1 : KEYS - 1], 1):
        same &= mine[name][at] == now[n]
    changed = now[0][~same]
    columns = np.empty((len(COLUMNS), now.shape[1]), dtype=np.int64)
    for n, name in enumerate(NAMES):
        columns[n, same] = now[n][same] if n < KEYS else mine[name][at[same]]
    if len(changed):
        listed = "{" + ",".join(map(str, changed.tolist())) + "}"
        columns[:, ~same] = _read(COLUMNS, "r.id = ANY(%s::bigint[])", [listed])
    return _made(columns, seed, spread)
