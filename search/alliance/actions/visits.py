"""Clicks and views: judged, written, charged, and seen in the shop, all in one transaction under the pen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction

from common.batch import dicts, insert, rows
from common.errors import NotFound, Refusal, several
from common.moments import day_of
from common.money import share
from payments.queries import balances
from regime import queries as regime
from search import moments
from search.alliance.actions.charging import charge, cost
from search.alliance.actions.finding import Row
from search.alliance.actions.links import ALL_OFFERS, RATE
from search.alliance.models import AllianceClick, AllianceView
from search.alliance.rules import VERDICT, bought
from traffic.actions import Views, microseconds, see, visitor_number
from traffic.rules import PAGE, SOURCE, refusal


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody saw, or followed, the link `token`: the cookie of their browser, and who they are if it is known.

    `at`: when, on the open day and not after the call's moment (None: at it).
    """

    token: str
    visitor: str
    member: int | None = None
    at: datetime | None = None


# A link as it stands at a moment: whether it sells, how, and at what price. An ad, for counting repeats, is a
# contract, or a space and a shop: not a link, of which a space could make as many as the shop has goods.
LINKS = f"""
    SELECT l.token, l.id, l.space_id AS space, l.shop_id AS shop, l.listing_id AS listing, l.contract_id AS contract,
           w.owner_id AS owner, s.owner_id AS seller, coalesce(c.sold_by, 'commission') AS sold_by, c.price_fen,
           c.budget_fen, c.spent_fen,
           w.status = 'open' AND coalesce(p.status, 'open') = 'open' AND s.status <> 'closed' AND CASE
               WHEN c.id IS NULL THEN {RATE.format(shop="l.shop_id", listing="l.listing_id", upto=ALL_OFFERS)} > 0
               ELSE c.status = 'accepted' AND c.starts_at <= %(at)s END IS TRUE AS sells
      FROM search_alliance_link l JOIN search_alliance_space w ON w.id = l.space_id
      JOIN shops_shop s ON s.id = l.shop_id LEFT JOIN search_alliance_placement p ON p.id = l.placement_id
      LEFT JOIN search_alliance_contract c ON c.id = l.contract_id WHERE l.token = ANY(%(tokens)s)
"""
RECENT = """
    SELECT visitor, member_id, contract_id, space_id, shop_id, at FROM search_alliance_click
     WHERE verdict = 'valid' AND at > %(since)s AND shop_id = ANY(%(shops)s) AND visitor = ANY(%(visitors)s)
    UNION ALL
    SELECT visitor, member_id, contract_id, space_id, shop_id, at FROM search_alliance_click
     WHERE verdict = 'valid' AND at > %(since)s AND shop_id = ANY(%(shops)s) AND member_id = ANY(%(members)s)
"""


@transaction.atomic
def click(intents: Sequence[Visit], *, at: datetime) -> list[dict[str, Any]]:
    """Links were followed: {"id", "shop", "listing"} of each. What is valid and sold by the click is paid at once.

    They are judged and numbered in the order of their moments, by links as they stand at `at`. Every click brings a page
    view: of a valid one from source `alliance`, with `rules.bought` as its charge; of another from where `rules.VERDICTS`
    says, for nobody bought it. Raises, naming the rows, `NotFound` (token, member), `Conflict` (off the open day).
    """
    own = _moments(intents, at)
    links = _links(intents, at)
    order = sorted(range(len(intents)), key=lambda i: own[i])
    done = dict(zip(order, _clicked([(intents[i], own[i]) for i in order], links, at), strict=True))
    return [done[i] for i in range(len(intents))]


Moved = Sequence[tuple[Visit, datetime]]


