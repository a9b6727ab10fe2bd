"""The `UserBehavior` format: `user_id,item_id,category_id,behavior,ts`, one act of one user a line.

`behavior` is pv, fav, cart or buy; `ts` are unix seconds; days are days of Asia/Shanghai. A header line is
passed over. A line that cannot be read is skipped with its reason, never guessed at.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from common.errors import Invalid
from common.moments import FIRST, LAST

Ints = NDArray[np.int64]
COLUMNS = ("user_id", "item_id", "category_id", "behavior", "ts")
BEHAVIOURS = {"pv": 0, "fav": 1, "cart": 2, "buy": 3}
NAMES = tuple(BEHAVIOURS)
SHANGHAI_SECONDS = 8 * 3600
EARLIEST, LATEST = int(FIRST.timestamp()), int(LAST.timestamp())


@dataclass(frozen=True, eq=False)
class Log:
    """A behaviour log in the order of time (ties: order of the file), as int64 columns, and what was skipped."""

    user: Ints
    item: Ints
    category: Ints
    behaviour: Ints
    ts: Ints
    rows: int
    skipped: dict[str, int]

    def __len__(self) -> int:
        return len(self.ts)

    @property
    def day(self) -> Ints:
        """Days since 1970 in Shanghai."""
        return (self.ts + SHANGHAI_SECONDS) // 86_400


def read(file: Path, told: Callable[[float], None] | None = None) -> Log:
    """Read a log. `rows` counts its lines but the header and empty ones; raises `Invalid` if none is readable."""
    columns = tuple(array("q") for _ in range(5))
    skipped: Counter[str] = Counter()
    count = 0
    try:
        with file.open("rb") as lines:
            count = _read_lines(lines, columns, skipped)
    except OSError as error:
        raise Invalid(
            f"{file} cannot be read: {error.strerror}",
            field="file",
            rule="file_is_readable",
            way_out="Name another file.",
        ) from None
    if not columns[0]:
        raise Invalid(
            f"no line of {file.name} reads {','.join(COLUMNS)}",
            field="file",
            rule="file_is_a_behaviour_log",
            way_out="See docs/how-to for the format.",
        )
    user, item, category, behaviour, ts = (np.frombuffer(column, dtype=np.int64) for column in columns)
    order = np.argsort(ts, kind="stable")
    return Log(
        user[order],
        item[order],
        category[order],
        behaviour[order],
        ts[order],
        count,
        dict(sorted(skipped.items())),
    )


def _read_lines(lines: IO[bytes], columns: tuple[array[int], ...], skipped: Counter[str]) -> int:
    count = 0
    for number, line in enumerate(lines):
        text = line.decode("utf-8-sig" if number == 0 else "utf-8", errors="replace").strip()
        if not text or (number == 0 and text.replace(" ", "").startswith(COLUMNS[0])):
            continue
        count += 1
        parts = text.split(",")
        reason = _put(parts, columns)
        if reason:
            skipped[reason] += 1
    return count


def _put(parts: list[str], columns: tuple[array[int], ...]) -> str | None:
    """Put one line into the columns; why not, if not."""
    if len(parts) != 5:
        return "not_five_columns"
    behaviour = BEHAVIOURS.get(parts[3].strip())
    if behaviour is None:
        return "unknown_behavior"
    try:
        user, item, category, ts = (int(parts[i]) for i in (0, 1, 2, 4))
    except ValueError:
        return "not_a_number"
    if not (0 <= user < 2**62 and 0 <= item < 2**62 and 0 <= category < 2**62):
        return "id_out_of_range"
    if not EARLIEST <= ts < LATEST:
        return "moment_off_calendar"
    for column, value in zip(columns, (user, item, category, behaviour, ts), strict=True):
        column.append(value)
    return None


def counted(log: Log) -> dict[str, Any]:
    """What the file itself says: acts, users, items, and PV, UV and buys of each day."""
    by_kind = np.bincount(log.behaviour, minlength=4)
    days: dict[str, dict[str, int]] = {}
    for day in np.unique(log.day):
        mine = log.day == day
        viewing = mine & (log.behaviour == BEHAVIOURS["pv"])
        days[str(np.datetime64(int(day), "D"))] = {
            "pv": int(viewing.sum()),
            "uv": len(np.unique(log.user[viewing])),
            "buy": int((mine & (log.behaviour == BEHAVIOURS["buy"])).sum()),
        }
    return {
        "rows": log.rows,
        "skipped": log.skipped,
        **{name: int(by_kind[code]) for name, code in BEHAVIOURS.items()},
        "users": len(np.unique(log.user)),
        "items": len(np.unique(log.item)),
        "days": days,
    }
