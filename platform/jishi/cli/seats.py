"""seat take | leave | list: people in the seats of a market's bots."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from jishi.cli.speak import Json, answer
from jishi.cli.worlds import Name, within

Agent = Annotated[int | None, typer.Option(help="Whose seat: an agent's id, as `seat list` tells.", min=1)]


def add(app: typer.Typer) -> None:
    seat = typer.Typer(
        no_args_is_help=True, help="People in the seats of a market's bots: take, leave, list."
    )
    for name, verb, example in (
        ("take", take, "take lesson --free --person 'Li Lei'"),
        ("leave", leave, "leave lesson --agent 2001"),
        ("list", listed, "list lesson --json"),
    ):
        seat.command(name, epilog=f"Example: ./jishi seat {example}")(verb)
    app.add_typer(seat, name="seat")


def take(
    name: Name,
    person: Annotated[str, typer.Option(help="Who sits down, as the class calls them.")],
    agent: Agent = None,
    free: Annotated[
        bool, typer.Option("--free", help="The first free seat that is meant for people.")
    ] = False,
    json: Json = False,
) -> None:
    """Seat a person in a bot's place; prints a key of that member, this once."""
    if free == (agent is not None):
        raise typer.BadParameter("say one of: --agent ID, --free")

    def work(world: Any) -> dict[str, Any]:
        from common.moments import show
        from simulation import queries, seats
        from worlds.pen import writing

        with writing() as moment:
            chosen = queries.first_free() if agent is None else agent
            told = seats.admit(world, seats.Take(chosen, person), at=moment.at)
        return told | {"world": name, "taken_at": show(moment.at)}

    told = within(name, work)
    shop = f", shop {told['shop']}" if told["shop"] else ""
    text = f"{person} sits in the seat of agent {told['agent']}: member {told['member']}{shop}.\n"
    answer(told, f"{text}The key to act with, shown this once: {told['key']}", as_json=json)


def leave(
    name: Name, agent: Annotated[int, typer.Option(help="Whose seat.", min=1)], json: Json = False
) -> None:
    """Give a seat back to its bot; the key that came with it opens nothing any more."""

    def work(world: Any) -> dict[str, Any]:
        from common.moments import show
        from simulation import seats
        from worlds.pen import writing

        with writing() as moment:
            seats.dismiss(world, agent, at=moment.at)
        return {"world": name, "agent": agent, "left_at": show(moment.at)}

    answer(within(name, work), f"The bot decides again for agent {agent}.", as_json=json)


def listed(name: Name, json: Json = False) -> None:
    """List the seats that are taken or meant for people."""

    def work(world: Any) -> list[dict[str, Any]]:
        from orjson import loads

        from common.batch import dumps
        from simulation import queries

        found: list[dict[str, Any]] = loads(dumps(queries.seats()))
        return found

    found = within(name, work)
    lines = [
        f"{row['id']:>7}  {row['kind']:<7} member {row['member']:<7} shop {row['shop'] or '-':<6} {row['person'] or 'free'}"
        for row in found
    ]
    answer(
        {"world": name, "seats": found},
        "\n".join(lines) or "No seat is meant for people here, and none is taken.",
        as_json=json,
    )
