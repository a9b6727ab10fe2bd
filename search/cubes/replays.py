"""Auctions that were held, held again with one bid of ours in them: arrays in, slot and price out. Pure.

Where a word of the same listing stood, ours stands instead of it. The very bid that stood keeps its turn in ties and the
quality it had then; any other is the latest bid there is, of today's quality if the word did not stand there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.auction.clearing import clear
from search.auction.rules import Terms

Ints = NDArray[np.int64]
Row = Mapping[str, Any]
ALIKE = ("mechanism", "ties", "capped")


@dataclass(frozen=True, slots=True)
class Block:
    """Auctions with as many bidders and the same slots and rules. where: their places among all, (B,). bids, qualities:
    (B, N). own: the column in which the listing stood, -1 for none; merit: the quality of ours; same: the word itself
    stood there: (B,) each."""

    where: Ints
    bids: Ints
    qualities: Ints
    own: Ints
    merit: Ints
    same: NDArray[np.bool_]
    clicks: Sequence[int]
    terms: Terms


def blocks(auctions: Sequence[Row], own: Collection[int], keyword: int | None, quality: int) -> list[Block]:
    """`auctions` as they were recorded (`search.express.models.AdAuction`); `own`: all keywords of our listing."""
    alike: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for n, row in enumerate(auctions):
        alike[len(row["bids"]), tuple(row["clicks"]), *(row[name] for name in ALIKE)].append(n)
    return [
        _block(key, members, [auctions[n] for n in members], list(own), keyword, quality)
        for key, members in alike.items()
    ]


def _block(
    key: tuple[Any, ...],
    members: list[int],
    rows: list[Row],
    own: list[int],
    keyword: int | None,
    quality: int,
) -> Block:
    bidders, clicks, mechanism, ties, capped = key
    shape = (len(rows), bidders)

    def table(name: str) -> Ints:
        return np.array([row[name] for row in rows], dtype=np.int64).reshape(shape)

    keywords, bids, qualities = table("keywords"), table("bids"), table("qualities")
    column = np.full(len(rows), -1, dtype=np.int64)
    same = np.zeros(len(rows), dtype=bool)
    merit = np.full(len(rows), quality, dtype=np.int64)
    if bidders:
        mine = np.isin(keywords, own)
        column = np.where(mine.any(axis=1), mine.argmax(axis=1), -1)
        there = np.maximum(column, 0)[:, None]
        if keyword is not None:
            same = (column >= 0) & (np.take_along_axis(keywords, there, axis=1)[:, 0] == keyword)
        merit = np.where(same, np.take_along_axis(qualities, there, axis=1)[:, 0], quality)
    reserve, increment = (
        np.array([row[name] for row in rows], dtype=np.int64) for name in ("reserve_fen", "increment_fen")
    )
    terms = Terms(mechanism, reserve, increment, capped, ties)
    return Block(np.array(members), bids, qualities, column, merit, same, clicks, terms)


def hold(held: Sequence[Block], auctions: int, bid_fen: int) -> tuple[Ints, Ints]:
    """Our slot (from 1; 0: none) and the price of a click there, in each of the `auctions`, with that bid."""
    slots, prices = np.zeros(auctions, dtype=np.int64), np.zeros(auctions, dtype=np.int64)
    for block in held:
        if block.clicks:
            slots[block.where], prices[block.where] = _stand(block, bid_fen)
    return slots, prices


def _stand(block: Block, bid_fen: int) -> tuple[Ints, Ints]:
    auctions, bidders = block.bids.shape
    every = np.arange(auctions)
    there = block.own >= 0
    stays = np.zeros(auctions, dtype=bool)
    shown = np.ones((auctions, bidders + 1), dtype=bool)
    if bidders:
        stays = block.same & (block.bids[every, np.maximum(block.own, 0)] == bid_fen)
        shown[every[there], block.own[there]] = stays[there]
    shown[:, bidders] = ~stays
    column = np.where(stays, block.own, bidders)
    bids = np.column_stack((block.bids, np.full(auctions, bid_fen, dtype=np.int64)))
    outcome = clear(
        bids, np.column_stack((block.qualities, block.merit)), block.clicks, block.terms, shown=shown
    )
    hit = outcome.winners == column[:, None]
    place = hit.argmax(axis=1)
    placed = hit.any(axis=1)
    return np.where(placed, place + 1, 0), np.where(placed, outcome.prices[every, place], 0).astype(np.int64)
