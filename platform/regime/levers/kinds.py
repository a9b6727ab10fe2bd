"""What a lever can be: a whole number, a yes or no, one of a few words, or a short list of these."""

from dataclasses import MISSING, dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """The limits of one lever. `least` and `most` are inclusive; `rows` counts the entries of a list."""

    shape: str  # whole | flag | word | wholes | words | table
    unit: str
    means: str
    least: int | None = None
    most: int | None = None
    words: tuple[str, ...] = ()
    rows: tuple[int, int] = (1, 1)
    row: type | None = None


def whole(unit: str, least: int, most: int, means: str) -> Any:
    """A whole number of `unit`, from `least` to `most`."""
    return _lever(Kind("whole", unit, means, least, most))


def flag(means: str) -> Any:
    """Yes or no."""
    return _lever(Kind("flag", "yes or no", means))


def word(*words: str, means: str) -> Any:
    """One of `words`."""
    return _lever(Kind("word", "one of", means, words=words))


def wholes(unit: str, least: int, most: int, rows: tuple[int, int], means: str) -> Any:
    """A list of whole numbers, each above the one before; `rows` is the fewest and the most entries."""
    return _lever(Kind("wholes", unit, means, least, most, rows=rows))


def words(*choices: str, means: str) -> Any:
    """Some of `choices`, none twice."""
    return _lever(Kind("words", "some of", means, words=choices, rows=(0, len(choices))))


def table(row: type, rows: tuple[int, int], means: str) -> Any:
    """A list of rows of the dataclass `row`, whose columns are levers themselves."""
    return _lever(Kind("table", "table", means, rows=rows, row=row))


def kinds(holder: type) -> dict[str, Kind]:
    """The levers of a section (or the columns of a table's row), by name, in the order they are written."""
    return {f.name: f.metadata["kind"] for f in fields(holder)}


def _lever(kind: Kind) -> Any:
    return field(default=MISSING, metadata={"kind": kind})
