"""Titles and queries become words by one rule, and words become lexemes and tsqueries.

A document's lexemes: `word` (it says so somewhere), `^word` (its title says so) and `#mark` (a filter that
changes only when it is edited: section, sub-section, category, province, city, shop, supply, delivery, postage).
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

import rjieba

from common import regions, sections
from search.rules import ODD_PRICE, QUERY_WORDS

WORD_CHARACTERS = 40
SPREAD = str.maketrans({c: " " for c in map(chr, range(0x21, 0x7F)) if not c.isalnum() and c != "."})


def plain(text: str) -> str:
    """One way to write it: full-width as half-width, small letters, punctuation as blanks."""
    return unicodedata.normalize("NFKC", text).casefold().translate(SPREAD)


def _kept(parts: Iterable[str]) -> list[str]:
    """Those that say something: letters and digits of any script, at most 40 characters of each."""
    return [
        singular(part) if part.isascii() else part[:WORD_CHARACTERS]
        for part in parts
        if part.isalnum() or ("." in part and part.replace(".", "").isalnum())
    ]


@lru_cache(maxsize=50_000)
def singular(word: str) -> str:
    """An English word without its plural: wardrobes, dresses and batteries as wardrobe, dress and battery."""
    word = word.strip(".")[:WORD_CHARACTERS]
    if len(word) < 4 or not word.isalpha() or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("sses", "xes", "ches", "shes", "zes")) else word[:-1]


def document_words(text: str) -> list[str]:
    """Every word of a text, and the shorter ones inside longer ones; of four characters also both halves."""
    found = _kept(rjieba.cut_for_search(plain(text)))
    halves = [
        half for word in found if len(word) == 4 and not word.isascii() for half in (word[:2], word[2:])
    ]
    return found + halves


@lru_cache(maxsize=20_000)
def query_words(text: str) -> tuple[str, ...]:
    """The words of a query, each once, at most QUERY_WORDS of them."""
    return tuple(dict.fromkeys(_kept(rjieba.cut(plain(text)))))[:QUERY_WORDS]


@cache
def path_words(category: int) -> frozenset[str]:
    """The words of a category's path, Chinese and English."""
    return frozenset(
        word for tongue in ("zh", "en") for word in document_words(sections.path_name(category, tongue))
    )


def marks(row: Mapping[str, Any]) -> list[str]:
    """The `#` lexemes of a listing (category, region, shop, supply, delivery, postage)."""
    category, region = row["category_id"], row["region"]
    found = [
        f"#s{category // 10_000}", f"#u{category // 100}", f"#c{category}", f"#p{province(region)}", f"#t{city(region)}",
        f"#o{row['shop_id']}", f"#y{row['supply']}", f"#d{row['delivery']}",
    ]  # fmt: skip
    return [*found, "#free"] if row["postage_fen"] == 0 else found


@lru_cache(maxsize=10_000)
def province(region: int) -> int:
    return regions.province(region) if regions.valid(region) else region // 10_000 * 10_000


@lru_cache(maxsize=10_000)
def city(region: int) -> int:
    return regions.city(region) if regions.valid(region) else region // 100 * 100


def lexemes(row: Mapping[str, Any], title: Sequence[str]) -> list[str]:
    """All lexemes of a listing whose title has these words."""
    said = set(title)
    held = {f"^{word}" for word in said}
    rest = " ".join([*row["tags"], *_texts(row["properties"])])
    if rest:
        said.update(document_words(rest))
    return sorted(said | held | path_words(row["category_id"])) + marks(row)


def _texts(properties: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for name, value in properties.items():
        found.append(name)
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, str):
                found.append(part)
            elif part is not True and part is not False and part is not None:
                found.append(str(part))
    return found


# -- what a title does wrong ------------------------------------------------------------------------------


def stuffed(title: str, words: Sequence[str]) -> bool:
    """Does the title (whose document words these are) say one word of two characters or more three times?"""
    if len(words) - len(set(words)) < 2:
        return False  # spares most titles a second look
    said = Counter(_kept(rjieba.cut(plain(title))))
    return any(count >= 3 and len(word) > 1 for word, count in said.items())


@cache
def _sections_of_nouns() -> dict[str, frozenset[int]]:
    """What goods are called -> the sections that sell them: words of two characters or more."""
    found: dict[str, set[int]] = {}
    for category in sections.all_categories():
        for noun in category.nouns:
            word = plain(noun).strip()
            if len(word) > 1:
                found.setdefault(word, set()).add(category.section_id)
    return {word: frozenset(where) for word, where in found.items()}


@cache
def _nouns_of(section: int) -> tuple[str, ...]:
    return tuple(
        {plain(noun): None for category in sections.categories_in(section) for noun in category.nouns}
    )


def misplaced(title: Sequence[str], category: int) -> bool:
    """Does the title name goods of other sections and nothing of its own category's path?"""
    own = category // 10_000
    nouns = _sections_of_nouns()
    named = [nouns[word] for word in title if word in nouns]
    if not named or any(own in where for where in named) or not path_words(category).isdisjoint(title):
        return False
    said = " ".join(title)
    return not any(noun in said for noun in _nouns_of(own))


def mispriced(price_fen: int, postage_fen: int, category: int) -> bool:
    """Postage above the price, or a price 100 times above or below the usual one of its sub-section."""
    usual = sections.sub_section_of(category).median_fen
    return postage_fen > price_fen or price_fen * ODD_PRICE < usual or price_fen > usual * ODD_PRICE


# -- queries ---------------------------------------------------------------------------------------------


def quoted(lexeme: str) -> str:
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def all_of(lexemes_: Iterable[str]) -> str:
    """A tsquery that asks for all of them."""
    return " & ".join(map(quoted, lexemes_))


def any_of(lexemes_: Iterable[str]) -> str:
    return " | ".join(map(quoted, lexemes_))


def most_of(words: Sequence[str], marks_: Sequence[str] = ()) -> str:
    """A tsquery that asks for all words but one, whichever, and for all marks."""
    left_out = [all_of([*words[:n], *words[n + 1 :]]) for n in range(len(words))]
    return " & ".join([f"({' | '.join(f'({part})' for part in left_out)})", *map(quoted, marks_)])


def titled(words: Iterable[str]) -> list[str]:
    return [f"^{word}" for word in words]
