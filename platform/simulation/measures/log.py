"""The figures of a behaviour log: funnel, clock, sessions, users, pairs of user and item, popularity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.measures.figure import (
    Figure,
    Ints,
    Statistic,
    bootstrapped,
    jackknifed,
    quantiles,
    ratio,
    share,
    spread,
)
from simulation.measures.popularity import popularity
from simulation.userbehavior import BEHAVIOURS, SHANGHAI_SECONDS, Log

GAP_SECONDS = 30 * 60  # a longer silence ends a session
NEVER = 2**62
VIEW, FAVOURITE, CART, BUY = BEHAVIOURS.values()
THURSDAY = 3  # 1970-01-01 was one; Monday is 0
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, eq=False)
class Acts:
    """A log in the order of user and time; `user` and `pair` (of user and item) are numbered from 0.

    `moment` is Shanghai's seconds since 1970, so that // 86,400 is the day there.
    """

    users: int
    user: Ints
    item: Ints
    category: Ints
    kind: Ints
    moment: Ints
    pair: Ints
    pairs: int

    def count(self, kind: int) -> Ints:
        """Acts of a kind, by user."""
        return np.bincount(self.user[self.kind == kind], minlength=self.users)

    def first(self, kind: int) -> Ints:
        """When a pair first had an act of a kind; NEVER if it had none."""
        found = np.full(self.pairs, NEVER)
        mine = self.kind == kind
        np.minimum.at(found, self.pair[mine], self.moment[mine])
        return found


def window(log: Log, days: int) -> Log:
    """The last `days` days (of Shanghai) of a log: what a user does depends on how long one looks."""
    kept = log.day > log.day.max() - days
    user, item, category, behaviour, ts = (
        column[kept] for column in (log.user, log.item, log.category, log.behaviour, log.ts)
    )
    return Log(user, item, category, behaviour, ts, int(kept.sum()), {})


def arranged(log: Log) -> Acts:
    """The log sorted by user and time; acts of one second keep the file's order."""
    order = np.lexsort((log.ts, log.user))
    names, user = np.unique(log.user[order], return_inverse=True)
    items, item = np.unique(log.item[order], return_inverse=True)
    pair = np.unique(user * len(items) + item, return_inverse=True)[1]
    return Acts(
        len(names),
        user,
        item,
        log.category[order],
        log.behaviour[order],
        log.ts[order] + SHANGHAI_SECONDS,
        pair,
        int(pair.max()) + 1,
    )


def figures(log: Log, repeats: int = 200) -> list[Figure]:
    """Every figure of a log, with 95 % intervals over its users; what each means stands at its function."""
    acts = arranged(log)
    statistics = [
        *funnel(acts),
        *hours(acts),
        *weekdays(acts),
        *sessions(acts),
        *activity(acts),
        *pairs(acts),
    ]
    return [
        *bootstrapped(statistics, acts.users, repeats),
        *jackknifed(
            popularity(acts.user, acts.item, acts.category, acts.kind == VIEW, acts.users), acts.users
        ),
    ]


def funnel(acts: Acts) -> list[Statistic]:
    """Carts, favourites and buys per 100 page views."""
    views = acts.count(VIEW)
    return [
        ratio("cart_per_100_views", acts.count(CART), views, 100),
        ratio("fav_per_100_views", acts.count(FAVOURITE), views, 100),
        ratio("buy_per_100_views", acts.count(BUY), views, 100),
    ]


def hours(acts: Acts) -> list[Statistic]:
    """Of all views, and of all buys, the share in each hour of the day in Shanghai."""
    hour = acts.moment // 3600 % 24
    return [
        share(f"{name}_hour_{at:02}", hour[mine] == at, acts.user[mine], acts.users)
        for name, kind in (("views", VIEW), ("buys", BUY))
        for mine in [acts.kind == kind]
        for at in range(24)
    ]


