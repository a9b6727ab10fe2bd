"""The prepaid account: a seller pays in, clicks are paid from it, what was not spent is taken out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from events.actions import emit
from payments import ledger
from payments.rules import Posting
from search.express.actions.common import own_facts


@dataclass(frozen=True, slots=True)
class Move:
    """`amount_fen` of `member`'s own money, into the ads account or out of it. `key`: asking twice is asking once."""

    member: int
    amount_fen: int
    key: str = ""


def code(member: int) -> str:
    """The account's code on the ledger."""
    return f"ads:{member}"


@transaction.atomic
def top_up(moves: Sequence[Move], *, at: datetime) -> list[int]:
    """From the members' balances; the transfers' ids. `Unaffordable` names the rows that lack the money."""
    return _move("ads_topup", "ads.topped_up", moves, at=at)


@transaction.atomic
def withdraw(moves: Sequence[Move], *, at: datetime) -> list[int]:
    """Back to the members' balances, what was not spent. `Unaffordable` as above."""
    return _move("ads_withdrawal", "ads.withdrawn", moves, at=at)


def _move(kind: str, event: str, moves: Sequence[Move], *, at: datetime) -> list[int]:
    postings = []
    for move in moves:
        ends = (f"member:{move.member}", code(move.member))
        debit, credit = ends if kind == "ads_topup" else ends[::-1]
        own = f"{kind}:{move.member}:{move.key}" if move.key else ""
        postings.append(Posting(debit, credit, move.amount_fen, kind, f"member:{move.member}", own))
    posted = ledger.post_each(postings, at=at)
    fresh = {p.id: move for p, move in zip(posted, moves, strict=True) if p.fresh}
    who = [move.member for move in fresh.values()]
    amounts = [move.amount_fen for move in fresh.values()]
    emit(event, own_facts(list(fresh), who, member=who, amount_fen=amounts), at=at)
    return [p.id for p in posted]
