"""Subscribing: a member pays for a period of the keyword market, from now on or from the end of what runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from common.batch import insert, rows
from common.errors import Unaffordable
from common.moments import show, within
from events.actions import emit
from payments import ledger
from payments.rules import FEES, Posting
from regime import queries as regime
from search.cubes.models import WordSubscription


@dataclass(frozen=True, slots=True)
class Subscribe:
    """`member` buys a period. `key`: their own, so that asking twice is asking once."""

    member: int
    key: str = ""


@transaction.atomic
def subscribe(intents: Sequence[Subscribe], *, at: datetime) -> list[int]:
    """Buy periods, each from the end of the member's last one (or from now) on; the subscriptions' ids.

    Raises, naming the rows: `Unaffordable`; `Invalid` beyond the calendar.
    """
    levers = regime.at(at).cubes
    members = [intent.member for intent in intents]
    known: dict[tuple[int, str], int | None] = {(m, key): id_ for m, key, id_ in rows(KEYS, [members])}
    ends = dict(rows(ENDS, [members]))
    asked: list[int] = []  # the rows that buy something new
    records: list[dict[str, Any]] = []
    for n, (member, key) in enumerate((i.member, i.key) for i in intents):
        if key and (member, key) in known:
            continue
        known[member, key] = None
        starts = max(at, ends.get(member, at))
        ends[member] = within(starts + timedelta(days=levers.period_days))
        asked.append(n)
        records.append(
            {
                "member_id": member, "key": key, "paid_fen": levers.fee_fen, "bought_at": at, "starts_at": starts,
                "ends_at": ends[member],
            }
        )  # fmt: skip
    ids = insert(WordSubscription, records)
    if levers.fee_fen:
        _pay(ids, records, asked, at)
    emit("subscription.bought", [_fact(id_, row) for id_, row in zip(ids, records, strict=True)], at=at)
    known |= {
        (row["member_id"], row["key"]): id_ for id_, row in zip(ids, records, strict=True) if row["key"]
    }
    made = dict(zip(asked, ids, strict=True))
    return [made.get(n) or known[i.member, i.key] or 0 for n, i in enumerate(intents)]


KEYS = "SELECT member_id, key, id FROM search_cubes_subscription WHERE member_id = ANY(%s) AND key <> ''"
ENDS = "SELECT member_id, max(ends_at) FROM search_cubes_subscription WHERE member_id = ANY(%s) GROUP BY 1"


def _pay(ids: Sequence[int], records: Sequence[dict[str, Any]], asked: Sequence[int], at: datetime) -> None:
    """From each member's own account to the platform."""
    postings = [
        Posting(code, FEES, row["paid_fen"], "subscription", code, f"subscription:{id_}")
        for id_, row in zip(ids, records, strict=True)
        if (code := f"member:{row['member_id']}")
    ]
    try:
        ledger.post(postings, at=at)
    except Unaffordable as poor:
        poor.rows = tuple(asked[n] for n in poor.rows)
        raise


def _fact(id_: int, row: dict[str, Any]) -> dict[str, Any]:
    member = row["member_id"]
    return {
        "id": id_, "members": [member], "member": member, "paid_fen": row["paid_fen"],
        "ends_at": show(row["ends_at"]),
    }  # fmt: skip
