"""The thread of each session, act by act: new goods, goods gone back to, what is put in the cart, what is bought.

Draws and pages are made for all acts at once (`looking.py`); here one buyer after the other decides by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from common import exact, random
from simulation import habits as h
from simulation.buyers.looking import CODE, Asked
from simulation.buyers.memory import Memory
from simulation.buyers.taste import Worth
from simulation.days import Day
from simulation.scene import Scene

Ints = NDArray[np.int64]

DRAWS = [f"look.{what}" for what in ("which", "back", "then", "ask", "tempted")]
GOES_ON = 40  # places down a page that somebody goes on who knows what they see
# Of new looks on a page whose paid places are looked at: a click on the first slot, were it alone; each slot is clicked
# three quarters as often as the one above. Assumption.
PAID_CLICKS, PAID_FALLS, PAID_MOST = 0.3, 0.75, 13
# Who clicked a paid place meant that: so many times as likely to take it of what they saw, and the more so the cheaper it
# is; what it costs beside goods of its kind and its shop's record count half as much as with others (in log-odds). By the
# conversion of clicks, and by theirs of cheap and dear goods.
KEEN, KEEN_FALLS, KEEN_MOST = 4.0, 0.3, 30.0
KEEN_HERE = 0.68  # share of their orders that are of what they looked at here (of others: habits.BUY_HERE)


@dataclass(eq=False)
class Looks:
    """What sessions came to. Seconds are of the day; `number`: the act's, which keys its draws."""

    views: list[tuple[int, int, int, int]] = field(default_factory=list)  # second, buyer, listing, source
    presses: list[tuple[int, int, int, int]] = field(default_factory=list)  # second, buyer, hold, slot
    likes: list[tuple[int, int, int, str, int]] = field(
        default_factory=list
    )  # second, buyer, listing, act, source
    buys: list[tuple[int, int, int, int]] = field(default_factory=list)  # second, buyer, listing, number
    asks: list[tuple[int, int, int, int]] = field(default_factory=list)  # second, buyer, listing, number
    # what they will remember: buyer, second, kind, listing, number
    trail: list[tuple[int, int, int, int, int]] = field(default_factory=list)


class Acts:
    """The acts of some sessions with everything drawn of them, as plain lists: what a loop reads fast."""

    def __init__(
        self, now: Scene, day: Day, acts: Ints, new: Asked, shown: Sequence[list[int]], worth: Worth
    ) -> None:
        drawn = random.uniforms_of(now.seed, DRAWS, day.actor[acts], day.number[acts])
        self.kind, self.second = day.kind[acts].tolist(), day.at[acts].tolist()
        self.number = day.number[acts].tolist()
        self.which, self.back, self.then, self.ask, self.tempted = (numbers.tolist() for numbers in drawn)
        self.found, self.page, self.pages = new.found.tolist(), new.page.tolist(), new.pages
        self.way, self.hold, self.shown = new.way.tolist(), new.hold.tolist(), shown
        self.place = {listing: n for n, listing in enumerate(now.shelf.of["id"].tolist())}
        self.bought, self.accepted = worth.bought.tolist(), worth.accepted.tolist()
        self.record = worth.record.tolist()
        price = exact.log(np.maximum(now.shelf.of["price_fen"], 1).astype(float))
        usual = price.mean() if len(price) else 0.0
        keen = np.minimum(KEEN * exact.exp(KEEN_FALLS * (usual - price)), KEEN_MOST)
        self.pressed, self.agreed = (keen * np.sqrt(worth.bought)).tolist(), np.sqrt(worth.accepted).tolist()
        self.inquires = now.scenario.behaviour.inquiry_share


