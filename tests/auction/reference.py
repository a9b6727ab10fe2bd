"""The auction as the rules say it, one bidder at a time in fractions; slow, and written without looking at the core."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction as F
from itertools import pairwise

from hypothesis import strategies as st


@dataclass(frozen=True)
class Sale:
    bidder: int
    price: F
    payment: F  # VCG, over the slot's clicks


def ladder(bids, quality, reserve, shown=None) -> list[int]:
    """Who takes part, best first; the earlier of equals first."""
    part = [n for n in range(len(bids)) if bids[n] >= reserve and (shown is None or shown[n])]
    return sorted(part, key=lambda n: (-F(bids[n]) * F(quality[n]), n))


def clicks_at(bid, who, bids, quality, clicks, reserve) -> F:
    """What `who` would get by this bid, an equal score losing."""
    if bid < reserve:
        return F(0)
    over = sum(
        F(bids[n]) * F(quality[n]) >= F(bid) * F(quality[who])
        for n in range(len(bids))
        if n != who and bids[n] >= reserve
    )
    return F(clicks[over]) if over < len(clicks) else F(0)


def truthful_payment(who, place, bids, quality, clicks, reserve) -> F:
    """Myerson's: clicks x bid, less the area under the clicks that lower bids would get (a step function)."""
    bid = F(bids[who])
    total = F(clicks[place]) * bid
    if F(quality[who]) == 0:
        return total - (bid - reserve) * F(clicks[place])
    marks = {
        F(bids[n]) * F(quality[n]) / F(quality[who])
        for n in range(len(bids))
        if n != who and bids[n] >= reserve
    }
    edges = sorted({bid, F(reserve), *(mark for mark in marks if reserve < mark < bid)})
    area = F(0)
    for low, high in pairwise(edges):
        area += (high - low) * clicks_at((low + high) / 2, who, bids, quality, clicks, reserve)
    return total - area


def half_up(amount: F) -> int:
    return (amount + F(1, 2)).__floor__()


def hold(
    bids, quality, clicks, *, mechanism="gsp", reserve=5, increment=1, capped=True, shown=None, rounded=True
) -> list[Sale]:
    if shown is not None:
        bids = [bid if there else -1 for bid, there in zip(bids, shown, strict=True)]
    order = ladder(bids, quality, reserve)
    sales = []
    for place, who in enumerate(order[: len(clicks)]):
        below = order[place + 1] if place + 1 < len(order) else None
        owed = truthful_payment(who, place, bids, quality, clicks, reserve)
        if mechanism == "first_price":
            price = F(bids[who])
        elif mechanism == "vcg":
            price = owed / clicks[place] if clicks[place] else F(reserve)
        elif below is None:
            price = F(reserve)
        else:
            mine, theirs = F(quality[who]), F(bids[below]) * F(quality[below])
            price = (theirs / mine if theirs else F(0)) + increment
            price = max(price, F(reserve))
        price = F(half_up(price)) if rounded else price
        if capped and mechanism == "gsp":
            price = min(price, F(bids[who]))
        sales.append(Sale(who, price, owed))
    return sales


def columns(most=8, bid=10_000, merit=100_000):
    """Bidders as (bids, quality): often tied, often at the edges."""
    bids = st.one_of(st.integers(0, 12), st.integers(0, bid), st.sampled_from((0, 5, 6, bid)))
    merits = st.one_of(st.integers(0, 4), st.integers(0, merit), st.sampled_from((0, 1, merit)))
    return st.lists(st.tuples(bids, merits), max_size=most).map(
        lambda pairs: ([bid for bid, _ in pairs], [merit for _, merit in pairs])
    )


def slots(most=6, clicks=1_000):
    """Clicks of each slot, best first; ties and zeros included."""
    return st.lists(st.one_of(st.integers(0, 3), st.integers(0, clicks)), max_size=most).map(
        lambda found: sorted(found, reverse=True)
    )
