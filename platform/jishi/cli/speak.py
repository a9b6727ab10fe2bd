"""How every command answers: one object on standard output, everything else on standard error."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON object on standard output.")]


class Failure(Exception):
    """A command could not do its work; the text is the one sentence it leaves with. Exit code 1."""


def fail(sentence: str) -> NoReturn:
    raise Failure(sentence)


def with_way_out(detail: str, way_out: str | None) -> str:
    """What was refused, and what to do about it: the two sentences a refusal has."""
    stop = "" if detail.endswith((".", "!", "?")) else "."
    return f"{detail}{stop} {way_out}" if way_out else detail


def answer(data: Any, text: str | None = None, *, as_json: bool) -> None:
    """Print `data` as JSON, or `text` for people (the data, indented, when there is no text)."""
    if as_json:
        print(json.dumps(data, ensure_ascii=False))
    else:
        print(json.dumps(data, ensure_ascii=False, indent=2) if text is None else text)
    sys.stdout.flush()


def save(file: Path, text: str) -> None:
    """Write what was asked for into `file`."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}. Choose another file.")


def note(sentence: str) -> None:
    """Progress, for people: standard error, so that --json stays clean."""
    print(sentence, file=sys.stderr, flush=True)