class Session:
    """One buyer's, as it goes on. `here`: looked at in it, in order; the others are what the buyer brings along."""

    def __init__(
        self, acts: Acts, looks: Looks, buyer: int, care: float, memory: Memory, member: int
    ) -> None:
        mind = memory.mind(member)
        self.acts, self.looks, self.buyer, self.care = acts, looks, buyer, care
        self.mind, self.known = mind, mind.known
        self.cart, self.kept = dict(mind.cart), dict(mind.kept)
        self.owned = [listing for _, listing in mind.bought]
        self.here: list[int] = []
        self.keen: set[int] = set()
        self.met: set[int] = set()

    def act(self, n: int) -> None:
        """Act number `n` of all."""
        kind = self.acts.kind[n]
        item = self._again(n, kind)
        fresh = item not in self.acts.place
        if fresh:
            if kind == h.PV and self.acts.hold[n] >= 0 and self._press(n):
                return
            item = self._new(n)
            if not item:
                return
        self.met.add(item)
        if kind == h.PV:
            self._look(n, item, fresh)
        elif kind == h.BUY:
            self._buy(n, item)
        else:
            self._like(n, item, kind)

    def _again(self, n: int, kind: int) -> int:
        """What this act goes back to; 0: to nothing, or something that cannot be found any more."""
        w, back, here = self.acts.which[n], self.acts.back[n], self.here
        if kind == h.BUY:
            return self._wanted(w, back)
        if kind == h.PV:
            if len(here) > 1 and w < h.AGAIN_HERE:
                item = here[-2 - int((len(here) - 1) * back * back)]
                return 0 if item == here[-1] else item
            return self._earlier(back) if w < h.AGAIN_HERE + h.AGAIN_BEFORE else 0
        near, far = (h.CART_HERE, h.CART_BEFORE) if kind == h.CART else (h.FAVOURITE_HERE, h.FAVOURITE_BEFORE)
        if here and w < near:
            return here[int(back * len(here))]
        return self._earlier(back) if w < near + far else 0

    def _earlier(self, back: float) -> int:
        """Something of before, the latest most often."""
        return self.mind.back(int(self.weight * back * back * back))

    @cached_property
    def weight(self) -> int:
        return self.mind.weight()

    def _wanted(self, w: float, back: float) -> int:
        """What somebody who means to buy takes: of what was looked at here the better, else from cart and memory."""
        if self.here:
            here = KEEN_HERE if self.keen else h.BUY_HERE
            if w < here:
                return self._better(back)
            w = (w - here) / (1 - here)
        for share, pool in ((h.BUY_FROM_CART, self.cart), (h.BUY_FROM_FAVOURITES, self.kept)):
            if w < share:
                return list(pool)[-1 - int(len(pool) * back**5)] if pool else 0
            w -= share
        if w < h.BUY_SEEN_BEFORE:  # mostly the last time
            return self._earlier(back**3)
        again = w < h.BUY_SEEN_BEFORE + h.BUY_AGAIN
        return self.owned[int(back * len(self.owned))] if again and self.owned else 0

    def _better(self, back: float) -> int:
        """One of what was looked at here, as likely as its worth says."""
        acts, edge, edges = self.acts, 0.0, []
        for item in self.here:
            if item in acts.place:
                place = acts.place[item]
                edge += (acts.pressed if item in self.keen else acts.bought)[place]
            edges.append(edge)
        wanted = back * edge
        return next((item for item, bar in zip(self.here, edges, strict=True) if wanted < bar), 0)

    def _new(self, n: int) -> int:
        """What the eye falls on, or the next below it that this buyer does not know yet; 0 on an empty page."""
        if self.acts.page[n] < 0:
            return 0
        shown, at = self.acts.pages[self.acts.page[n]], self.acts.found[n]
        for step in range(min(len(shown), GOES_ON)):
            item = shown[(at + step) % len(shown)]
            if item not in self.known and item not in self.met:
                return item
        return shown[at]

    def _press(self, n: int) -> bool:
        """Is it a click on a paid place?"""
        acts = self.acts
        shown = acts.shown[acts.hold[n]]
        slot = slot_clicked(acts.tempted[n], len(shown))
        if slot:
            self.looks.presses.append((acts.second[n], self.buyer, acts.hold[n], slot))
            self._trail(n, h.PV, shown[slot - 1])
            self.here.append(shown[slot - 1])
            self.keen.add(shown[slot - 1])
        return slot > 0

    def _look(self, n: int, item: int, fresh: bool) -> None:
        acts = self.acts
        self.looks.views.append((acts.second[n], self.buyer, item, acts.way[n] if fresh else CODE["repeat"]))
        self._trail(n, h.PV, item)
        self.here.append(item)
        if acts.ask[n] < acts.inquires:
            self.looks.asks.append((acts.second[n], self.buyer, item, acts.number[n]))

    def _buy(self, n: int, item: int) -> None:
        """Most go through with it; the better the goods and their shop's record, the more."""
        acts, place = self.acts, self.acts.place[item]
        minds = 1.0 + 0.5 * (self.care - 1.0) * min(max(acts.record[place], -1.0), 1.0)
        accepted = (acts.agreed if item in self.keen else acts.accepted)[place]
        if acts.then[n] < accepted * minds:
            self.looks.buys.append((acts.second[n], self.buyer, item, acts.number[n]))
            self._trail(n, h.BUY, item)
            self.owned.append(item)
            self.cart.pop(item, None)
            self.kept.pop(item, None)

    def _like(self, n: int, item: int, kind: int) -> None:
        act, pool = ("cart", self.cart) if kind == h.CART else ("favourite", self.kept)
        self.looks.likes.append((self.acts.second[n], self.buyer, item, act, self.acts.way[n]))
        self._trail(n, kind, item)
        pool.pop(item, None)
        pool[item] = None

    def _trail(self, n: int, kind: int, item: int) -> None:
        self.looks.trail.append((self.buyer, self.acts.second[n], kind, item, self.acts.number[n]))


def follow(now: Scene, day: Day, sessions: Ints, acts: Acts, memory: Memory) -> Looks:
    """Follow each of `sessions`, whose acts lie one after the other in `acts`."""
    looks, at = Looks(), 0
    members, care = now.buyer_member.tolist(), now.people.buyers.care.tolist()
    for buyer, count in zip(day.buyer[sessions].tolist(), day.count[sessions].tolist(), strict=True):
        session = Session(acts, looks, buyer, care[buyer], memory, members[buyer])
        for n in range(at, at + count):
            session.act(n)
        at += count
    return looks


def slot_clicked(tempted: float, slots: int) -> int:
    """The slot clicked, from 1, or 0; `tempted` from 0 to 1."""
    share, bar = PAID_CLICKS * (1.0 - PAID_FALLS) if slots > 1 else PAID_CLICKS, 0.0
    for slot in range(1, min(slots, PAID_MOST) + 1):
        bar += share
        if tempted < bar:
            return slot
        share *= PAID_FALLS
    return 0
