"""bench: each measure beside its limit or peer, in one run and one table."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from jishi.cli.speak import Json, answer, note

# name -> (module, what it measures); each has rows() -> list of dicts
BENCHES = {
    "start": ("bench.start", "T1: first and second up, idle memory"),
    "worlds": ("bench.worlds", "T2: making, forking, resetting, dropping a world"),
    "search": ("bench.search", "T3 and T7: searching 100,000 listings; recomputing their descriptors"),
    "orders": ("bench.orders", "T4: an order placed and paid over REST"),
    "traffic": ("bench.traffic", "T5: page views over REST"),
    "ratings": ("bench.ratings", "T6: credit and indices of 100,000 shops"),
    "ledger": ("bench.ledger", "posting transfers"),
    "auction": ("bench.auction", "T8: keyword auctions, pure, and on searches of 100,000 listings"),
    "listings": ("bench.listings", "seeding listings over REST"),
    "population": ("bench.population", "T9, T10, T11: a class, a town and a metropolis live"),
    "growth": ("bench.growth", "T12: searches, orders and midnights in markets x1, x10, x100"),
    "calibration": ("bench.calibration", "simulated people and shops beside the measured ones"),
}
COLUMNS = ("bench", "value", "unit", "limit or peer", "ratio", "target", "ok")


def add(app: typer.Typer) -> None:
    app.command(epilog="Example: ./jishi bench search orders")(bench)


def bench(
    names: Annotated[
        list[str] | None, typer.Argument(help=f"Which: {', '.join(BENCHES)}. Default: all.")
    ] = None,
    json: Json = False,
) -> None:
    """Measure Jishi on this machine, on servers of its own; exits 1 when a target is missed."""
    unknown = [name for name in names or () if name not in BENCHES]
    if unknown:
        raise typer.BadParameter(f"there is no bench called {unknown[0]}; there are: {', '.join(BENCHES)}")
    found = _measured(names or list(BENCHES))
    answer(found, _table(found), as_json=json)
    if not all(row["ok"] for row in found):
        raise typer.Exit(1)


def _measured(names: list[str]) -> list[dict[str, Any]]:
    """The rows of each bench in turn. Servers as `up` starts them, durable writes included, in a folder of their own."""
    from jishi import servers

    found: list[dict[str, Any]] = []
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="jishi-bench-") as home, servers.start(Path(home)) as running:
        os.environ.update(
            DATABASE_URL=running.database_url,
            REDIS_URL=running.redis_url,
            JISHI_HOME=home,
            DJANGO_SETTINGS_MODULE="jishi.settings",
            OPENBLAS_NUM_THREADS="1",
            OMP_NUM_THREADS="1",
        )
        import django

        django.setup()
        from worlds import schemas

        schemas.prepare(2)
        for name in names:
            module, words = BENCHES[name]
            note(f"{name}: {words}")
            measured = importlib.import_module(module).rows()
            for row in measured:
                if not row["bench"].startswith(("T", name)):
                    row["bench"] = f"{name} {row['bench']}"
            found += measured
    return found


def _table(found: list[dict[str, Any]]) -> str:
    from rich.console import Console
    from rich.table import Table

    table = Table(*COLUMNS)
    for row in found:
        beside = row.get("limit", row.get("peer", ""))
        cells = [
            row["bench"],
            row["value"],
            row["unit"],
            beside,
            row.get("ratio", ""),
            row.get("target", ""),
            "met" if row["ok"] else "MISSED",
        ]
        table.add_row(*(f"{cell:,}" if isinstance(cell, int | float) else str(cell) for cell in cells))
    console = Console(width=160, file=sys.stderr)
    with console.capture() as drawn:
        console.print(table)
    return drawn.get().rstrip()
