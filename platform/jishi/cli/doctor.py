"""doctor: what is wrong here, and how to mend it."""

from typing import Annotated

import typer

from jishi.cli.speak import Json, answer


def add(app: typer.Typer) -> None:
    app.command(epilog="Example: ./jishi doctor --port 9000")(doctor)


def doctor(
    port: Annotated[int, typer.Option(help="The port you mean to use.")] = 8000,
    json: Json = False,
) -> None:
    """Say what is wrong and how to mend it; exit code 1 when something is."""
    from jishi.servers.findings import examine
    from jishi.servers.home import Home

    found = examine(Home(), port)
    well = all(each.ok for each in found)
    lines = []
    for each in found:
        lines.append(f"{'ok  ' if each.ok else 'BAD '} {each.check:<11}{each.says}")
        if each.mend:
            lines.append(f"                mend: {each.mend}")
    answer({"ok": well, "findings": [each.as_data() for each in found]}, "\n".join(lines), as_json=json)
    if not well:
        raise typer.Exit(1)
