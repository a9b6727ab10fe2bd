"""The glossary is true: whole rows, every word once, and the files it names exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in (ROOT / "docs/glossary.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| English")
]


def test_the_glossary_has_ninety_words_and_more_each_once():
    assert len(ROWS) >= 90
    assert len({row[0] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_has_english_chinese_api_name_and_a_file(row):
    english, chinese, api, file = row
    assert english.isascii() or "–" in english
    assert re.search("[\u4e00-\u9fff]", chinese)
    assert api
    path = re.fullmatch(r"`([\w/.]+)`( ◦)?", file)
    assert path
    if not path[2]:  # a module may have grown into a folder of the same name
        assert (ROOT / path[1]).exists() or (ROOT / path[1].removesuffix(".py")).is_dir()
