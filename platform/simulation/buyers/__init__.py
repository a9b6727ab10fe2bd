"""The buyers' side of a tick: who comes looks, asks, fills carts, orders; whose parcel came confirms, judges, complains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from typing import Any

import numpy as np

from common import exact, random
from common.batch import rows, settle
from common.moments import EPOCH, day_of, seconds, start_of
from payments.ledger import TopUp
from regime import queries as regime
from search.rules import weights
from shops.actions.placing import Place, Wanted
from simulation import crew
from simulation import habits as h
from simulation.buyers import after, looking, memory, pages, talking, taste
from simulation.buyers.ads import hold, press
from simulation.buyers.following import Acts, Looks, follow
from simulation.buyers.looking import Asked
from simulation.days import Day
from simulation.intents import Done, Wish, do
from simulation.scene import Scene
from traffic.actions import NONE, Act, Views, see, visitor_number
from traffic.rules import PAGE, SOURCE

PURSE_DAYS = 30  # so often those whose purse is nearly empty bring new money
PURSE_LEAST = 0.5


def turn(now: Scene, sellers: Sequence[Wish], done: Done) -> None:
    """Everything buyers do in a tick, through the actions people use; with what `sellers` want of the same verbs."""
    plans: list[dict[str, Any]] = []
    if memory.others(now.kept.pop("upto", None)):
        now.kept.pop("seats", None)
    if now.first_tick_today and now.day % PURSE_DAYS == 0 and now.day:
        do(_purses(now), done, at=now.at, agents=now.agent)
    wanted = after.due(now)
    looks = _look(now)
    _see(now, looks)
    wishes = [*sellers, *_likes(now, looks)]
    wishes += talking.inquiries(now, looks.asks, plans)
    wishes += talking.patience(now, wanted.get("wait", ()))
    wishes += talking.bargains(now)
    ordered = _orders(now, looks)
    wishes += ordered
    wishes += list(after.settle(now, wanted, plans))
    do(wishes, done, at=now.at, agents=now.agent)
    acts = sorted(looks.buys)
    _remember(
        now, looks.trail, done, {id(wish): (act[1], act[3]) for wish, act in zip(ordered, acts, strict=True)}
    )
    plans += after.arrivals(now)
    after.keep(plans)
    now.kept["upto"] = memory.upto()


# -- looking ------------------------------------------------------------------------------------------------


def _look(now: Scene) -> Looks:
    """The sessions that end in this tick, act by act."""
    mind, day = _memory(now), _today(now)
    seconds_of = (now.start - start_of(day_of(now.at))) // timedelta(seconds=1)
    until = (now.at - start_of(day_of(now.at))) // timedelta(seconds=1)
    ends = (day.end > seconds_of if seconds_of >= 0 else np.full(len(day.end), True)) & (day.end <= until)
    there = now.buyer_bot[day.buyer] & (now.buyer_member[day.buyer] > 0)
    mine = np.flatnonzero(ends & there)
    mine = mine[np.lexsort((mine, day.end[mine]))]
    if not len(mine) or not len(now.shelf):
        return Looks()
    levers = regime.at(now.at)
    formula = weights(levers)
    words = now.kept["index"] = pages.index(now.people.trade, now.shelf, now.kept.get("index"))
    worth = taste.worth(now.shelf, now.scenario.behaviour)
    acts = looking.chosen(now, day, mine)
    sorts = np.array([getattr(levers.ranking, f"{name}_sort_share_bps") for name in pages.SORTS], dtype=float)
    new = looking.asked(now, day, acts, words, worth, sorts, formula.of["relevance"])
    shown = _shown(now, day, acts, new)
    return follow(now, day, mine, Acts(now, day, acts, new, shown, worth), mind)


def _memory(now: Scene) -> memory.Memory:
    if now.kept.get("seats") != now.seats:
        now.kept["memory"], now.kept["seats"] = memory.remembered(), now.seats
    found: memory.Memory = now.kept["memory"]
    return found


def _today(now: Scene) -> Day:
    on = day_of(now.at)
    if now.kept.get("date") != on:
        now.kept["date"] = on
        now.kept["today"] = crew.crew.day(now.scenario, now.people, now.seed, now.day, on)
    today: Day = now.kept["today"]
    return today


def _moment(now: Scene, second: int) -> Any:
    return start_of(day_of(now.at)) + timedelta(seconds=second)


def cookie(number: int) -> str:
    """The visitor a buyer of the population is known as."""
    return f"buyer-{number}"


def _shown(now: Scene, day: Day, acts: Any, new: Asked) -> list[list[int]]:
    """The paid places of every search that looks at them: listings, best slot first. The auctions are held."""
    if not len(new.holds):
        now.kept["held"] = []
        return []
    chosen = acts[new.holds]
    who = day.actor[chosen].tolist()
    found = hold(
        [now.people.trade.query[q] for q in new.query[new.holds].tolist()],
        [cookie(number) for number in who],
        [int(now.buyer_member[number]) for number in who],
        [_moment(now, second) for second in day.at[chosen].tolist()],
        at=now.at,
    )
    now.kept["held"] = found
    return [listings for _, listings in found]


def _see(now: Scene, looks: Looks) -> None:
    """The page views of the tick; clicks on paid places are views that the click brings."""
    clicked = _press(now, looks)
    visited, repeat = _memory(now).visited, SOURCE["repeat"].code
    if not looks.views:
        visited.update(key for _, key in clicked)
        return
    table = np.fromiter(chain.from_iterable(looks.views), np.int64).reshape(-1, 4)
    order = np.lexsort((table[:, 2], table[:, 1], table[:, 0]))
    second, buyer, listing, source = table[order].T
    none = np.full(len(table), NONE, dtype=np.int64)
    member = now.buyer_member[buyer]
    shop = now.shelf.of["shop"][now.shelf.places(listing)]
    pair = (member * memory.SHOPS + shop).tolist()
    ways = source.tolist()
    for n, (at, key) in enumerate(zip(second.tolist(), pair, strict=True)):
        while clicked and clicked[-1][0] <= at:
            visited.add(clicked.pop()[1])
        if key in visited:
            ways[n] = repeat
        else:
            visited.add(key)
            if ways[n] == repeat:
                ways[n] = SOURCE["direct"].code
    visited.update(key for _, key in clicked)
    midnight = seconds(start_of(day_of(now.at)) - EPOCH)
    visitors = now.kept.setdefault("visitors", {})
    for number in np.unique(buyer).tolist():
        if number not in visitors:
            visitors[number] = visitor_number(cookie(number))
    views = Views(
        at=(midnight + second) * 1_000_000,
        visitor=np.array([visitors[number] for number in buyer.tolist()], dtype=np.int64),
        member=member,
        page=np.full(len(table), PAGE["listing"].code, dtype=np.int64),
        source=np.array(ways, dtype=np.int64),
        shop=none,
        listing=listing,
        section=none.copy(),
        stay=none.copy(),
        charge=none.copy(),
    )

    def write(rows: list[int]) -> list[int]:
        which = np.array(rows)
        see(replace(views, **{name: column[which] for name, column in vars(views).items()}), at=now.at)
        return rows

    def write_all(batch: list[Views]) -> list[Views]:
        see(batch[0], at=now.at)
        return batch

    if settle(write_all, [views])[0].refusal:  # then by row
        settle(write, range(len(table)))
        now.kept.pop("seats", None)  # what was not written is not remembered


def _press(now: Scene, looks: Looks) -> list[tuple[int, int]]:
    """The clicks of the tick on paid places: (second, which member came to which shop), the latest first."""
    if not looks.presses:
        return []
    held, members = now.kept["held"], [int(now.buyer_member[buyer]) for _, buyer, _, _ in looks.presses]
    shops = press(
        [
            (held[hold_][0], slot, cookie(buyer), member, _moment(now, second))
            for (second, buyer, hold_, slot), member in zip(looks.presses, members, strict=True)
        ],
        at=now.at,
    )
    seconds_of = [second for second, _, _, _ in looks.presses]
    came = zip(seconds_of, members, shops, strict=True)
    return sorted(((at, member * memory.SHOPS + shop) for at, member, shop in came if shop), reverse=True)


def _likes(now: Scene, looks: Looks) -> list[Wish]:
    return [
        Wish(
            buyer,
            "like",
            Act(act, int(now.buyer_member[buyer]), listing, source, 1, _moment(now, second)),
        )
        for second, buyer, listing, act, source in sorted(looks.likes)
    ]


def _orders(now: Scene, looks: Looks) -> list[Wish]:
    """Orders, each at its moment; some are placed and never paid."""
    if not looks.buys:
        return []
    b, buys = now.scenario.behaviour, sorted(looks.buys)
    who = np.array([row[1] for row in buys], dtype=np.int64)
    number = np.array([row[3] for row in buys], dtype=np.int64)
    more = random.uniforms(now.seed, "orders.pieces", who, number)
    unpaid = random.chances(now.seed, "orders.unpaid", who, number, probability=b.unpaid_share).tolist()
    span = np.maximum((more - b.one_piece_share) / max(1e-9, 1 - b.one_piece_share), 0.0)
    pieces = np.where(
        more < b.one_piece_share, 1, 2 + (span * span * (b.pieces_most - 1)).astype(np.int64)
    ).tolist()
    middle = exact.log(np.array([float(h.PAID_AFTER)]))[0]
    wait = random.log_normals(now.seed, "orders.pays", who, number, log_mean=middle, log_sd=h.PAID_SPREAD)
    wishes = []
    for n, (second, buyer, listing, _) in enumerate(buys):
        moment = _moment(now, second)
        pays = min(moment + timedelta(seconds=1 + int(wait[n])), now.at)
        wishes.append(
            Wish(
                buyer,
                "order" if unpaid[n] else "buy",
                Place(
                    int(now.buyer_member[buyer]),
                    (Wanted(listing, pieces[n]),),
                    at=moment,
                    paid_at=None if unpaid[n] else pays,
                ),
            )
        )
    return wishes


# -- remembering --------------------------------------------------------------------------------------------

OTHERS = """
    SELECT a.number, l.listing_id FROM shops_order o JOIN shops_orderline l ON l.order_id = o.id
      JOIN simulation_agent a ON a.member_id = o.buyer_id WHERE o.id = ANY(%s) ORDER BY o.buyer_id, l.listing_id
