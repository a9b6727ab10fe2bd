"""The commands about a population: what is refused leaves nothing behind, and every refusal says what to do instead."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from typer.testing import CliRunner

from worlds import actions
from worlds.current import point
from worlds.models import Job, World


@pytest.fixture
def mark(transactional_db_without_flush: None) -> Iterator[str]:
    """What the worlds of a test are called by; they are dropped in the end."""
    name = f"t{uuid.uuid4().hex[:8]}"
    try:
        yield name
    finally:
        connection.close()
        point(None)
        for world in World.objects.filter(name__startswith=name):
            Job.objects.filter(world=world).delete()
            actions.drop(world)


@pytest.fixture
def jishi() -> Callable[..., Any]:
    """`jishi("simulate", …)`: exit code and what was printed, as JSON when it is."""
    from jishi.cli.main import assemble, sentence_of

    def run(*words: object) -> tuple[int, Any]:
        done = CliRunner().invoke(assemble(), [str(word) for word in words])
        point(None)
        if done.exception and not isinstance(done.exception, SystemExit):
            said = sentence_of(done.exception)  # type: ignore[arg-type]
            assert said is not None, done.exception
            return 1, said
        text = done.stdout.strip()
        return done.exit_code, json.loads(text) if text.startswith("{") else text

    return run


def test_a_picture_that_cannot_be_written_is_refused_in_words(
    mark: str, jishi: Callable[..., Any], tmp_path: Path
) -> None:
    actions.create(mark)
    nowhere = tmp_path / "no" / "such.svg"
    code, said = jishi("circulation", mark, "-o", nowhere)
    assert (code, said) == (
        1,
        f"{nowhere} cannot be written: No such file or directory. Choose another file.",
    )
    assert jishi("export", mark, "-o", nowhere) == (code, said)
