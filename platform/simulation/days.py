"""A day of all buyers, drawn at once: who comes, when, for how long, and what kind of act follows which. A pure function
of people, seed and day, so it is not kept but drawn again wherever a day is taken up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common import exact, random, sections
from simulation import habits as h
from simulation.people import People
from simulation.scenario import about, factors
from simulation.scenario.shapes import Scenario

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

DAY = 86_400
SPELL_DAYS = 30  # who is about is drawn anew so often, for everybody on a day of their own


@dataclass(frozen=True, eq=False)
class Day:
    """Sessions in the order of buyers, and of time for each; their acts lie one after the other.

    `buyer`, `first`, `count`, `end` (second of the day of the last act): of each session. `at` (seconds of the day),
    `kind` (habits.PV ...), `session`, `actor` and `number` (which key the draws of what it is about): of each act.
    """

    buyer: Ints
    first: Ints
    count: Ints
    end: Ints
    at: Ints
    kind: Ints
    session: Ints
    actor: Ints
    number: Ints


@lru_cache(maxsize=1)
def _scores() -> Any:
    return h.size_scores()


def day_of(
    scenario: Scenario, crowd: People, seed: int, day: int, on: date, *, part: tuple[int, int] = (0, 1)
) -> Day:
    """Everything that is drawn of day number `day` (0 is the population's first), the date `on`.

    `part` (n, of): the n-th of so many equal parts of the buyers, in order; nobody's draws depend on it.
    """
    who = crowd.buyers
    number = np.arange(who.count * part[0] // part[1], who.count * (part[0] + 1) // part[1])
    views, buys = _season(scenario, crowd, on)
    coming = _about(scenario, seed, number, day)
    rate = who.rate[number] * scenario.behaviour.weekdays[on.weekday()] * views
    many = np.where(
        coming, random.poissons(seed, "day.sessions", number, day, rate=np.minimum(rate, 60.0)), 0
    )
    buyer = np.repeat(number, many)
    nth = np.arange(len(buyer)) - np.repeat(np.cumsum(many) - many, many)
    count = day * 4_096 + nth
    hour = random.choices(seed, "day.hour", buyer, count, weights=h.STARTS_BY_HOUR)
    start = hour * 3_600 + random.integers(seed, "day.second", buyer, count, bound=3_600)
    order = np.lexsort((start, buyer))
    buyer, start, hour = (
        buyer[order],
        start[order],
        hour[order],
    )  # the n-th is now the n-th of that buyer's day
    own = who.size[buyer]
    score = h.SIZE_OWN * own + np.sqrt(1 - h.SIZE_OWN**2) * random.normals(seed, "day.size", buyer, count)
    score += np.array(h.SIZE_BY_HOUR)[hour]
    size = 1 + np.searchsorted(_scores(), score, side="right")
    share = scenario.behaviour.buy_share * (h.BUY_BASE + h.BUY_BY_SIZE * exact.log(size.astype(float)))
    share *= who.buy_leaning[buyer] * np.array(h.BUY_BY_HOUR)[hour] * (buys / max(views, 1e-9))
    buying = random.chances(seed, "day.buys", buyer, count, probability=share)
    drawn = random.uniforms(seed, "day.buys_at", buyer, count)
    last = drawn < h.BUY_AT_THE_END
    where = np.where(
        last, size - 1, ((drawn - h.BUY_AT_THE_END) / (1 - h.BUY_AT_THE_END) * size).astype(np.int64)
    )
    more = _more(random.uniforms(seed, "day.buys_more", buyer, count))
    size = np.where(buying, np.maximum(size, where + 1 + more), size)
    drawn_so = _Sessions(buyer, count, start, size, np.where(buying, where, -1), more)
    return _acts(scenario, crowd, seed, drawn_so)


def _season(scenario: Scenario, crowd: People, on: date) -> tuple[float, float]:
    """How many times as much is looked at and bought on that day, over all that is wanted."""
    if not scenario.seasons:
        return 1.0, 1.0
    views, buys = wanted_more(scenario, crowd, on)
    return float((crowd.trade.weight * views).sum()), float((crowd.trade.weight * buys).sum())


def wanted_more(scenario: Scenario, crowd: People, on: date) -> tuple[Floats, Floats]:
    """How many times as much of each category is looked at and bought on that day as without seasons."""
    views, buys = np.ones(len(crowd.trade.category)), np.ones(len(crowd.trade.category))
    if scenario.seasons:
        sub = crowd.trade.category // 100
        for number in np.unique(sub).tolist():
            slugs = (sections.section_of(number).slug, sections.sub_section_of(number).slug)
            views[sub == number], buys[sub == number] = factors(scenario.seasons, slugs, on)
    return views, buys


def _about(scenario: Scenario, seed: int, number: Ints, day: int) -> NDArray[np.bool_]:
    """Who is about that month; the others' accounts sleep."""
    spell = (day + random.integers(seed, "day.spell", number, bound=SPELL_DAYS)) // SPELL_DAYS
    return random.chances(seed, "day.about", number, spell, probability=about(scenario.buyers, day + 1))


def _more(drawn: Floats) -> Ints:
    """Further orders right after: geometric."""
    many = np.zeros(len(drawn), dtype=np.int64)
    bar = h.BUY_MORE
    for _ in range(h.BUY_MORE_MOST):
        many += drawn < bar
        bar *= h.BUY_MORE
    return many


@dataclass(frozen=True, eq=False)
class _Sessions:
    """`count` keys a session's draws; `buys_at`: the act that is its first order, or -1; `more`: orders right after."""

    buyer: Ints
    count: Ints
    start: Ints
    size: Ints
    buys_at: Ints
    more: Ints


def _acts(scenario: Scenario, crowd: People, seed: int, drawn_so: _Sessions) -> Day:
    who, measured = crowd.buyers, scenario.behaviour
    buyer, count, start, size = drawn_so.buyer, drawn_so.count, drawn_so.start, drawn_so.size
    buys_at, more = drawn_so.buys_at, drawn_so.more
    session = np.repeat(np.arange(len(buyer)), size)
    first = np.cumsum(size) - size
    place = np.arange(len(session)) - first[session]
    actor, number = buyer[session], count[session] * 4_096 + place
    drawn = random.uniforms(seed, "act.kind", actor, number)
    kind = np.where(drawn < measured.cart_share * CARTS * who.cart_leaning[actor], h.CART, h.PV)
    kind = np.where(drawn > 1 - measured.favourite_share * CARTS * who.favourite_leaning[actor], h.FAV, kind)
    at_buy = buys_at[session]
    bought = (at_buy >= 0) & (place >= at_buy) & (place <= at_buy + more[session])
    kind = np.where(bought, h.BUY, kind)
    middle = h.GAP_LOG_SECONDS + h.GAP_BY_SIZE * exact.log(size.astype(float)) + h.GAP_OWN * who.pace[buyer]
    middle = middle[session] + np.array(h.GAP_BEFORE)[kind]
    most = h.normal_share((exact.log(np.array([float(h.GAP_MOST)])) - middle) / h.GAP_SPREAD)
    share = np.clip(random.uniforms(seed, "act.gap", actor, number) * most, 1e-12, 1 - 1e-12)
    gap = exact.exp(middle + h.GAP_SPREAD * exact.inverse_normal(share))
    pause = np.clip(gap.astype(np.int64), 1, h.GAP_MOST)
    again = bought & np.r_[False, bought[:-1]] & (place > 0)
    together = random.chances(seed, "act.together", actor, number, probability=h.BUY_IN_THE_SAME_SECOND)
    pause = np.where(again & together, 0, pause)
    pause = np.where(place == 0, 0, pause)
    passed = np.cumsum(pause)
    passed -= passed[first][session] if len(session) else 0
    length = np.zeros(len(buyer), dtype=np.int64)
    np.maximum.at(length, session, passed)
    begins = _apart(buyer, start, length)
    at: Ints = begins[session] + passed
    return _cut(buyer, size, first, session, at, kind, actor, number)


CARTS = 0.955  # shares are of page views, draws of all acts that are no orders


def _apart(buyer: Ints, start: Ints, length: Ints) -> Ints:
    """Nobody is in two sessions at once: a second one waits for the first."""
    begins = np.minimum(start, np.maximum(DAY - 1 - length, 0))
    order = np.lexsort((begins, buyer))
    nth = np.arange(len(buyer))
    fresh = np.r_[True, buyer[1:] != buyer[:-1]] if len(buyer) else np.zeros(0, dtype=bool)
    rank = nth - np.maximum.accumulate(np.where(fresh, nth, 0)) if len(buyer) else nth
    begins, out = begins[order], np.empty_like(begins)
    lengths = length[order]
    for n in range(1, int(rank.max(initial=0)) + 1):
        mine = np.flatnonzero(rank == n)
        begins[mine] = np.maximum(begins[mine], begins[mine - 1] + lengths[mine - 1] + h.PAUSE_AFTER)
    out[order] = begins
    return out


def _cut(
    buyer: Ints, size: Ints, first: Ints, session: Ints, at: Ints, kind: Ints, actor: Ints, number: Ints
) -> Day:
    """Leave out what would be of the next day, and sessions nothing is left of."""
    kept = at < DAY
    left = (
        np.bincount(session[kept], minlength=len(buyer))
        if len(session)
        else np.zeros(len(buyer), dtype=np.int64)
    )
    there = left > 0
    new = np.cumsum(there) - 1
    at, session = at[kept], new[session[kept]]
    count = left[there]
    begins = np.cumsum(count) - count
    return Day(
        buyer=buyer[there],
        first=begins,
        count=count,
        end=at[begins + count - 1] if len(count) else count,
        at=at,
        kind=kind[kept].astype(np.int64),
        session=session,
        actor=actor[kept],
        number=number[kept],
    )


def joined(parts: Sequence[Day]) -> Day:
    """The parts of a day as one."""
    sessions = np.cumsum([0, *(len(part.buyer) for part in parts)])
    acts = np.cumsum([0, *(len(part.at) for part in parts)])

    def all_of(name: str) -> Ints:
        return np.concatenate([getattr(part, name) for part in parts])

    return Day(
        buyer=all_of("buyer"),
        first=np.concatenate([part.first + acts[n] for n, part in enumerate(parts)]),
        count=all_of("count"),
        end=all_of("end"),
        at=all_of("at"),
        kind=all_of("kind"),
        session=np.concatenate([part.session + sessions[n] for n, part in enumerate(parts)]),
        actor=all_of("actor"),
        number=all_of("number"),
    )
