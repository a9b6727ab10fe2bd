"""What people say: comments, follow-ups, explanations, Wangwang lines and page descriptions."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from common import random, regions, sections
from common.words.source import (
    Bag,
    Integers,
    Texts,
    categories_for,
    feature_bag,
    noun_bag,
    phrases,
    place_of,
    section_bag,
)

_VERDICTS = {1: "good", 0: "neutral", -1: "bad"}
_ENGLISH_SHARE = 0.04  # foreign buyers: assumption
# How often a comment speaks of each thing, by share: assumption.
_ASPECTS = (("description", 0.85), ("service", 0.35), ("speed", 0.40), ("closing", 0.45))
# What a comment on the goods can be about, by kind of section; everything else is plain goods.
_MANNERS = ("description", "worn", "food", "virtual")
_MANNER_OF_KIND = {"clothes": 1, "shoes": 1, "food": 2, "virtual": 3, "service": 3}
_WHAT = ("", "_virtual")  # headings of the description of goods, and of what is not shipped
_MOST_LINES = 32  # more than any body of a description has: counts of draws are spaced by it
_CITIES = ("北京", "上海", "广州", "深圳", "杭州", "成都", "武汉", "西安", "沈阳", "长沙", "乌鲁木齐", "昆明")


@cache
def _sentences(name: str, headings: tuple[str, ...]) -> Bag:
    """A bag whose owners are the places of the headings in the tuple."""
    found = phrases(name)
    return Bag({place: found.get(heading, ()) for place, heading in enumerate(headings)})


def _nouns(seed: int, who: Integers, count: ArrayLike, categories: Integers) -> Texts:
    bag = noun_bag()
    return bag.text[bag.draw(seed, "words.talk.noun", who, count, categories, skew=True)]


def comments(
    seed: int, verdicts: ArrayLike, ids: ArrayLike, actors: ArrayLike | None = None, count: ArrayLike = 0
) -> list[str]:
    """The comment that goes with each verdict (1 good, 0 neutral, -1 bad); KeyError for any other.

    ids: what was bought (section, sub-section or category); actors: the feedback's or order's id.
    A few are English. Never empty.
    """
    flat, who = place_of(ids, actors)
    given = np.broadcast_to(np.asarray(verdicts, dtype=np.int64), flat.shape)
    if not np.isin(given, list(_VERDICTS)).all():
        raise KeyError("a verdict is 1, 0 or -1")
    categories = categories_for(seed, flat, who)
    nouns = _nouns(seed, who, count, categories)
    manners = _manners(categories)
    parts = []
    for aspect, share in _ASPECTS:
        if aspect == "description":
            headings = tuple(f"{_VERDICTS[v]}.{manner}" for v in (1, 0, -1) for manner in _MANNERS)
            owners = (1 - given) * len(_MANNERS) + manners
        else:
            headings, owners = tuple(f"{_VERDICTS[v]}.{aspect}" for v in (1, 0, -1)), 1 - given
        bag = _sentences("comments", headings)
        drawn = bag.draw(seed, f"words.comment.{aspect}", who, count, owners)
        spoken = random.chances(seed, f"words.comment.{aspect}.there", who, count, probability=share)
        if aspect == "speed":
            spoken = spoken & (manners != _MANNERS.index("virtual"))  # no courier brings a ticket
        parts.append((bag.text[drawn], spoken.tolist()))
    english = _sentences("english", ("good", "neutral", "bad"))
    foreign = random.chances(seed, "words.comment.foreign", who, count, probability=_ENGLISH_SHARE).tolist()
    abroad = english.text[english.draw(seed, "words.comment.english", who, count, 1 - given)]
    written = []
    for row in range(flat.size):
        said = "".join(texts[row] for texts, spoken in parts if spoken[row])
        said = said or parts[0][0][row]  # somebody who says nothing of anything says it of the goods
        written.append(abroad[row] if foreign[row] else said.replace("{noun}", nouns[row]))
    return written


def _manners(categories: Integers) -> Integers:
    """The place in _MANNERS of each category."""
    kinds = np.array([_MANNER_OF_KIND.get(section.kind, 0) for section in sections.all_sections()])
    return kinds[categories // 10_000 - 1]


def _simple(seed: int, heading: str, actors: ArrayLike, count: ArrayLike) -> list[str]:
    bag = _sentences("comments", (heading,))
    who = np.atleast_1d(np.asarray(actors, dtype=np.int64))
    drawn = bag.draw(seed, f"words.{heading}", who, count, np.zeros(who.shape, dtype=np.int64))
    return list(bag.text[drawn])


def follow_ups(seed: int, actors: ArrayLike, count: ArrayLike = 0) -> list[str]:
    """Additional comments, written weeks later."""
    return _simple(seed, "follow_up", actors, count)


def explanations(seed: int, actors: ArrayLike, count: ArrayLike = 0) -> list[str]:
    """What sellers answer under a comment."""
    return _simple(seed, "explanation", actors, count)


def chat_moves() -> tuple[str, ...]:
    """Everything `chat` can say: buyer.greet, buyer.haggle, seller.counter ... broker.spam."""
    return tuple(phrases("talk"))


def chat(
    seed: int,
    moves: ArrayLike,
    ids: ArrayLike,
    actors: ArrayLike | None = None,
    count: ArrayLike = 0,
    *,
    price_fen: ArrayLike = 0,
    regions_of: ArrayLike | None = None,
) -> list[str]:
    """A Wangwang line for each move (see `chat_moves`; one, or one a row); KeyError for an unknown move.

    price_fen: the price the line speaks of, if it speaks of one; regions_of: the buyer's region code.
    """
    flat, who = place_of(ids, actors)
    headings = chat_moves()
    places = {heading: place for place, heading in enumerate(headings)}
    spoken = np.array([places[str(move)] for move in np.atleast_1d(np.asarray(moves))])
    spoken = np.broadcast_to(spoken, flat.shape)
    bag = _sentences("talk", headings)
    lines = bag.text[bag.draw(seed, "words.chat", who, count, spoken)]
    nouns = _nouns(seed, who, count, categories_for(seed, flat, who))
    prices = np.broadcast_to(np.asarray(price_fen, dtype=np.int64), flat.shape).tolist()
    towns = _towns(seed, who, count, regions_of)
    foreign = random.chances(seed, "words.chat.foreign", who, count, probability=_ENGLISH_SHARE).tolist()
    asks = phrases("english")["ask"]
    which = random.integers(seed, "words.chat.english", who, count, bound=len(asks)).tolist()
    return [
        asks[which[row]]
        if foreign[row] and headings[spoken[row]] == "buyer.ask"
        else line.replace("{noun}", nouns[row])
        .replace("{place}", towns[row])
        .replace("{price}", _yuan(prices[row]))
        for row, line in enumerate(lines)
    ]


def _towns(seed: int, who: Integers, count: ArrayLike, codes: ArrayLike | None) -> list[str]:
    """The short names of the regions, or some city's."""
    if codes is None:
        drawn = random.integers(seed, "words.chat.place", who, count, bound=len(_CITIES))
        return [_CITIES[index] for index in drawn.tolist()]
    array = np.broadcast_to(np.asarray(codes, dtype=np.int64), who.shape)
    short = {code: regions.name(code).removesuffix("市") for code in np.unique(array).tolist()}
    return [short[code] for code in array.tolist()]


