"""What a listing may say, and the cycle it stands in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from common import sections
from common.errors import Invalid
from common.transitions import Step, steps_by_action
from shops.rules.shop import Words, number, text, unprintable

# fmt: off
LISTING_STEPS = (
    #    action    from        to          by                    then
    Step("list",   "in_stock", "on_sale",  "seller",             "a new listing cycle begins"),
    Step("delist", "on_sale",  "in_stock", "seller or platform", "it leaves the showcase"),
)
# fmt: on
LISTING_STEP = steps_by_action(LISTING_STEPS)

SUPPLIES = ("stock", "preorder", "custom")
DELIVERIES = ("express", "mail", "virtual", "auto")
CONDITIONS = ("new", "unused", "second")
PRICE_MOST_FEN = 10**11
POSTAGE_MOST_FEN = 10**9
STOCK_MOST = 10**9
TAGS_MOST, TAG_CHARACTERS = 20, 30
PROPERTIES_MOST, PROPERTIES_BYTES = 60, 8_000
DESCRIPTION_CHARACTERS = 25_000
CATEGORIES = frozenset(category.id for category in sections.all_categories())


@dataclass(frozen=True, slots=True)
class Cycle:
    """Where a listing stands in its cycle: `round` 0 is the first; `ends_at` relists it by itself."""

    round: int
    began_at: datetime
    ends_at: datetime
    remaining_seconds: int


def cycle(listed_at: datetime, at: datetime, days: int) -> Cycle:
    """The cycle that `at` falls in, of a listing put on sale at `listed_at`; `days` is `listing.cycle_days`.

    A cycle holds its first second and not its last: at its very end the next begins. Needs at >= listed_at.
    """
    span = timedelta(days=days)
    number_ = max((at - listed_at) // span, 0)
    began_at = listed_at + number_ * span
    ends_at = began_at + span
    return Cycle(number_, began_at, ends_at, (ends_at - max(at, listed_at)) // timedelta(seconds=1))


def title_bytes(title: str) -> int:
    """Length as Taobao counts it: a Chinese character is two bytes, a Latin letter one (GBK)."""
    return len(title) if title.isascii() else len(title.encode("gb18030", errors="replace"))


def richness(description: str, picture_count: int) -> int:
    """0 to 100 for a description nobody scored: a point each 20 characters, five each picture.

    Ours; a thousand characters and ten pictures make a full page.
    """
    return min(100, min(50, len(description) // 20) + min(50, 5 * picture_count))


def texts(value: Any) -> list[str]:
    """A list of texts and nothing else; raises `Invalid`."""
    if all(type(part) is str for part in value):
        return list(value)
    raise Invalid("tags are texts", field="tags", rule="tags_are_texts", way_out='Send ["实木", "包邮"].')


def fault(field: str, value: Any) -> Invalid | None:
    """What is wrong with one field of a listing; None when nothing is. Types are the caller's care."""
    words = FAULTS[field](value) if field in FAULTS else None
    return Invalid(words[0], field=field, rule=words[1], way_out=words[2]) if words else None


def first_fault(new: Any, defaults: Mapping[str, Any]) -> Invalid | None:
    """The first field of `new` that does not fit; what is as in `defaults` is not looked at again."""
    for field, check in FAULTS.items():
        value = getattr(new, field)
        if value != defaults.get(field, ...) and (words := check(value)):
            return Invalid(words[0], field=field, rule=words[1], way_out=words[2])
    return None


def title_fault(title: str, most_bytes: int) -> Invalid | None:
    """A title says something in at most `most_bytes` (lever `listing.title_bytes`)."""
    if not title.strip():
        return Invalid("a listing has a title", field="title", rule="title_is_there", way_out="Write one.")
    if not title.isprintable():
        return Invalid(
            "a title is one line of printable text",
            field="title",
            rule="title_is_printable",
            way_out="Take controls out.",
        )
    if len(title) * 2 > most_bytes and (length := title_bytes(title)) > most_bytes:
        return Invalid(
            f"this title has {length} bytes; the most is {most_bytes}",
            field="title",
            rule="title_length",
            way_out=f"Use at most {most_bytes // 2} Chinese characters; a Latin letter is half of one.",
        )
    return None


def supply_fault(
    supply: str, stock: int, ready_at: datetime | None, within_days: int | None
) -> Invalid | None:
    """Goods made to order are not counted; a pre-order says when it ships."""
    if supply == "custom" and stock:
        return Invalid(
            "goods made to order have no stock to count",
            field="stock",
            rule="goods_made_to_order_have_no_stock",
            way_out="Leave the stock out.",
        )
    if supply == "preorder" and ready_at is None and within_days is None:
        return Invalid(
            "a pre-order says when it ships",
            field="ready_at",
            rule="a_preorder_says_when_it_ships",
            way_out="Send ready_at or ship_within_days.",
        )
    return None


def _category(value: int) -> Words:
    if value in CATEGORIES:
        return None
    return (
        f"there is no category {value}",
        "category_is_known",
        "Send a category's six-digit id or less, such as 150102: section 15, sub-section 1501.",
    )


def _one_of(noun: str, words: tuple[str, ...]) -> Any:
    def check(value: str) -> Words:
        if value in words:
            return None
        return f"{noun} is one of {', '.join(words)}", f"{noun}_is_known", f"Send {words[0]}."

    return check


def _tags(value: list[str]) -> Words:
    if len(value) > TAGS_MOST:
        return f"a listing has at most {TAGS_MOST} tags", "tags_count", "Keep the best."
    if any(not tag.strip() or len(tag) > TAG_CHARACTERS or not tag.isprintable() for tag in value):
        return f"a tag is 1 to {TAG_CHARACTERS} printable characters", "tag_length", "Shorten it."
    if len(set(value)) != len(value):
        return "the same tag stands twice", "tags_differ", "Leave one out."
    return None


def _properties(value: Mapping[str, Any]) -> Words:
    """Names to texts, numbers, yes or no, or lists of texts."""
    if len(value) > PROPERTIES_MOST:
        return f"a listing has at most {PROPERTIES_MOST} properties", "properties_count", "Keep the best."
    for name, held in value.items():
        parts = held if isinstance(held, list) else [held]
        if not name.strip() or unprintable(name) or any(not _plain(part) for part in parts):
            return (
                "a property is a name with a text, a number, yes or no, or a list of texts",
                "properties_are_plain",
                'Send such as {"材质": "纯棉"}.',
            )
    if value and len(orjson.dumps(value)) > PROPERTIES_BYTES:
        return f"properties take at most {PROPERTIES_BYTES} bytes", "properties_size", "Shorten them."
    return None


def _plain(value: Any) -> bool:
    if isinstance(value, str):
        return not unprintable(value)
    return isinstance(value, int) and abs(value) < 2**53


FAULTS: dict[str, Any] = {
    "category_id": _category,
    "price_fen": number("price", 1, PRICE_MOST_FEN),
    "postage_fen": number("postage", 0, POSTAGE_MOST_FEN),
    "stock": number("stock", 0, STOCK_MOST),
    "supply": _one_of("supply", SUPPLIES),
    "delivery": _one_of("delivery", DELIVERIES),
    "condition": _one_of("condition", CONDITIONS),
    "ship_within_days": lambda days: None if days is None else number("days", 1, 365)(days),
    "tags": _tags,
    "properties": _properties,
    "description": text("description", 0, DESCRIPTION_CHARACTERS),
    "picture_count": number("pictures", 0, 1_000),
    "description_richness": lambda points: None if points is None else number("richness", 0, 100)(points),
    "outer_id": text("own code", 0, 64),
}
