"""One hour of a log, done through the doors people use: the parcels and judgements due, the purchases at their
seconds, then the views, favourites and carts of the hour at theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import numpy as np

from common import words
from common.batch import rows, settle
from common.moments import EPOCH, SHANGHAI
from ratings.actions.answers import Leave, leave
from shops.actions import orders, shipping
from shops.actions.placing import Place, Wanted
from simulation.cast import Cast
from simulation.script import HOUR, Script
from simulation.userbehavior import BEHAVIOURS, Ints
from traffic.actions import NONE, Act, Views, see, show_interest, visitor_number
from traffic.rules import PAGE, SOURCE
from worlds.play import Deed, play

CARRIERS = ("申通", "圆通", "中通", "韵达", "EMS", "顺丰")
ACTS = {BEHAVIOURS["fav"]: "favourite", BEHAVIOURS["cart"]: "cart"}


@dataclass
class Stage:
    """Where the log's people and goods stand in this market, and the orders that something is still due on.

    `first_member`, `first_listing`: ids of the log's first user and item; the others follow. `open`: purchase
    number -> its order.
    """

    who: Cast
    script: Script
    first_member: int
    first_listing: int
    open: dict[int, int]
    refused: dict[str, int]

    def hour(self, hour: int) -> None:
        """Do everything of `hour` (unix seconds // 3600)."""
        start = moment(hour * HOUR)
        deeds: list[Deed] = []
        for kind, numbers in self.script.later.get(hour, {}).items():
            if numbers:
                deeds.append((start, partial(getattr(self, kind), numbers)))
        span = self.script.rows.get(hour)
        if span is not None:
            deeds += self._purchases(span)
            deeds.append((start + timedelta(seconds=HOUR - 1), partial(self._look, span)))
        play(deeds)
        self.open = {n: order for n, order in self.open.items() if self.script.last[n] > hour}

    def _purchases(self, span: slice) -> list[Deed]:
        """The hour's purchases, those of one second together."""
        first, last = np.searchsorted(self.who.buys, [span.start, span.stop])
        numbers = np.arange(first, last)
        seconds = self.who.log.ts[self.who.buys[numbers]]
        return [
            (moment(int(ts)), partial(self._buy, numbers[seconds == ts].tolist()))
            for ts in np.unique(seconds)
        ]

    def _buy(self, numbers: Sequence[int], at: datetime) -> None:
        wanted = self.who.buys[np.asarray(numbers)]
        intents = [
            Place(buyer=self.first_member + user, lines=(Wanted(self.first_listing + item),))
            for user, item in zip(
                self.who.user_of[wanted].tolist(), self.who.item_of[wanted].tolist(), strict=True
            )
        ]
        for number, done in zip(numbers, settle(partial(orders.place_and_pay, at=at), intents), strict=True):
            if done.refusal is None:
                self.open[number] = done.result[0]
            else:
                self._note(done.refusal.rule)

    def ship(self, numbers: Sequence[int], at: datetime) -> None:
        parcels = [
            shipping.Ship(
                self.open[n],
                carrier=CARRIERS[n % len(CARRIERS)],
                tracking_no=f"JS{self.who.seed % 10**4:04d}{n:08d}",
            )
            for n in numbers
            if n in self.open
        ]
        self._settle(partial(shipping.ship, at=at), parcels)

    def confirm(self, numbers: Sequence[int], at: datetime) -> None:
        """Those that the clock has not confirmed before (virtual goods have three days)."""
        waiting = rows(
            "SELECT id FROM shops_order WHERE id = ANY(%s::bigint[]) AND status = 'shipped' ORDER BY id",
            [[self.open[n] for n in numbers if n in self.open]],
        )
        self._settle(partial(orders.confirm, at=at), [row[0] for row in waiting])

    def judge_seller(self, numbers: Sequence[int], at: datetime) -> None:
        self._judge(numbers, "buyer", at)

    def judge_buyer(self, numbers: Sequence[int], at: datetime) -> None:
        self._judge(numbers, "seller", at)

    def _judge(self, numbers: Sequence[int], side: str, at: datetime) -> None:
        """One side's answers about purchases, with words of the goods' own trade."""
        there = [n for n in numbers if n in self.open]
        lines = {
            order: (line, rater)
            for line, order, rater in rows(
                f"""SELECT l.id, o.id, o.{side}_id FROM shops_orderline l JOIN shops_order o ON o.id = l.order_id
                     WHERE o.id = ANY(%s) AND o.status = 'finished'""",
                [[self.open[n] for n in there]],
            )
        }
        there = [n for n in there if self.open[n] in lines]
        verdicts = (self.script.verdict if side == "buyer" else self.script.buyer_verdict)[there]
        items = self.who.item_of[self.who.buys[there]]
        said = (
            words.comments(self.who.seed, verdicts, self.who.category[items], there)
            if side == "buyer" and there
            else []
        )
        intents = [
            Leave(
                line=lines[self.open[n]][0],
                rater=lines[self.open[n]][1],
                verdict=int(verdict),
                stars=tuple(self.script.stars[n].tolist()) if side == "buyer" else (5,) * 5,
                comment=said[k] if said else "",
            )
            for k, (n, verdict) in enumerate(zip(there, verdicts.tolist(), strict=True))
        ]
        self._settle(partial(leave, at=at), intents)

    def _look(self, span: slice, at: datetime) -> None:
        """The hour's page views, and its favourites and carts, each at its own second."""
        log, who = self.who.log, self.who
        chosen = np.arange(span.start, span.stop)
        seen = chosen[log.behaviour[chosen] == BEHAVIOURS["pv"]]
        see(self._views(seen), at=at)
        acts = [
            Act(
                act=ACTS[int(log.behaviour[n])],
                member=self.first_member + int(who.user_of[n]),
                listing=self.first_listing + int(who.item_of[n]),
                at=moment(int(log.ts[n])),
            )
            for n in chosen[np.isin(log.behaviour[chosen], list(ACTS))].tolist()
        ]
        if acts:
            show_interest(acts, at=at)

    def _views(self, seen: Ints) -> Views:
        """Where a view came from: `repeat` if that user saw the shop before; else the log does not say, so `direct`."""
        who, none = self.who, np.full(len(seen), NONE, dtype=np.int64)
        users = who.user_of[seen]
        cookies = {user: visitor_number(f"tb{who.users[user]}") for user in np.unique(users).tolist()}
        again = self._again[seen]
        return Views(
            at=who.log.ts[seen] * 1_000_000,
            visitor=np.array([cookies[user] for user in users.tolist()], dtype=np.int64),
            member=self.first_member + users,
            page=np.full(len(seen), PAGE["listing"].code, dtype=np.int64),
            source=np.where(again, SOURCE["repeat"].code, SOURCE["direct"].code).astype(np.int64),
            shop=none.copy(),
            listing=self.first_listing + who.item_of[seen],
            section=none.copy(),
            stay=none.copy(),
            charge=none.copy(),
        )

    @property
    def _again(self) -> Any:
        """Of each row of the log: did this user see this item's shop in an earlier row?"""
        if not hasattr(self, "_seen_before"):
            who = self.who
            pair = who.user_of * (int(who.shop_of.max()) + 1) + who.shop_of[who.item_of]
            viewing = np.flatnonzero(who.log.behaviour == BEHAVIOURS["pv"])
            _, first = np.unique(pair[viewing], return_index=True)
            self._seen_before = np.ones(len(pair), dtype=bool)
            self._seen_before[viewing[first]] = False
        return self._seen_before

    def _settle(self, action: Any, intents: Sequence[Any]) -> None:
        for done in settle(action, intents) if intents else ():
            if done.refusal is not None:
                self._note(done.refusal.rule)

    def _note(self, rule: str | None) -> None:
        self.refused[rule or "refused"] = self.refused.get(rule or "refused", 0) + 1


def moment(ts: int) -> datetime:
    """Unix seconds as a moment of the market."""
    return (EPOCH + timedelta(seconds=ts)).astimezone(SHANGHAI)
