"""simulate: a market with a population lives some days."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from jishi.cli.clock import finish
from jishi.cli.speak import Json, answer, fail, note


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
    from django.db import transaction

    from simulation import crew, found, queries
    from simulation.scenario import find
    from worlds import actions
    from worlds.current import point, use_world
    from worlds.models import World

    point(None)
    plan = find(name)
    drawn = 1 if seed is None else seed
    called = wanted or _free(_named(plan.name, drawn))
    world = World.objects.filter(name=called).first()
    key = None
    if world is None:  # both or neither: what is refused leaves no market behind
        with transaction.atomic():
            world, key = actions.create(called, seed=drawn, regime=plan.regime, start=plan.start)
            with use_world(world.schema):
                job = found.start(world, plan, seed=seed, days=days, workers=workers)
    else:
        job = _taken_up(world, plan.name, seed, days)
        if job is None:
            point(world.schema)
            job = found.start(world, plan, seed=seed, days=days, workers=workers)
            if job.args["document"] is None and queries.changed_since(plan):
                note(
                    f"{called} goes on as it was filled: {plan.name} has been changed since. A new world has it."
                )
    try:
        told = finish(job, f"{plan.name} lives")
    finally:
        crew.crew.use(1)
    return {"world": called, **told, **({"admin_key": key} if key else {})}


def _taken_up(world: Any, scenario: str, seed: int | None, days: int | None) -> Any:
    """The job of an earlier call that was killed, to go on with; None when there is none. Refused in words when it was
    asked to live another scenario, seed or number of days than this one."""
    from simulation import queries
    from worlds import jobs
    from worlds.current import use_world

    job = jobs.unfinished(world)
    if job is None or job.kind != "simulate":
        return None
    lives, drawn = (job.args["document"] or {}).get("name"), job.args["seed"]
    if lives is None:  # it goes on with those who are there
        with use_world(world.schema):
            there = queries.population()
        lives, drawn = there["scenario"], there["seed"]
    if lives != scenario or seed not in (None, drawn) or days not in (None, job.args["days"]):
        fail(
            f"A call that did not end lives {lives}, seed {drawn}, in {world.name} ({job.args['days']} of --days)."
            " Say the same again, or choose another world."
        )
    return job


def _named(scenario: str, seed: int) -> str:
    """A world's name for a scenario whose file may be called anything."""
    plain = re.sub(r"[^a-z0-9]+", "-", scenario.lower()).lstrip("-0123456789")
    room = 34 - len(str(seed))  # of forty characters; `_free` may want five more
    return f"{plain[:room].rstrip('-') or 'market'}-{seed}"


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
