"""Pages are well made: every element closed where it was opened, every id once, every reference to one that is there."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from tests.console.conftest import Reader, Street, page

VOID = {"meta", "link", "input", "br", "img"}
REFERENCES = ("for", "aria-labelledby", "aria-controls")


class Markup(HTMLParser):
    """What is wrong with a page's markup, as sentences."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self.fields: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if len(told) != len(attrs):
            self.wrong.append(f"{tag} says an attribute twice")
        if told.get("id"):
            self.ids.append(str(told["id"]))
        for name in REFERENCES:
            self.asked += str(told[name]).split() if told.get(name) else []
        href = told.get("href") or ""
        self.asked += [href[1:]] if href.startswith("#") else []
        if tag in ("p", "h1", "h2", "h3") and self.open and self.open[-1] == "p":
            self.wrong.append(f"{tag} stands in a p")
        if tag in ("input", "select") and told.get("type") not in ("hidden",):
            self.fields.append(told)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"{tag} closes what it did not open, at {self.getpos()}")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_is_well_made(street: Street, reader: Reader, language: str) -> None:
    for path in (
        "/",
        "/search/?q=衣柜&explain=true",
        f"/listings/{street.wardrobe}/",
        "/shops/1/",
        "/regime/",
    ):
        markup = Markup()
        markup.feed(page(reader, path, headers={"accept-language": language}))
        markup.close()
        assert (markup.wrong, markup.open) == ([], []), path
        assert len(markup.ids) == len(set(markup.ids)), path
        assert set(markup.asked) <= set(markup.ids), path
        assert {field.get("id") for field in markup.fields} <= set(markup.asked), path
