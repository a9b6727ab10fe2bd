"""The command line, called within a test."""

from __future__ import annotations

import json
from typing import Any

from typer.testing import CliRunner

from worlds.current import point


def typed(*words: object) -> tuple[int, Any]:
    """`typed("world", "show", …)`: exit code and what was printed, as JSON when it is."""
    from jishi.cli.main import assemble, sentence_of

    done = CliRunner().invoke(assemble(), [str(word) for word in words])
    point(None)
    if done.exception and not isinstance(done.exception, SystemExit):
        said = sentence_of(done.exception)  # type: ignore[arg-type]
        assert said is not None, done.exception
        return 1, said
    text = done.stdout.strip()
    return done.exit_code, json.loads(text) if text.startswith(("{", "[")) else text
