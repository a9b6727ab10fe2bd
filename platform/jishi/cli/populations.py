"""simulate: a market with a population lives some days."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from jishi.cli.clock import finish
from jishi.cli.speak import Json, answer


def add(app: typer.Typer) -> None:
    app.command(epilog="Example: ./jishi simulate class_of_40 --world lesson --days 30 --seed 7")(simulate)


def simulate(
    scenario: Annotated[str, typer.Argument(help="The name of a scenario, or a TOML file of your own.")],
    world: Annotated[
        str | None,
        typer.Option(
            help="The market; made when it is not there. Default: a new one named after the scenario."
        ),
    ] = None,
    days: Annotated[int | None, typer.Option(help="How many days; default as the scenario says.")] = None,
    seed: Annotated[int | None, typer.Option(help="Draws the people and all they do; default 1.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that draw what buyers do.")] = 1,
    json: Json = False,
) -> None:
    """Fill a market with a scenario's sellers and buyers and let them live; or let those who are there live on."""
    from jishi.servers import borrow

    with borrow.market("simulate"):
        told = _lived(scenario, world, days, seed, workers)
    answer(told, _sentences(told), as_json=json)


def _lived(name: str, wanted: str | None, days: int | None, seed: int | None, workers: int) -> dict[str, Any]:
    from simulation import crew, found
    from simulation.scenario import find
    from worlds import actions, jobs
    from worlds.current import point
    from worlds.models import World

    point(None)
    plan = find(name)
    drawn = 1 if seed is None else seed
    called = wanted or _free(f"{plan.name}-{drawn}".replace("_", "-"))
    world = World.objects.filter(name=called).first()
    key = None
    if world is None:
        world, key = actions.create(called, seed=drawn, regime=plan.regime, start=plan.start)
    job = jobs.unfinished(world)
    if job is None or job.kind != "simulate":
        point(world.schema)
        job = found.start(world, plan, seed=seed, days=days, workers=workers)
    try:
        told = finish(job, f"{plan.name} lives")
    finally:
        crew.crew.use(1)
    return {"world": called, **told, **({"admin_key": key} if key else {})}


def _free(name: str) -> str:
    """That name, or the first free one like it."""
    from worlds.models import World

    taken = set(World.objects.filter(name__startswith=name).values_list("name", flat=True))
    return next(n for n in (name, *(f"{name}-{k}" for k in range(2, 10_000))) if n not in taken)


def _sentences(told: dict[str, Any]) -> str:
    return (
        f"{told['days']} days in {told['world']}: {told['shops']:,} shops, {told['buyers']:,} buyers, {told['pv']:,} views,"
        f" {told['orders']:,} orders worth {told['gmv_fen'] / 100:,.2f} yuan; it is {told['now']}.\n"
        f"{told['seconds']:.1f} s, {told['peak_rss_mb']:.0f} MB; state {told['state_hash'][:16]}"
    )
