"""One auction told: who stands where, why each price, what VCG would have asked, the equilibrium band, regrets.

Plain dictionaries of strings, numbers, lists and None. Places and prices are the core's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from search.auction.equilibrium import Band, band
from search.auction.ranking import NOBODY
from search.auction.replies import best_reply
from search.auction.rules import BECAUSE, HARM, MECHANISMS, NEXT, OWN_BID, RESERVE, TIES
from search.auction.single import Auction, Number, half_up, scaled, told

Told = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A bidder where it stands. asked: a click's price before rounding; slot: None beyond the last."""

    bidder: int
    slot: int | None
    following: int | None
    asked: Fraction
    price: Fraction
    because: int
    clicks: Fraction
    payment: Fraction

    @property
    def cost(self) -> Fraction:
        return self.price * self.clicks


def explain(auction: Auction) -> Told:
    """Amounts in fen: a price is per click; a cost, payment, gain or regret is over all the slot's given clicks.

    Gains are counted against what a click is worth to the bidder: `values`, else the bid itself.
    """
    envy = band(auction.worth, auction.quality, auction.clicks, auction.reserve)
    places = standing(auction)
    there = {place.bidder for place in places}
    return {
        "mechanism": auction.mechanism,
        "means": f"each {MECHANISMS[auction.mechanism]}",
        "reserve_fen": told(auction.reserve),
        "increment_fen": told(auction.increment),
        "ties": TIES[auction.ties],
        "places": [_told(auction, n, place, envy) for n, place in enumerate(places, 1)],
        "left_out": [
            {"id": name, "bid_fen": told(bid), "why": "the bid is below the reserve"}
            for n, (name, bid) in enumerate(zip(auction.ids, auction.bids, strict=True))
            if n not in there
        ],
        "revenue_fen": told(sum((place.cost for place in places), Fraction(0))),
        "vcg_revenue_fen": told(sum((place.payment for place in places), Fraction(0))),
        "lowest_equilibrium_revenue_fen": told(envy.lowest_revenue),
        "highest_equilibrium_revenue_fen": told(envy.highest_revenue),
        "band_is_envy_free": envy.envy_free,
    }


def standing(auction: Auction) -> list[Place]:
    """Everyone who offers the reserve, best first, with or without a slot."""
    ready = scaled(auction, every_place=True)
    held = ready.held()
    found: list[Place] = []
    order = [int(n) for n in held.ranking.order[0]]
    for n, bidder in enumerate(order[:-1]):
        if bidder == NOBODY:
            break
        slot = n + 1 if n < len(auction.clicks) else None
        asked = Fraction(int(held.asked.above[0, n]), int(held.asked.below[0, n])) / ready.money
        owed = Fraction(int(held.owed[0, n]), int(held.share[0, n])) / (ready.money * ready.clicks)
        none = slot is None
        found.append(
            Place(
                bidder=bidder,
                slot=slot,
                following=order[n + 1] if order[n + 1] != NOBODY else None,
                asked=asked,
                price=Fraction(0) if none else Fraction(half_up(asked)) if auction.rounded else asked,
                because=int(held.asked.because[0, n]),
                clicks=Fraction(0) if none else Fraction(auction.clicks[n]),
                payment=Fraction(half_up(owed)) if auction.rounded else owed,
            )
        )
    return found


def _told(auction: Auction, number: int, place: Place, envy: Band) -> Told:
    n = place.bidder
    value, reply = Fraction(auction.worth[n]), best_reply(auction, n)
    gain = place.clicks * (value - place.price)
    best = max(reply.gain, gain)
    score = auction.bids[n] * auction.quality[n]
    sold = place.slot is not None
    return {
        "place": number,
        "slot": place.slot,
        "id": auction.ids[n],
        "bid_fen": told(auction.bids[n]),
        "quality": told(auction.quality[n]),
        "score": told(score),
        "tied_with": [
            name
            for m, name in enumerate(auction.ids)
            if m != n and auction.bids[m] >= auction.reserve and auction.bids[m] * auction.quality[m] == score
        ],
        "next": None if place.following is None else auction.ids[place.following],
        "clicks": told(place.clicks),
        "price_fen": told(place.price) if sold else None,
        "unrounded_fen": told(place.asked) if sold else None,
        "because": BECAUSE[place.because][0] if sold else "no_slot",
        "why": _why(auction, place),
        "cost_fen": told(place.cost),
        "vcg_payment_fen": told(place.payment),
        "value_fen": told(value),
        "gain_fen": told(gain),
        "best_gain_fen": told(best),
        "regret_fen": told(best - gain),
        "best_bid_fen": _maybe(reply.bid if best > gain else Fraction(auction.bids[n])),
        "best_slot": reply.slot if best > gain else place.slot,
        "lowest_bid_fen": _maybe(envy.lowest[n]),
        "highest_bid_fen": _maybe(envy.highest[n]),
    }


def _maybe(amount: Fraction | None) -> int | float | None:
    return None if amount is None else told(amount)


def _why(auction: Auction, place: Place) -> str:
    """The price in one sentence, with its numbers."""
    if place.slot is None:
        return "no slot is left; nothing is paid"
    if place.because == OWN_BID:
        if auction.mechanism == "first_price":
            return f"the own bid, {_said(place.price)}"
        return f"{_sum(auction, place)}, but no click costs more than the own bid, {_said(place.price)}"
    if place.because == RESERVE:
        if place.following is None:
            return f"nobody stands below: the reserve, {_said(place.price)}"
        return f"those below ask for no more than the reserve, {_said(place.price)}"
    rounded = f", rounded {_said(place.price)}" if place.asked != place.price else ""
    if place.because == NEXT:
        return f"{_sum(auction, place)}{rounded}"
    assert place.because == HARM
    return (
        f"the others lose {_said(place.payment)} in all, over {_said(place.clicks)} clicks: "
        f"{_said(place.asked)}{rounded}"
    )


def _sum(auction: Auction, place: Place) -> str:
    """Next bid x next quality / own quality + increment = what is asked, before cap and rounding."""
    assert place.following is not None
    bid, merit = auction.bids[place.following], auction.quality[place.following]
    own = auction.quality[place.bidder]
    asked = Fraction(bid * merit) / own if own else Fraction(0)
    added = f" + {_said(auction.increment)}" if auction.increment else ""
    return f"{_said(bid)} x {_said(merit)} / {_said(own)}{added} = {_said(asked + auction.increment)}"


def _said(amount: Number) -> str:
    """At most four decimals."""
    return f"{float(amount):.4f}".rstrip("0").rstrip(".") if amount.denominator != 1 else str(amount)
