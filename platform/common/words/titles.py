"""Listing titles as Taobao sellers write them: as many search words as 60 bytes hold.

A title is a noun of its category and, as far as they fit, a lead, a brand, a season, crowds, styles,
features, materials, a second noun and a tail. A word that the title already says is left out.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from common import random, sections
from common.words.source import (
    Bag,
    Integers,
    Texts,
    categories_for,
    feature_bag,
    noun_bag,
    place_of,
    section_bag,
    words,
)

TITLE_BYTES = 60  # 30 Chinese characters: Taobao's limit

# The order a title is read in, how often a seller fills each slot, and which slot gets its room first.
# Shares are set so that a full title takes 55 bytes on average, as those of real result lists do (57 and 54).
# fmt: off
_SLOTS = (
    # slot        share  first come
    ("lead",       0.60,  7),
    ("brand",      0.30,  6),
    ("season",     0.60,  5),
    ("crowd",      0.50,  3),
    ("style",      0.75,  2),
    ("feature",    0.95,  1),
    ("material",   0.70,  4),
    ("noun",       1.00,  0),
    ("feature_2",  0.85,  9),
    ("style_2",    0.75, 11),
    ("noun_2",     0.90,  8),
    ("extra",      0.90, 10),
    ("feature_3",  0.95, 12),
    ("crowd_2",    0.60, 14),
    ("material_2", 0.60, 15),
    ("extra_2",    0.95, 16),
    ("style_3",    0.95, 17),
    ("tail",       0.75, 13),
)
# fmt: on
_PLACE = {name: place for place, (name, _, _) in enumerate(_SLOTS)}
_BY_COMING = sorted(_SLOTS, key=lambda row: row[2])
_DRAWS = [f"words.title.{slot}{what}" for slot, _, _ in _SLOTS for what in ("", ".there")]
_DRESSED = frozenset({"clothes", "shoes"})


@cache
def _bag(slot: str) -> Bag:
    """The list a slot is filled from, an owner a section (nouns: a category; features: a sub-section)."""
    if slot == "noun":
        return noun_bag()
    if slot == "feature":
        return feature_bag()
    if slot in ("crowd", "style", "material", "extra"):
        return section_bag(slot + "s")
    lists: dict[int, tuple[str, ...]] = {}
    for section in sections.all_sections():
        if slot == "season":
            heading = "season" if section.kind in _DRESSED else "season_service"
            lists[section.id] = words("titles", heading) if section.kind in (*_DRESSED, "service") else ()
        elif slot == "brand":
            goods = () if section.is_virtual else words("titles", "brand") + words("titles", "brand_zh")
            lists[section.id] = tuple(f"{brand} " if brand.isascii() else brand for brand in goods)
        else:
            said = words("titles", f"{slot}_virtual" if section.is_virtual else slot)
            lists[section.id] = tuple(f" {word}" if slot == "tail" else word for word in said)
    return Bag(lists)


def titles(
    seed: int,
    ids: ArrayLike,
    actors: ArrayLike | None = None,
    count: ArrayLike = 0,
    *,
    richness: ArrayLike = 1.0,
) -> list[str]:
    """A title of at most 60 bytes in GBK for each listing.

    ids: sections, sub-sections or categories, shape (n,); actors: the listings' ids (default 0 .. n - 1);
    count: how often it was rewritten; richness: 0 writes the bare noun, 1 fills the title as sellers do.
    """
    flat, who = place_of(ids, actors)
    categories = categories_for(seed, flat, who)
    owner = {"noun": categories, "feature": categories // 100}
    wish = np.asarray(richness, dtype=np.float64)
    n = categories.size
    chosen: list[Texts] = [np.full(n, "", dtype=object)] * len(_SLOTS)
    room = np.full(n, TITLE_BYTES, dtype=np.int64)
    said: Texts = np.full(n, "", dtype=object)
    numbers = dict(zip(_DRAWS, random.uniforms_of(seed, _DRAWS, who, count), strict=True))
    for slot, share, _ in _BY_COMING:
        family = slot.rstrip("_23")
        bag, who_owns = _bag(family), owner.get(family, categories // 10_000)
        drawn = bag.at(numbers[f"words.title.{slot}"], who_owns, skew=slot == "noun")
        wanted = numbers[f"words.title.{slot}.there"] < share * wish
        drawn = np.where((wanted | (slot == "noun")) & (bag.width[drawn] <= room), drawn, 0)
        chosen[_PLACE[slot]], drawn = _unsaid(bag, drawn, said)
        room = room - bag.width[drawn]
        said = said + "|" + chosen[_PLACE[slot]]
    return [title.strip() for title in _spaced(chosen, room)]


def _unsaid(bag: Bag, drawn: Integers, said: Texts) -> tuple[Texts, Integers]:
    """The words drawn, without those the title already holds or that hold all of one already there."""
    fresh = [
        index if word.strip() and word.strip() not in heard else 0
        for index, word, heard in zip(drawn.tolist(), bag.text[drawn], said, strict=True)
    ]
    kept = np.array(fresh, dtype=np.int64)
    return bag.text[kept], kept


def _spaced(parts: list[Texts], room: Integers) -> list[str]:
    """The parts in order, with a blank between two words of Latin letters if there is room for it."""
    joined = []
    for row, left in zip(zip(*parts, strict=True), room.tolist(), strict=True):
        text, blanks = row[0], left
        for word in row[1:]:
            if blanks > 0 and _latin_meet(text, word):
                text, blanks = text + " ", blanks - 1
            text += word
        joined.append(text)
    return joined


def _latin_meet(text: str, word: str) -> bool:
    """True if the last of the text and the first of the word are both Latin letters or digits."""
    before, after = text[-1:], word[:1]
    return before.isascii() and before.isalnum() and after.isascii() and after.isalnum()
