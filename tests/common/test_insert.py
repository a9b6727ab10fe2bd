"""Many rows are written another way than few; what is written is the same."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Any

from common.batch import FEW, insert, rows
from common.moments import SHANGHAI
from events.models import Event
from tests.market import Market

AWKWARD = ["plain", "", "\t", "\n\r", "\\", r"\N", r"\t", "a\\\tb", '"', "{}", "NULL", "衣柜 🪑", "'; --"]


def test_many_rows_are_kept_as_few_are(market: Market) -> None:
    at = datetime(2010, 3, 1, 9, 0, 0, 250_000, tzinfo=SHANGHAI)
    records: list[dict[str, Any]] = [
        {
            "name": text, "subject_id": n, "members": [[], [n], [n, None, 2**40]][n % 3], "is_public": n % 2 == 0,
            "payload": {"said": text, "each": [text, n, None, {text: at}]}, "at": at,
        }
        for n, text in enumerate(AWKWARD)
    ]  # fmt: skip
    last = rows("SELECT coalesce(max(id), 0) FROM events_event")[0][0]
    few = [insert(Event, [record])[0] for record in records]
    many = insert(Event, [record for record in records for _ in range(FEW)])
    assert [*few, *many] == list(range(last + 1, last + 1 + len(AWKWARD) * (FEW + 1)))
    read = "SELECT name, subject_id, members, is_public, payload, at FROM events_event WHERE id = ANY(%s) ORDER BY id"
    assert [row for row, _ in groupby(rows(read, [many]))] == rows(read, [few])
    assert [row[0] for row in rows(read, [few])] == AWKWARD
