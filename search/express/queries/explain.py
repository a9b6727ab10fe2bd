"""A click or an impression told: who bid, the scores, why this order and price, what VCG would ask, equilibrium and regret.

The auction is held again from what was recorded. The platform sees all of it. A seller sees the own numbers, and of the
others where they stood, no more: not who they were, what they bid, or what they paid.
"""

from __future__ import annotations

from typing import Any

from common.batch import dicts
from common.errors import NotFound
from common.moments import show
from search.auction.clearing import clear
from search.auction.explain import explain
from search.auction.rules import MECHANISMS, Terms
from search.auction.single import Auction
from search.auction.table import table
from search.express.auction import places
from search.express.rules import VERDICT

AUCTION = """
    SELECT a.id AS auction, a.at, a.words, a.mechanism, a.ties, a.capped, a.reserve_fen, a.increment_fen, a.clicks,
           a.keywords, a.bids, a.qualities, a.placed, a.prices {more} FROM search_express_auction a {joined} WHERE {which} = %s
"""
HELD = AUCTION.format(more="", joined="", which="a.id")
CLICKED = AUCTION.format(
    more=", b.id AS click, b.slot, b.at AS clicked_at, b.verdict, b.price_fen, b.seller_id, b.keyword_id, b.listing_id",
    joined="JOIN search_express_click b ON b.auction_id = a.id",
    which="b.id",
)
WHO = """
    SELECT k.id AS keyword, k.word, k.match, k.group_id AS group, c.id AS campaign, c.shop_id AS shop, c.seller_id AS seller,
           g.listing_id AS listing
      FROM search_express_keyword k JOIN search_express_group g ON g.id = k.group_id
      JOIN search_express_campaign c ON c.id = g.campaign_id WHERE k.id = ANY(%s)
"""
OTHERS_SEE = ("place", "slot")  # of a place that is not one's own
REVENUES = (
    "revenue_fen",
    "vcg_revenue_fen",
    "lowest_equilibrium_revenue_fen",
    "highest_equilibrium_revenue_fen",
)
OWN_BUT = ("next", "tied_with")  # of one's own place: whom they name


def click(id_: int, by: int | None = None) -> dict[str, Any]:
    """The auction behind a click, for its seller (`by`) or the platform (None). `NotFound` for anybody else.

    Bids are as offered: the keyword's, times the time slot's rate, and no more than was left. `held_again`: the core
    gives today the order and prices that were recorded. Gains and regrets count as many clicks as `rules.SLOT_CLICKS`
    expects of each slot.
    """
    found = dicts(CLICKED, [id_])
    if not found or by not in (None, found[0]["seller_id"]):
        raise NotFound(
            f"there is no click {id_}", field="click", rule="click_exists", way_out="List your own."
        )
    row = found[0]
    head = {
        "click": row["click"], "verdict": row["verdict"], "verdict_means": VERDICT[row["verdict"]].words,
        "charged_fen": row["price_fen"], "clicked_at": show(row["clicked_at"]), "slot": row["slot"],
        "keyword": row["keyword_id"], "listing": row["listing_id"], "price_fen": row["prices"][row["slot"] - 1],
    }  # fmt: skip
    return head | _auction(row, by)


def impression(id_: int, by: int | None = None) -> dict[str, Any]:
    """An auction as it was shown, as `click` tells it: for the platform, and for any seller who bid in it, placed or not."""
    found = dicts(HELD, [id_])
    told = _auction(found[0], by) if found and found[0]["keywords"] else None
    if told is None or (by is not None and not any("id" in place for place in told["places"])):
        raise NotFound(
            f"there is no auction {id_} that you bid in", field="auction", rule="auction_exists",
            way_out="List the places you were shown in: GET /api/ads/impressions/.",
        )  # fmt: skip
    return told


def _auction(row: dict[str, Any], by: int | None) -> dict[str, Any]:
    """What was recorded of an auction, held again."""
    rule = Terms(row["mechanism"], row["reserve_fen"], row["increment_fen"], row["capped"], row["ties"])
    again = places(clear([row["bids"]], [row["qualities"]], row["clicks"], rule))
    told = explain(
        Auction(
            ids=row["keywords"], bids=row["bids"], quality=row["qualities"], clicks=row["clicks"],
            mechanism=row["mechanism"], reserve=row["reserve_fen"], increment=row["increment_fen"],
            capped=row["capped"], ties=row["ties"],
        )
    )  # fmt: skip
    who = {each["keyword"]: each for each in dicts(WHO, [row["keywords"]])}
    told["places"] = [{**who[place["id"]], **place} for place in told["places"]]
    head = {
        "auction": row["auction"], "at": show(row["at"]), "words": row["words"].split(), "bidders": len(row["keywords"]),
        "held_again": again == (row["placed"], row["prices"]),
    }  # fmt: skip
    return head | (told if by is None else _for_its_seller(told, by))


def as_table(told: dict[str, Any]) -> str:
    """What `click` or `impression` tells, as a table for people."""
    head = [
        f"Auction {told['auction']}, {told['at']}, search: {' '.join(told['words'])}, bidders: {told['bidders']}"
    ]
    if "click" in told:
        head.append(
            f"Click {told['click']} in slot {told['slot']}, {told['clicked_at']}: {told['verdict']},"
            f" charged {told['charged_fen']} ({told['verdict_means']})"
        )
    return table(told, head)


def _for_its_seller(told: dict[str, Any], seller: int) -> dict[str, Any]:
    """Own places whole, but for whom they name; of the others the place alone; no sums over all."""
    kept = {name: value for name, value in told.items() if name not in REVENUES}
    kept["places"] = [
        _own(place, told) if place["seller"] == seller else {name: place[name] for name in OTHERS_SEE}
        for place in told["places"]
    ]
    kept["left_out"] = []
    return kept


def _own(place: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """The sentence with the next one's numbers is told without them."""
    means = {
        "next": "the next one's score, divided by the own quality, plus the increment",
        "own_bid": "no click costs more than the own bid",
        "reserve": f"nobody below asks for more than the reserve, {told['reserve_fen']}",
        "harm": f"each {MECHANISMS['vcg']}, shared over the slot's clicks",
        "no_slot": "no slot is left; nothing is paid",
    }
    own = {name: value for name, value in place.items() if name not in OWN_BUT}
    return own | {"why": means[place["because"]], "tied_count": len(place["tied_with"])}
