"""What an entry of a scenario can be: its unit, its bounds, what it means. The reader and the docs go by these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

REQUIRED: Any = object()  # no fallback: the file must say it


@dataclass(frozen=True, slots=True)
class Kind:
    """The limits of one entry; `least` and `most` are inclusive. `rows`: fewest and most entries of a list."""

    shape: str  # text | whole | number | flag | word | numbers | slugs | weights | settings | levers | day | moment
    unit: str
    means: str
    least: float = 0
    most: float = 0
    words: tuple[str, ...] = ()
    rows: tuple[int, int] = (1, 1)
    of: str = ""  # slugs and weights: section | region
    fallback: Any = REQUIRED

    @property
    def required(self) -> bool:
        return self.fallback is REQUIRED


def text(most: int, means: str, fallback: Any = REQUIRED) -> Any:
    """One to `most` characters; none only where that is the fallback."""
    return entry(Kind("text", "characters", means, 1, most, fallback=fallback))


def whole(unit: str, least: int, most: int, means: str, fallback: Any = REQUIRED) -> Any:
    return entry(Kind("whole", unit, means, least, most, fallback=fallback))


def number(unit: str, least: float, most: float, means: str, fallback: Any = REQUIRED) -> Any:
    return entry(Kind("number", unit, means, least, most, fallback=fallback))


def share(means: str, fallback: Any = REQUIRED) -> Any:
    """A number from 0 (none) to 1 (all)."""
    return number("share", 0, 1, means, fallback)


def flag(means: str, fallback: Any = REQUIRED) -> Any:
    return entry(Kind("flag", "yes or no", means, fallback=fallback))


def word(*choices: str, means: str, fallback: Any = REQUIRED) -> Any:
    return entry(Kind("word", "one of", means, words=choices, fallback=fallback))


def numbers(unit: str, least: float, most: float, count: int, means: str, fallback: Any = REQUIRED) -> Any:
    """Exactly `count` numbers."""
    return entry(Kind("numbers", unit, means, least, most, rows=(count, count), fallback=fallback))


def slugs(of: str, means: str, fallback: Any = REQUIRED) -> Any:
    return entry(Kind("slugs", f"slugs of {of}s", means, rows=(0, 400), of=of, fallback=fallback))


def weights(of: str, means: str, fallback: Any = REQUIRED) -> Any:
    """A table from a section's slug or a region's code to a weight above 0; only their proportions count."""
    return entry(Kind("weights", f"weight by {of}", means, 0, 1_000_000, of=of, fallback=fallback))


def special(shape: str, unit: str, means: str, fallback: Any = REQUIRED) -> Any:
    return entry(Kind(shape, unit, means, fallback=fallback))


def entry(kind: Kind) -> Any:
    if kind.required:
        return field(metadata={"kind": kind})
    if isinstance(kind.fallback, Mapping):
        return field(default_factory=dict, metadata={"kind": kind})
    return field(default=kind.fallback, metadata={"kind": kind})


def kinds(holder: type) -> dict[str, Kind]:
    """The entries of a table that a file may hold, by name, in the order they are written."""
    return {f.name: f.metadata["kind"] for f in fields(holder) if "kind" in f.metadata}