"""


def _remember(
    now: Scene, trails: Sequence[tuple[int, int, int, int, int]], done: Done, ordered: dict[int, Any]
) -> None:
    """Buyers know what they did: as the tables tell it to whoever reads them anew. `ordered`: which act a wish was."""
    mind, bought, others = _memory(now), set(), []
    for verb in ("buy", "order"):
        for wish, settled in done.of.get(verb, ()):
            if settled.refusal is None and id(wish) in ordered:
                bought.add(ordered[id(wish)])
            elif settled.refusal is None:
                others += settled.result if isinstance(settled.result, list) else []
    midnight = seconds(start_of(day_of(now.at)) - EPOCH)
    did: dict[int, list[tuple[int, int, int]]] = {}
    for buyer, second, kind, listing, number in trails:
        if kind != h.BUY or (buyer, number) in bought:
            did.setdefault(buyer, []).append((midnight + second, kind, listing))
    for number, listing in rows(OTHERS, [others]) if others else ():
        did.setdefault(number, []).append((seconds(now.at - EPOCH), h.BUY, listing))
    for buyer, acts in did.items():
        mind.mind(int(now.buyer_member[buyer])).learn(acts)


# -- money --------------------------------------------------------------------------------------------------

POOR = """
    SELECT a.number, a.member_id, coalesce(p.received_fen - p.given_fen, 0)
      FROM simulation_agent a LEFT JOIN payments_account p ON p.code = 'member:' || a.member_id
     WHERE a.kind = 0 AND a.seat = 'bot' AND a.left_at IS NULL ORDER BY a.number
"""


def _purses(now: Scene) -> list[Wish]:
    """Who has less than half of what they began with brings it up to that."""
    funds = now.people.buyers.funds_fen
    return [
        Wish(number, "bring", TopUp(member, int(funds[number]) - fen, key=f"purse-{number}-{now.day}"))
        for number, member, fen in rows(POOR)
        if fen < PURSE_LEAST * funds[number]
    ]