def weekdays(acts: Acts) -> list[Statistic]:
    """Views of a day of each weekday over the mean of the weekdays seen; every day of the log counts as whole."""
    day = acts.moment // 86_400
    days = np.unique(day)
    seen = np.bincount((days + THURSDAY) % 7, minlength=7)
    matrix = np.zeros((acts.users, 7))
    mine = acts.kind == VIEW
    np.add.at(matrix, (acts.user[mine], (day[mine] + THURSDAY) % 7), 1.0)
    matrix /= np.maximum(seen, 1)
    mean = matrix.sum(axis=1) / (seen > 0).sum()
    return [ratio(f"views_{name}", matrix[:, n], mean) for n, name in enumerate(WEEKDAYS) if seen[n]]


def begins(acts: Acts) -> NDArray[np.bool_]:
    """Whether an act begins a session: its user's first, or after more than 30 minutes of silence."""
    return np.r_[True, (np.diff(acts.user) > 0) | (np.diff(acts.moment) > GAP_SECONDS)]


def session_sizes(acts: Acts) -> Ints:
    """Acts in each session, in the order of users and time."""
    return np.bincount(np.cumsum(begins(acts)) - 1)


def sessions(acts: Acts) -> list[Statistic]:
    """Runs of a user's acts without a silence of over 30 minutes; a session belongs to its first user-day."""
    user, moment, first = acts.user, acts.moment, begins(acts)
    session = np.cumsum(first) - 1
    owner, start = user[first], moment[first]
    size = np.bincount(session)
    last = moment[np.r_[np.flatnonzero(first)[1:] - 1, len(moment) - 1]]
    bought = np.bincount(session[acts.kind == BUY], minlength=len(size)) > 0
    many = np.bincount(owner, minlength=acts.users)
    days = np.unique(user * 100_000 + moment // 86_400) // 100_000
    return [
        ratio("sessions_per_user_day", many, np.bincount(days, minlength=acts.users)),
        ratio("events_per_session", np.bincount(user, minlength=acts.users), many),
        share("sessions_of_one_event", size == 1, owner, acts.users),
        share("sessions_with_a_buy", bought, owner, acts.users),
        *quantiles({"session_minutes_median": 0.5}, (last - start) / 60, owner),
        *quantiles({"events_per_session_p90": 0.9, "events_per_session_p99": 0.99}, size, owner),
    ]


def activity(acts: Acts) -> list[Statistic]:
    """Events of a user over the whole log, of users who have any; active days a user."""
    events = np.bincount(acts.user, minlength=acts.users)
    everyone = np.arange(acts.users)
    points = {"p10": 0.1, "median": 0.5, "p90": 0.9, "p99": 0.99}
    days = np.unique(acts.user * 100_000 + acts.moment // 86_400) // 100_000
    return [
        *quantiles({f"events_per_user_{name}": point for name, point in points.items()}, events, everyone),
        spread("events_per_user_log_sd", np.log(events), everyone),
        ratio("active_days_per_user", np.bincount(days, minlength=acts.users), np.ones(acts.users)),
    ]


def pairs(acts: Acts) -> list[Statistic]:
    """Of pairs of user and item. A bought pair's "earlier" is strictly before its first buy."""
    owner = np.zeros(acts.pairs, dtype=np.int64)
    owner[acts.pair] = acts.user
    viewed, liked, carted, bought = (acts.first(kind) for kind in (VIEW, FAVOURITE, CART, BUY))
    buying, seen = bought < NEVER, viewed < NEVER
    after = buying & (viewed < bought)
    whose = owner[buying]
    delay = (bought[after] - viewed[after]) / 3600
    hours = {"median": 0.5, "p75": 0.75, "p90": 0.9}
    return [
        ratio("views_per_user_and_item", acts.count(VIEW), np.bincount(owner[seen], minlength=acts.users)),
        share("bought_after_a_view", after[buying], whose, acts.users),
        share("bought_and_ever_viewed", seen[buying], whose, acts.users),
        share("bought_after_a_cart", (carted < bought)[buying], whose, acts.users),
        share(
            "bought_neither_cart_nor_fav", ((carted == NEVER) & (liked == NEVER))[buying], whose, acts.users
        ),
        *quantiles({f"view_to_buy_hours_{n}": point for n, point in hours.items()}, delay, owner[after]),
        share("carted_after_a_view", (viewed < carted)[carted < NEVER], owner[carted < NEVER], acts.users),
        share("faved_after_a_view", (viewed < liked)[liked < NEVER], owner[liked < NEVER], acts.users),
    ]
