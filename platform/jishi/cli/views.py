"""views: count the page views of a file."""

from pathlib import Path
from typing import Annotated

import typer

from jishi.cli.speak import Json, answer, fail


def add(app: typer.Typer) -> None:
    app.command(epilog="Example: ./jishi views clicks.csv --world demo")(views)


def views(
    file: Annotated[
        Path, typer.Argument(help="CSV with a header line, or an object a line (.ndjson, .jsonl).")
    ],
    world: Annotated[str, typer.Option(help="The market they were seen in.")],
    json: Json = False,
) -> None:
    """Count the page views of FILE in a market, all of its open day. Refused rows are said and left out."""
    from jishi.servers import borrow

    if not file.is_file():
        fail(f"There is no file {file}.")
    with borrow.market("views"):
        from traffic.intake import take_in_file
        from worlds.current import use_world
        from worlds.models import World
        from worlds.pen import viewing

        found = World.objects.filter(name=world).first()
        if found is None:
            fail(f"There is no market named {world}.")
        kind = "ndjson" if file.suffix in {".ndjson", ".jsonl", ".json"} else "csv"
        with file.open("rb") as lines, use_world(found.schema), viewing() as moment:
            taken = take_in_file(lines, kind, at=moment.at)
    refused = [
        {"row": row, "rule": refusal.rule, "detail": refusal.detail}
        for row, refusal in sorted(taken.refused.items())
    ]
    said = {"world": world, "seen": taken.done, "refused": len(refused), "refusals": refused[:100]}
    lines_said = [f"{taken.done} views counted in {world}, {len(refused)} refused."]
    lines_said += [f"  row {each['row']}: {each['detail']}" for each in refused[:20]]
    answer(said, "\n".join(lines_said), as_json=json)
