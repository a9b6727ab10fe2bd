"""Results as tidy tables: a row a run, a row a day of a run, a row a shop of a run. CSV; Parquet where it can be written."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FIRST = ("run", "arm", "scenario", "seed")
KEYS = (*FIRST, "day", "on", "shop")  # columns that come first, where a table has them


def tables(records: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """`runs` (outcomes in columns, failures named), `days`, `shops`, and `outcomes` in long form."""
    whole = [record for record in records if not record["failed"]]
    return {
        "runs": [
            _first(record)
            | {name: record.get(name) for name in ("failed", "state_hash", "seconds", "peak_rss_mb")}
            | record.get("outcomes", {})
            for record in records
        ],
        "outcomes": [
            _first(record) | {"outcome": name, "value": value}
            for record in whole
            for name, value in record["outcomes"].items()
        ],
        "days": [_first(record) | row for record in whole for row in record["days"]],
        "shops": [_first(record) | row for record in whole for row in record["shops"]],
    }


def _first(record: dict[str, Any]) -> dict[str, Any]:
    return {name: record[name] for name in FIRST}


def write(made: dict[str, list[dict[str, Any]]], folder: Path) -> list[str]:
    """Write each table as NAME.csv (and NAME.parquet when pyarrow is there); the files' names."""
    files = []
    for name, rows in made.items():
        held = dict.fromkeys(column for row in rows for column in row)
        columns = [key for key in KEYS if key in held] + [column for column in held if column not in KEYS]
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as out:
            lines = csv.DictWriter(out, columns or FIRST, lineterminator="\n")
            lines.writeheader()
            lines.writerows(rows)
        files.append(f"{name}.csv")
        files += _parquet(rows, columns, folder / f"{name}.parquet")
    return files


def _parquet(rows: list[dict[str, Any]], columns: list[str], file: Path) -> list[str]:
    try:
        import pyarrow  # type: ignore[import-not-found]  # not one of ours: used where somebody has it
        from pyarrow import parquet
    except ImportError:
        return []
    parquet.write_table(pyarrow.table({name: [row.get(name) for row in rows] for name in columns}), file)
    return [file.name]