def _clicked(visits: Moved, links: dict[str, Row], at: datetime) -> list[dict[str, Any]]:
    past = _Past(visits, links)
    levers = regime.at(at).alliance
    left = balances([links[intent.token]["seller"] for intent, _ in visits])
    spent = {row["contract"]: row["spent_fen"] for row in links.values()}
    judged = []
    for intent, moment in visits:
        row = links[intent.token]
        verdict = _standing_fault(row, intent.member) or past.repeats(intent, row, moment) or "valid"
        price = row["price_fen"] if row["sold_by"] == "click" and verdict == "valid" else 0
        due = {
            "kind": "click", "earning_fen": price, "seller_fee_fen": share(price, levers.advertiser_fee_bps),
            "owner_fee_fen": share(price, levers.owner_fee_bps),
        }  # fmt: skip
        if price:
            need = cost(due)
            if row["budget_fen"] is not None and spent[row["contract"]] + need > row["budget_fen"]:
                verdict = "over_budget"
            elif need > left[row["seller"]]:
                verdict = "unfunded"
            else:
                spent[row["contract"]] += need
                left[row["seller"]] -= need
        if verdict == "valid":
            past.add(intent, row, moment)
        judged.append((intent, moment, row, verdict, due))
    ids = _write_clicks(judged)
    charge(
        [
            due
            | {
                "day": day_of(at).isoformat(),
                "contract_id": row["contract"],
                "click_id": number,
                **_parties(row),
            }
            for number, (_, _, row, verdict, due) in zip(ids, judged, strict=True)
            if verdict == "valid" and due["earning_fen"]
        ],
        at=at,
    )
    _bring(judged, ids, at)
    return [
        {"id": number, "shop": row["shop"], "listing": row["listing"]}
        for number, (_, _, row, _, _) in zip(ids, judged, strict=True)
    ]


@transaction.atomic
def view(intents: Sequence[Visit], *, at: datetime) -> list[int]:
    """Links were shown on their spaces; the views' ids. Those sold by the thousand are billed at the day's end.

    Every showing counts, but the owners' own and what is beyond the budget. Raises `NotFound` (token, member) and
    `Conflict` (off the open day).
    """
    own = _moments(intents, at)
    links = _links(intents, at)
    _know_members(intents)
    levers = regime.at(at).alliance
    judged = []
    for intent in intents:
        row = links[intent.token]
        verdict = _standing_fault(row, intent.member) or "valid"
        if verdict == "valid" and row["sold_by"] == "thousand_views" and row["budget_fen"] is not None:
            need = row["price_fen"] + share(row["price_fen"], levers.advertiser_fee_bps)
            verdict = "over_budget" if row["spent_fen"] + need > row["budget_fen"] else verdict
        judged.append((intent, row, verdict))
    return insert(
        AllianceView,
        [_visit(intent, row, verdict, at) for (intent, row, verdict), at in zip(judged, own, strict=True)],
    )


def _moments(intents: Sequence[Visit], at: datetime) -> list[datetime]:
    own = moments.own([intent.at for intent in intents], at=at)
    if wrong := moments.faults(own, "a visit", at=at):
        raise several(wrong)
    return own


def _links(intents: Sequence[Visit], at: datetime) -> dict[str, Row]:
    found = {
        row["token"]: row for row in dicts(LINKS, {"tokens": sorted({i.token for i in intents}), "at": at})
    }
    unknown: dict[int, Refusal] = {
        n: NotFound(
            f"there is no link {i.token[:40]}", field="token", rule="link_exists", way_out="Check the token."
        )
        for n, i in enumerate(intents)
        if i.token not in found
    }
    if unknown:
        raise several(unknown)
    return found


def _know_members(intents: Sequence[Visit]) -> None:
    named = sorted({i.member for i in intents if i.member is not None})
    known = (
        {row[0] for row in rows("SELECT id FROM members_member WHERE id = ANY(%s)", [named])}
        if named
        else set()
    )
    if unknown := {
        n: refusal("a_viewing_member_exists")
        for n, i in enumerate(intents)
        if i.member is not None and i.member not in known
    }:
        raise several(unknown)


def _standing_fault(row: Row, member: int | None) -> str | None:
    if not row["sells"]:
        return "ended"
    return "own" if member is not None and member in (row["owner"], row["seller"]) else None


