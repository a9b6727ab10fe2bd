"""advance: let time pass in a world, with progress for people."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from jishi.cli.speak import Json, answer, fail, with_way_out
from jishi.cli.worlds import Name, within


def add(app: typer.Typer) -> None:
    app.command(epilog="Example: ./jishi advance demo P30D")(advance)


def advance(
    name: Name,
    duration: Annotated[str, typer.Argument(help="How long, ISO 8601: P30D, PT6H.")] = "",
    to: Annotated[str, typer.Option(help="To this moment instead, ISO 8601.")] = "",
    until: Annotated[str, typer.Option(help="Until an event of this name, such as order.finished.")] = "",
    member: Annotated[
        int | None, typer.Option(help="With --until: one that this member may see.", min=1)
    ] = None,
    order: Annotated[int | None, typer.Option(help="With --until: one of this order's.", min=1)] = None,
    json: Json = False,
) -> None:
    """Let time pass: by a duration, to a moment, or until an event."""
    if not (duration or to or until) or (duration and to):
        raise typer.BadParameter("say one of: a duration such as P30D, --to MOMENT, --until EVENT")
    wanted = {"event": until, "member": member, "order": order} if until else {}
    asked = {"duration": duration, "to": to, "until": wanted}

    def work(world: Any) -> dict[str, Any]:
        from worlds import advance as advancing
        from worlds.current import point

        take_up_lost_work(world)
        point(world.schema)
        return finish(advancing.start(world, asked, wake=False), f"advancing {name}")

    told = within(name, work)
    text = f"{name} went from {told['from']} to {told['to']}:"
    text += f" {told['events']:,} events in {told['seconds']:.1f} s."
    if until and not told["event"]:
        text += f" No {until} came."
    answer(told, text, as_json=json)


def take_up_lost_work(world: Any) -> None:
    """A job whose worker is gone, while no worker runs that would find it, is finished here first."""
    from worlds import jobs

    job = jobs.unfinished(world)
    if job is not None and not jobs.is_held(job):
        finish(job, f"finishing an earlier {job.kind} of {world.name}")


def finish(job: Any, title: str) -> dict[str, Any]:
    """Do the job here and now; its result. Ctrl-C cancels it where its last step left the market."""
    from worlds import jobs

    with progress(title) as told:
        try:
            status = jobs.run_job(str(job.pk), told=told)
            if status == "elsewhere":  # a worker of a running `up` was quicker
                while (job := jobs.wait(job.pk, 1.0)).status in {"queued", "running"}:
                    told(job.progress)
        except KeyboardInterrupt:
            jobs.cancel(job)
            raise
    job.refresh_from_db()
    if job.status != "done":
        error = job.error or {"detail": f"The job was {job.status}."}
        fail(with_way_out(error["detail"], error.get("way_out")))
    result: dict[str, Any] = job.result
    return result


@contextmanager
def progress(title: str) -> Iterator[Any]:
    """A bar on a terminal, nothing elsewhere; yields `told(share)`."""
    if not sys.stderr.isatty():
        yield lambda share: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(re.sub(r"[\[\]]", "", title), total=1.0)
        yield lambda share: bar.update(task, completed=share)
