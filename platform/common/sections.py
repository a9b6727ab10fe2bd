"""The market's 24 sections, their sub-sections and the commodity categories in them.

One tree, read from `words/sections/NN-slug.txt`: a file a section, which also holds the section's own
vocabulary for titles and properties. Ids come from the position in the file: section 15, its first
sub-section 1501, that one's second category 150102. So lines may be added at the end and never moved:
categories are the part that grows.

Source of the 24 sections and their order: Li 2014, section 5.2. Sub-sections, categories and words are ours.

Prices are typical amounts in fen, log-normal. A section's median and log-sd start from published means of
49 Taobao trades (an average of a log-normal is its median times exp(sd^2 / 2)) and from the spread of two
real price lists (log-sd 0.80 for one narrow trade, 1.11 for a whole section), rounded; a sub-section's
median is an assumption inside its section's range.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

_FOLDER = Path(__file__).with_name("words") / "sections"
_NARROWER = 0.6  # spread of prices inside a sub-section over that of its section

# fmt: off
KINDS = frozenset({
    "virtual", "service", "plain", "clothes", "shoes", "bags", "accessories", "jewels", "beauty", "home",
    "food", "sport",
})
# fmt: on


@dataclass(frozen=True, slots=True)
class Category:
    """A commodity category; `nouns` are the words a title calls its goods, the category's name first."""

    id: int
    name: str
    english: str
    nouns: tuple[str, ...]

    @property
    def section_id(self) -> int:
        return self.id // 10_000

    @property
    def sub_section_id(self) -> int:
        return self.id // 100


@dataclass(frozen=True, slots=True)
class SubSection:
    """One of a section's eight to ten parts."""

    id: int
    slug: str
    name: str
    english: str
    median_fen: int
    log_sd: float
    features: tuple[str, ...]
    categories: tuple[Category, ...]

    @property
    def section_id(self) -> int:
        return self.id // 100

    @property
    def log_mean(self) -> float:
        """The log of the median price in fen."""
        return math.log(self.median_fen)


@dataclass(frozen=True, slots=True)
class Section:
    """One of the 24; `kind` says what sort of goods they are (see KINDS), `words` its vocabulary by list."""

    id: int
    slug: str
    name: str
    english: str
    kind: str
    median_fen: int
    log_sd: float
    words: dict[str, tuple[str, ...]]
    sub_sections: tuple[SubSection, ...]

    @property
    def log_mean(self) -> float:
        """The log of the median price in fen."""
        return math.log(self.median_fen)

    @property
    def is_virtual(self) -> bool:
        """Nothing is shipped: tickets, top-ups, services used on the spot."""
        return self.kind in ("virtual", "service")


def _fields(line: str, marks: str = "|") -> list[str]:
    return [part.strip() for part in line.split(marks)]


def _read_categories(sub_section_id: int, text: str) -> tuple[Category, ...]:
    categories = []
    for position, part in enumerate(_fields(text, ";"), start=1):
        nouns, english = _fields(part, "=")
        words = tuple(_fields(nouns, ","))
        categories.append(Category(sub_section_id * 100 + position, words[0], english, words))
    return tuple(categories)


