"""The imitator: copies what visibly succeeds.

It looks at the result pages of its trade, and before that at its own village: what sells there it sells too, under a title
of the same words, at a price a little lower. So a cluster grows. It works because sales are shown: Zhang & Qiu (2024) call
it visibility. Where a scenario says `visible_sales = false` nothing tells a good that sells from one that does not, and
the imitator copies blindly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from common import random
from common.batch import rows
from simulation.goods import new_listings
from simulation.intents import Wish
from simulation.people import GOODS_EACH
from simulation.scene import Scene
from simulation.sellers import nature
from simulation.sellers.nature import Floats, Ints
from simulation.sellers.reading import array
from simulation.sellers.seen import Seen
from simulation.sellers.strategies import shared

LOOKS_AT = 30  # goods at the head of a page are looked at
GROWS = 3  # times its first goods a shop holds at most (assumption)
NEIGHBOURS_FIRST = 0.7  # of looks go to the own village, where there is one (assumption)


def every(scene: Scene, mine: Ints) -> Floats:
    return nature.nature(scene).told("look_days", 7)[mine].astype(float)


def morning(scene: Scene, mine: Ints, seen: Seen) -> Iterator[Wish]:
    yield from shared.showcase(scene, seen, mine)
    copies = nature.nature(scene).told("copies", 1)
    held = np.bincount(seen.goods["owner"], minlength=len(seen.number))
    places = seen.of(mine)
    places = places[held[places] < GROWS * scene.people.sellers.listings[seen.number[places]]]
    number = np.repeat(seen.number[places], copies[seen.number[places]])
    yield from copying(scene, number, np.repeat(seen.shops["goods"][places], copies[seen.number[places]]))


def copying(scene: Scene, number: Ints, held: Ints) -> Iterator[Wish]:
    """A copy for each of `number` (a seller may stand there several times); `held`: goods its shop has or had."""
    if not len(number):
        return
    again = np.arange(len(number)) - np.searchsorted(number, number, side="left")
    k = held + again
    models = chosen(scene, number, k)
    known = np.flatnonzero(models >= 0)
    if not len(known):
        return
    number, k, model = number[known], k[known], models[known]
    shelf = scene.shelf
    shops = scene.seller_shop[number]
    fresh = not_yet(shops, shelf.id[model])
    own = new_listings(
        scene.people, scene.seed, number, k % (GOODS_EACH // 2) + GOODS_EACH // 2, shops.tolist()
    )
    lower = nature.nature(scene).told("undercut_bps", 300)[number]
    visible = sees_sales(scene)[number]
    done: set[tuple[int, int]] = set()
    for n, who in enumerate(number.tolist()):
        at, id_ = int(model[n]), int(shelf.id[model[n]])
        title = fresh.get((int(shops[n]), id_))
        if title is None or (who, id_) in done:
            continue
        done.add((who, id_))
        price = max(int(shelf.price_fen[at]) * (10_000 - int(lower[n])) // 10_000, 100)
        copy = replace(
            own[n],
            title=reworded(title, own[n].title),
            category_id=int(shelf.category[at]),
            price_fen=price,
            delivery="virtual" if shelf.virtual[at] else "express",
            outer_id=f"like-{id_}",
        )
        sold = f"sold {shelf.sales[at]}" if visible[n] else "whose sales nobody shows"
        yield Wish(who, "list", copy, f"copies listing {id_}, which {sold}, {int(lower[n])} bps cheaper")


def sees_sales(scene: Scene) -> Ints:
    """Whose eyes see how much others sell (1), by seller."""
    return nature.nature(scene).told("visible_sales", True).astype(np.int64)


def chosen(scene: Scene, number: Ints, count: Ints) -> Ints:
    """The place on the shelf of what each copies now; -1 where there is nothing to copy."""
    kind, there = sees_sales(scene), scene.people.sellers
    pages = heads(scene, number)
    u = random.uniforms(scene.seed, "imitator.page", number, count)
    which = random.uniforms(scene.seed, "imitator.place", number, count)
    out = np.full(len(number), -1, dtype=np.int64)
    for n, who in enumerate(number.tolist()):
        visible = bool(kind[who])
        page = pages.get(("near", visible, int(there.village[who]))) if u[n] < NEIGHBOURS_FIRST else None
        if page is None:
            page = pages.get(("far", visible, int(there.subsection[who])))
        if page is None:
            continue
        page = page[scene.shelf.shop[page] != scene.seller_shop[who]]
        if len(page):
            out[n] = page[pick(scene.shelf.sales[page], visible, float(which[n]))]
    return out


def pick(sales: Ints, visible: bool, drawn: float) -> int:
    """Which of a page's goods to copy: in proportion to the sales shown, or any, when none are."""
    weight = sales.astype(float) if visible and sales.sum() > 0 else np.ones(len(sales))
    edges = np.cumsum(weight)
    return int(min(np.searchsorted(edges, drawn * edges[-1], side="right"), len(sales) - 1))


Pages = dict[tuple[str, bool, int], Ints]


def heads(scene: Scene, number: Ints) -> Pages:
    """The goods at the head of the pages that sellers `number` look at, their village's and their sub-section's: by sales
    where they see sales, by price where they do not."""
    shelf, there, sighted = scene.shelf, scene.people.sellers, sees_sales(scene)[number] == 1
    keeper = nature.keeper_of(scene, shelf.shop)
    home = np.where(keeper >= 0, there.village[keeper], -1) if len(keeper) else keeper
    pages: Pages = {}
    for visible in (True, False):
        for name, group, mine in (
            ("far", shelf.category // 100, there.subsection),
            ("near", home, there.village),
        ):
            wanted = np.unique(mine[number[sighted == visible]])
            on = np.flatnonzero(np.isin(group, wanted[wanted >= 0]))
            worth = -shelf.sales[on] if visible else shelf.price_fen[on]
            on = on[np.lexsort((shelf.id[on], worth, group[on]))]
            for part in np.split(on, np.flatnonzero(np.diff(group[on])) + 1) if len(on) else ():
                pages[name, visible, int(group[part[0]])] = part[:LOOKS_AT]
    return pages


COPIED = """
    SELECT w.shop, w.listing, l.title FROM unnest(%s::bigint[], %s::bigint[]) AS w(shop, listing)
      JOIN shops_listing l ON l.id = w.listing
     WHERE NOT EXISTS (SELECT FROM shops_listing m WHERE m.shop_id = w.shop AND m.outer_id = 'like-' || w.listing
                          AND m.outer_id <> '')
"""


def not_yet(shops: Ints, listings: Ints) -> dict[tuple[int, int], str]:
    """(shop, listing) -> the listing's title, where that shop has not copied it before."""
    return {(shop, listing): title for shop, listing, title in rows(COPIED, [array(shops), array(listings)])}


def reworded(model: str, own: str) -> str:
    """The model's words with another beginning, so that it is not the same to the letter."""
    room = max(30 - len(model), 0)
    lead = own[: max(min(4, room), 2)]
    return (lead + model)[:30] if not model.startswith(lead) else model[:28] + own[-2:]