class _Past:
    """Who followed which ad when, within the regime's hours (`auction.repeat_click_hours`: one filter for all that is
    sold by the click), this batch included. Only valid clicks are remembered, so a repeat does not lengthen its wait."""

    def __init__(self, visits: Moved, links: dict[str, Row]) -> None:
        timeline = regime.timeline()
        self.wait = {
            moment: timedelta(hours=timeline.at(moment).auction.repeat_click_hours) for _, moment in visits
        }
        self.seen: dict[tuple[Any, ...], datetime] = {}
        asked = {
            "since": min((moment - wait for moment, wait in self.wait.items()), default=None),
            "shops": sorted({row["shop"] for row in links.values()}),
            "visitors": sorted({visitor_number(i.visitor) for i, _ in visits}),
            "members": sorted({i.member for i, _ in visits if i.member is not None}),
        }
        for visitor, member, contract, space, shop, at in (
            rows(RECENT, asked) if any(self.wait.values()) else ()
        ):
            ad = (contract, space, shop) if contract is None else (contract,)
            self._remember(visitor, member, ad, at)

    def _remember(self, visitor: int, member: int | None, ad: tuple[Any, ...], at: datetime) -> None:
        keys: list[tuple[Any, ...]] = [("visitor", visitor, ad)]
        if member is not None:
            keys.append(("member", member, ad))
        for key in keys:
            self.seen[key] = max(at, self.seen.get(key, at))

    def add(self, intent: Visit, row: Row, at: datetime) -> None:
        self._remember(visitor_number(intent.visitor), intent.member, _ad(row), at)

    def repeats(self, intent: Visit, row: Row, at: datetime) -> str | None:
        ad, wait = _ad(row), self.wait[at]
        last = [
            self.seen[key]
            for key in (("visitor", visitor_number(intent.visitor), ad), ("member", intent.member, ad))
            if key in self.seen
        ]
        return "repeat" if wait and any(seen > at - wait for seen in last) else None


def _ad(row: Row) -> tuple[Any, ...]:
    return (None, row["space"], row["shop"]) if row["contract"] is None else (row["contract"],)


def _parties(row: Row) -> dict[str, int]:
    return {
        "space_id": row["space"],
        "owner_id": row["owner"],
        "shop_id": row["shop"],
        "seller_id": row["seller"],
    }


def _visit(intent: Visit, row: Row, verdict: str, at: datetime) -> dict[str, Any]:
    return {
        "link_id": row["id"], "contract_id": row["contract"], "space_id": row["space"], "shop_id": row["shop"],
        "visitor": visitor_number(intent.visitor), "member_id": intent.member, "at": at, "verdict": verdict,
    }  # fmt: skip


Judged = Sequence[tuple[Visit, datetime, Row, str, dict[str, Any]]]


def _write_clicks(judged: Judged) -> list[int]:
    [[terms]] = rows("SELECT coalesce(max(id), 0) FROM search_alliance_offer")
    return insert(
        AllianceClick,
        [
            _visit(intent, row, verdict, moment)
            | {
                "listing_id": row["listing"], "terms": terms, "who_id": intent.member,
                # A repeat is not bought anew, but it is the last click that wins: it may still earn.
                "earns": row["sold_by"] == "commission" and verdict in ("valid", "repeat"),
                "price_fen": due["earning_fen"] if verdict == "valid" else 0,
            }
            for intent, moment, row, verdict, due in judged
        ],
    )  # fmt: skip


def _bring(judged: Judged, ids: Sequence[int], at: datetime) -> None:
    """The page each click opened: the listing's, or the shop's."""
    listings = [row["listing"] for _, _, row, _, _ in judged]
    views = Views.of(
        len(judged),
        at=at,
        visitor=[visitor_number(intent.visitor) for intent, *_ in judged],
        member=[intent.member for intent, *_ in judged],
        page=[PAGE["listing" if number else "shop"].code for number in listings],
        source=[SOURCE[VERDICT[verdict].source].code for _, _, _, verdict, _ in judged],
        shop=[row["shop"] for _, _, row, _, _ in judged],
        listing=listings,
        charge=[
            bought(number) if verdict == "valid" else None
            for number, (_, _, _, verdict, _) in zip(ids, judged, strict=True)
        ],
    )
    see(replace(views, at=np.array([microseconds(moment) for _, moment, *_ in judged])), at=at)
