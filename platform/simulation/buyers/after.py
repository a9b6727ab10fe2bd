"""After the purchase: the parcel comes, the goods are what they are, buyers confirm or keep silent, judge, ask money back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common import exact, random, words
from common.batch import dicts, insert, rows
from ratings.actions.answers import Leave
from regime import queries as regime
from shops.actions.asking import Ask
from shops.actions.refunds import SendBack
from simulation.intents import Wish
from simulation.keys import TRADE, of_order
from simulation.models import BUYER, Plan
from simulation.people import People
from simulation.scenario.behaviour import Behaviour
from simulation.scene import Scene
from simulation.sellers.nature import sold_lately

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STRANGER = 0.75  # quality and service of a shop that is nobody of the population's: a guest's
# Share of parcels with a real fault: so many of anybody's, and this times the square of what quality lacks to perfection.
FAILS_ANYWAY, FAILS = 0.032, 0.55
FAULT_STARS = (2.3, 3.9)  # a fault costs so many stars, drawn evenly between
LACK_STARS = 2.4  # stars that the worst goods lack without any fault
LATE_STARS = 0.02  # stars a day of despatch beyond the second costs
GOOD_STARS = 5.08  # what goods without lack or fault are worth, before anybody's mood
MANNERS_STARS, DESPATCH_STARS = 0.12, 0.05  # so much milder people judge those than the goods
# Who buys where many bought hopes for more: stars less for each e times as many pieces sold lately as a usual shop sells.
# With it sales and indices of shops go against each other as they do among those of 2017 (rank correlations -0.15 to -0.18).
HOPES, USUAL_SALES = 0.037, 50.0
MOOD = 0.8  # of the variance of a buyer's noise: the same for all three stars

SHIPPED = f"""
    SELECT o.id, {TRADE}, o.shipped_at, a.number FROM shops_order o
      JOIN simulation_agent a ON a.member_id = o.buyer_id AND a.kind = 0 AND a.seat = 'bot' AND a.left_at IS NULL
     WHERE o.status = 'shipped' AND o.open_refunds = 0 AND o.confirm_by > %(start)s
       AND o.shipped_at > %(start)s AND o.shipped_at <= %(at)s ORDER BY o.id
"""
# What a seller should have sent since the last tick, and has not.
UNSENT = f"""
    SELECT o.id, {TRADE}, o.overdue_at, a.number FROM shops_order o
      JOIN simulation_agent a ON a.member_id = o.buyer_id AND a.kind = 0 AND a.seat = 'bot' AND a.left_at IS NULL
     WHERE o.status = 'paid' AND o.open_refunds = 0 AND o.overdue_at > %(start)s AND o.overdue_at <= %(at)s ORDER BY o.id
"""
DUE = """
    WITH due AS (DELETE FROM simulation_plan WHERE due_at <= %s AND kind = 0
                 RETURNING id, due_at, verb, number, subject_id, value)
    SELECT verb, number, subject_id, value FROM due ORDER BY due_at, id
"""
# What a buyer knows of an order of theirs; who kept the shop says how good the goods are.
ORDERS = f"""
    SELECT o.id, {TRADE} AS key, o.status, o.open_refunds, o.buyer_id AS buyer, a.number, o.paid_at, o.shipped_at,
           coalesce(s.number, -1) AS seller, l.id AS line, l.id - min(l.id) OVER (PARTITION BY o.id) AS nth, l.snapshot->>'category_id' AS category,
           (SELECT f.verdict FROM ratings_feedback f WHERE f.line_id = l.id AND f.side = 'seller'
               AND f.revealed_at IS NOT NULL) AS heard
      FROM shops_order o JOIN shops_orderline l ON l.order_id = o.id
      JOIN simulation_agent a ON a.member_id = o.buyer_id
      LEFT JOIN simulation_agent s ON s.shop_id = o.shop_id
     WHERE o.id = ANY(%s) ORDER BY o.id, l.id
"""
OPEN_REFUNDS = f"""
    SELECT r.id, {of_order("r.order_id")} AS key, r.status, a.number FROM shops_refund r
      JOIN simulation_agent a ON a.member_id = r.buyer_id AND a.kind = 0 AND a.seat = 'bot' AND a.left_at IS NULL
     WHERE r.status IN ('refused', 'returning') ORDER BY r.id
