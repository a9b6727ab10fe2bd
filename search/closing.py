"""Figures of a closed day: rows that one statement makes of the day's own, kept, and held against a rebuild."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from common.batch import by_hashing, dicts, execute
from common.moments import day_of, start_of


@dataclass(frozen=True)
class Kept:
    """A table of `columns` that holds what `figures` gives of a day, in the order of `key`; `rule`: that it does."""

    table: str
    key: str
    columns: str
    figures: str
    rule: str

    def rebuild(self, window: Mapping[str, Any]) -> int:
        """The day's rows anew; how many they are."""
        execute(f"DELETE FROM {self.table} WHERE day = %(day)s", {"day": window["day"]})
        with by_hashing():
            return execute(
                f"INSERT INTO {self.table} ({self.columns}) SELECT {self.columns} FROM ({self.figures}) f ORDER BY {self.key}",
                window,
            )

    def odd(self, window: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The day's rows that a rebuild would not make, and those that it would and that are not there."""
        with by_hashing():
            found = dicts(
                f"""WITH rebuilt AS (SELECT {self.columns} FROM ({self.figures}) f),
                     kept AS (SELECT {self.columns} FROM {self.table} WHERE day = %(day)s)
                SELECT 'kept' AS side, k.* FROM (TABLE kept EXCEPT ALL TABLE rebuilt) k
                UNION ALL SELECT 'rebuilt', r.* FROM (TABLE rebuilt EXCEPT ALL TABLE kept) r ORDER BY {self.key}, side""",
                window,
            )
        return [{"rule": self.rule, **row, "day": str(row["day"])} for row in found]


def window(day: date) -> dict[str, Any]:
    """The bounds of a day."""
    return {"day": day, "start": start_of(day), "end": start_of(day + timedelta(days=1))}


def ended(at: datetime) -> date:
    """The day that ends at the midnight `at`."""
    return day_of(at - timedelta(microseconds=1))
