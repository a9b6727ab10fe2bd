"""auction: hold keyword auctions that are given as JSON lines. Needs no server, no database, no Django."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from jishi.cli.speak import Json, fail, note


def add(app: typer.Typer) -> None:
    app.command(epilog="Example: ./jishi auction --explain < auctions.jsonl")(auction)


def auction(
    file: Annotated[Path | None, typer.Argument(help="JSON lines; default standard input.")] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Add why each price is what it is, equilibria and regrets.")
    ] = False,
    table: Annotated[bool, typer.Option("--table", help="Draw each auction as a table for people.")] = False,
    json: Json = False,
) -> None:
    """Hold auctions, one JSON object a line in, one a line out, with or without --json.

    In: {"mechanism": "gsp", "slots": [200, 100], "reserve_fen": 5, "increment_fen": 1, "bidders": [{"id": "A",
    "bid_fen": 200, "quality": 8}]}. Mechanisms: gsp, first_price, vcg. With increment_fen 0 nothing is rounded. A
    line that is no auction answers with {"line", "error"} and does not stop the rest; then the exit code is 1.
    """
    from search.auction.lines import answers, batches, drawn, encoded

    if file is not None and not file.is_file():
        fail(f"There is no file {file}.")
    if file is None and sys.stdin.isatty():
        note("Reading auctions from the terminal, a JSON object a line; Ctrl-D ends.")
    read = refused = 0
    with sys.stdin.buffer if file is None else file.open("rb") as stream:
        for lines in batches(stream):
            told = answers(lines, explained=explain or table)
            sys.stdout.buffer.write(b"".join(map(drawn if table and not json else encoded, told)))
            sys.stdout.buffer.flush()
            read += len(told)
            refused += sum("error" in answer for answer in told)
    if refused:
        fail(f"{refused} of {read} lines were refused; each says why in its place.")
