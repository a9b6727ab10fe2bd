"""A line of JSON becomes an `Auction`, exactly as written, or is refused in words that name the place.

Decimals are read as decimals, never through a float: 0.1 is a tenth.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from itertools import pairwise
from typing import Any, NoReturn

from search.auction.rules import MECHANISMS, TIES
from search.auction.single import Auction, Id, Number

DIGITS = 40  # before the point, and after it
MOST = 10**DIGITS
BIDDERS, PLACES = 200_000, 1_000
SHOWN = 40  # characters of what was written, in a refusal


class Unreadable(ValueError):
    """The line is no auction; the text is one sentence."""


def auction(line: bytes, number: int) -> Auction:
    """From one line; `number` is its own, which drawn ties go by where the line names no other. Unreadable."""
    said = _document(line)
    if not isinstance(said, dict):
        raise Unreadable(f"a line is one object, not {_shown(said)}")
    mechanism = _word(said, "mechanism", MECHANISMS)
    increment, reserve = _number(said, "increment_fen"), _number(said, "reserve_fen")
    clicks = [_amount(each, f"slots[{n}]") for n, each in enumerate(_list(said, "slots"))]
    for n, (above, below) in enumerate(pairwise(clicks), 1):
        if below > above:
            raise Unreadable(f"slots[{n}] has more clicks than the slot above it; slots stand best first")
    bidders = _list(said, "bidders")
    if len(bidders) > BIDDERS:
        raise Unreadable(f"bidders has {len(bidders)} entries; at most {BIDDERS} are taken")
    if min(len(clicks), len(bidders)) > PLACES:
        raise Unreadable(f"at most {PLACES} slots can be filled at once")
    ids, bids, quality, values = _bidders(bidders)
    if increment:
        _be_whole({"increment_fen": increment, "reserve_fen": reserve}, bids)
    return Auction(
        ids, bids, quality, clicks, mechanism, reserve, increment,
        capped=_flag(said, "capped", True),
        ties=_word(said, "ties", TIES) if "ties" in said else "earlier_bid",
        values=values,
        seed=_integer(said, "seed", 0),
        number=_integer(said, "auction", number),
    )  # fmt: skip


def _document(line: bytes) -> Any:
    try:
        return READER.decode(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Unreadable("the line is not UTF-8") from None
    except RecursionError:
        raise Unreadable("the line is nested too deeply") from None
    except Unreadable:
        raise
    except ValueError as problem:
        raise Unreadable(f"the line is not JSON: {str(problem)[:120]}") from None


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Unreadable(f"{_shown(text)} is beyond any number taken here") from None


def _constant(name: str) -> NoReturn:
    raise Unreadable(f"{name} is not a number")


READER = json.JSONDecoder(parse_float=_decimal, parse_constant=_constant)


def _bidders(
    bidders: Sequence[Any],
) -> tuple[list[Id], list[Number], list[Number], list[Number] | None]:
    """ids, bids, quality and, where one differs from the bid, values."""
    plain = _plain(bidders)
    if plain is not None:
        return plain
    ids: list[Id] = []
    bids: list[Number] = []
    quality: list[Number] = []
    values: list[Number] = []
    seen: set[Id] = set()
    for n, bidder in enumerate(bidders):
        if not isinstance(bidder, dict):
            raise Unreadable(f"bidders[{n}] must be an object, not {_shown(bidder)}")
        name = _given(bidder, "id", f"bidders[{n}].")
        if isinstance(name, bool) or not isinstance(name, str | int):
            raise Unreadable(f"bidders[{n}].id must be a string or a whole number, not {_shown(name)}")
        if name in seen:
            raise Unreadable(f"bidders[{n}].id repeats {_shown(name)}")
        seen.add(name)
        ids.append(name)
        bids.append(_number(bidder, "bid_fen", f"bidders[{n}]."))
        quality.append(_number(bidder, "quality", f"bidders[{n}]."))
        values.append(_number(bidder, "value_fen", f"bidders[{n}].") if "value_fen" in bidder else bids[-1])
    return ids, bids, quality, values if values != bids else None


def _plain(bidders: Sequence[Any]) -> tuple[list[Id], list[Number], list[Number], None] | None:
    """The same where nothing is odd, which most lines are: names are texts, numbers are whole. Else None."""
    try:
        ids: list[Id] = [bidder["id"] for bidder in bidders]
        bids: list[Number] = [bidder["bid_fen"] for bidder in bidders]
        quality: list[Number] = [bidder["quality"] for bidder in bidders]
    except (KeyError, TypeError):
        return None
    if set(map(type, ids)) != {str} or {*map(type, bids), *map(type, quality)} != {int}:
        return None
    if len(set(ids)) < len(ids) or not all(
        least >= 0 and most < MOST for least, most in map(_ends, (bids, quality))
    ):
        return None
    return None if any("value_fen" in bidder for bidder in bidders) else (ids, bids, quality, None)


def _ends(numbers: Sequence[Number]) -> tuple[Number, Number]:
    return min(numbers), max(numbers)


def _be_whole(terms: dict[str, Number], bids: Sequence[Number]) -> None:
    """Money is whole fen unless the increment is 0."""
    named = [
        *terms.items(),
        *((f"bidders[{n}].bid_fen", bid) for n, bid in enumerate(bids) if type(bid) is not int),
    ]
    for name, amount in named:
        if amount.denominator != 1:
            raise Unreadable(f"{name} must be whole fen, since increment_fen is not 0")


# -- parts of a line ---------------------------------------------------------------------------------------


def _given(said: dict[str, Any], name: str, where: str = "") -> Any:
    if name not in said:
        raise Unreadable(f"{where}{name} is missing")
    return said[name]


def _number(said: dict[str, Any], name: str, where: str = "") -> Number:
    return _amount(_given(said, name, where), f"{where}{name}")


def _amount(value: Any, name: str) -> Number:
    """A number of at most DIGITS digits on either side of the point, and not below 0."""
    found: Number
    if type(value) is int:
        found = value
    elif isinstance(value, Decimal):
        if value and not (value.adjusted() < DIGITS and value.as_tuple().exponent >= -DIGITS):  # type: ignore[operator]
            raise Unreadable(f"{name} has more than {DIGITS} digits on a side of the point: {_shown(value)}")
        exact = Fraction(value) if value else Fraction(0)
        found = exact.numerator if exact.denominator == 1 else exact
    else:
        raise Unreadable(f"{name} must be a number, not {_shown(value)}")
    if found < 0:
        raise Unreadable(f"{name} must not be negative: {_shown(value)}")
    if found >= MOST:
        raise Unreadable(f"{name} has more than {DIGITS} digits")
    return found


def _list(said: dict[str, Any], name: str) -> list[Any]:
    value = _given(said, name)
    if not isinstance(value, list):
        raise Unreadable(f"{name} must be a list, not {_shown(value)}")
    return value


def _word(said: dict[str, Any], name: str, words: dict[str, str]) -> str:
    value = _given(said, name)
    if not isinstance(value, str) or value not in words:
        raise Unreadable(f"{name} is one of {', '.join(words)}, not {_shown(value)}")
    return value


def _flag(said: dict[str, Any], name: str, default: bool) -> bool:
    value = said.get(name, default)
    if not isinstance(value, bool):
        raise Unreadable(f"{name} must be true or false, not {_shown(value)}")
    return value


def _integer(said: dict[str, Any], name: str, default: int) -> int:
    value = said.get(name, default)
    if type(value) is not int or not -(1 << 63) <= value < 1 << 63:
        raise Unreadable(f"{name} must be a whole number of 64 bits, not {_shown(value)}")
    return value


def _shown(value: Any) -> str:
    """What was written, cut short; never deep, never long."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and value.bit_length() > 256:
        return "a number too large to show"
    text = json.dumps(value) if isinstance(value, str) else str(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"
