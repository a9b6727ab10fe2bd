"""The sellers of a scenario who advertise, and the buyers who come to them by a paid place.

Some first visits that came by organic search begin with a search for the shop's trade, whose paid places are filled by the
auction. Who meets there the very goods they were after may click on it: then the click is the visit. All shares are
assumptions, and say so in the scenario's file.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from common import random, sections
from payments import ledger
from search.express import auction
from search.express.actions import account, campaigns, groups, keywords
from search.express.actions.clicks import Press, press
from search.express.rules import SLOT_CLICKS
from simulation.cast import Ads, Cast
from simulation.userbehavior import Ints
from traffic.rules import SOURCE


def trade(who: Cast, shop: int) -> str:
    """What people type who look for a shop's trade: its section's name."""
    return sections.section_of(int(who.shop_subsection[shop])).name


def advertise(
    who: Cast, ads: Ads, first_seller: int, first_shop: int, first_listing: int, *, at: datetime
) -> None:
    """Every so many-th shop has a campaign, an ad group for each of its most viewed goods, and bids on its trade's name."""
    shops = range(0, len(who.shop_subsection), ads.every)
    owners = [first_seller + shop for shop in shops]
    ledger.top_up([ledger.TopUp(owner, ads.funds_fen, key=f"ads-{owner}") for owner in owners], at=at)
    account.top_up([account.Move(owner, ads.funds_fen, key="log") for owner in owners], at=at)
    made = campaigns.create(
        [campaigns.NewCampaign(first_shop + shop, "日常推广", ads.budget_fen) for shop in shops],
        by=None,
        at=at,
    )
    views = np.bincount(who.item_of, minlength=len(who.items))
    wanted: list[tuple[int, int, int]] = []
    for campaign, shop in zip(made, shops, strict=True):
        own = np.flatnonzero(who.shop_of == shop)
        best = own[np.argsort(-views[own], kind="stable")][: ads.listings]
        wanted += [(campaign, shop, int(item)) for item in best]
    span = ads.bid_to_fen - ads.bid_from_fen + 1
    bids = ads.bid_from_fen + random.integers(
        who.seed, "ads.bid", np.array([w[2] for w in wanted]), bound=span
    )
    shown = groups.create(
        [
            groups.NewGroup(campaign, first_listing + item, int(bid))
            for (campaign, _, item), bid in zip(wanted, bids, strict=True)
        ],
        by=None,
        at=at,
    )
    keywords.add(
        [
            keywords.NewKeyword(group, trade(who, shop))
            for group, (_, shop, _) in zip(shown, wanted, strict=True)
        ],
        by=None,
        at=at,
    )


def clicked(
    who: Cast, ads: Ads, rows: Ints, first_member: int, first_listing: int, *, at: datetime
) -> NDArray[np.bool_]:
    """Of these rows of the log, all first visits to a shop: which were clicks on a paid place. The clicks are done."""
    assert who.source is not None
    by_ad = np.zeros(len(rows), dtype=bool)
    searches = random.chances(who.seed, "ads.search", rows, probability=ads.search_share)
    searches &= who.source[rows] == SOURCE["organic_search"].code
    tempted = random.uniforms(who.seed, "ads.click", rows)
    presses: list[Press] = []
    for n in np.flatnonzero(searches).tolist():
        user, item = int(who.user_of[rows[n]]), int(who.item_of[rows[n]])
        visitor, member = f"tb{who.users[user]}", first_member + user
        search = auction.Search(trade(who, int(who.shop_of[item])), visitor, member=member)
        told: dict[str, Any] = orjson.loads(auction.shown(search, at=at))
        slot = _slot(told["results"], first_listing + item)
        if (
            slot
            and tempted[n] < ads.click_share * SLOT_CLICKS[min(slot, len(SLOT_CLICKS)) - 1] / SLOT_CLICKS[0]
        ):
            presses.append(Press(told["auction"], slot, visitor, member))
            by_ad[n] = True
    if presses:
        press(presses, at=at)
    return by_ad


def _slot(results: Sequence[dict[str, Any]], listing: int) -> int:
    """Where a listing stands; 0 if nowhere."""
    return next((int(result["slot"]) for result in results if result["listing"] == listing), 0)
