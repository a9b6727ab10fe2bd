"""replay and export: behaviour logs in and out of a market."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from jishi.cli.clock import finish
from jishi.cli.speak import Json, answer, fail
from jishi.cli.worlds import Name, within

Form = Annotated[str, typer.Option("--format", help="userbehavior: user_id,item_id,category_id,behavior,ts.")]


def add(app: typer.Typer) -> None:
    app.command(epilog="Example: ./jishi replay UserBehavior.csv --world real")(replay)
    app.command(epilog="Example: ./jishi export demo --format userbehavior -o demo.csv")(export)


def replay(
    file: Annotated[Path, typer.Argument(help="The log: one act of one user a line.")],
    world: Annotated[str, typer.Option(help="The market to live it in; made when it is not there.")],
    form: Form = "userbehavior",
    seed: Annotated[
        int | None, typer.Option(help="Draws what the log does not say; default the world's.")
    ] = None,
    json: Json = False,
) -> None:
    """Replay a real behaviour log in a market: its users, items, views, carts, favourites and purchases."""
    from jishi.servers import borrow

    if not file.is_file():
        fail(f"There is no file {file}.")
    with borrow.market("replay"):
        told = _replayed(file, world, form, seed)
    answer(told, _sentences(told, world), as_json=json)
    if not told["reconciles"]:
        fail("The market and the file do not reconcile.")


def _replayed(file: Path, name: str, form: str, seed: int | None) -> dict[str, Any]:
    from simulation.replay import start
    from worlds import actions, jobs
    from worlds.current import point
    from worlds.models import World

    point(None)
    world = World.objects.filter(name=name).first()
    key = None
    if world is None:
        world, key = actions.create(name, seed=1 if seed is None else seed)
    job = jobs.unfinished(world)
    if job is None or job.kind != "replay":
        point(world.schema)
        job = start(world, str(file), form=form, seed=seed)
    told = finish(job, f"replaying {file.name}")
    return {**told, "world": name, **({"admin_key": key} if key else {})}


def _sentences(told: dict[str, Any], world: str) -> str:
    skipped = sum(told["skipped"].values())
    lines = [
        f"{told['rows']:,} rows read, {skipped:,} skipped; {told['users']:,} users, {told['items']:,} items in {world}.",
        (
            f"{told['pv']:,} views, {told['fav']:,} favourites, {told['cart']:,} carts, {told['buy']:,} purchases"
            f" worth {told['gmv_fen'] / 100:,.2f} yuan."
        ),
        *(
            f"  {day}  PV {d['pv']:>8,}  UV {d['uv']:>6,}  bought {d['buy']:>6,}"
            for day, d in told["days"].items()
        ),
        f"{told['seconds']:.1f} s, {told['peak_rss_mb']:.0f} MB; "
        + ("market and file agree." if told["reconciles"] else f"they differ: {told['differences']}."),
    ]
    return "\n".join(lines)


def export(
    name: Name,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")],
    form: Form = "userbehavior",
    json: Json = False,
) -> None:
    """Write a market's behaviour log: whoever viewed, favourited, carted, bought."""
    if form != "userbehavior":
        raise typer.BadParameter(f"no format is called {form}; use userbehavior", param_hint="--format")

    def work(world: Any) -> dict[str, Any]:
        from simulation import export as exporting
        from worlds.current import use_world

        with use_world(world.schema):
            return exporting.export(output)

    told = {"world": name, **within(name, work)}
    answer(told, f"{told['rows']:,} rows in {output}.", as_json=json)
