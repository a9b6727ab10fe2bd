"""How money moves in the alliance: a charge is a fact, its postings are made from it and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from common.batch import execute, insert
from payments.ledger import Posting, post
from payments.rules import FEES
from search.alliance.models import Charge
from search.alliance.rules import CHARGES

NOTHING: dict[str, Any] = {
    "contract_id": None, "click_id": None, "commission_id": None, "refund_id": None,
    "after_view": None, "last_view": None, "view_count": None,
}  # fmt: skip


def charge(charges: Sequence[Mapping[str, Any]], *, at: datetime) -> list[int]:
    """Write charges (columns of `Charge` without `at`; what is left out is null) and move their money; their ids.

    The contracts' `spent_fen` grow with them; `no_more_is_spent_than_the_budget` guards it.
    """
    if not charges:
        return []
    ids = insert(Charge, [NOTHING | dict(row) | {"at": at} for row in charges])
    post([p for i, row in zip(ids, charges, strict=True) for p in postings(i, row)], at=at)
    spent = [(row["contract_id"], cost(row)) for row in charges if row.get("contract_id") is not None]
    if spent:
        execute(
            """UPDATE search_alliance_contract c SET spent_fen = c.spent_fen + s.fen
                 FROM (SELECT id, sum(fen)::bigint AS fen FROM unnest(%s::bigint[], %s::bigint[]) AS u(id, fen)
                        GROUP BY id) s WHERE c.id = s.id""",
            [[contract for contract, _ in spent], [fen for _, fen in spent]],
        )
    return ids


def cost(row: Mapping[str, Any]) -> int:
    """What a charge costs the seller, in fen; a return costs less than nothing."""
    return CHARGES[row["kind"]] * int(row["earning_fen"] + row["seller_fee_fen"])


def postings(number: int, row: Mapping[str, Any]) -> list[Posting]:
    """What moves for charge `number`; nothing moves for nought."""
    seller, owner = f"member:{row['seller_id']}", f"alliance:{row['owner_id']}"
    if CHARGES[row["kind"]] > 0:
        ways = [
            (seller, owner, row["earning_fen"], "alliance_earning"),
            (seller, FEES, row["seller_fee_fen"], "alliance_seller_fee"),
            (owner, FEES, row["owner_fee_fen"], "alliance_owner_fee"),
        ]
    else:
        ways = [
            (owner, seller, row["earning_fen"], "alliance_clawback"),
            (FEES, seller, row["seller_fee_fen"], "alliance_seller_fee_return"),
            (FEES, owner, row["owner_fee_fen"], "alliance_owner_fee_return"),
        ]
    return [
        Posting(debit, credit, fen, kind, f"alliance:{number}", f"alliance:{number}:{kind}")
        for debit, credit, fen, kind in ways
        if fen
    ]
