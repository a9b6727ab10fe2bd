"""Campaigns: made, edited, started, paused, ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from common.batch import insert, rows
from common.errors import Refusal, several
from common.moments import day_of
from common.transitions import take
from events.actions import emit
from regime import queries as regime
from regime.levers.attention import Auction as Levers
from search.express import rules
from search.express.actions.common import own_facts, sellers_of, there, to_edit, write
from search.express.models import AdCampaign
from shops.actions.edits import Edit, check_each_once, check_owners

FIELDS = ("name", "budget_fen", "smoothing", "time_rates_bps", "regions")


@dataclass(frozen=True, slots=True)
class NewCampaign:
    """A campaign of `shop`: fen a day, rates of the bid by time slot, regions of buyers (`rules`)."""

    shop: int
    name: str
    budget_fen: int
    smoothing: bool = False
    time_rates_bps: Sequence[int] = field(default_factory=list)
    regions: Sequence[int] = field(default_factory=list)
    status: str = "on"


@transaction.atomic
def create(campaigns: Sequence[NewCampaign], *, by: int | None, at: datetime) -> list[int]:
    """Make campaigns; their ids. Raises `Invalid`, `NotFound` or `Forbidden` (not `by`'s shop), naming the rows."""
    levers = regime.at(at).auction
    shops = sorted({new.shop for new in campaigns})
    owners = dict(rows("SELECT id, owner_id FROM shops_shop WHERE id = ANY(%s)", [shops]))
    check_owners("shop", [new.shop for new in campaigns], owners, by)
    said = [{name: getattr(new, name) for name in FIELDS} for new in campaigns]
    _refuse({i: fault for i, facts in enumerate(said) if (fault := _fault(facts, levers))})
    ids = insert(
        AdCampaign,
        [
            {
                "shop_id": new.shop,
                "seller_id": owners[new.shop],
                "status": new.status,
                "created_at": at,
                **_plain(facts),
            }
            for new, facts in zip(campaigns, said, strict=True)
        ],
    )
    shops_ = [new.shop for new in campaigns]
    emit("campaign.created", own_facts(ids, [owners[shop] for shop in shops_], shop=shops_), at=at)
    return ids


@transaction.atomic
def edit(edits: Sequence[Edit], *, by: int | None, at: datetime) -> None:
    """Change some of FIELDS. A budget that covers what was spent brings the campaign back on line at once; one that
    does not takes it off line until midnight."""
    found = to_edit("campaign", edits, FIELDS, by)
    levers, day = regime.at(at).auction, day_of(at)
    _refuse({i: fault for i, e in enumerate(edits) if (fault := _fault(e.changes, levers))})
    spent = spent_on([e.id for e in edits], at)
    records = []
    for e in edits:
        record = {"id": e.id, **_plain(e.changes)}
        if "budget_fen" in e.changes and e.changes["budget_fen"] != found[e.id]["budget_fen"]:
            over = spent.get(e.id, 0) >= e.changes["budget_fen"]
            record |= {"budget_edited_on": day.isoformat(), "exhausted_on": day.isoformat() if over else None}
        records.append(record)
    write(AdCampaign, records)
    ids = [e.id for e in edits]
    facts = own_facts(ids, sellers_of(ids, found), fields=[sorted(e.changes) for e in edits])
    emit("campaign.edited", facts, at=at)


@transaction.atomic
def move(ids: Sequence[int], action: str, *, by: int | None, at: datetime) -> None:
    """Start, pause or end campaigns (`rules.CAMPAIGN_STEPS`). Raises `Conflict` naming row, status and action."""
    check_each_once(ids)
    found = there("campaign", ids, by)
    take(AdCampaign, ids, rules.CAMPAIGN_STEP[action])
    emit(CAMPAIGN_EVENT[action], own_facts(ids, sellers_of(ids, found)), at=at)


CAMPAIGN_EVENT = {"start": "campaign.started", "pause": "campaign.paused", "end": "campaign.ended"}


def spent_on(ids: Sequence[int], at: datetime) -> dict[int, int]:
    """What these campaigns spent on the market day of `at`, in fen; those that spent nothing are left out."""
    sql = (
        "SELECT campaign_id, spent_fen FROM search_express_spending WHERE campaign_id = ANY(%s) AND day = %s"
    )
    return dict(rows(sql, [list(ids), day_of(at)]))


def _fault(said: Mapping[str, Any], levers: Levers) -> Refusal | None:
    checks = {
        "name": lambda value: rules.text_fault("name", value, rules.NAME_MOST),
        "budget_fen": lambda value: rules.budget_fault(value, levers),
        "time_rates_bps": lambda value: rules.rates_fault(value, levers),
        "regions": lambda value: rules.regions_fault(value, levers),
    }
    return rules.first(*(check(said[name]) for name, check in checks.items() if name in said))


def _plain(said: Mapping[str, Any]) -> dict[str, Any]:
    """As columns: regions each once and sorted."""
    columns = dict(said)
    for name in ("time_rates_bps", "regions"):
        if name in columns:
            columns[name] = list(columns[name]) if name == "time_rates_bps" else sorted(set(columns[name]))
    return columns


def _refuse(refused: dict[int, Refusal]) -> None:
    if refused:
        raise several(refused)
