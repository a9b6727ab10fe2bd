"""What a listing says beside its title: price, properties, pictures and how richly it is described."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from common import random, sections
from common.words.names import brands
from common.words.source import Integers, categories_for, place_of, section_bag

# The property names of the Taobao item page, and the word list each is filled from.
_PROPERTIES = (("颜色分类", "colours"), ("材质", "materials"), ("风格", "styles"), ("适用人群", "crowds"))
_SIZE_NAME = {
    "clothes": "尺码", "shoes": "鞋码", "bags": "大小", "beauty": "净含量", "food": "净含量",
    "virtual": "面值", "service": "套餐",
}  # fmt: skip
_COLOURS, _SIZES = 4, 5  # at most so many to choose from
_PICTURES = (1, 15)  # fewest and most pictures of a product page: assumption


def prices(
    seed: int,
    ids: ArrayLike,
    actors: ArrayLike | None = None,
    count: ArrayLike = 0,
    *,
    shift: ArrayLike = 0.0,
) -> Integers:
    """Prices in fen, log-normal round the sub-section's median; from 100 fen up.

    shift: added to the log of the price (a dear shop +0.3, a cheap one -0.3). Ends as prices in shops do:
    most on .00, the others on .90, .80 or .50; large ones on whole yuan.
    """
    flat, who = place_of(ids, actors)
    log_mean, log_sd = sections.prices_of(categories_for(seed, flat, who))
    raw = random.log_normals(
        seed, "words.price", who, count, log_mean=log_mean + np.asarray(shift), log_sd=log_sd
    )
    yuan = np.floor(raw / 100.0)
    tail = np.array([0, 90, 80, 50])[
        random.choices(seed, "words.price.end", who, count, weights=(0.6, 0.2, 0.12, 0.08))
    ]
    tail = np.where(yuan >= 300, 0, tail)
    last = yuan % 10  # prices end on 8 or 9 far more than on anything else
    to_nine = (yuan >= 10) & random.chances(seed, "words.price.nine", who, count, probability=0.45)
    to_eight = (
        (yuan >= 10) & ~to_nine & random.chances(seed, "words.price.eight", who, count, probability=0.4)
    )
    yuan = np.where(to_nine, yuan - last + 9, np.where(to_eight, yuan - last + 8, yuan))
    return np.maximum(yuan * 100 + tail, 100).astype(np.int64)


def richnesses(seed: int, actors: ArrayLike, count: ArrayLike = 0, *, skill: ArrayLike = 0.5) -> Integers:
    """How richly a page is written, 0 to 100; skill 0 to 1 moves the middle from 20 to 80. Assumption."""
    middle = 20.0 + 60.0 * np.asarray(skill, dtype=np.float64)
    drawn = random.normals(seed, "words.richness", actors, count, mean=middle, sd=14.0)
    return np.clip(np.floor(drawn), 0, 100).astype(np.int64)


def picture_counts(
    seed: int, actors: ArrayLike, count: ArrayLike = 0, *, richness: ArrayLike = 50
) -> Integers:
    """Pictures on the page, 1 to 15, more of them the richer (0 to 100) it is."""
    share = np.asarray(richness, dtype=np.float64) / 100.0
    drawn = random.uniforms(seed, "words.pictures", actors, count)
    fewest, most = _PICTURES
    return np.clip(np.floor(fewest + (most - fewest) * share * (0.5 + drawn)), fewest, most).astype(np.int64)


def properties(
    seed: int, ids: ArrayLike, actors: ArrayLike | None = None, count: ArrayLike = 0
) -> list[dict[str, str | list[str]]]:
    """Property sheets, one a listing: names as on Taobao, values from the section's own lists.

    Colour and size hold the choices a buyer has (lists); the others one value each. A section that has no
    such words (tickets have no colour) leaves the property out.
    """
    flat, who = place_of(ids, actors)
    categories = categories_for(seed, flat, who)
    owners = categories // 10_000
    sheets: list[dict[str, str | list[str]]] = [{} for _ in range(categories.size)]
    for name, heading in _PROPERTIES:
        if heading == "colours":
            _offer(seed, sheets, "colours", [name] * len(sheets), owners, who, count, _COLOURS)
            continue
        bag = section_bag(heading)
        values = bag.text[bag.draw(seed, f"words.property.{heading}", who, count, owners)]
        for sheet, value in zip(sheets, values, strict=True):
            if value:
                sheet[name] = value
    names = [_SIZE_NAME.get(sections.section_of(owner).kind, "规格") for owner in owners.tolist()]
    _offer(seed, sheets, "sizes", names, owners, who, count, _SIZES)
    _brand(seed, sheets, owners, who, count)
    return sheets


def _offer(
    seed: int,
    sheets: list[dict[str, str | list[str]]],
    heading: str,
    names: list[str],
    owners: Integers,
    who: Integers,
    count: ArrayLike,
    most: int,
) -> None:
    """A run of neighbouring words of the list: sizes M, L, XL rather than S and 4XL."""
    number = 1 + random.integers(seed, f"words.property.{heading}.number", who, count, bound=most)
    start = random.uniforms(seed, f"words.property.{heading}", who, count)
    rows = zip(sheets, names, owners.tolist(), number.tolist(), start.tolist(), strict=True)
    for sheet, name, owner, wanted, at in rows:
        choices = sections.section_of(owner).words[heading]
        if choices:
            first = int(at * (len(choices) - min(wanted, len(choices)) + 1))
            sheet[name] = list(choices[first : first + wanted])


def _brand(
    seed: int,
    sheets: list[dict[str, str | list[str]]],
    owners: Integers,
    who: NDArray[np.int64],
    count: ArrayLike,
) -> None:
    """A brand for half of the goods; the others say 其他 (other), as most of Taobao's do."""
    names = brands()
    named = random.chances(seed, "words.property.branded", who, count, probability=0.5)
    which = random.integers(seed, "words.property.brand", who, count, bound=len(names))
    for sheet, owner, has, index in zip(sheets, owners.tolist(), named.tolist(), which.tolist(), strict=True):
        if not sections.section_of(owner).is_virtual:
            sheet["品牌"] = names[index] if has else "其他"
