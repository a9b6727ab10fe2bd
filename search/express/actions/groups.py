"""Ad groups: one listing each, with a creative to show and a bid for the words that have none of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from common.batch import execute, insert, rows
from common.errors import Conflict, Refusal, several
from common.transitions import take
from events.actions import emit
from regime import queries as regime
from search.express import rules
from search.express.actions.common import over, own_facts, sellers_of, there, to_edit, write
from search.express.actions.creatives import NewCreative, add
from search.express.models import AdGroup
from shops.actions.edits import Edit, check_each_once, not_there


@dataclass(frozen=True, slots=True)
class NewGroup:
    """`title`: its first creative's; none: the listing's own, cut to what a creative may have."""

    campaign: int
    listing: int
    bid_fen: int
    title: str = ""


@transaction.atomic
def create(groups: Sequence[NewGroup], *, by: int | None, at: datetime) -> list[int]:
    """Make ad groups; their ids. Raises `Invalid`, `NotFound`, `Forbidden` or `Conflict` (a listing of another shop),
    naming the rows."""
    levers = regime.at(at).auction
    found = there("campaign", [new.campaign for new in groups], by)
    listings = {
        id_: (shop, title)
        for id_, shop, title in rows(
            "SELECT id, shop_id, title FROM shops_listing WHERE id = ANY(%s)",
            [sorted({new.listing for new in groups})],
        )
    }
    refused: dict[int, Refusal] = {}
    for i, new in enumerate(groups):
        campaign = found[new.campaign]
        if fault := rules.bid_fault(new.bid_fen, levers):
            refused[i] = fault
        elif campaign["status"] == "ended":
            refused[i] = over("campaign", new.campaign, "ended")
        elif new.listing not in listings:
            refused[i] = not_there("listing", new.listing)
        elif listings[new.listing][0] != campaign["shop_id"]:
            refused[i] = Conflict(
                f"listing {new.listing} is not of the campaign's shop", field="listing",
                rule="a_shop_advertises_its_own_goods", way_out="Name one of its own.",
            )  # fmt: skip
    if refused:
        raise several(refused)
    ids = insert(
        AdGroup,
        [
            {
                "campaign_id": new.campaign,
                "listing_id": new.listing,
                "status": "on",
                "bid_fen": new.bid_fen,
                "created_at": at,
            }
            for new in groups
        ],
    )
    facts = own_facts(
        ids,
        sellers_of([new.campaign for new in groups], found),
        campaign=[new.campaign for new in groups],
        listing=[new.listing for new in groups],
    )
    emit("adgroup.created", facts, at=at)
    titles = [new.title or rules.fitting(listings[new.listing][1]) for new in groups]
    add([NewCreative(id_, title) for id_, title in zip(ids, titles, strict=True)], by=by, at=at)
    return ids


@transaction.atomic
def edit(edits: Sequence[Edit], *, by: int | None, at: datetime) -> None:
    """Bid otherwise (`bid_fen`) for all words of the group that have no bid of their own."""
    found = to_edit("group", edits, ("bid_fen",), by)
    levers = regime.at(at).auction
    refused = {
        i: fault for i, e in enumerate(edits) if (fault := rules.bid_fault(e.changes["bid_fen"], levers))
    }
    if refused:
        raise several(refused)
    write(AdGroup, [{"id": e.id, **e.changes} for e in edits])
    execute(
        """UPDATE search_express_keyword k SET bid_fen = g.bid_fen, bid_at = %s FROM search_express_group g
            WHERE k.group_id = g.id AND g.id = ANY(%s) AND k.follows AND k.status <> 'removed' AND k.bid_fen <> g.bid_fen""",
        [at, [e.id for e in edits]],
    )
    ids = [e.id for e in edits]
    emit("adgroup.edited", own_facts(ids, sellers_of(ids, found)), at=at)


@transaction.atomic
def move(ids: Sequence[int], action: str, *, by: int | None, at: datetime) -> None:
    """Start, pause or remove ad groups (`rules.GROUP_STEPS`)."""
    check_each_once(ids)
    found = there("group", ids, by)
    take(AdGroup, ids, rules.GROUP_STEP[action])
    if action == "remove":
        for table in ("keyword", "creative"):
            execute(
                f"UPDATE search_express_{table} SET status = 'removed' WHERE group_id = ANY(%s) AND status <> 'removed'",
                [list(ids)],
            )
    emit(GROUP_EVENT[action], own_facts(ids, sellers_of(ids, found)), at=at)


GROUP_EVENT = {"start": "adgroup.started", "pause": "adgroup.paused", "remove": "adgroup.removed"}
