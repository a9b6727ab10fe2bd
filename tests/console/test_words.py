"""The Chinese words: every one translated, and what is shipped compiled is what was written."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

import pytest

import console

FOLDER = Path(console.__file__).parent / "locale" / "zh_Hans" / "LC_MESSAGES"
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


def written() -> dict[str | tuple[str, int], str]:
    """msgid (or msgid and plural form) to its translation, as django.po has them."""
    found: dict[str | tuple[str, int], str] = {}
    for block in (FOLDER / "django.po").read_text(encoding="utf-8").split("\n\n"):
        parts: dict[str, str] = {}
        key = ""
        for line in block.splitlines():
            if line.startswith("#"):
                continue
            if not line.startswith('"'):
                key = line.split(" ", 1)[0]
            parts[key] = parts.get(key, "") + "".join(STRING.findall(line)).replace('\\"', '"').replace(
                "\\n", "\n"
            )
        if "msgid_plural" in parts:
            found[parts["msgid"], 0] = parts["msgstr[0]"]
        elif "msgid" in parts:
            found[parts["msgid"]] = parts["msgstr"]
    return found


@pytest.fixture(scope="module")
def compiled() -> dict[str | tuple[str, int], str]:
    with (FOLDER / "django.mo").open("rb") as file:
        return gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]


def test_what_is_shipped_compiled_is_what_was_written(compiled: dict[str | tuple[str, int], str]) -> None:
    assert len(written()) > 150
    assert compiled == written()


def test_every_word_is_translated() -> None:
    assert [key for key, words in written().items() if not words] == []


def test_every_word_of_the_templates_is_known_to_the_translation() -> None:
    templates = (FOLDER.parents[2] / "templates").rglob("*.html")
    used = {
        match
        for file in templates
        for match in re.findall(r"""\{% translate ["'](.+?)["'] %\}""", file.read_text(encoding="utf-8"))
    }
    assert len(used) > 100
    assert used - {key for key in written() if isinstance(key, str)} == set()


def test_placeholders_survive_translation() -> None:
    for key, words in written().items():
        text = key if isinstance(key, str) else key[0]
        if text:
            assert set(re.findall(r"%\(\w+\)s|%d", text)) == set(re.findall(r"%\(\w+\)s|%d", words)), text
