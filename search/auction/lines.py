"""JSON lines in, JSON lines out: auctions of like shape are held together in one block of the core.

In:  {"mechanism", "slots": [clicks], "reserve_fen", "increment_fen", "bidders": [{"id", "bid_fen", "quality"}]}
Out: {"slots": [{"slot", "id", "price_fen"}], "vcg": [{"id", "payment_fen"}]}, or {"line", "error"}, in the same order.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import orjson

from search.auction.clearing import LIMIT, Exact, exact, prepare
from search.auction.explain import explain
from search.auction.ranking import NOBODY, bits_for
from search.auction.reading import Unreadable, auction
from search.auction.rules import Terms
from search.auction.single import Auction, scale, whole
from search.auction.table import table

Line = tuple[int, bytes | None]  # its number from 1, and what it says; None when it is too long to be read
LONGEST = 16 << 20
TOGETHER = 2_000  # lines answered at a time
EXPLAINED = (200, 50)  # bidders, and slots they fill: each one's best reply is found by holding auctions
READ = 1 << 20  # bytes asked for at once
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Whole:
    """An auction in whole numbers, and the factors of its money and its clicks."""

    auction: Auction
    bids: list[int]
    quality: list[int]
    clicks: list[int]
    money: int
    clicks_scale: int

    @property
    def large(self) -> bool:
        """Might a product of these leave 64 bits? Then they do not slow down those that fit."""
        most = max(self.bids, default=0) * max(self.quality, default=0) * max(self.clicks, default=0)
        return (
            most >= LIMIT >> bits_for(len(self.bids))
            or max(self.bids + self.quality + self.clicks, default=0) >= LIMIT
        )

    @property
    def kind(self) -> tuple[Any, ...]:
        """Those of one kind fit one block."""
        said = self.auction
        return said.mechanism, said.capped, said.ties, len(self.bids), len(self.clicks), self.large


def batches(stream: BinaryIO) -> Iterator[list[Line]]:
    """Lines as they come, blank ones left out: whatever has arrived is given out before more is waited for."""
    number, rest, skipping = 0, b"", False
    while True:
        read = stream.read1(READ)  # type: ignore[attr-defined]
        *complete, rest = (rest + read).split(b"\n") if read else [rest, b""]
        found: list[Line] = []
        for text in complete:
            number += 1
            if skipping or len(text) > LONGEST:
                found.append((number, None))
                skipping = False
            elif text.strip():
                found.append((number, text))
        if len(rest) > LONGEST:
            rest, skipping = b"", True
        for start in range(0, len(found), TOGETHER):
            yield found[start : start + TOGETHER]
        if not read:
            return


def answers(lines: Iterable[Line], *, explained: bool = False) -> list[Answer]:
    """One for each line, in their order; a line that cannot be read answers with its number and why."""
    found: dict[int, Answer] = {}
    kinds: dict[tuple[Any, ...], list[tuple[int, Whole]]] = defaultdict(list)
    for number, text in lines:
        found[number] = {}
        try:
            if text is None:
                raise Unreadable(f"the line has more than {LONGEST >> 20} MB")
            said = auction(text, number)
            if explained and (
                len(said.ids) > EXPLAINED[0] or min(map(len, (said.ids, said.clicks))) > EXPLAINED[1]
            ):
                raise Unreadable(f"at most {EXPLAINED[0]} bidders in {EXPLAINED[1]} slots can be explained")
        except Unreadable as problem:
            found[number] = {"line": number, "error": str(problem)}
            continue
        ready = _whole(said)
        kinds[ready.kind].append((number, ready))
    for several in kinds.values():
        told = _held([ready for _, ready in several])
        for (number, ready), answer in zip(several, told, strict=True):
            found[number] = {**answer, "explain": explain(ready.auction)} if explained else answer
    return list(found.values())


def encoded(answer: Answer) -> bytes:
    """One line. Integers beyond 64 bits and broken characters take the slower way."""
    try:
        return orjson.dumps(answer) + b"\n"
    except TypeError:
        return json.dumps(answer, separators=(",", ":")).encode() + b"\n"


def drawn(answer: Answer) -> bytes:
    """An explained answer as a table for people; what was refused as a line."""
    return f"{table(answer['explain'])}\n".encode() if "explain" in answer else encoded(answer)


def _whole(said: Auction) -> Whole:
    money, clicks = scale([*said.bids, said.reserve]), scale(said.clicks)
    return Whole(
        said,
        whole(said.bids, money),
        whole(said.quality, scale(said.quality)),
        whole(said.clicks, clicks)[: len(said.ids)],
        money,
        clicks,
    )


def _held(several: list[Whole]) -> Iterator[Answer]:
    """Auctions of one kind, in one block."""
    first = several[0].auction
    kind = object if several[0].large else np.int64

    def table(rows: list[list[int]]) -> Any:
        return np.array(rows, dtype=kind).reshape(len(several), -1 if rows[0] else 0)

    terms = Terms(
        first.mechanism,
        np.array([int(each.auction.reserve * each.money) for each in several], dtype=object),
        np.array([int(each.auction.increment) for each in several], dtype=object),
        first.capped,
        first.ties,
    )
    block = prepare(
        table([each.bids for each in several]),
        table([each.quality for each in several]),
        table([each.clicks for each in several]),
        terms,
        placed=None if first.ties != "drawn" else np.array([each.auction.placed() for each in several]),
    )
    yield from _told(several, exact(block))


def _told(several: list[Whole], held: Exact) -> Iterator[Answer]:
    columns = (held.ranking.order, held.asked.above, held.asked.below, held.owed, held.share)
    for ready, order, above, below, owed, share in zip(
        several, *(column.tolist() for column in columns), strict=True
    ):
        ids, amount = ready.auction.ids, _rounded if ready.auction.rounded else _unrounded
        money, both = ready.money, ready.money * ready.clicks_scale
        there = [bidder for bidder in order[:-1] if bidder != NOBODY]
        names = [ids[bidder] for bidder in there]
        prices = [amount(a, b * money) for a, b in zip(above, below, strict=True)]
        payments = [amount(a, b * both) for a, b in zip(owed, share, strict=True)]
        lost = set(range(len(ids))).difference(there)
        yield {
            "slots": [
                {"slot": slot, "id": name, "price_fen": price}
                for slot, (name, price) in enumerate(zip(names, prices, strict=False), 1)
            ],
            "vcg": [
                {"id": name, "payment_fen": payment} for name, payment in zip(names, payments, strict=False)
            ]
            + [{"id": ids[n], "payment_fen": 0} for n in sorted(lost)],
        }


def _rounded(above: int, below: int) -> int:
    """Whole fen, a half upwards."""
    return (2 * above + below) // (2 * below)


def _unrounded(above: int, below: int) -> int | float:
    """The fraction: an integer where it is one, else the nearest number that JSON's readers hold."""
    return above // below if above % below == 0 else above / below
