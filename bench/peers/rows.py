"""A figure of ours beside a peer's of the same run, as a row of the table."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from bench.peers import ABSENT, BROKEN, PEERS, lacking


def beside_row(
    bench: str, ours: Sequence[float], name: str, work: str, theirs: Sequence[float | None], times: int | None
) -> dict[str, Any]:
    """`times`: ours is at least so many times theirs; None: for orientation. A peer that is not there misses nothing."""
    value = statistics.median(ours)
    row: dict[str, Any] = {"bench": f"{bench}, beside {name}", "value": round(value, 1), "unit": "per second"}
    target = f">= {times} times" if times else "orientation"
    seen = [one for one in theirs if one is not None]
    if not seen:
        why = ABSENT.get(name) or BROKEN.get(name) or lacking(name)
        return {**row, "peer": f"no figure: {why}", "target": target, "ok": name not in BROKEN}
    peer = statistics.median(seen)
    return {
        **row, "peer": round(peer, 1), "peer_is": PEERS[name].NOTES[work], "ratio": round(value / peer, 1),
        "target": target, "ok": not times or value >= times * peer,
    }  # fmt: skip
