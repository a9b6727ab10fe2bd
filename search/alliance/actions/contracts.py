"""Contracts for placements: proposed by the shop or the owner, countered, accepted, declined, withdrawn, ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import DateTimeField, F, Value
from django.db.models.functions import Greatest

from common.batch import insert, update
from common.errors import Conflict, Forbidden, Invalid, Refusal, several
from common.moments import show
from common.transitions import take
from events.actions import emit
from regime import queries as regime
from search.alliance import rules
from search.alliance.actions.finding import (
    Row,
    by_id,
    closed,
    named_twice,
    not_yours,
    placements,
    shops,
)
from search.alliance.models import Contract
from search.alliance.rules import CONTRACT_STEP, OTHER_SIDE, OWNER, SHOP, Terms
from shops.actions.edits import not_there

CONTRACTS = """
    SELECT c.id, c.status, c.said_by, c.ends_at, c.placement_id AS placement, c.shop_id AS shop,
           s.owner_id AS seller, p.space_id AS space, w.owner_id AS owner,
           p.status = 'open' AND w.status = 'open' AS open
      FROM search_alliance_contract c JOIN shops_shop s ON s.id = c.shop_id
      JOIN search_alliance_placement p ON p.id = c.placement_id
      JOIN search_alliance_space w ON w.id = p.space_id WHERE c.id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Proposal:
    """`terms` for `shop` on `placement`. `respond_by` None: after the lever `deal.expiry_days`, as a deal page."""

    placement: int
    shop: int
    terms: Terms
    respond_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Counter:
    """Other terms for contract `id`, all of them."""

    id: int
    terms: Terms
    respond_by: datetime | None = None


@transaction.atomic
def propose(intents: Sequence[Proposal], *, by: int, at: datetime) -> list[int]:
    """Propose contracts, as the shop's owner or the placement's; their ids.

    Raises, naming the rows: `NotFound`, `Forbidden` (neither side), `Invalid` (terms, dates, both sides the same
    member), `Conflict` (a closed placement or shop).
    """
    own, there = shops(p.shop for p in intents), placements(p.placement for p in intents)
    refused: dict[int, Refusal] = {}
    for n, intent in enumerate(intents):
        fault = _sides_fault(intent, own, there, by) or _terms_fault(intent.terms, intent.respond_by, at)
        if fault:
            refused[n] = fault
    if refused:
        raise several(refused)
    ids = insert(
        Contract,
        [
            {
                "placement_id": p.placement, "shop_id": p.shop, "status": "proposed",
                "said_by": SHOP if own[p.shop]["owner"] == by else OWNER, **asdict(p.terms), "proposed_at": at,
                "said_at": at, "respond_by": _respond_by(p.respond_by, at), "spent_fen": 0,
            }
            for p in intents
        ],
    )  # fmt: skip
    made = contracts_of(ids)
    _tell("alliance.contract_proposed", [made[i] for i in ids], at)
    return ids


def _sides_fault(intent: Proposal, own: dict[int, Row], there: dict[int, Row], by: int) -> Refusal | None:
    if intent.shop not in own:
        return not_there("shop", intent.shop)
    if intent.placement not in there:
        return not_there("placement", intent.placement)
    sides = (own[intent.shop]["owner"], there[intent.placement]["owner"])
    if by not in sides:
        return not_yours("shop", intent.shop)
    if sides[0] == sides[1]:
        return Invalid(
            "nobody contracts with themself",
            field="shop",
            rule="a_contract_has_two_members",
            way_out="Name another's.",
        )
    if there[intent.placement]["status"] != "open":
        return closed("placement", intent.placement)
    return closed("shop", intent.shop) if own[intent.shop]["status"] == "closed" else None


def _terms_fault(terms: Terms, respond_by: datetime | None, at: datetime) -> Refusal | None:
    levers = regime.at(at).alliance
    latest = at + timedelta(days=rules.STANDS_DAYS_MOST)
    if respond_by is not None and not at < respond_by <= latest:
        return Invalid(
            f"an answer is awaited after now, by {show(latest)}", field="respond_by",
            rule="a_proposal_waits_for_an_answer", way_out="Choose another moment, or leave it out.",
        )  # fmt: skip
    return rules.terms_fault(
        terms,
        at=at,
        sold_by=levers.sold_by,
        least=levers.commission_least_bps,
        most=levers.commission_most_bps,
    )


def _respond_by(given: datetime | None, at: datetime) -> datetime:
    return given or at + timedelta(days=regime.at(at).deal.expiry_days)


@transaction.atomic
def counter(intents: Sequence[Counter], *, by: int, at: datetime) -> None:
    """Answer with other terms; now the other side is to answer. Refuses as `propose` and `accept` do."""
    ids = [intent.id for intent in intents]
    there = _answerable("counter", ids, by)
    refused = {n: fault for n, i in enumerate(intents) if (fault := _terms_fault(i.terms, i.respond_by, at))}
    if refused:
        raise several(refused)
    take(Contract, ids, CONTRACT_STEP["counter"], said_at=at)
    update(
        Contract,
        [
            {
                "id": i.id, **asdict(i.terms), "said_by": OTHER_SIDE[there[i.id]["said_by"]],
                "respond_by": _respond_by(i.respond_by, at),
            }
            for i in intents
        ],
    )  # fmt: skip
    _tell("alliance.contract_countered", [there[i] for i in ids], at)


