"""Money back after the trade's success: escrow is empty, so the seller pays, and the shop's deposit what is lacking.

By hand a refund that neither reaches is refused. By time or a ruling it is owed: nothing is moved, the request
stays open, and the seller is asked every day until there is money enough (`settling.collect`). The deposit pays
only for a shop in the protection scheme, where the regime compensates first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from common.batch import dicts
from common.errors import Refusal, Unaffordable, several
from common.money import show_yuan
from payments import deposits, ledger
from regime import queries as regime
from shops.actions.moving import Row, reference
from shops.rules.refund import AFTER_SALE, shared

Share = tuple[int, int]  # fen from the seller's own account, fen from the deposit

# Requests of this phase in one of those states, in the order of their ids.
WAITING = """
    SELECT id, order_id AS order, line_id AS line, buyer_id AS buyer, seller_id AS seller, status, amount_fen
      FROM shops_refund WHERE id = ANY(%s) AND phase = %s AND status = ANY(%s) ORDER BY id
"""
PURSES = """
    SELECT s.owner_id AS seller, coalesce(m.received_fen - m.given_fen, 0) AS own_fen,
           CASE WHEN s.protection_since IS NOT NULL AND %s THEN coalesce(d.received_fen - d.given_fen, 0)
                ELSE 0 END AS deposit_fen
      FROM shops_shop s LEFT JOIN payments_account m ON m.code = 'member:' || s.owner_id
      LEFT JOIN payments_account d ON d.code = 'deposit:' || s.owner_id WHERE s.owner_id = ANY(%s)
"""


def shares(due: Sequence[Row], *, at: datetime) -> tuple[list[Share | None], list[Share]]:
    """Who gives how much of each refund of `due`, one after the other (None: the money does not reach), and what
    was there for each when its turn came."""
    if not due:
        return [], []
    left = {
        row["seller"]: (row["own_fen"], row["deposit_fen"])
        for row in dicts(
            PURSES, [regime.at(at).protection.compensation_first, sorted({row["seller"] for row in due})]
        )
    }
    given: list[Share | None] = []
    there: list[Share] = []
    for row in due:
        own_fen, deposit_fen = left[row["seller"]]
        share = shared(row["amount_fen"], own_fen=own_fen, deposit_fen=deposit_fen)
        given.append(share)
        there.append((own_fen, deposit_fen))
        if share is not None:
            left[row["seller"]] = (own_fen - share[0], deposit_fen - share[1])
    return given, there


def unpaid(
    ids: Sequence[int], sources: Sequence[str], awards: Sequence[int] | None, *, at: datetime
) -> dict[int, int]:
    """Those of `ids` that the seller cannot pay now, and how much each is (fen): `awards`, or what was asked."""
    due = dicts(WAITING, [list(ids), AFTER_SALE, list(sources)])
    if awards is not None:
        awarded = dict(zip(ids, awards, strict=True))
        due = [row | {"amount_fen": awarded[row["id"]]} for row in due]
    given, _ = shares(due, at=at)
    return {row["id"]: row["amount_fen"] for row, share in zip(due, given, strict=True) if share is None}


def pay(paid: Sequence[Row], *, at: datetime) -> None:
    """Sellers pay these refunds back; `Unaffordable`, naming the rows, where account and deposit do not reach."""
    given, there = shares(paid, at=at)
    refused: dict[int, Refusal] = {}
    postings, claims = [], []
    for n, (row, share) in enumerate(zip(paid, given, strict=True)):
        if share is None:
            refused[n] = _too_poor(row, there[n])
            continue
        own_fen, deposit_fen = share
        if own_fen:
            postings.append(
                ledger.Posting(
                    f"member:{row['seller']}", f"member:{row['buyer']}", own_fen, "after_sale_refund",
                    reference(row["order"]), f"after_sale_refund:{row['id']}",
                )
            )  # fmt: skip
        if deposit_fen:
            claims.append(
                deposits.Compensation(
                    row["seller"],
                    row["buyer"],
                    deposit_fen,
                    reference(row["order"]),
                    f"after_sale:{row['id']}",
                )
            )
    if refused:
        raise several(refused)
    ledger.post(postings, at=at)
    deposits.compensate(claims, at=at)


def _too_poor(row: Row, there: Share) -> Unaffordable:
    have_fen, need_fen = sum(there), row["amount_fen"]
    return Unaffordable(
        f"refund {row['id']} is {show_yuan(need_fen)} yuan, its seller and the shop's deposit have"
        f" {show_yuan(have_fen)}",
        field="amount_fen",
        rule="an_after_sale_refund_is_paid_by_the_seller",
        way_out="Top the account up, then do it again.",
        extra={"have_fen": have_fen, "need_fen": need_fen},
    )
