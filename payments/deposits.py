"""The consumer protection deposit: a seller's own money, frozen; a buyer is compensated from it first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from events.actions import emit
from payments.ledger import Posting, post_each


@dataclass(frozen=True, slots=True)
class Deposit:
    """`member` freezes, or gets back, `amount_fen`. `key` makes it idempotent."""

    member: int
    amount_fen: int
    key: str


@dataclass(frozen=True, slots=True)
class Compensation:
    """`buyer` is paid `amount_fen` from the deposit of `seller`, for the trade called `reference`."""

    seller: int
    buyer: int
    amount_fen: int
    reference: str
    key: str


@transaction.atomic
def freeze(deposits: Sequence[Deposit], *, at: datetime) -> list[int]:
    """Freeze members' own money; the transfers' ids. `Unaffordable` names the rows."""
    return _move(deposits, "deposit_freeze", "deposit.frozen", at=at)


@transaction.atomic
def unfreeze(deposits: Sequence[Deposit], *, at: datetime) -> list[int]:
    """Give it back to them; the transfers' ids. `Unaffordable` when less is frozen."""
    return _move(deposits, "deposit_unfreeze", "deposit.unfrozen", at=at)


def _move(deposits: Sequence[Deposit], kind: str, event: str, *, at: datetime) -> list[int]:
    sides = [(f"member:{d.member}", f"deposit:{d.member}") for d in deposits]
    postings = [
        Posting(
            *(side if kind == "deposit_freeze" else side[::-1]),
            d.amount_fen,
            kind,
            side[1],
            f"{kind}:{d.key}",
        )
        for side, d in zip(sides, deposits, strict=True)
    ]
    posted = post_each(postings, at=at)
    facts = [
        {"id": d.member, "members": [d.member], "member": d.member, "amount_fen": d.amount_fen}
        for d, p in zip(deposits, posted, strict=True)
        if p.fresh
    ]
    emit(event, facts, at=at)
    return [p.id for p in posted]


@transaction.atomic(savepoint=False)
def compensate(compensations: Sequence[Compensation], *, at: datetime) -> list[int]:
    """Pay buyers from sellers' deposits; the transfers' ids. `Unaffordable` when one does not reach."""
    postings = [
        Posting(
            f"deposit:{c.seller}", f"member:{c.buyer}", c.amount_fen, "deposit_compensation", c.reference,
            f"deposit_compensation:{c.key}",
        )
        for c in compensations
    ]  # fmt: skip
    posted = post_each(postings, at=at)
    facts = [
        {
            "id": c.seller, "members": [c.seller, c.buyer],
            "seller": c.seller, "buyer": c.buyer, "amount_fen": c.amount_fen, "reference": c.reference,
        }
        for c, p in zip(compensations, posted, strict=True)
        if p.fresh
    ]  # fmt: skip
    emit("deposit.compensated", facts, at=at)
    return [p.id for p in posted]
