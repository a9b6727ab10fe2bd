"""Earnings go to the member's own balance; an account that owes pays nothing out until it is filled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from common.errors import Refusal, Unaffordable, several
from common.money import show_yuan
from events.actions import emit
from payments.ledger import Posting, post_each
from payments.queries import balances


@dataclass(frozen=True, slots=True)
class Payout:
    """`member` takes `amount_fen` of what their spaces earned. `key`: their own, so that asking twice is once."""

    member: int
    amount_fen: int
    key: str = ""


@transaction.atomic
def pay_out(intents: Sequence[Payout], *, at: datetime) -> list[int]:
    """Move earnings to the members' balances; the transfers' ids. `Unaffordable`, naming the rows, beyond what an
    account holds: after a clawback it may hold less than nothing."""
    left = balances([i.member for i in intents], "alliance")
    posted = post_each(
        [
            Posting(
                f"alliance:{i.member}", f"member:{i.member}", i.amount_fen, "alliance_payout",
                f"member:{i.member}", f"alliance_payout:{i.member}:{i.key}" if i.key else "",
            )
            for i in intents
        ],
        at=at,
    )  # fmt: skip
    refused: dict[int, Refusal] = {}
    for n, (intent, transfer) in enumerate(zip(intents, posted, strict=True)):
        if not transfer.fresh:
            continue
        have = left[intent.member]
        if intent.amount_fen > have:
            refused[n] = Unaffordable(
                f"the alliance account of member {intent.member} holds {show_yuan(have)} yuan", field="amount_fen",
                rule="no_more_is_paid_out_than_was_earned",
                way_out="Ask for less." if have > 0 else "What it owes is filled by what its spaces earn next.",
                extra={"have_fen": have, "need_fen": intent.amount_fen},
            )  # fmt: skip
        else:
            left[intent.member] = have - intent.amount_fen
    if refused:
        raise several(refused)
    emit(
        "alliance.paid_out",
        [
            {"id": t.id, "members": [i.member], "member": i.member, "amount_fen": i.amount_fen}
            for i, t in zip(intents, posted, strict=True)
            if t.fresh
        ],
        at=at,
    )
    return [transfer.id for transfer in posted]
