"""Views sold by the thousand: at the day's end every whole thousand is billed, and the rest waits for the next day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from common.batch import dicts, rows
from common.moments import day_of
from common.money import share
from payments.queries import balances
from regime import queries as regime
from search.alliance.actions.charging import charge
from search.alliance.actions.finding import Row
from search.alliance.rules import SALE

THOUSAND = SALE["thousand_views"].unit or 1_000
# Views of a contract are billed in the order of their numbers: where the last bill stopped the next begins, so none
# is counted twice and none is left out.
WAITING = """
    SELECT c.id, c.price_fen, c.budget_fen, c.spent_fen, p.space_id AS space, w.owner_id AS owner, c.shop_id AS shop,
           s.owner_id AS seller, b.last_view, v.waiting
      FROM search_alliance_contract c JOIN search_alliance_placement p ON p.id = c.placement_id
      JOIN search_alliance_space w ON w.id = p.space_id JOIN shops_shop s ON s.id = c.shop_id
      CROSS JOIN LATERAL (SELECT coalesce(max(h.last_view), 0) AS last_view FROM search_alliance_charge h
                           WHERE h.kind = 'thousands' AND h.contract_id = c.id) b
      CROSS JOIN LATERAL (SELECT count(*) AS waiting FROM search_alliance_view v
                           WHERE v.contract_id = c.id AND v.verdict = 'valid' AND v.id > b.last_view
                             AND v.at < %(end)s) v
     WHERE c.sold_by = 'thousand_views' AND c.settled_at IS NOT NULL AND v.waiting >= %(thousand)s ORDER BY c.id
"""
LAST = """
    SELECT i.contract, v.id FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS i(contract, after, count)
     CROSS JOIN LATERAL (SELECT id FROM search_alliance_view WHERE contract_id = i.contract AND verdict = 'valid'
                          AND id > i.after ORDER BY id OFFSET i.count - 1 LIMIT 1) v
"""


@transaction.atomic
def bill_thousands(*, at: datetime) -> list[int]:
    """Bill the whole thousands of the day that ends at `at` (00:00), in the order of contracts; the charges' ids.

    No more than the contract's budget and the seller's balance reach for: the rest stays counted and waits.
    """
    levers = regime.at(at - timedelta(microseconds=1)).alliance
    waiting = dicts(WAITING, {"end": at, "thousand": THOUSAND})
    left = balances([row["seller"] for row in waiting])
    bills: list[tuple[Row, int]] = []
    for row in waiting:
        each = row["price_fen"] + share(row["price_fen"], levers.advertiser_fee_bps)
        reach = min(left[row["seller"]], _budget_left(row, left[row["seller"]]))
        thousands = min(row["waiting"] // THOUSAND, reach // each)
        if thousands > 0:
            left[row["seller"]] -= thousands * each
            bills.append((row, thousands))
    ends = _last_views(bills)
    return charge(
        [
            {
                "kind": "thousands", "day": (day_of(at) - timedelta(days=1)).isoformat(), "contract_id": row["id"],
                "space_id": row["space"], "owner_id": row["owner"], "shop_id": row["shop"], "seller_id": row["seller"],
                "after_view": row["last_view"], "last_view": ends[row["id"]], "view_count": count * THOUSAND,
                "earning_fen": count * row["price_fen"],
                "seller_fee_fen": count * share(row["price_fen"], levers.advertiser_fee_bps),
                "owner_fee_fen": count * share(row["price_fen"], levers.owner_fee_bps),
            }
            for row, count in bills
        ],
        at=at,
    )  # fmt: skip


def _budget_left(row: Row, otherwise: int) -> int:
    return otherwise if row["budget_fen"] is None else row["budget_fen"] - row["spent_fen"]


def _last_views(bills: Sequence[tuple[Row, int]]) -> dict[int, Any]:
    return dict(
        rows(
            LAST,
            [
                [row["id"] for row, _ in bills],
                [row["last_view"] for row, _ in bills],
                [count * THOUSAND for _, count in bills],
            ],
        )
    )