def _yuan(fen: int) -> str:
    """Fen as people say it: 35, 35.5, 35.05."""
    return f"{fen // 100}.{fen % 100:02d}".rstrip("0").rstrip(".")


def descriptions(
    seed: int,
    ids: ArrayLike,
    actors: ArrayLike | None = None,
    count: ArrayLike = 0,
    *,
    richness: ArrayLike = 50,
) -> list[str]:
    """The text of a product page: from 2 sentences at richness 0 to 16 or so at 100, none of them twice."""
    flat, who = place_of(ids, actors)
    categories = categories_for(seed, flat, who)
    slots = _slots(seed, who, count, categories)
    virtual = (_manners(categories) == _MANNERS.index("virtual")).tolist()
    wealth = np.clip(np.broadcast_to(np.asarray(richness), flat.shape), 0, 100).tolist()
    found = phrases("description")
    bodies = [(*found[f"detail{what}"], *found[f"service{what}"]) for what in _WHAT]
    opening = random.uniforms(seed, "words.page.opening", who, count).tolist()
    lines_at = _MOST_LINES * np.broadcast_to(np.asarray(count, dtype=np.int64), flat.shape)[:, None]
    keys = random.uniforms(seed, "words.page.body", who[:, None], lines_at + np.arange(_MOST_LINES))
    order = np.argsort(keys, axis=1, kind="stable")
    pages = []
    for row, rich in enumerate(wealth):
        openings, body = found[f"opening{_WHAT[virtual[row]]}"], bodies[virtual[row]]
        drawn = [place for place in order[row].tolist() if place < len(body)][: 1 + int(rich * 14 / 100)]
        lines = [openings[int(opening[row] * len(openings))], *(body[place] for place in sorted(drawn))]
        lines += found["postscript"][-1:] if rich >= 60 else ()
        words = {slot: texts[row] for slot, texts in slots.items()}
        pages.append("\n".join(said for line in lines if (said := _filled(line, words))))
    return pages


def _slots(seed: int, who: Integers, count: ArrayLike, categories: Integers) -> dict[str, Texts]:
    """The words a description may speak of, for each row."""
    slots = {"noun": _nouns(seed, who, count, categories)}
    for slot in ("material", "style", "crowd", "colour"):
        bag = section_bag(slot + "s")
        slots[slot] = bag.text[bag.draw(seed, f"words.page.{slot}", who, count, categories // 10_000)]
    features = feature_bag()
    slots["feature"] = features.text[features.draw(seed, "words.page.feature", who, count, categories // 100)]
    return slots


def _filled(line: str, words: dict[str, str]) -> str:
    """The line with its slots filled, or nothing if a word it needs does not exist for such goods."""
    for slot, word in words.items():
        if f"{{{slot}}}" in line:
            if not word:
                return ""
            line = line.replace(f"{{{slot}}}", word)
    return line
