"""./jishi views FILE --world W."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from typer.testing import CliRunner

from jishi.cli.main import assemble
from tests.traffic.looks import seen
from worlds.current import use_world


@pytest.mark.parametrize("name", ["day.csv", "day.ndjson"])
def test_a_file_of_views_is_counted_in_a_market(
    committed_world: Any, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / name
    file.write_text(
        "visitor,page,source\na,home,direct\nb,search,organic_search\nc,attic,\n"
        if name.endswith("csv")
        else '{"visitor":"a","page":"home"}\n{"visitor":"b","page":"search","source":"organic_search"}\n{"page":"x"}'
    )
    database = connection.settings_dict
    place = f"{database['HOST']}:{database['PORT']}/{database['NAME']}"
    monkeypatch.setenv("DATABASE_URL", f"postgresql://{database['USER']}:{database['PASSWORD']}@{place}")
    monkeypatch.setenv("JISHI_HOME", str(tmp_path / "home"))
    said = CliRunner().invoke(assemble(), ["views", str(file), "--world", committed_world.name, "--json"])
    assert said.exit_code == 0, said.output
    told = json.loads(said.stdout)
    assert (told["seen"], told["refused"], told["refusals"][0]["row"]) == (2, 1, 2)
    with use_world(committed_world.schema):
        assert [(row["page"], row["source"]) for row in seen()] == [(1, 1), (2, 2)]
    missing = CliRunner().invoke(assemble(), ["views", str(file), "--world", "nobody-made-it"])
    assert missing.exit_code != 0