"""


def delivered(people: People, seed: int, told: Sequence[dict[str, Any]]) -> tuple[Floats, Floats, Floats]:
    """What the goods, the manners and the despatch of each order were worth, in stars from below 1 to above 5.

    The same whenever it is asked: drawn for each order line. Quality and service are their seller's; one parcel in some
    has a fault; late despatch counts against the third.
    """
    line = np.array([row["key"] + row["nth"] for row in told], dtype=np.int64)
    seller = np.array([row["seller"] for row in told], dtype=np.int64)
    known = seller >= 0
    quality = np.where(known, people.sellers.quality[np.maximum(seller, 0)], STRANGER)
    service = np.where(known, people.sellers.service[np.maximum(seller, 0)], STRANGER)
    both = 0.65 * quality + 0.35 * service
    fault = random.chances(seed, "after.fault", line, probability=FAILS_ANYWAY + FAILS * (1 - quality) ** 2)
    low, high = FAULT_STARS
    cost = np.where(fault, low + (high - low) * random.uniforms(seed, "after.cost", line), 0.0)
    base = GOOD_STARS - LACK_STARS * (1 - both) - cost
    days = np.array(
        [((row["shipped_at"] or row["paid_at"]) - row["paid_at"]).total_seconds() / 86_400 for row in told]
    )
    late = LATE_STARS * np.maximum(days - 2.0, 0.0)
    lean = service - quality
    return base, base + MANNERS_STARS + 0.15 * lean, base + DESPATCH_STARS + 0.05 * lean - late


def arrivals(now: Scene) -> list[dict[str, Any]]:
    """Plans to receive what was sent since the last tick, and to give up on what was not sent in time."""
    b, tick = now.scenario.behaviour, {"start": now.start, "at": now.at}
    return [*on_their_way(now.seed, b, rows(SHIPPED, tick)), *to_give_up(now.seed, b, rows(UNSENT, tick))]


def on_their_way(
    seed: int, b: Behaviour, sent: Sequence[tuple[int, int, datetime, int]]
) -> list[dict[str, Any]]:
    """Plans to receive these parcels: (order, its key, when it was sent, buyer)."""
    if not sent:
        return []
    days = random.log_normals(
        seed,
        "after.transit",
        np.array([row[1] for row in sent], dtype=np.int64),
        log_mean=exact.log(np.array([b.transit_days]))[0],
        log_sd=b.transit_spread,
    )
    return [
        plan(shipped_at + timedelta(seconds=int(86_400 * wait)), "receive", number, order)
        for (order, _, shipped_at, number), wait in zip(sent, days.tolist(), strict=True)
    ]


def to_give_up(
    seed: int, b: Behaviour, unsent: Sequence[tuple[int, int, datetime, int]]
) -> list[dict[str, Any]]:
    """Plans to ask the money back for these, (order, its key, until when it should have been sent, buyer) each."""
    keys = np.array([row[1] for row in unsent], dtype=np.int64)
    wait = random.exponentials(seed, "after.gives_up_wait", keys, mean=max(b.unsent_days, 1e-6)).tolist()
    gives_up = random.chances(seed, "after.gives_up", keys, probability=b.unsent_share).tolist()
    return [
        plan(late_at + timedelta(seconds=1 + int(86_400 * wait[n])), "give_up", number, order)
        for n, (order, _, late_at, number) in enumerate(unsent)
        if gives_up[n]
    ]


def to_judge(
    seed: int, b: Behaviour, confirmed: Sequence[tuple[int, int, int]], *, at: datetime
) -> list[dict[str, Any]]:
    """Plans to judge what was confirmed at `at`, (order, its key, buyer) each, by those who speak."""
    keys = np.array([key for _, key, _ in confirmed], dtype=np.int64)
    wait = random.exponentials(seed, "after.judge_wait", keys, mean=max(b.feedback_days, 1e-6)).tolist()
    speaks = random.chances(seed, "after.judges", keys, probability=b.feedback_share).tolist()
    return [
        plan(at + timedelta(seconds=1 + int(86_400 * wait[n])), "judge", number, order)
        for n, (order, _, number) in enumerate(confirmed)
        if speaks[n]
    ]


def plan(due_at: datetime, verb: str, number: int, subject: int, value: int = 0) -> dict[str, Any]:
    """A row of what a buyer means to do."""
    return {
        "due_at": due_at, "verb": verb, "kind": BUYER, "number": number, "subject_id": subject, "value": value,
    }  # fmt: skip


def keep(plans: Sequence[dict[str, Any]]) -> None:
    insert(Plan, plans)


def due(now: Scene) -> dict[str, list[tuple[int, int, int]]]:
    """What buyers meant to do by now: verb -> (number, subject, value). Who sits in a seat decides for themself."""
    found: dict[str, list[tuple[int, int, int]]] = {}
    for verb, number, subject, value in rows(DUE, [now.at]):
        if now.buyer_bot[number]:
            found.setdefault(verb, []).append((number, subject, value))
    return found


def settle(
    now: Scene, wanted: dict[str, list[tuple[int, int, int]]], plans: list[dict[str, Any]]
) -> Iterator[Wish]:
    """Wishes about orders that are on their way, here, or finished."""
    verbs = ("receive", "give_up", "confirm", "judge")
    orders = [subject for verb in verbs for _, subject, _ in wanted.get(verb, [])]
    told = dicts(ORDERS, [orders]) if orders else []
    if told:
        stars = [column.tolist() for column in delivered(now.people, now.seed, told)]
        of: dict[int, list[int]] = {}
        for n, row in enumerate(told):
            of.setdefault(row["id"], []).append(n)
        yield from _received(now, [s for _, s, _ in wanted.get("receive", [])], told, of, stars, plans)
        for order in [subject for _, subject, _ in wanted.get("give_up", [])]:
            row = told[of[order][0]]
            if row["status"] == "paid" and not row["open_refunds"]:
                yield Wish(row["number"], "ask", Ask(row["line"], kind="refund_only", reason="late"))
        yield from _confirmed(now, [s for _, s, _ in wanted.get("confirm", [])], told, of, plans)
        yield from _judged(now, [s for _, s, _ in wanted.get("judge", [])], told, of, stars)
    yield from _refunds(now)


def _received(
    now: Scene,
    orders: Sequence[int],
    told: Sequence[dict[str, Any]],
    of: dict[int, list[int]],
    stars: Sequence[list[float]],
    plans: list[dict[str, Any]],
) -> Iterator[Wish]:
    b, here = now.scenario.behaviour, [o for o in orders if told[of[o][0]]["status"] == "shipped"]
    keys = np.array([told[of[order][0]]["key"] for order in here], dtype=np.int64)
    unhappy = random.uniforms(now.seed, "after.refund", keys).tolist()
    confirms = random.chances(now.seed, "after.confirms", keys, probability=b.confirm_share).tolist()
    wait = random.exponentials(now.seed, "after.confirm_wait", keys, mean=max(b.confirm_days, 1e-6)).tolist()
    for n, order in enumerate(here):
        row = told[of[order][0]]
        if row["open_refunds"]:
            continue
        got = stars[0][of[order][0]]
        if got < b.good_from_stars and unhappy[n] < b.refund_share:
            kind = "return" if unhappy[n] < b.refund_share / 2 else "refund_only"
            yield Wish(row["number"], "ask", Ask(row["line"], kind=kind, reason="not_as_described", text=""))
        elif unhappy[n] > 1 - b.no_reason_share:
            yield Wish(row["number"], "ask", Ask(row["line"], kind="return", reason="no_reason", text=""))
        elif confirms[n]:
            plans.append(
                plan(now.at + timedelta(seconds=int(86_400 * wait[n])), "confirm", row["number"], order)
            )


def _confirmed(
    now: Scene,
    orders: Sequence[int],
    told: Sequence[dict[str, Any]],
    of: dict[int, list[int]],
    plans: list[dict[str, Any]],
) -> Iterator[Wish]:
    here = [o for o in orders if told[of[o][0]]["status"] == "shipped"]
    first = [told[of[order][0]] for order in here]
    confirmed = [(row["id"], row["key"], row["number"]) for row in first if not row["open_refunds"]]
    for order, _, number in confirmed:
        yield Wish(number, "confirm", order)
    plans += to_judge(now.seed, now.scenario.behaviour, confirmed, at=now.at)


def _judged(
    now: Scene,
    orders: Sequence[int],
    told: Sequence[dict[str, Any]],
    of: dict[int, list[int]],
    stars: Sequence[list[float]],
) -> Iterator[Wish]:
    """Verdict and stars of what was delivered. Where the other side can see and answer, some fear to, some give back."""
    b, seed = now.scenario.behaviour, now.seed
    is_open = regime.at(now.at).feedback.reveal == "open"
    lines = [n for order in orders if told[of[order][0]]["status"] == "finished" for n in of[order]]
    if not lines:
        return
    keys = np.array([told[n]["key"] + told[n]["nth"] for n in lines], dtype=np.int64)
    who = np.array([told[n]["number"] for n in lines], dtype=np.int64)
    strict = now.people.buyers.strict[who]
    got = np.array([[stars[k][n] for k in range(3)] for n in lines]) - hopes(
        now, [told[n]["seller"] for n in lines]
    )
    noise = b.star_noise * np.stack(
        [random.normals(seed, "after.stars", keys, k, sd=np.sqrt(1 - MOOD)) for k in range(3)], axis=1
    )
    noise += b.star_noise * random.normals(seed, "after.mood", keys, sd=np.sqrt(MOOD))[:, None]
    felt = got[:, :1] - 0.1 * strict[:, None] + 0.6 * noise[:, :1]
    each = np.clip(np.floor(got - 0.1 * strict[:, None] + noise + 0.5), 1, 5).astype(np.int64)
    verdict = np.where(felt[:, 0] < b.bad_below_stars, -1, np.where(felt[:, 0] < b.good_from_stars, 0, 1))
    fears = random.uniforms(seed, "after.fear", keys)
    back = random.uniforms(seed, "after.back", keys)
    talks = random.chances(seed, "after.words", keys, probability=b.comment_share)
    category = np.array([int(told[n]["category"]) for n in lines], dtype=np.int64)
    said = words.comments(seed, verdict, category, keys)
    for m, n in enumerate(lines):
        row, mine, own = told[n], int(verdict[m]), each[m].tolist()
        heard = row["heard"]
        if is_open and mine < 1 and heard is None and fears[m] < b.fear_share:
            continue
        if heard == 1 and mine < 1 and back[m] < b.reciprocate_share:
            mine, own = 1, [max(star, 4) for star in own]
        if heard == -1 and back[m] < b.retaliate_share:
            mine, own = -1, [1, 1, 1]
        own = [own[0], own[1], own[2], own[1], own[0]]
        yield Wish(
            row["number"],
            "judge",
            Leave(
                row["line"],
                row["buyer"],
                mine,
                tuple(own),
                said[m] if talks[m] and mine == verdict[m] else "",
            ),
        )


def hopes(now: Scene, sellers: Sequence[int]) -> Floats:
    """What the sales shown by each of these shops let their buyers hope for above the usual, in stars, as a column."""
    number = np.array(sellers, dtype=np.int64)
    sold = np.where(number >= 0, sold_lately(now)[np.maximum(number, 0)], USUAL_SALES - 1)
    hoped: Floats = HOPES * exact.log((1.0 + sold) / USUAL_SALES)
    return hoped[:, None]


def _refunds(now: Scene) -> Iterator[Wish]:
    """Refused ones are taken to the platform by some; goods go back where that was agreed."""
    b = now.scenario.behaviour
    found = rows(OPEN_REFUNDS)
    if not found:
        return
    keys = np.array([row[1] for row in found], dtype=np.int64)
    fights = random.chances(now.seed, "after.dispute", keys, probability=b.dispute_share).tolist()
    for (refund, key, status, number), fight in zip(found, fights, strict=True):
        if status == "returning":
            parcel = SendBack(refund, carrier="EMS", tracking_no=f"RT{key % 10**10:010d}")
            yield Wish(number, "send_back", parcel)
        elif fight:
            yield Wish(number, "dispute", refund)
