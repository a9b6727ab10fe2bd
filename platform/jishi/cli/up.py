"""up, down, status, logs."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer

from jishi.cli.speak import Json, answer, fail, note
from jishi.servers.errors import ServerError
from jishi.servers.home import ROOT, Home, Record
from jishi.servers.process import Identity
from jishi.servers.supervisor import end_leftovers

NAMES = ("web", "worker", "beat", "postgres", "redis")
OTHER_OWNER_LIMIT = 30.0  # seconds `up` waits for another command to be done with the servers


def add(app: typer.Typer) -> None:
    app.command(epilog="Example: ./jishi up --port 9000 --detach")(up)
    app.command(epilog="Example: ./jishi down")(down)
    app.command(epilog="Example: ./jishi status --json")(status)
    app.command(epilog="Example: ./jishi logs -f worker")(logs)


def up(
    port: Annotated[int, typer.Option(help="Port of the pages and the API, below 32768.")] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets a class in.")] = "127.0.0.1",
    demo: Annotated[bool, typer.Option("--demo/--no-demo", help="Seed the demo market when absent.")] = True,
    detach: Annotated[bool, typer.Option("--detach", help="Return when ready; stop with down.")] = False,
    json: Json = False,
) -> None:
    """Start the market: database, Redis, web server, worker and beat, with a demo to look at."""
    home = Home()
    home.make()
    running = home.owner()
    if running is not None and running.command == "up":
        _already(running, port, json)
    elif detach:
        _detached(home, ["--port", str(port), "--host", host, *([] if demo else ["--no-demo"])], json)
    else:
        _attached(home, host, port, demo, json)


def _already(running: Record, port: int, as_json: bool) -> None:
    url = running.answer.get("url", "")
    if running.state != "ready":
        fail(f"Jishi is {running.state} already (process {running.owner.pid}).")
    if not url.endswith(f":{port}") and port != 8000:
        fail(f"Jishi runs already at {url}; stop it first: ./jishi down")
    if not as_json:
        note(f"Jishi runs already (process {running.owner.pid}).")
    answer(running.answer, welcome(running.answer), as_json=as_json)


def _attached(home: Home, host: str, port: int, demo: bool, as_json: bool) -> None:
    from jishi.servers.market import Market, Wishes

    end = time.monotonic() + OTHER_OWNER_LIMIT
    told = False
    while True:
        with home.owning() as mine:
            if mine:
                market = Market(home, Wishes(host, port, demo))
                _run(market, as_json)
                return
        other = home.read()
        who = f"./jishi {other.command} (process {other.owner.pid})" if other else "another command"
        if time.monotonic() > end:
            fail(f"{who} is using the servers in {home.path}; wait for it, or stop it.")
        if not told:
            note(f"waiting for {who} to be done with the servers ...")
            told = True
        time.sleep(0.1)


def _run(market: Any, as_json: bool) -> None:
    """Open, tell, watch until asked to stop, close."""
    supervisor = market.supervisor
    with supervisor.listening():
        try:
            told = market.open()
            answer(told, welcome(told), as_json=as_json)
            supervisor.watch()
            note("stopping ...")
        except KeyboardInterrupt:
            note("stopped before it was ready")
            sys.exit(130)
        finally:
            stopped = market.close()
    note(f"stopped: {', '.join(stopped)}")


def _detached(home: Home, options: list[str], as_json: bool) -> None:
    log = home.fresh_log("up")
    with log.open("ab") as handle:
        start = handle.tell()
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "jishi.cli.main", "up", "--json", *options],
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            start_new_session=True,
        )
    while child.poll() is None:
        record = home.read()
        if record and record.owner.pid == child.pid and record.state == "ready":
            answer(record.answer, welcome(record.answer) + "\n  Stop it:  ./jishi down", as_json=as_json)
            return
        time.sleep(0.02)
    with log.open("rb") as handle:
        handle.seek(start)
        said = handle.read().decode(errors="replace").strip().splitlines()
    fail(said[-1].removeprefix("jishi: ") if said else f"it ended without a word; see {log}")


def welcome(told: dict[str, Any]) -> str:
    url, world, key = told["url"], told.get("world"), told.get("admin_key")
    lines = [f"Jishi is open at {url}   ({told['seconds']} s)", ""]
    if world:
        lines += [
            f"  market     {world}",
            f"  admin key  {key}",
            "",
            "Three things to try",
            f"  look around        {url}/",
            f'  ask the API        curl -H "Authorization: Bearer {key}" {url}/api/clock/',
            f"  let a week pass    ./jishi advance {world} P7D",
        ]
    else:
        lines += [
            "Three things to try",
            f"  look around        {url}/",
            "  make a market      ./jishi world create first",
            f"  read the API       {url}/api/docs/",
        ]
    return "\n".join(lines) + "\n"


def down(json: Json = False) -> None:
    """Stop every process that up started, and only those."""
    home = Home()
    running = home.owner()
    stopped: list[str] = []
    if running is not None and running.command != "up":
        fail(
            f"The servers belong to ./jishi {running.command} (process {running.owner.pid}), "
            "which stops them itself."
        )
    if running is not None:
        stopped = [name for name in NAMES if name in running.children]
        _end_owner(home, running.owner)
    left = home.read()
    if left is not None and not home.owned():
        stopped += [name for name in end_leftovers(left) if name not in stopped]
        home.forget()
    said = f"stopped: {', '.join(stopped)}" if stopped else "nothing was running"
    answer({"stopped": stopped}, said, as_json=json)


def _end_owner(home: Home, owner: Identity) -> None:
    process = owner.process()
    if process is None:
        return
    try:
        process.send_signal(signal.SIGTERM)
        psutil.wait_procs([process], timeout=45)
        if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            process.kill()
            psutil.wait_procs([process], timeout=5)
    except psutil.NoSuchProcess:
        return
    except psutil.AccessDenied as problem:
        raise ServerError(f"process {owner.pid} belongs to another user; let that user stop it") from problem
    end = time.monotonic() + 10
    while home.owned() and time.monotonic() < end:
        time.sleep(0.02)


def _memory_mb(process: psutil.Process) -> float:
    """Proportional share of memory, with what the process started; resident size where that is unknown."""
    total = 0
    for each in [process, *process.children(recursive=True)]:
        try:
            full = each.memory_full_info()
            total += getattr(full, "pss", 0) or full.rss
        except psutil.Error:
            continue
    return round(total / 2**20, 1)


def _state_of(identity: Identity | None, record: dict[str, Any]) -> dict[str, Any]:
    process = identity.process() if identity else None
    if identity is None or process is None:
        return {"state": "stopped"}
    return {
        "state": "running",
        "pid": identity.pid,
        "seconds": round(time.time() - identity.created, 1),
        "restarts": record.get("restarts", 0),
        "memory_mb": _memory_mb(process),
    }


def status(json: Json = False) -> None:
    """Say what runs."""
    home = Home()
    running = home.owner()
    told: dict[str, Any] = {name: {"state": "stopped"} for name in NAMES}
    if running is not None:
        for name in NAMES:
            if name in running.children:
                told[name] = _state_of(running.child(name), running.children[name])
        for name, url in (("postgres", running.database_url), ("redis", running.redis_url)):
            if name not in running.children and url:
                told[name] = {"state": "external"}
        told["up"] = {"state": running.state, "pid": running.owner.pid, "command": running.command}
        told["url"] = running.answer.get("url")
        told["memory_mb"] = round(
            sum(each.get("memory_mb", 0) for each in told.values() if isinstance(each, dict))
            + _memory_alone(running.owner),
            1,
        )
    answer(told, _table(told), as_json=json)


def _memory_alone(identity: Identity) -> float:
    process = identity.process()
    full = process.memory_full_info() if process else None
    return ((getattr(full, "pss", 0) or full.rss) / 2**20) if full else 0.0


def _table(told: dict[str, Any]) -> str:
    lines = []
    for name in NAMES:
        each = told[name]
        more = f"pid {each['pid']:<8} {each['memory_mb']:>6.1f} MB" if "pid" in each else ""
        again = f"  restarted {each['restarts']}x" if each.get("restarts") else ""
        lines.append(f"{name:<10}{each['state']:<10}{more}{again}".rstrip())
    if told.get("url"):
        lines.append(f"\n{told['url']}   {told['memory_mb']} MB in all")
    return "\n".join(lines)


def logs(
    name: Annotated[str, typer.Argument(help="web, worker, beat, postgres, redis, up or prepare")] = "",
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("-n", help="How many last lines of each.")] = 40,
    json: Json = False,
) -> None:
    """Show what the processes say."""
    folder = Home().path / "logs"
    files = sorted(folder.glob("*.log")) if not name else [folder / f"{name}.log"]
    files = [file for file in files if file.exists()]
    if not files:
        fail(f"There is no log{f' of {name}' if name else ''} in {folder}.")
    last = {file.stem: file.read_text(errors="replace").splitlines()[-lines:] for file in files}
    if json:
        answer(last, as_json=True)
        return
    for stem, rows in last.items():
        print("\n".join(f"{stem:<9}{row}" for row in rows))
    if follow:
        _follow(files)


def _follow(files: list[Path]) -> None:
    places = {file: file.stat().st_size for file in files}
    while True:
        for file, place in places.items():
            size = file.stat().st_size if file.exists() else 0
            if size != place:
                with file.open("rb") as handle:
                    handle.seek(place if size > place else 0)
                    for row in handle.read().decode(errors="replace").splitlines():
                        print(f"{file.stem:<9}{row}", flush=True)
            places[file] = size
        time.sleep(0.2)
