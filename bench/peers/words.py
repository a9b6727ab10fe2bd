"""What the peers sell: made-up goods with plain English names, since not every peer's search can read Chinese."""

from __future__ import annotations

from typing import TypedDict

COLOURS = (
    "amber", "ash", "azure", "black", "brick", "chalk", "cherry", "copper", "cream", "green",
    "grey", "indigo", "ivory", "lilac", "mint", "ochre", "olive", "plum", "rust", "white",
)  # fmt: skip
STUFFS = (
    "bamboo", "birch", "canvas", "ceramic", "clay", "cotton", "enamel", "felt", "glass", "hemp",
    "iron", "linen", "marble", "oak", "paper", "rattan", "silk", "slate", "steel", "wool",
)  # fmt: skip
GOODS = (
    "apron", "basket", "bench", "blanket", "bowl", "box", "clock", "cup", "curtain", "cushion", "desk", "fan", "hat",
    "jar", "kettle", "lamp", "mat", "mirror", "scarf", "shelf", "stool", "teapot", "tray", "umbrella", "vase",
)  # fmt: skip
ALL = len(COLOURS) * len(STUFFS) * len(GOODS)  # 10,000
STRIDE = 7919  # no factor in common with ALL, so any first so many are spread over all kinds


class Product(TypedDict):
    """One product: `number` from 0, `title` unique, `kind` one of GOODS, `price_fen` from 990 to 50,840."""

    number: int
    title: str
    kind: str
    price_fen: int


def catalogue(count: int) -> list[Product]:
    """The first `count` products, at most ALL; always the same."""
    if count > ALL:
        raise ValueError(f"there are {ALL} products to be had, not {count}")
    return [_product(number) for number in range(count)]


def _product(number: int) -> Product:
    rest, kind = divmod(number * STRIDE % ALL, len(GOODS))
    colour, stuff = divmod(rest, len(STUFFS))
    title = f"{COLOURS[colour].capitalize()} {STUFFS[stuff]} {GOODS[kind]}"
    return {"number": number, "title": title, "kind": GOODS[kind], "price_fen": 990 + number * 37 % 997 * 50}