@transaction.atomic
def accept(ids: Sequence[int], *, by: int, at: datetime) -> None:
    """The other side accepts the terms last said: sold from `starts_at`, or from now when that has passed.

    Raises, naming the rows: `NotFound` (also to strangers), `Forbidden` (one's own proposal), `Conflict` (settled, the
    placement closed, its end has passed).
    """
    there = _answerable("accept", ids, by)
    refused: dict[int, Refusal] = {}
    for n, i in enumerate(ids):
        if not there[i]["open"]:
            refused[n] = closed("placement", there[i]["placement"])
        elif there[i]["ends_at"] is not None and there[i]["ends_at"] <= at:
            refused[n] = Conflict(
                f"contract {i} would have ended at {show(there[i]['ends_at'])}", field="ends_at",
                rule="a_contract_ends_after_it_starts", way_out="Counter with a later end.",
            )  # fmt: skip
    if refused:
        raise several(refused)
    starts = Greatest(F("starts_at"), Value(at, output_field=DateTimeField()))
    take(Contract, ids, CONTRACT_STEP["accept"], settled_at=at, starts_at=starts)
    _tell("alliance.contract_accepted", [there[i] for i in ids], at)


@transaction.atomic
def decline(ids: Sequence[int], *, by: int, at: datetime) -> None:
    """The other side does not want it."""
    there = _answerable("decline", ids, by)
    take(Contract, ids, CONTRACT_STEP["decline"], settled_at=at)
    _tell("alliance.contract_declined", [there[i] for i in ids], at)


@transaction.atomic
def withdraw(ids: Sequence[int], *, by: int, at: datetime) -> None:
    """Who spoke last takes it back."""
    there = _there_of("withdraw", ids, by, speaking=True)
    take(Contract, ids, CONTRACT_STEP["withdraw"], settled_at=at)
    _tell("alliance.contract_withdrawn", [there[i] for i in ids], at)


@transaction.atomic
def end(ids: Sequence[int], *, by: int, at: datetime) -> None:
    """Either side ends an accepted contract, at once. What was sold until now is billed."""
    there = _there_of("end", ids, by, speaking=None)
    take(Contract, ids, CONTRACT_STEP["end"], ended_at=at)
    _tell("alliance.contract_ended", [there[i] for i in ids], at)


@transaction.atomic
def lapse(ids: Sequence[int], *, at: datetime) -> None:
    """`respond_by` has come: nobody answered."""
    there = contracts_of(ids)
    take(Contract, ids, CONTRACT_STEP["lapse"], settled_at=at)
    _tell("alliance.contract_lapsed", [there[i] for i in ids], at)


@transaction.atomic
def run_out(ids: Sequence[int], *, at: datetime) -> None:
    """`ends_at` has come."""
    there = contracts_of(ids)
    take(Contract, ids, CONTRACT_STEP["run_out"], ended_at=at)
    _tell("alliance.contract_ended", [there[i] for i in ids], at)


def contracts_of(ids: Sequence[int]) -> dict[int, Row]:
    return by_id(CONTRACTS, ids)


def _answerable(action: str, ids: Sequence[int], by: int) -> dict[int, Row]:
    return _there_of(action, ids, by, speaking=False)


def _there_of(action: str, ids: Sequence[int], by: int, *, speaking: bool | None) -> dict[int, Row]:
    """The contracts, if `by` is the side whose step it is: who spoke last (`speaking`), the other, or any (None)."""
    there = contracts_of(ids)
    refused = named_twice("contract", ids)
    for n, i in enumerate(ids):
        row = there.get(i)
        if row is None or by not in (row["seller"], row["owner"]):
            refused[n] = not_there("contract", i)
        elif (
            speaking is not None
            and row["status"] == "proposed"
            and (_side(row, by) == row["said_by"]) != speaking
        ):
            turn = "who spoke last" if speaking else "the other side"
            refused[n] = Forbidden(
                f"contract {i}: {action} is for {turn}", field="id", rule=f"{turn.replace(' ', '_')}_may_{action}",
                way_out="Wait for the other side's answer." if not speaking else "Decline it, or counter.",
            )  # fmt: skip
    if refused:
        raise several(refused)
    return there


def _side(row: Row, by: int) -> str:
    return SHOP if row["seller"] == by else OWNER


def _tell(name: str, contracts: Sequence[dict[str, Any]], at: datetime) -> None:
    """Only the two sides hear of a contract; its terms are at its door."""
    emit(
        name,
        [
            {
                "id": row["id"], "members": [row["seller"], row["owner"]], "placement": row["placement"],
                "space": row["space"], "shop": row["shop"], "seller": row["seller"], "owner": row["owner"],
            }
            for row in contracts
        ],
        at=at,
    )  # fmt: skip
