"""Reading the word lists, and drawing from them by the array."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from common import random, sections

Integers = NDArray[np.int64]
Texts = NDArray[Any]  # numpy array of Python strings (dtype object)

_PHRASES = Path(__file__).with_name("phrases")


def gbk_width(text: str) -> int:
    """Bytes in GBK, which Taobao counts titles in: two for a Chinese character, one for ASCII."""
    return sum(1 if ord(character) < 128 else 2 for character in text)


@cache
def _file(name: str) -> dict[str, tuple[str, ...]]:
    """The lines under each [heading] of a file."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in (_PHRASES / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            lines = found.setdefault(line.strip("[]"), [])
        elif line:
            lines.append(line)
    return {heading: tuple(body) for heading, body in found.items()}


def phrases(name: str) -> dict[str, tuple[str, ...]]:
    """Sentences, one a line, by heading."""
    return _file(name)


@cache
def words(name: str, heading: str) -> tuple[str, ...]:
    """Words, apart by blanks."""
    return tuple(" ".join(_file(name)[heading]).split())


class Bag:
    """Lists of words, one for each owner (a section, a category, a heading), drawn from by the array.

    `text` and `width` hold every word and its bytes in GBK; index 0 is the empty word, which an owner with
    an empty list always draws.
    """

    def __init__(self, lists: Mapping[int, tuple[str, ...]]):
        owners = sorted(lists)
        flat = [""] + [word for owner in owners for word in lists[owner]]
        self.owners = np.array(owners, dtype=np.int64)
        self.size = np.array([len(lists[owner]) for owner in owners], dtype=np.int64)
        self.start = 1 + np.concatenate(([0], np.cumsum(self.size)[:-1])).astype(np.int64)
        self.text: Texts = np.array(flat, dtype=object)
        self.width = np.array([gbk_width(word) for word in flat], dtype=np.int64)

    def draw(
        self,
        seed: int,
        purpose: str,
        actors: ArrayLike,
        count: ArrayLike,
        owners: ArrayLike,
        skew: bool = False,
    ) -> Integers:
        """Indices into `text`; with skew, words early in a list are the likelier. KeyError: no such owner."""
        return self.at(random.uniforms(seed, purpose, actors, count), owners, skew)

    def at(self, drawn: NDArray[np.float64], owners: ArrayLike, skew: bool = False) -> Integers:
        """As `draw`, by numbers that are drawn already."""
        at = np.searchsorted(self.owners, owners)
        if bool(np.any(at >= len(self.owners))) or bool(np.any(self.owners[at] != owners)):
            raise KeyError("no word list for one of the owners")
        drawn = drawn * drawn if skew else drawn
        return np.where(self.size[at] > 0, self.start[at] + (drawn * self.size[at]).astype(np.int64), 0)


@cache
def section_bag(heading: str) -> Bag:
    """The materials, styles, crowds, colours, sizes or extras of each section."""
    return Bag({section.id: section.words[heading] for section in sections.all_sections()})


@cache
def noun_bag() -> Bag:
    """What each category's goods are called."""
    return Bag({category.id: category.nouns for category in sections.all_categories()})


@cache
def feature_bag() -> Bag:
    """What sellers say about the goods of each sub-section."""
    return Bag({sub.id: sub.features for sub in sections.all_sub_sections()})


def place_of(ids: ArrayLike, actors: ArrayLike | None) -> tuple[Integers, Integers]:
    """Ids of any level and the actors (default: 0, 1, 2 ...), both one-dimensional and equally long."""
    flat = np.atleast_1d(np.asarray(ids, dtype=np.int64))
    who = np.arange(flat.size) if actors is None else np.atleast_1d(np.asarray(actors, dtype=np.int64))
    flat, who = np.broadcast_arrays(flat, who)
    return flat, who


def categories_for(
    seed: int, ids: ArrayLike, actors: ArrayLike | None = None, count: ArrayLike = 0
) -> Integers:
    """A category for each id: itself, or one drawn from under its section or sub-section.

    An unknown id raises KeyError.
    """
    flat, who = place_of(ids, actors)
    unique, back = np.unique(flat, return_inverse=True)
    every = sections.category_ids()
    first = np.array([np.searchsorted(every, sections.categories_in(n)[0].id) for n in unique.tolist()])
    size = np.array([len(sections.categories_in(n)) for n in unique.tolist()])
    if flat.size == 0:
        return flat.copy()
    return every[first[back] + random.integers(seed, "words.category", who, count, bound=size[back])]
