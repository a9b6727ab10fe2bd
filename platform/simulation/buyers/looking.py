"""What the acts of sessions are about: buyers ask, look down the pages, click, go back to what they saw, fill carts and
decide to buy. Draws and pages are made for all at once; the thread of each session is followed act by act."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common import exact, random
from simulation import habits as h
from simulation.buyers.memory import Memory
from simulation.buyers.pages import PAGE, SORTS, Index, falling, page
from simulation.buyers.taste import Worth
from simulation.days import Day
from simulation.scene import Scene
from traffic.rules import SOURCE

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

WAYS = ("organic_search", "category", "recommendation", "community", "direct")
CODE = {name: SOURCE[name].code for name in (*WAYS, "repeat")}


@dataclass(eq=False)
class Asked:
    """The acts of some sessions that begin a search of their own, and what each act would find that is new.

    By act: `page` (which of `pages`, listings by id in the order shown; -1 for none) and `found`, the place on it that
    the eye falls on; `way` (source code), `query` and `hold` (which of `holds` it belongs to, or -1). `holds`: acts
    whose search looks at paid places.
    """

    page: Ints
    pages: list[list[int]]
    found: Ints
    way: Ints
    query: Ints
    hold: Ints
    holds: Ints


@dataclass(eq=False)
class Looks:
    """What sessions came to, as columns: each view, each favourite or cart, each wish to buy; seconds of the day."""

    views: list[tuple[int, int, int, int]] = field(default_factory=list)  # second, buyer, listing, source
    # buyer, second, kind, listing, act's number: what they will remember
    trail: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    presses: list[tuple[int, int, int, int]] = field(default_factory=list)  # second, buyer, hold, slot
    likes: list[tuple[int, int, int, str, int]] = field(default_factory=list)  # ..., act, source
    buys: list[tuple[int, int, int, int]] = field(
        default_factory=list
    )  # second, buyer, listing, act's number
    asks: list[tuple[int, int, int, int]] = field(
        default_factory=list
    )  # inquiries: second, buyer, listing, number


def chosen(now: Scene, day: Day, sessions: Ints) -> Ints:
    """The acts of these sessions."""
    if not len(sessions):
        return np.zeros(0, dtype=np.int64)
    return np.concatenate([np.arange(day.first[s], day.first[s] + day.count[s]) for s in sessions.tolist()])


def asked(now: Scene, day: Day, acts: Ints, words: Index, worth: Worth, shares: Floats, weight: int) -> Asked:
    """What would be new to each act: of the search that act or an earlier one of its session began."""
    seed, trade, b = now.seed, now.people.trade, now.scenario.behaviour
    actor, number, session = day.actor[acts], day.number[acts], day.session[acts]
    begins = np.r_[True, session[1:] != session[:-1]] if len(acts) else np.zeros(0, dtype=bool)
    begins |= ~random.chances(seed, "look.stays", actor, number, probability=b.same_trade_share)
    begin = np.flatnonzero(begins)
    who, which = actor[begin], number[begin]
    taste = now.people.buyers.taste[who, random.integers(seed, "look.taste", who, which, bound=3)]
    wanted = random.choices(seed, "look.category", who, which, weights=trade.weight)
    own = random.chances(seed, "look.own", who, which, probability=OWN_TASTE)
    category = np.where(own, taste, wanted)
    query = _queries(now, category, random.uniforms(seed, "look.query", who, which))
    way = random.choices(
        seed,
        "look.way",
        who,
        which,
        weights=[getattr(b, f"{name.removeprefix('organic_')}_share") for name in WAYS],
    )
    sort = random.choices(seed, "look.sort", who, which, weights=shares)
    back = np.cumsum(begins) - 1  # which beginning each act belongs to
    drawn = random.uniforms(seed, "look.place", actor, number)
    found, paged = np.zeros(len(acts), dtype=np.int64), np.full(len(acts), -1, dtype=np.int64)
    opened: list[list[int]] = []
    fall = falling(b.position_decay)
    searched = way[back] == 0
    key = np.where(
        searched, query[back] * len(SORTS) + sort[back], -1 - category[back] * len(WAYS) - way[back]
    )
    order = np.argsort(key, kind="stable")
    edges = (
        np.flatnonzero(np.r_[True, np.diff(key[order]) != 0, True])
        if len(acts)
        else np.zeros(0, dtype=np.int64)
    )
    shelves = _Shelves(now, worth)
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        mine = order[first:last]
        one = back[mine[0]]
        if way[one] == 0:
            places = page(words, now.shelf, int(query[one]), SORTS[int(sort[one])], weight)
            if not len(places):  # nothing says all these words: they look through the category
                places, edge = shelves.of(int(category[one]), 1)
            else:
                edge = np.cumsum(fall[: len(places)] * worth.drawn[places])
        else:
            places, edge = shelves.of(int(category[one]), int(way[one]))
        if len(places):
            at = np.searchsorted(edge, drawn[mine] * edge[-1], side="right")
            found[mine], paged[mine] = np.minimum(at, len(places) - 1), len(opened)
            opened.append(now.shelf.of["id"][places].tolist())
    paid = (way == 0) & random.chances(seed, "look.paid", who, which, probability=b.paid_look_share)
    hold = np.full(len(begin), -1, dtype=np.int64)
    hold[paid] = np.arange(int(paid.sum()))
    codes = np.array([CODE[name] for name in WAYS])
    return Asked(paged, opened, found, codes[way][back], query[back], hold[back], begin[paid])


OWN_TASTE = 0.5  # of searches for what the buyer likes anyway: assumption


def _queries(now: Scene, category: Ints, drawn: Floats) -> Ints:
    """What people type who want these categories."""
    trade = now.people.trade
    edges = np.r_[0.0, np.cumsum(trade.query_weight)]
    first = np.searchsorted(trade.query_of, category, side="left")
    last = np.searchsorted(trade.query_of, category, side="right")
    wanted = edges[first] + drawn * (edges[last] - edges[first])
    return np.clip(np.searchsorted(edges, wanted, side="right") - 1, first, np.maximum(last - 1, first))


class _Shelves:
    """Everything of a category, as browsing shows it: by appeal and sales; what friends show: of known shops first."""

    def __init__(self, now: Scene, worth: Worth) -> None:
        self.now, self.worth = now, worth
        kept = now.kept.get("shelves")
        if kept is None or kept[0] is not now.shelf.of["category"]:
            order = np.argsort(now.shelf.of["category"], kind="stable")
            kept = now.kept["shelves"] = (now.shelf.of["category"], order, now.shelf.of["category"][order])
        self.order, self.sorted = kept[1], kept[2]
        self.made: dict[tuple[int, int], tuple[Ints, Floats]] = {}

    def of(self, category: int, way: int) -> tuple[Ints, Floats]:
        key = (category, 3 if way == 3 else 1)
        if key not in self.made:
            number = int(self.now.people.trade.category[category])
            first, last = np.searchsorted(self.sorted, [number, number + 1])
            # a category nobody offers goods of: they look at whatever there is
            places = np.sort(self.order[first:last]) if last > first else np.arange(len(self.now.shelf))
            weights = self.worth.drawn[places]
            if way == 3:
                weights = weights * self.now.kept.get("known", np.ones(len(self.now.shelf)))[places]
            self.made[key] = (places, np.cumsum(weights))
        return self.made[key]


def follow(
    now: Scene,
    day: Day,
    sessions: Ints,
    acts: Ints,
    new: Asked,
    shown: list[Any],
    worth: Worth,
    memory: Memory,
) -> Looks:
    """Follow each session act by act. `shown`: for each hold the paid places (listing ids, best slot first)."""
    looks = Looks()
    seed, b = now.seed, now.scenario.behaviour
    actor, number = day.actor[acts], day.number[acts]
    u = [
        random.uniforms(seed, f"look.{what}", actor, number).tolist()
        for what in ("which", "back", "then", "ask")
    ]
    kinds, seconds = day.kind[acts].tolist(), day.at[acts].tolist()
    ids = now.shelf.of["id"]
    found, paged, opened = new.found.tolist(), new.page.tolist(), new.pages
    ways, holds, numbers = new.way.tolist(), new.hold.tolist(), number.tolist()
    tempted = random.uniforms(seed, "look.tempted", actor, number).tolist()
    places = {int(i): n for n, i in enumerate(ids.tolist())} if len(sessions) else {}
    bought, accepted, record = worth.bought.tolist(), worth.accepted.tolist(), worth.record.tolist()
    members, care = now.buyer_member.tolist(), now.people.buyers.care.tolist()
    at = 0
    for session in sessions.tolist():
        buyer = int(day.buyer[session])
        mind = memory.mind(members[buyer])
        looked = mind.looked()
        cart, kept, owned = dict(mind.cart), dict(mind.kept), [listing for _, listing in mind.bought]
        here: list[int] = []
        met: set[int] = set()
        for n in range(at, at + int(day.count[session])):
            kind, w, back = kinds[n], u[0][n], u[1][n]
            item, second = 0, seconds[n]
            if kind == h.PV:
                if len(here) > 1 and w < h.AGAIN_HERE:
                    item = here[-2 - int((len(here) - 1) * back * back)]
                    item = 0 if item == here[-1] else item
                elif w < h.AGAIN_HERE + h.AGAIN_BEFORE:
                    item = _earlier(looked, back)
            elif kind == h.BUY:
                item = _wanted(w, back, here, looked, cart, kept, owned, places, bought)
            else:
                near, far = (
                    (h.CART_HERE, h.CART_BEFORE) if kind == h.CART else (h.FAVOURITE_HERE, h.FAVOURITE_BEFORE)
                )
                if here and w < near:
                    item = here[int(back * len(here))]
                elif w < near + far:
                    item = _earlier(looked, back)
            fresh = item == 0 or item not in places
            if fresh:
                item = _new(opened[paged[n]], found[n], mind.known, met) if paged[n] >= 0 else 0
                if kind == h.PV and holds[n] >= 0:
                    slot = _paid(tempted[n], back, len(shown[holds[n]]))
                    if slot:
                        listing = shown[holds[n]][slot - 1]
                        looks.presses.append((second, buyer, holds[n], slot))
                        looks.trail.append((buyer, second, h.PV, listing, numbers[n]))
                        here.append(listing)
                        continue
            if not item:
                continue
            place = places[item]
            met.add(item)
            if kind != h.BUY:
                looks.trail.append((buyer, second, kind, item, numbers[n]))
            if kind == h.PV:
                looks.views.append((second, buyer, item, ways[n] if fresh else CODE["repeat"]))
                here.append(item)
                if u[3][n] < b.inquiry_share:
                    looks.asks.append((second, buyer, item, numbers[n]))
            elif kind == h.BUY:
                if u[2][n] < accepted[place] * (
                    1.0 + 0.5 * (care[buyer] - 1.0) * min(max(record[place], -1.0), 1.0)
                ):
                    looks.buys.append((second, buyer, item, numbers[n]))
                    looks.trail.append((buyer, second, h.BUY, item, numbers[n]))
                    owned.append(item)
                    cart.pop(item, None)
                    kept.pop(item, None)
            elif kind == h.CART:
                looks.likes.append((second, buyer, item, "cart", ways[n]))
                cart.pop(item, None)
                cart[item] = None
            else:
                looks.likes.append((second, buyer, item, "favourite", ways[n]))
                kept.pop(item, None)
                kept[item] = None
        at += int(day.count[session])
    return looks


def _new(shown: list[int], at: int, known: set[int], met: set[int]) -> int:
    """What the eye falls on, or the next below it that this buyer does not know yet."""
    for step in range(min(len(shown), GOES_ON)):
        item = shown[(at + step) % len(shown)]
        if item not in known and item not in met:
            return item
    return shown[at]


GOES_ON = 40


def _earlier(looked: list[int], back: float) -> int:
    """Something looked at before, the latest most often."""
    if not looked:
        return 0
    return looked[-1 - int(len(looked) * back * back * back)]


def _wanted(
    w: float,
    back: float,
    here: list[int],
    looked: list[int],
    cart: dict[int, None],
    kept: dict[int, None],
    owned: list[int],
    places: dict[int, int],
    bought: list[float],
) -> int:
    """What somebody who means to buy takes: of what was looked at here the better, else from cart, favourites, memory."""
    if here and w < h.BUY_HERE:
        return _better(here, back, places, bought)
    w = (w - h.BUY_HERE) / (1 - h.BUY_HERE) if here else w
    for bar, pool in (
        (h.BUY_FROM_CART, cart),
        (h.BUY_FROM_CART + h.BUY_FROM_FAVOURITES, kept),
    ):
        if w < bar:
            return list(pool)[int(back * len(pool))] if pool else 0
    if w < h.BUY_FROM_CART + h.BUY_FROM_FAVOURITES + h.BUY_SEEN_BEFORE:
        return _earlier(looked, back)
    if w < h.BUY_FROM_CART + h.BUY_FROM_FAVOURITES + h.BUY_SEEN_BEFORE + h.BUY_AGAIN:
        return owned[int(back * len(owned))] if owned else 0
    return 0


def _better(here: list[int], back: float, places: dict[int, int], bought: list[float]) -> int:
    edge, edges = 0.0, []
    for item in here:
        edge += bought[places[item]] if item in places else 0.0
        edges.append(edge)
    if edge <= 0.0:
        return 0
    wanted = back * edge
    return next((item for item, bar in zip(here, edges, strict=True) if wanted < bar), here[-1])


PAID_CLICKS = (
    0.3  # of new looks on a page whose paid places are looked at, were its first slot alone: assumption
)


def _paid(tempted: float, back: float, slots: int) -> int:
    """The slot clicked, from 1, or 0: each is clicked three quarters as often as the one above."""
    share, bar = PAID_CLICKS, 0.0
    for slot in range(1, min(slots, PAID_MOST) + 1):
        bar += share * (1 - 0.75) if slots > 1 else share
        if tempted < bar:
            return slot
        share *= 0.75
    return 0


PAID_MOST = 13

__all__ = ["PAGE", "Asked", "Looks", "asked", "chosen", "exact", "follow"]
