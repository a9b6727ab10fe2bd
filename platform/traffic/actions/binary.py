"""Columns of numbers to and from PostgreSQL's binary COPY: no number is ever printed or read as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from common.batch import one

Ints = NDArray[np.int64]
NONE = -1  # an absent number in a column; ids and seconds are never negative
HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"
PART = 2_500  # rows
PG_EPOCH_MICROSECONDS = 946_684_800_000_000  # 2000-01-01, where PostgreSQL counts moments from

# column of traffic_pageview, its bytes, the field of `Views`, whether it may be absent
LAYOUT = (
    ("at", 8, "at", False),
    ("visitor", 8, "visitor", False),
    ("member_id", 8, "member", True),
    ("page", 2, "page", False),
    ("source", 2, "source", False),
    ("shop_id", 8, "shop", True),
    ("listing_id", 8, "listing", True),
    ("section_id", 4, "section", True),
    ("stay_seconds", 4, "stay", True),
    ("charge_id", 8, "charge", True),
)
OPTIONAL = tuple(field for _, _, field, may in LAYOUT if may)
COPY = f"COPY traffic_pageview ({', '.join(column for column, *_ in LAYOUT)}) FROM STDIN (FORMAT BINARY)"


def parts(columns: Mapping[str, Ints]) -> Iterator[bytes]:
    """Binary COPY of rows in their order, in parts: PostgreSQL writes one while we pack the next.

    `columns`: the fields of LAYOUT, of equal length.
    """
    yield HEADER
    for first in range(0, len(columns["at"]), PART):
        yield _packed({field: column[first : first + PART] for field, column in columns.items()})
    yield TRAILER


def _packed(columns: Mapping[str, Ints]) -> bytes:
    """The bytes of some rows.

    Rows that lack the same fields have the same bytes between their values: each such pattern is cut at once
    and its rows are laid where they belong.
    """
    length = len(columns["at"])
    absent = np.zeros(length, dtype=np.int64)
    for bit, field in enumerate(OPTIONAL):
        absent |= (columns[field] == NONE).astype(np.int64) << bit
    patterns, which = np.unique(absent, return_inverse=True)
    shapes = [
        _shape({field for bit, field in enumerate(OPTIONAL) if pattern >> bit & 1}) for pattern in patterns
    ]
    if len(shapes) == 1:
        return _block(shapes[0], columns, slice(None), length).tobytes()
    widths = np.array([shape.itemsize for shape in shapes])[which]
    starts = np.cumsum(widths) - widths
    out = np.empty(int(widths.sum()), dtype=np.uint8)
    for number, shape in enumerate(shapes):
        mine = np.flatnonzero(which == number)
        block = _block(shape, columns, mine, len(mine))
        out[starts[mine][:, None] + np.arange(shape.itemsize)] = block.view(np.uint8).reshape(len(mine), -1)
    return out.tobytes()


def _shape(absent: set[str]) -> np.dtype[np.void]:
    """The bytes of one row: a count of fields, then each field's length and, unless absent, its value."""
    parts: list[tuple[str, str]] = [("fields", ">i2")]
    for column, size, field, _ in LAYOUT:
        parts.append((f"{column}_bytes", ">i4"))
        if field not in absent:
            parts.append((column, f">i{size}"))
    return np.dtype(parts)


def _block(
    shape: np.dtype[np.void], columns: Mapping[str, Ints], mine: slice | NDArray[np.intp], length: int
) -> NDArray[np.void]:
    block = np.empty(length, dtype=shape)
    block["fields"] = len(LAYOUT)
    for column, size, field, _ in LAYOUT:
        if column in (shape.names or ()):
            values = columns[field][mine]
            block[f"{column}_bytes"] = size
            block[column] = values - PG_EPOCH_MICROSECONDS if column == "at" else values
        else:
            block[f"{column}_bytes"] = -1
    return block


def looked_up(columns: Sequence[str], table: str, ids: Ints) -> Ints:
    """`columns` (whole numbers, none NULL) of the rows of `table` with these ids: shape (columns, rows).

    In no order. The numbers come as one string of their bytes: no row of them is ever made on its own.
    """
    sent = " || ".join(f"int8send({column})" for column in columns)
    asked = "{" + ",".join(map(str, ids.tolist())) + "}"
    raw = one(f"SELECT string_agg({sent}, ''::bytea) FROM {table} WHERE id = ANY(%s::bigint[])", [asked])
    found = np.frombuffer(raw or b"", dtype=">i8").astype(np.int64)
    return found.reshape(-1, len(columns)).T
