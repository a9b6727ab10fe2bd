"""test: linters, import floors, types, and the suite on servers of its own."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
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
    """Everything but the tests. Each takes seconds; they run side by side."""
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
        results = {} if chosen else run_checks(env, out)
        suite = run_suite(chosen, env, out)
    ok = suite == 0 and all(results.values())
    if json:
        seconds = round(time.perf_counter() - began, 1)
        answer({"ok": ok, "checks": results, "pytest": suite, "seconds": seconds}, as_json=True)
    if not ok:
        raise typer.Exit(suite if suite > 1 else 1)


def run_checks(env: dict[str, str], out: IO[str]) -> dict[str, bool]:
    """Start all, then show each in turn."""
    started = [
        (
            check.name,
            subprocess.Popen(
                check.words, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            ),
        )
        for check in checks()
    ]
    results = {}
    for name, process in started:
        said, _ = process.communicate()
        results[name] = process.returncode == 0
        print(f"{'ok  ' if results[name] else 'BAD '} {name}", file=out)
        if not results[name]:
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
