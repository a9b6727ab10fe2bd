"""Paid places as the population's buyers meet them: many searches held at once, many clicks judged at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from common.batch import settle
from search.express import auctions
from search.express.actions import clicks
from search.express.auction import Search
from traffic.actions import NONE

Held = tuple[int, list[int]]  # an auction's number, and the listings in its places, best first


def hold(
    queries: Sequence[str],
    visitors: Sequence[str],
    members: Sequence[int],
    moments: Sequence[datetime],
    *,
    at: datetime,
) -> list[Held]:
    """What stood in the paid places of each search; nobody where nobody bid."""
    searches = [
        Search(query, visitor, member=member, at=moment)
        for query, visitor, member, moment in zip(queries, visitors, members, moments, strict=True)
    ]
    return [settled.result or (0, []) for settled in settle(partial(_held, at=at), searches)]


def _held(searches: Sequence[Search], *, at: datetime) -> list[Held]:
    shown = auctions.hold(searches, at=at)
    return [
        (number, [listing for listing in listings if listing != NONE])
        for number, listings in zip(shown.auction.tolist(), shown.listing.tolist(), strict=True)
    ]


def press(presses: Sequence[tuple[int, int, str, int, datetime]], *, at: datetime) -> list[int]:
    """Click: (auction, slot, visitor, member, moment) each; the shop that each came to, 0 where the click was refused."""
    made = [
        clicks.Press(auction, slot, visitor, member, at=moment)
        for auction, slot, visitor, member, moment in presses
    ]
    return [
        settled.result["shop"] if settled.result else 0
        for settled in settle(partial(clicks.press, at=at), made)
    ]
