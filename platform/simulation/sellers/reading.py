"""Whole numbers out of a statement as columns: one text of eight bytes a number, a tenth of the time of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.batch import one

Ints = NDArray[np.int64]
Spec = tuple[tuple[str, str], ...]


def columns(spec: Spec, tail: str, params: Any = None, *, order: str) -> dict[str, Ints]:
    """`spec`: names with their SQL, none of it null; `tail`: FROM and what follows, in which `order` is known."""
    sent = " || ".join(f"int8send(({sql})::bigint)" for _, sql in spec)
    raw = one(f"SELECT string_agg({sent}, ''::bytea ORDER BY {order}) {tail}", params)
    table = np.frombuffer(raw or b"", dtype=">i8").astype(np.int64).reshape(-1, len(spec)).T
    return {name: np.ascontiguousarray(column) for (name, _), column in zip(spec, table, strict=True)}


def array(numbers: Sequence[int] | Ints) -> str:
    """As a parameter for `%s::bigint[]`."""
    listed = numbers.tolist() if isinstance(numbers, np.ndarray) else numbers
    return "{" + ",".join(map(str, listed)) + "}"


def epoch(column: str) -> str:
    """A moment as whole seconds."""
    return f"extract(epoch FROM {column})"
