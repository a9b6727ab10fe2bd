"""Names of members and shops: unlike each other by construction.

A name is a number written in words: a member's id is shuffled inside the space of a style's combinations
(by a step coprime to the space's size, drawn from the seed), so two ids never share a name. Ids beyond the
space get a numeral at the end. So a name depends on its own id alone, and no table of taken names is needed.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from common import random, sections
from common.words.source import words

Integers = NDArray[np.int64]

_NICK_STYLES = ("adjective", "home", "pinyin", "english", "serial")
_NICK_SHARES = (0.22, 0.20, 0.30, 0.12, 0.16)  # assumption
_SERIALS = 100_000_000
_SHOP_HAS_TRADE = 0.6
_SHOP_IS_ENGLISH = 0.15
# What a shop calls its trade, where the section's own name is too long for a sign.
_TRADES = {
    "virtual-and-tickets": "充值", "consumer-electronics": "数码", "household-appliances": "电器",
    "fashion-accessories": "配饰", "jewellery-and-watches": "饰品", "furniture-and-home": "家居",
    "household-consumables": "百货", "food-and-health": "美食", "sports": "运动",
    "outdoor-and-camping": "户外", "automobile": "车品", "stationery": "文具",
    "hobbies-pets-collection": "藏品", "local-life": "生活",
}  # fmt: skip


def _ids(ids: ArrayLike) -> Integers:
    array = np.atleast_1d(np.asarray(ids))
    if array.dtype.kind not in "iu" and array.size:
        raise TypeError(f"names are given to integer ids, not {array.dtype}")
    if array.size and (array.min() < 0 or array.max() >= 1 << 40):
        raise ValueError("names are given to ids from 0 to 2**40 - 1")
    return array.astype(np.int64)


@cache
def _step(seed: int, purpose: str, space: int) -> tuple[int, int]:
    """(a, b) with x -> (a x + b) mod space a permutation of the space."""
    a = 1 + random.integer(seed, max(1, space - 1), purpose, "step")
    while math.gcd(a, space) != 1:
        a = a % space + 1
    return a, random.integer(seed, space, purpose, "shift")


def _shuffle(seed: int, purpose: str, ids: Integers, space: int) -> tuple[Integers, Integers]:
    """(the place of each id inside the space, how many times the space was full before it)."""
    a, b = _step(seed, purpose, space)
    return (ids % space * a + b) % space, ids // space


def _digits(numbers: Integers, *sizes: int) -> list[list[int]]:
    """Each number in mixed radix, the first size the fastest: rows of indices."""
    found = []
    for size in sizes:
        found.append((numbers % size).tolist())
        numbers = numbers // size
    return found


def nicks(seed: int, members: ArrayLike) -> list[str]:
    """A Taobao-like nick for each member id (0 to 2**40 - 1): distinct ids of one seed, distinct nicks."""
    ids = _ids(members)
    style = random.choices(seed, "words.nick.style", ids, weights=_NICK_SHARES)
    names = np.full(ids.size, "", dtype=object)
    for position, kind in enumerate(_NICK_STYLES):
        rows = np.flatnonzero(style == position)
        names[rows] = np.array(_NICKS[kind](seed, ids[rows]), dtype=object)
    return list(names)


def _adjective_nicks(seed: int, ids: Integers) -> list[str]:
    adjectives, nouns = words("names", "nick_adjective"), words("names", "nick_noun")
    place, full = _shuffle(seed, "nick.adjective", ids, len(adjectives) * len(nouns))
    a, n = _digits(place, len(adjectives), len(nouns))
    return [
        f"{adjectives[i]}{nouns[j]}{f'_{q}' if q else ''}"
        for i, j, q in zip(a, n, full.tolist(), strict=True)
    ]


def _home_nicks(seed: int, ids: Integers) -> list[str]:
    homes = words("names", "nick_home")
    place, full = _shuffle(seed, "nick.home", ids, len(homes) * 12 * 31)
    home, month, day = _digits(place, len(homes), 12, 31)
    return [
        f"{homes[h]}{m + 1:02d}{d + 1:02d}{f'_{q}' if q else ''}"
        for h, m, d, q in zip(home, month, day, full.tolist(), strict=True)
    ]


def _pinyin_nicks(seed: int, ids: Integers) -> list[str]:
    surnames, given, digits = words("names", "surname"), words("names", "given"), words("names", "digits")
    place, full = _shuffle(seed, "nick.pinyin", ids, len(surnames) * len(given) * len(digits))
    s, g, d = _digits(place, len(surnames), len(given), len(digits))
    return [
        f"{surnames[i]}{given[j]}{digits[k]}{f'_{q}' if q else ''}"
        for i, j, k, q in zip(s, g, d, full.tolist(), strict=True)
    ]


def _english_nicks(seed: int, ids: Integers) -> list[str]:
    english, nouns, digits = words("names", "english"), words("names", "nick_noun"), words("names", "digits")
    place, full = _shuffle(seed, "nick.english", ids, len(english) * len(nouns) * len(digits))
    e, n, d = _digits(place, len(english), len(nouns), len(digits))
    return [
        f"{english[i]}{nouns[j]}{digits[k]}{f'_{q}' if q else ''}"
        for i, j, k, q in zip(e, n, d, full.tolist(), strict=True)
    ]


def _serial_nicks(seed: int, ids: Integers) -> list[str]:
    place, full = _shuffle(seed, "nick.serial", ids, _SERIALS)
    return [f"tb{p:08d}{f'_{q}' if q else ''}" for p, q in zip(place.tolist(), full.tolist(), strict=True)]


_NICKS = {
    "adjective": _adjective_nicks,
    "home": _home_nicks,
    "pinyin": _pinyin_nicks,
    "english": _english_nicks,
    "serial": _serial_nicks,
}


def shop_names(seed: int, section_ids: ArrayLike, shops: ArrayLike) -> list[str]:
    """A shop sign for each shop id, most of them naming the section's trade; distinct ids, distinct names.

    section_ids: ids of sections, or of anything below them; one, or one a shop.
    """
    ids = _ids(shops)
    owners = np.broadcast_to(np.asarray(section_ids, dtype=np.int64), ids.shape)
    trades = {number: _trade(number) for number in np.unique(owners).tolist()}
    heads, cores, tails = (words("names", part) for part in ("shop_head", "shop_core", "shop_tail"))
    english = words("titles", "brand")
    place, full = _shuffle(seed, "shop", ids, len(heads) * len(cores) * len(tails))
    h, c, t = _digits(place, len(heads), len(cores), len(tails))
    says_trade = random.chances(seed, "words.shop.trade", ids, probability=_SHOP_HAS_TRADE)
    is_english = random.chances(seed, "words.shop.english", ids, probability=_SHOP_IS_ENGLISH)
    brand = random.integers(seed, "words.shop.brand", ids, bound=len(english)).tolist()
    rows = zip(
        h, c, t, owners.tolist(), says_trade.tolist(), is_english.tolist(), brand, full.tolist(), strict=True
    )
    return [
        f"{f'{english[b]} ' if e else ''}{heads[i]}{cores[j]}{trades[o] if s else ''}{tails[k]}"
        f"{f'{q + 1}店' if q else ''}"
        for i, j, k, o, s, e, b, q in rows
    ]


def _trade(number: int) -> str:
    section = sections.section_of(number)
    return _TRADES.get(section.slug, section.name)


def brands() -> tuple[str, ...]:
    """The invented brands, English and Chinese."""
    return words("titles", "brand") + words("titles", "brand_zh")
