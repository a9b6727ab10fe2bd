"""world create | list | show | fork | snapshot | reset | drop | hash | diff; audit; explain."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, Any

import typer

from jishi.cli.speak import Json, answer, fail

Name = Annotated[str, typer.Argument(help="The world's name.")]


def add(app: typer.Typer) -> None:
    world = typer.Typer(no_args_is_help=True, help="Make, copy, keep, bring back, compare and drop worlds.")
    for verb, example in (
        (create, "create shop-class --scenario quiet_street --seed 7"),
        (listed, "list --json"),
        (show, "show demo"),
        (fork, "fork demo what-if"),
        (snapshot, "snapshot demo before-lesson"),
        (reset, "reset demo before-lesson"),
        (drop, "drop what-if"),
        (hash_, "hash demo --json"),
        (diff, "diff demo what-if"),
    ):
        name = {listed: "list", hash_: "hash"}.get(verb, verb.__name__)
        world.command(name, epilog=f"Example: ./jishi world {example}")(verb)
    app.add_typer(world, name="world")
    app.command(epilog="Example: ./jishi audit demo --json")(audit)
    app.command(epilog="Example: ./jishi explain demo credit 7")(explain)


def within(name: str | None, work: Callable[..., Any]) -> Any:
    """Do `work(world)` in the market called `name` (None: above), with servers that answer."""
    from jishi.servers import borrow

    with borrow.market("world"):
        from worlds import actions
        from worlds.current import point

        if name is None:
            point(None)
            return work()
        return work(actions.enter(name))


def stands(world: Any, began: float, **more: Any) -> dict[str, Any]:
    """What every verb on a world tells: its name, its moment, its state hash, the seconds it took."""
    from common.moments import show as shown
    from worlds import clock, hashing
    from worlds.current import use_world

    with use_world(world.schema):
        facts = {"world": world.name, "now": shown(clock.now()), "state_hash": hashing.state_hash()}
    return facts | more | {"seconds": round(time.perf_counter() - began, 3)}


def create(
    name: Name,
    scenario: Annotated[str, typer.Option(help="Fill it from this scenario.")] = "",
    seed: Annotated[int, typer.Option(help="What its randomness grows from.")] = 1,
    regime: Annotated[str, typer.Option(help="The rules it begins with; default the scenario's.")] = "",
    json: Json = False,
) -> None:
    """Make a world, blank or from a scenario, and print its admin key, this once."""

    def work() -> dict[str, Any]:
        from jishi.cli.clock import finish
        from worlds import actions, jobs

        began = time.perf_counter()
        world, key = actions.open_world(name, seed=seed, regime=regime or None, scenario=scenario, wake=False)
        if job := jobs.unfinished(world):
            try:
                finish(job, f"filling {name} from {scenario}")
            except BaseException:
                actions.drop(world)
                raise
        return stands(world, began, admin_key=key)

    made = within(None, work)
    text = f"{name} stands at {made['now']}.\nIts admin key, shown this once: {made['admin_key']}"
    answer(made, text, as_json=json)


def listed(json: Json = False) -> None:
    """List the worlds, their clocks and what runs on them."""

    def work() -> list[dict[str, Any]]:
        from worlds.api.shapes import worlds_shown
        from worlds.models import World

        return [_plain(world) for world in worlds_shown(list(World.objects.order_by("id")))]

    found = within(None, work)
    lines = [f"{w['world']:<24} {w['now']}  {w['mode']:<6} {w['regime']}" for w in found]
    answer(
        {"worlds": found},
        "\n".join(lines) or "There is no world yet: ./jishi world create NAME",
        as_json=json,
    )


def _plain(world: dict[str, Any]) -> dict[str, Any]:
    clock = world.pop("clock")
    world["created_at"] = world["created_at"].isoformat()
    return {
        "world": world.pop("name"),
        "now": clock["now"],
        "mode": clock["mode"],
        "job": clock["job"],
        **world,
    }


def show(name: Name, json: Json = False) -> None:
    """Show a world: its clock, its rules, how many rows it holds, its snapshots."""

    def work(world: Any) -> dict[str, Any]:
        from worlds import queries
        from worlds.api.shapes import snapshot_shown, worlds_shown

        began = time.perf_counter()
        facts = _plain(worlds_shown([world])[0]) | {"counts": queries.counts()}
        kept = [snapshot_shown(each) for each in world.snapshots.order_by("id")]
        facts["snapshots"] = [{"tag": each["tag"], "now": each["now"]} for each in kept]
        return stands(world, began) | facts

    answer(within(name, work), as_json=json)


def fork(
    name: Name, new: Annotated[str, typer.Argument(help="The copy's name.")], json: Json = False
) -> None:
    """Copy a world as it stands; the copy's admin key is printed this once."""

    def work(world: Any) -> dict[str, Any]:
        from worlds import actions
        from worlds.current import point

        began = time.perf_counter()
        point(None)
        copy, key = actions.fork(world, new)
        return stands(copy, began, admin_key=key)

    made = within(name, work)
    answer(made, f"{new} is {name} at {made['now']}.\nIts admin key: {made['admin_key']}", as_json=json)


Tag = Annotated[str, typer.Argument(help="The snapshot's tag.")]


def snapshot(name: Name, tag: Tag, json: Json = False) -> None:
    """Keep a world as it stands, to reset it to."""
    _kept("snapshot", name, tag, json, "{world} is kept as it stands at {now}.")


def reset(name: Name, tag: Tag, json: Json = False) -> None:
    """Make a world what it was when the snapshot was kept."""
    _kept("reset", name, tag, json, "{world} is back at {now}.")


