"""How every command answers: one object on standard output, everything else on standard error."""

import json
import sys
from typing import Annotated, Any, NoReturn

import typer

Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON object on standard output.")]


class Failure(Exception):
    """A command could not do its work; the text is the one sentence it leaves with. Exit code 1."""


def fail(sentence: str) -> NoReturn:
    raise Failure(sentence)


def answer(data: Any, text: str | None = None, *, as_json: bool) -> None:
    """Print `data` as JSON, or `text` for people (the data, indented, when there is no text)."""
    if as_json:
        print(json.dumps(data, ensure_ascii=False))
    else:
        print(json.dumps(data, ensure_ascii=False, indent=2) if text is None else text)
    sys.stdout.flush()


def note(sentence: str) -> None:
    """Progress, for people: standard error, so that --json stays clean."""
    print(sentence, file=sys.stderr, flush=True)
