"""test: linters, import floors, types, and the suite on servers of its own."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import typer

from jishi.cli.speak import Json, answer, note
from jishi.servers.home import ROOT

PYTHON_PARTS = ("platform", "payments", "shops", "ratings", "search", "tests", "bench", "manage.py", "jishi")


def add(app: typer.Typer) -> None:
    loose = {"allow_extra_args": True, "ignore_unknown_options": True}
    example = "Example: ./jishi test tests/shops -k refund"
    app.command("test", context_settings=loose, epilog=example)(everything)


@dataclass(frozen=True)
class Check:
    name: str
    words: tuple[str, ...]


def checks() -> list[Check]:
    """Everything but the tests. All but the last take seconds; it fills what the tests leave of two cores."""
    tools = Path(sys.executable).parent
    python = [part for part in PYTHON_PARTS if part != "jishi" and (ROOT / part).exists()]
    return [
        Check("ruff check", (str(tools / "ruff"), "check", "--quiet", ".", "jishi")),
        Check("ruff format", (str(tools / "ruff"), "format", "--check", "--quiet", ".", "jishi")),
        Check("import floors", (str(tools / "lint-imports"), "--no-logo")),
        Check("types", (str(tools / "mypy"), "--no-error-summary", *python)),
    ]


def everything(context: typer.Context, json: Json = False) -> None:
    """Run everything: ruff, import floors, types, pytest on two cores. With PYTEST ARGS, only pytest."""
    began = time.perf_counter()
    chosen = list(context.args)
    out = sys.stderr if json else sys.stdout
    with tempfile.TemporaryDirectory(prefix="jishi-test-home-") as home:
        env = {**os.environ, "JISHI_HOME": home, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'platform'}"}
        with started([] if chosen else checks(), env) as running:
            results = said_by(running[:-1], out)
            suite = run_suite(chosen, env, out)
            results |= said_by(running[-1:], out)
    ok = suite == 0 and all(results.values())
    if json:
        seconds = round(time.perf_counter() - began, 1)
        answer({"ok": ok, "checks": results, "pytest": suite, "seconds": seconds}, as_json=True)
    if not ok:
        raise typer.Exit(suite if suite > 1 else 1)


Running = tuple[Check, "subprocess.Popen[str]"]


@contextmanager
def started(wanted: list[Check], env: dict[str, str]) -> Iterator[list[Running]]:
    """The checks as they run, after everything else that wants a core; none outlives us."""
    pipe, same = subprocess.PIPE, subprocess.STDOUT
    running = [
        (
            check,
            subprocess.Popen(("nice", *check.words), cwd=ROOT, env=env, text=True, stdout=pipe, stderr=same),
        )
        for check in wanted
    ]
    try:
        yield running
    finally:
        for _, process in running:
            process.kill()
            process.wait()


def said_by(running: list[Running], out: IO[str]) -> dict[str, bool]:
    """Wait for each in turn and show what it says when it fails."""
    results = {}
    for check, process in running:
        said, _ = process.communicate()
        results[check.name] = process.returncode == 0
        print(f"{'ok  ' if results[check.name] else 'BAD '} {check.name}", file=out)
        if not results[check.name]:
            print(said.rstrip(), file=out)
    out.flush()
    return results


def run_suite(chosen: list[str], env: dict[str, str], out: IO[str]) -> int:
    """pytest's exit code; its own closing line is the last thing printed."""
    spread = [] if any(word.startswith("-n") for word in chosen) else ["-n", "2", "--dist", "worksteal"]
    words = [sys.executable, "-P", "-m", "pytest", *spread, *chosen]
    if shutil.which("chromium") is None and "CI" not in env:
        note("no chromium on this machine: tests that look at pages are skipped (apt-get install chromium)")
    return subprocess.run(words, cwd=ROOT, env=env, stdout=out).returncode