def _kept(verb: str, name: str, tag: str, as_json: bool, text: str) -> None:
    def work(world: Any) -> dict[str, Any]:
        from worlds import actions
        from worlds.current import point

        began = time.perf_counter()
        point(None)
        getattr(actions, verb)(world, tag)
        return stands(world, began, tag=tag)

    told = within(name, work)
    answer(told, text.format(**told), as_json=as_json)


def drop(name: Name, json: Json = False) -> None:
    """Drop a world with its keys and snapshots; nothing of it remains."""

    def work(world: Any) -> dict[str, Any]:
        from worlds import actions
        from worlds.current import point

        began = time.perf_counter()
        told = stands(world, began)
        point(None)
        began = time.perf_counter()
        actions.drop(world)
        return told | {"seconds": round(time.perf_counter() - began, 3)}

    answer(within(name, work), f"{name} is gone.", as_json=json)


def hash_(name: Name, json: Json = False) -> None:
    """Hash what a world means: equal markets have equal hashes, table by table."""

    def work(world: Any) -> dict[str, Any]:
        from worlds import hashing

        tables = hashing.table_hashes()
        return {"state_hash": hashing.state_hash(tables), "tables": tables}

    told = within(name, work)
    lines = [f"{table:<32} {value}" for table, value in told["tables"].items()]
    answer(told, "\n".join([*lines, f"{name:<32} {told['state_hash']}"]), as_json=json)


def diff(
    a: Name, b: Annotated[str, typer.Argument(help="The other world's name.")], json: Json = False
) -> None:
    """Compare two worlds: levers, members, shops, totals; who gained what."""

    def work(world: Any) -> dict[str, Any]:
        from worlds import actions
        from worlds.current import point
        from worlds.diff import diff as compared

        point(None)
        return compared(world, actions.find(b))

    told = within(a, work)
    answer(told, _read_aloud(told), as_json=json)


def _read_aloud(told: dict[str, Any]) -> str:
    a, b = told["a"], told["b"]
    lines = [f"{'':<28}{a:>20}{b:>20}{'change':>16}"]
    lines += [
        f"{name:<28}{f['a']:>20,}{f['b']:>20,}{f['change']:>+16,}" for name, f in told["totals"].items()
    ]
    lines += ["", *told["summary"]["words"]]
    if told["levers"]:
        lines += ["", "Levers that stand differently:"]
        lines += [f"  {row['lever']}: {row['a']} | {row['b']}" for row in told["levers"]]
    if told["bids"]:
        lines += ["", f"Bids and budgets that differ: {len(told['bids'])}"]
        lines += [f"  {_bid(row)}" for row in told["bids"][:15]]
    for measure in ("pv", "income_fen", "level"):
        if rows := [*told["gains"][measure]["most"][:5], *told["gains"][measure]["least"][:5][::-1]]:
            lines += ["", f"{measure:<34}{a:>20}{b:>20}{'change':>16}"]
            lines += [
                f"  {r['shop']:>6} {r['name'][:24]:<25}{r['a']:>20,}{r['b']:>20,}{r['change']:>+16,}"
                for r in rows
            ]
    for noun in ("shops", "members"):
        if told[noun]:
            lines += ["", f"{noun.capitalize()} that differ: {len(told[noun])}; the most changed:"]
            lines += [f"  {row['id']:>6} {row['name']:<20} {_changes(row)}" for row in told[noun][:15]]
    if told["tables"]:
        lines += [
            "",
            f"{'Tables with other rows':<36}{'only ' + a:>16}{'only ' + b:>16}{'changed':>12}{'renumbered':>12}",
        ]
        lines += [
            f"  {name:<34}{t['only_a']:>16,}{t['only_b']:>16,}{t['changed']:>12,}{t['renumbered']:>12,}"
            for name, t in told["tables"].items()
        ]
    return "\n".join(lines)


def _bid(row: dict[str, Any]) -> str:
    fen, status = row["fen"], row["status"]
    said = f"{row['what']} {row['id']} {row['name']} of shop {row['shop']}: {fen['a']} | {fen['b']} fen"
    return said if status["a"] == status["b"] else f"{said}, {status['a']} | {status['b']}"


def _changes(row: dict[str, Any]) -> str:
    if row["only_in"]:
        return f"only in {row['only_in']}"
    return ", ".join(f"{name} {figure['change']:+,}" for name, figure in row["changed"].items())


def audit(name: Name, json: Json = False) -> None:
    """Look for what cannot be: books that do not balance, credit that does not add up, seals broken early."""

    def work(world: Any) -> dict[str, Any]:
        from orjson import loads

        from common.batch import dumps
        from worlds.checks import audit as audited

        return loads(dumps(audited()))

    told = within(name, work)
    wrong = {book: rows for book, rows in told.items() if rows}
    lines = [
        f"{book:<12}{'sound' if not rows else f'{len(rows)} rows are wrong'}" for book, rows in told.items()
    ]
    answer(told, "\n".join(lines), as_json=json)
    if wrong:
        fail(f"{name} is not sound: {', '.join(f'{book} ({len(rows)})' for book, rows in wrong.items())}")


def explain(
    name: Name,
    what: Annotated[str, typer.Argument(help="credit, balance, …")],
    arguments: Annotated[list[str], typer.Argument(help="Of what: a member's number, a query, a day …")],
    table: Annotated[
        bool, typer.Option("--table", help="Draw a click or an impression as a table for people.")
    ] = False,
    json: Json = False,
) -> None:
    """Tell the arithmetic behind a number, as data or as a table."""

    def work(world: Any) -> Any:
        from orjson import loads

        from common.batch import dumps
        from worlds.checks import drawn
        from worlds.checks import explain as explained

        told = explained(what, arguments)
        return loads(dumps(told)), drawn(what, told) if table and not json else None

    answer(*within(name, work), as_json=json)
