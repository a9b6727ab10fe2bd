"""Who and what a log speaks of: its users as members, its items as listings of generated shops.

Everything here is a pure function of the log and a seed; nothing is kept between slices but this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from common import random, regions, sections, words
from members.actions import Registration
from shops.actions.listings import NewListing
from shops.actions.shops import Opening
from simulation.userbehavior import BEHAVIOURS, Ints, Log, read

ITEMS_A_SHOP = 80  # median of 40,000 shops of 2017 (calibration data)
SHOP_SPREAD = 1.22  # log-sd of items per shop, same source
STOCK_BESIDE = 50  # pieces nobody in the log buys: assumption
SELLERS = 1 << 33  # sellers' draws stand apart from the users'


@dataclass(frozen=True, eq=False)
class Cast:
    """`users`, `items`: the log's ids, ascending; `user_of`, `item_of`: each row's index into them.

    `category`, `shop_of`, `price_fen`, `stock`: of each item; `shop_subsection`: of each shop.
    """

    log: Log
    seed: int
    users: Ints
    items: Ints
    user_of: Ints
    item_of: Ints
    category: Ints
    shop_of: Ints
    price_fen: Ints
    stock: Ints
    shop_subsection: Ints

    @property
    def buys(self) -> Ints:
        """Row numbers of the log's purchases, in order."""
        return np.flatnonzero(self.log.behaviour == BEHAVIOURS["buy"])


def cast(log: Log, seed: int, *, items_a_shop: int = ITEMS_A_SHOP) -> Cast:
    """The cast of `log`: an item's category is the first it was seen in; a shop's items share a sub-section."""
    users, user_of = np.unique(log.user, return_inverse=True)
    items, first, item_of = np.unique(log.item, return_index=True, return_inverse=True)
    known = sections.category_ids()
    category = known[random.integers(seed, "cast.category", log.category[first], bound=len(known))]
    shop_of, shop_subsection = _shops(category // 100, seed, items_a_shop)
    sold = np.bincount(item_of[log.behaviour == BEHAVIOURS["buy"]], minlength=len(items))
    return Cast(
        log=log,
        seed=seed,
        users=users,
        items=items,
        user_of=user_of.astype(np.int64),
        item_of=item_of.astype(np.int64),
        category=category,
        shop_of=shop_of,
        price_fen=words.prices(seed, category, np.arange(len(items))),
        stock=sold + STOCK_BESIDE,
        shop_subsection=shop_subsection,
    )


def _shops(subsection: Ints, seed: int, items_a_shop: int) -> tuple[Ints, Ints]:
    """A shop for each item, and each shop's sub-section: shops of log-normal size within a sub-section."""
    shop_of = np.empty(len(subsection), dtype=np.int64)
    of_shop: list[int] = []
    for number in np.unique(subsection).tolist():
        mine = np.flatnonzero(subsection == number)
        count = max(1, round(len(mine) / items_a_shop))
        sizes = random.log_normals(seed, ("cast.shop_size", number), np.arange(count), log_sd=SHOP_SPREAD)
        drawn = random.choices(seed, ("cast.shop", number), mine, weights=sizes)
        used, back = np.unique(drawn, return_inverse=True)
        shop_of[mine] = len(of_shop) + back
        of_shop += [number] * len(used)
    return shop_of, np.array(of_shop, dtype=np.int64)


def registrations(who: Cast, start: int, stop: int) -> list[Registration]:
    """The log's users `start` to `stop`, each under a nick that names its id."""
    ids = who.users[start:stop]
    homes = regions.sample(who.seed, ids).tolist()
    return [
        Registration(nick=f"tb{user}", region=home) for user, home in zip(ids.tolist(), homes, strict=True)
    ]


def sellers(who: Cast, start: int, stop: int) -> list[Registration]:
    """The owners of shops `start` to `stop`."""
    numbers = SELLERS + np.arange(start, stop)
    homes = regions.sample(who.seed, numbers).tolist()
    nicks = words.nicks(who.seed, numbers)
    return [Registration(nick=nick, region=home) for nick, home in zip(nicks, homes, strict=True)]


def openings(who: Cast, owners: Sequence[int], start: int, stop: int) -> list[Opening]:
    """Shops `start` to `stop`, opened by `owners`."""
    numbers = np.arange(start, stop)
    subsections = who.shop_subsection[start:stop]
    names = words.shop_names(who.seed, subsections, numbers)
    homes = regions.sample(who.seed, SELLERS + numbers).tolist()
    richness = words.richnesses(who.seed, SELLERS + numbers).tolist()
    pictures = words.picture_counts(who.seed, SELLERS + numbers, richness=np.array(richness)).tolist()
    return [
        Opening(
            owner=owner,
            name=name,
            section_id=number // 100,
            subsection_id=number,
            region=home,
            picture_count=shown,
            description_richness=rich,
        )
        for owner, name, number, home, rich, shown in zip(
            owners, names, subsections.tolist(), homes, richness, pictures, strict=True
        )
    ]


def new_listings(who: Cast, shops: Sequence[int], start: int, stop: int) -> list[NewListing]:
    """Items `start` to `stop` as goods of `shops` (ids by shop number)."""
    numbers = np.arange(start, stop)
    category = who.category[start:stop]
    richness = words.richnesses(who.seed, numbers)
    titles = words.titles(who.seed, category, numbers, richness=0.4 + 0.006 * richness)
    sheets = words.properties(who.seed, category, numbers)
    pictures = words.picture_counts(who.seed, numbers, richness=richness).tolist()
    return [
        NewListing(
            shop=shops[shop],
            title=title,
            category_id=kind,
            price_fen=price,
            stock=stock,
            properties=sheet,
            delivery="virtual" if sections.section_of(kind).is_virtual else "express",
            picture_count=shown,
            description_richness=rich,
            outer_id=str(item),
        )
        for shop, title, kind, price, stock, sheet, shown, rich, item in zip(
            who.shop_of[start:stop].tolist(),
            titles,
            category.tolist(),
            who.price_fen[start:stop].tolist(),
            who.stock[start:stop].tolist(),
            sheets,
            pictures,
            richness.tolist(),
            who.items[start:stop].tolist(),
            strict=True,
        )
    ]


@lru_cache(maxsize=1)
def cast_of_file(path: str, size: int, modified_ns: int, seed: int) -> Cast:
    """The cast of a file as it lies there now; kept for the job's next slice."""
    return cast(read(Path(path)), seed)
