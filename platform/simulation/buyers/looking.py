"""What would be new to the acts of sessions: buyers ask, and look down the pages they find. For all acts at once; which
of them look at something new is decided as each session is followed (`following.py`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common import random
from common.moments import day_of
from simulation.buyers.pages import SORTS, Index, falling, page
from simulation.buyers.taste import Worth
from simulation.days import Day, wanted_more
from simulation.scene import Scene
from simulation.sellers import followers
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
    more, _ = wanted_more(now.scenario, now.people, day_of(now.at))
    wanted = random.choices(seed, "look.category", who, which, weights=trade.weight * more)
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
                listed, edge = shelves.of(int(category[one]), 1)
            else:
                listed = now.shelf.of["id"][places].tolist()
                edge = np.cumsum(fall[: len(places)] * worth.drawn[places])
        else:
            listed, edge = shelves.of(int(category[one]), int(way[one]))
        if listed:
            at = np.searchsorted(edge, drawn[mine] * edge[-1], side="right")
            found[mine], paged[mine] = np.minimum(at, len(listed) - 1), len(opened)
            opened.append(listed)
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
            kept = now.kept["shelves"] = (
                now.shelf.of["category"],
                order,
                now.shelf.of["category"][order],
                {},
            )
        self.order, self.sorted = kept[1], kept[2]
        self.places: dict[int, tuple[Ints, list[int]]] = kept[3]
        self.made: dict[tuple[int, int], tuple[list[int], Floats]] = {}
        self.followed: Floats | None = None

    def of(self, category: int, way: int) -> tuple[list[int], Floats]:
        """What is listed in a category, by id, and the sums of how often each is looked at up to it."""
        key = (category, 3 if way == 3 else 1)
        if key not in self.made:
            places, listed = self._in(int(self.now.people.trade.category[category]))
            weights = self.worth.drawn[places]
            if way == 3:
                weights = weights * self._known()[places]
            self.made[key] = (listed, np.cumsum(weights))
        return self.made[key]

    def _in(self, number: int) -> tuple[Ints, list[int]]:
        """Of a category nobody offers goods of, whatever there is."""
        first, last = np.searchsorted(self.sorted, [number, number + 1])
        known = number if last > first else 0
        if known not in self.places:
            places = np.sort(self.order[first:last]) if known else np.arange(len(self.now.shelf))
            self.places[known] = (places, self.now.shelf.of["id"][places].tolist())
        return self.places[known]

    def _known(self) -> Floats:
        """How much oftener friends and posts show a place's goods: by how many follow its shop."""
        if self.followed is None:
            of_seller = followers(self.now).astype(float)
            owner = np.zeros(int(self.now.shelf.of["owner"].max(initial=0)) + 1)
            there = self.now.seller_member > 0
            there &= self.now.seller_member < len(owner)
            owner[self.now.seller_member[there]] = of_seller[there]
            self.followed = 1.0 + owner[self.now.shelf.of["owner"]]
        return self.followed