def _read_section(path: Path) -> Section:
    head: dict[str, str] = {}
    lines: list[list[str]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("*"):
            lines.append(_fields(line[1:]))
        elif line:
            key, _, value = line.partition(":")
            head[key] = value.strip()
    number, slug, name, english = _fields(head["section"])
    median, log_sd = head["price"].split()
    section_id = int(number)
    subs = tuple(
        SubSection(
            id=section_id * 100 + position,
            slug=sub_slug,
            name=sub_name,
            english=sub_english,
            median_fen=round(float(yuan) * 100),
            log_sd=round(float(log_sd) * _NARROWER, 3),
            features=tuple(features.split()),
            categories=_read_categories(section_id * 100 + position, categories),
        )
        for position, (sub_slug, sub_name, sub_english, yuan, features, categories) in enumerate(lines, 1)
    )
    words = {key: tuple(head[key].split()) for key in ("materials", "styles", "crowds", "colours", "extras")}
    words["sizes"] = tuple(head["sizes"].split())
    return Section(
        section_id, slug, name, english, head["kind"], round(float(median) * 100), float(log_sd), words, subs
    )


@cache
def all_sections() -> tuple[Section, ...]:
    """The 24 sections in order."""
    return tuple(_read_section(path) for path in sorted(_FOLDER.glob("*.txt")))


@cache
def all_sub_sections() -> tuple[SubSection, ...]:
    return tuple(sub for section in all_sections() for sub in section.sub_sections)


@cache
def all_categories() -> tuple[Category, ...]:
    return tuple(category for sub in all_sub_sections() for category in sub.categories)


@cache
def _by_id() -> dict[int, Section | SubSection | Category]:
    return {
        node.id: node for level in (all_sections(), all_sub_sections(), all_categories()) for node in level
    }


@cache
def _by_slug() -> dict[str, Section | SubSection]:
    return {node.slug: node for level in (all_sections(), all_sub_sections()) for node in level}


def node(number: int) -> Section | SubSection | Category:
    """The section, sub-section or category with this id; KeyError when there is none."""
    return _by_id()[int(number)]


def find(slug: str) -> Section | SubSection:
    """The section or sub-section with this slug; KeyError when there is none."""
    return _by_slug()[slug]


def valid(number: int) -> bool:
    """True for the id of a section, sub-section or category."""
    return int(number) in _by_id()


def level(number: int) -> str:
    """section, sub_section or category; KeyError for an id that is none."""
    return {Section: "section", SubSection: "sub_section", Category: "category"}[type(node(number))]


def section_id_of(number: int) -> int:
    """The section above any id: 150102, 1501 and 15 give 15."""
    return number // 10_000 if number >= 10_000 else number // 100 if number >= 100 else number


def section_of(number: int) -> Section:
    """The section that holds this section, sub-section or category; KeyError for an unknown id."""
    node(number)
    found = node(section_id_of(int(number)))
    assert isinstance(found, Section)
    return found


def sub_section_of(number: int) -> SubSection:
    """The sub-section that holds this sub-section or category; KeyError for a section or an unknown id."""
    found = node(number)
    found = node(found.sub_section_id) if isinstance(found, Category) else found
    if not isinstance(found, SubSection):
        raise KeyError(f"{number} is a section: it has several sub-sections")
    return found


def path(number: int) -> tuple[int, ...]:
    """Ids from the section down to this one: 150102 gives (15, 1501, 150102)."""
    depth = {"section": 1, "sub_section": 2, "category": 3}[level(number)]
    return tuple(int(number) // 100**above for above in range(depth - 1, -1, -1))


def path_name(number: int, language: str = "zh") -> str:
    """The same in words, 家具家饰 > 拼装家具 > 简易衣柜. language: zh or en."""
    nodes = [node(step) for step in path(number)]
    return " > ".join(step.english if language == "en" else step.name for step in nodes)


def categories_in(number: int) -> tuple[Category, ...]:
    """Every category under a section or sub-section; of a category, itself."""
    found = node(number)
    if isinstance(found, Section):
        return tuple(category for sub in found.sub_sections for category in sub.categories)
    return found.categories if isinstance(found, SubSection) else (found,)


@cache
def category_ids() -> NDArray[np.int64]:
    """Ids of all categories, rising."""
    return np.array([category.id for category in all_categories()], dtype=np.int64)


def prices_of(numbers: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(log-mean, log-sd) of typical prices in fen for an array of ids of any level; KeyError: unknown id."""
    unique, back = np.unique(np.asarray(numbers, dtype=np.int64), return_inverse=True)
    priced = [section_of(n) if n < 100 else sub_section_of(n) for n in unique.tolist()]
    log_mean = np.array([p.log_mean for p in priced])
    return log_mean[back], np.array([p.log_sd for p in priced])[back]
