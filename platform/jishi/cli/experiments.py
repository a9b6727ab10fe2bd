"""experiment: the same people under different rules; circulation: how eyeballs, trades and descriptors feed one
another; diffusion: how shops spread in a village."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from jishi.cli.clock import progress
from jishi.cli.speak import Json, answer, fail, note, save
from jishi.cli.worlds import Name, within


def add(app: typer.Typer) -> None:
    app.command(epilog="Example: ./jishi experiment open_feedback -o results/open")(experiment)
    app.command(epilog="Example: ./jishi circulation demo -o circulation.svg")(circulation)
    app.command(epilog="Example: ./jishi diffusion village -o village.svg")(diffusion)


def experiment(
    file: Annotated[str, typer.Argument(help="A TOML file, or the name of one that comes with Jishi.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder of results; given again, it goes on.")
    ],
    workers: Annotated[
        int | None,
        typer.Option(help="Runs at a time; default the file's, at most a processor each.", min=1, max=64),
    ] = None,
    json: Json = False,
) -> None:
    """Live the same scenarios with the same seeds under several regimes; tables, effect sizes, intervals."""
    from jishi.servers import borrow

    began = time.perf_counter()
    with borrow.market("experiment") as urls:
        from simulation.experiments import plan

        made = plan.read(plan.found(file))
        told = _conducted(made, output, workers, running=urls.prepared, began=began)
    lines = [f"{told['done']} of {told['runs']} runs in {told['seconds']:.0f} s: {told['report']}"]
    lines += [
        f"  {row['arm']}, {row['scenario']}: {row['outcome']} {row['difference']:+.4g}"
        for row in told["clear"]
    ]
    answer(told, "\n".join(lines), as_json=json)
    if told["failed"]:
        fail(f"{len(told['failed'])} runs failed, the first because: {told['failed'][0]['why']}")


def _conducted(
    made: Any, output: Path, workers: int | None, *, running: bool, began: float
) -> dict[str, Any]:
    from simulation.experiments import conduct, effects, report, tables

    there = conduct.place(made, output)
    with (
        progress(f"{made.name}: {len(made.runs)} runs") as share,
        _hands(workers or made.workers, running) as hands,
    ):

        def told(done: int, of: int, words: str) -> None:
            share(done / of)
            if words:
                note(f"{done}/{of} {words}")

        records = conduct.conduct(made, there, hands, told)
    found = effects.effects(made, records)
    seconds = time.perf_counter() - began
    files = tables.write(tables.tables(records) | {"effects": effects.table(found)}, output)
    for name, text in (
        ("report.md", report.markdown(made, found, records, seconds)),
        ("report.html", report.page(made, found, records, seconds)),
    ):
        save(output / name, text)
    failed = [
        {"run": r["run"], "arm": r["arm"], "seed": r["seed"], "why": r["failed"], "world": r["world"]}
        for r in records
        if r["failed"]
    ]
    return {
        "name": made.name,
        "arms": [arm.name for arm in made.arms],
        "runs": len(made.runs),
        "done": len(records) - len(failed),
        "failed": failed,
        "seconds": round(seconds, 3),
        "report": str(output / "report.md"),
        "files": [*files, "report.md", "report.html"],
        "moved": {a.name: made.moved(a, made.scenarios[0]) for a in made.arms},
        "effects": (rows := effects.table(found)),
        "clear": [row for row in rows if row["clear"]],
    }


@contextmanager
def _hands(many: int, running: bool) -> Iterator[Any]:
    """Workers of a running `up`; else processes of our own; else, when one is enough, this one."""
    import os

    from simulation.experiments.conduct import Here
    from simulation.experiments.hands import Processes, Workers

    many = min(many, os.cpu_count() or 1)
    if running:
        yield Workers(many)
    elif many == 1:
        yield Here()
    else:
        with Processes(many) as hands:
            yield hands


def circulation(
    name: Name,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Draw it: an SVG that stands alone.")
    ] = None,
    lag: Annotated[
        int, typer.Option(help="Days from a shop's figures to the visitors they bring.", min=1, max=30)
    ] = 1,
    idle: Annotated[
        int, typer.Option(help="Days without a sale after which a shop counts as dead.", min=1, max=366)
    ] = 14,
    json: Json = False,
) -> None:
    """Measure the three transitions of the market as elasticities, its concentration, its young shops' survival."""

    def work(world: Any) -> dict[str, Any]:
        from simulation.circulation import meter

        return {"world": world.name, **meter.measure(lag_days=lag, idle_days=idle)}

    told = within(name, work)
    if output is not None:
        from simulation.circulation import picture

        save(output, picture.drawn(told, name))
        told["picture"] = str(output)
    from simulation.circulation import words

    answer(told, words.read_aloud(told), as_json=json)


def diffusion(
    name: Name,
    village: Annotated[str, typer.Option(help="Which village; by default the only one.")] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Draw it: an SVG that stands alone.")
    ] = None,
    json: Json = False,
) -> None:
    """Shops of a village month by month, beside what is known of it and the country's Taobao Villages."""

    def work(world: Any) -> dict[str, Any]:
        from simulation.villages.diffusion import diffusion

        return {"world": world.name, **diffusion(village)}

    from simulation.villages import picture

    told = within(name, work)
    if output is not None:
        save(output, picture.drawn(told, name))
        told["picture"] = str(output)
    answer(told, _spread(told), as_json=json)


def _spread(told: dict[str, Any]) -> str:
    """A line a half-year, and what is known."""
    from simulation.villages.diffusion import filled

    months = filled(told["months"], told["now"][:7])
    shown = [row for row in months if row["month"][5:] in ("06", "12")] or months
    if months and months[-1] not in shown:
        shown.append(months[-1])
    return "\n".join(
        [f"Shops of {told['village']}", "month    open  ever opened"]
        + [f"{row['month']}  {row['shops']:>4}  {row['ever']:>11}" for row in shown]
        + [
            f"known: {fact['year']} {fact['what']} {fact['least']:,} ({fact['told_by']})"
            for fact in told["facts"]
        ]
    )
