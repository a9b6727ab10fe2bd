"""The search page: what was asked in the address, and the results as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import orjson

from console import words
from search import used
from search.api import ASKED_READERS, PAGE_READERS
from search.express import auction
from search.queries.asked import FILTERS, Asked, now
from search.queries.explain import explained
from search.queries.facets import facets
from search.queries.find import find
from search.rules import RESULTS_MOST

PAGE = 24
READERS = {
    **ASKED_READERS,
    "sort": PAGE_READERS["sort"],
    "offset": PAGE_READERS["offset"],
    "explain": PAGE_READERS["explain"],
}
PRICES = {"from": "price_from_fen", "to": "price_to_fen"}


@dataclass(frozen=True)
class Question:
    """A search as its address says it. What could not be read is left out and named in `ignored`."""

    asked: Asked
    explain: bool
    told: dict[str, str]
    ignored: list[str] = field(default_factory=list)

    def address(self, **changes: Any) -> str:
        """The query string of the same search with `changes` (None or empty takes one away), at its first page."""
        parts = {name: text for name, text in self.told.items() if name != "offset"}
        parts |= {name: "" if value is None else str(value) for name, value in changes.items()}
        return "?" + urlencode({name: text for name, text in parts.items() if text})


def question(given: Mapping[str, str]) -> Question:
    """Read an address: filters as the API names them, prices also in yuan as `from` and `to`."""
    values: dict[str, Any] = {}
    told: dict[str, str] = {}
    ignored: list[str] = []
    for name, text in ((name, typed.strip()) for name, typed in given.items() if typed.strip()):
        reads, raw = (PRICES[name], _fen(text)) if name in PRICES else (name, text)
        value, fault = READERS[reads].read(raw) if reads in READERS else (None, ("unknown", ""))
        if fault:
            ignored.append(name[:40])
        else:
            values[reads], told[name] = value, text
    filters = {name: values[name] for name in FILTERS if name in values}
    asked = Asked(values.get("q", ""), filters, values.get("sort", "default"), PAGE, values.get("offset", 0))
    return Question(asked, bool(values.get("explain")), told, ignored)


def _fen(text: str) -> str:
    """Yuan as a person types them, as fen; unreadable text as it is, to be refused."""
    try:
        return str(round(float(text) * 100))
    except (ValueError, OverflowError):
        return text


@dataclass(frozen=True)
class Choice:
    """A filter's value one may choose or, when chosen, give up."""

    name: Any
    count: int
    address: str
    chosen: bool


@dataclass(frozen=True)
class Page:
    """A page of results, and what else could be asked."""

    results: list[dict[str, Any]]
    count: int
    matched: Any
    at: datetime
    groups: list[tuple[Any, list[Choice]]]
    sorts: list[Choice]
    before: str | None
    after: str | None
    first: int
    explain: str


def answer(question: Question) -> Page:
    """Ask the market's search, as its API does: same words, same filters, same order."""
    asked, moment = question.asked, now()
    found = find(asked, moment)
    if asked.filters:
        used.note(moment.uid, moment.at, asked.filters.get("section"), asked.filters)
    results = orjson.loads(found.results)
    if question.explain and results:
        why = explained(asked, moment, found.matched, [row["listing"] for row in results])
        for row in results:
            row["why"] = [
                {**term, "name": words.TERMS[term["term"]]}
                for term in why[row["listing"]]["terms"]
                if term["product"]
            ]
    counts = facets(asked, moment, found.matched)
    offset = asked.offset
    later = offset + PAGE
    return Page(
        results,
        counts["count"],
        words.MATCHED[found.matched],
        moment.at,
        _groups(question, counts),
        [Choice(name, 0, question.address(sort=None if sort == "default" else sort), sort == asked.sort)
         for sort, name in words.SORTS.items()],
        question.address(offset=max(offset - PAGE, 0) or None) if offset else None,
        question.address(offset=later) if found.more and later < RESULTS_MOST else None,
        offset + 1,
        question.address(explain=None if question.explain else "true"),
    )  # fmt: skip


@dataclass(frozen=True)
class Sponsored:
    """The paid places of a page: `auction` (what a click refers to), those at the right and those at the bottom."""

    auction: int
    right: list[dict[str, Any]]
    bottom: list[dict[str, Any]]


def sponsored(question: Question, visitor: str) -> Sponsored | None:
    """Hold the auction of a search's first page; None where nobody bid, or nothing was asked for in words."""
    if question.asked.offset or not question.asked.q:
        return None
    told = orjson.loads(auction.paid(auction.Search(question.asked.q, visitor)))
    at = {place: [row for row in told["results"] if row["place"] == place] for place in ("right", "bottom")}
    return Sponsored(told["auction"], **at) if told["results"] else None


def _groups(question: Question, counts: dict[str, Any]) -> list[tuple[Any, list[Choice]]]:
    """Facets as lists of choices; those without any are left out."""
    from console.templatetags.pages import place, section_name

    groups = [
        (words.GROUPS["section"], _choices(question, "section", counts["section"][:8], section_name)),
        (words.GROUPS["subsection"], _choices(question, "subsection", counts["subsection"][:8], section_name))
        if "section" in question.asked.filters
        else ("", []),
        (words.GROUPS["grade"], _choices(question, "grade", counts["grade"], words.GRADES.get)),
        (words.GROUPS["promises"], _flags(question, counts)),
        (words.GROUPS["province"], _choices(question, "province", counts["province"][:8], place)),
        (words.GROUPS["supply"], _choices(question, "supply", counts["supply"], words.SUPPLIES.get)),
    ]
    return [(name, choices) for name, choices in groups if choices]


def _choices(question: Question, facet: str, values: list[dict[str, Any]], name: Any) -> list[Choice]:
    chosen = question.asked.filters.get(facet)
    return [
        Choice(
            name(row["value"]),
            row["count"],
            question.address(**{facet: None if row["value"] == chosen else row["value"]}),
            row["value"] == chosen,
        )
        for row in values
    ]


def _flags(question: Question, counts: dict[str, Any]) -> list[Choice]:
    filters = question.asked.filters
    return [
        Choice(
            name,
            counts[flag],
            question.address(**{flag: None if flag in filters else "true"}),
            flag in filters,
        )
        for flag, name in words.FLAGS.items()
        if counts[flag] or flag in filters
    ]
