"""docs/tutorial.md and docs/how-to are true: every command in them is run in a market that `./jishi up` opened."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jishi.servers.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "docs" / "tutorial.md"
MARK = "\x1e"  # printed between commands, so that each has its own output


@dataclass(frozen=True)
class Typed:
    command: str
    expected: list[str]


def typed(text: str) -> list[Typed]:
    """The commands of the console blocks, each with the lines the page promises."""
    found: list[Typed] = []
    for block in re.findall(r"^```console\n(.*?)^```", text, re.M | re.S):
        command: list[str] = []
        expected: list[str] = []
        for line in [*block.splitlines(), "$ "]:
            if line.startswith("$ "):
                if command:
                    found.append(Typed("\n".join(command), expected))
                command, expected = ([line[2:]] if line[2:] else []), []
            elif line.startswith("> ") and not expected:
                command.append(line[2:])
            else:
                expected.append(line)
    return found


def matches(promised: list[str], seen: list[str]) -> bool:
    """`…` stands for anything within a line."""
    return len(promised) == len(seen) and all(
        re.fullmatch(".*".join(re.escape(part) for part in line.split("…")), said)
        for line, said in zip(promised, seen, strict=True)
    )


@pytest.fixture
def market_open(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A market opened by the command itself, with servers and a home of its own."""
    port = free_port()
    env = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL"}}
    env |= {"JISHI_HOME": str(tmp_path / "home"), "T": str(tmp_path), "J": f"http://127.0.0.1:{port}"}
    up = [sys.executable, str(ROOT / "jishi"), "up", "--detach", "--no-demo", "--port", str(port), "--json"]
    try:
        done = subprocess.run(up, cwd=ROOT, env=env, capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["url"] == env["J"]
        yield env
    finally:
        subprocess.run(
            [sys.executable, str(ROOT / "jishi"), "down"], cwd=ROOT, env=env, capture_output=True, timeout=60
        )


def walk(pages: list[Path], env: dict[str, str]) -> int:
    """Type what these pages type, in one shell, and compare what each command says; how many there were."""
    steps = [step for page in pages for step in typed(page.read_text())]
    script = "\n".join(f"{step.command}\nprintf '\\n{MARK}\\n'" for step in steps)
    done = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, env=env, capture_output=True, text=True, timeout=300
    )
    outputs = done.stdout.split(f"\n{MARK}\n")[: len(steps)]
    for step, output in zip(steps, outputs, strict=True):
        seen = output.splitlines()
        assert matches(step.expected, seen), (
            f"$ {step.command}\npromised {step.expected}\nseen {seen}\n{done.stderr[-2000:]}"
        )
    return len(steps)


@pytest.mark.servers
@pytest.mark.slow
def test_the_tutorial_shows_what_is_seen(market_open: dict[str, str]) -> None:
    assert walk([TUTORIAL], market_open) > 30


@pytest.mark.servers
@pytest.mark.slow
def test_each_how_to_shows_what_is_seen(market_open: dict[str, str]) -> None:
    assert walk(sorted((ROOT / "docs" / "how-to").glob("*.md")), market_open) > 25


def test_the_page_tells_the_verification_that_the_example_runs() -> None:
    """Word for word, but for a remark to our own linter."""
    page = (ROOT / "docs/how-to/integration-tests.md").read_text()
    [block] = re.findall(r"^```python\n(.*?)^```", page, re.M | re.S)
    example = re.sub(r"  # noqa.*", "", (ROOT / "docs/how-to/world_per_test.py").read_text())
    assert block in example
