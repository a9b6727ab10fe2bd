"""Other shops beside ours in one run: each in an environment of its own, with a catalogue, on the bench's PostgreSQL.

    python -m bench.peers install oscar     # once; into .jishi/peers/oscar
    python -m bench.peers                   # the peers' table
    rates("oscar")                          # {"search": per second, "order": ..., "list": ...} or None

A peer is a module with `installed`, `install`, `served`, `measures` and a NOTES of what is asked of it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any, Protocol, cast

# `python -m bench.peers` comes here without ./jishi.
sys.path.append(str(Path(__file__).resolve().parents[2] / "platform"))

from bench.peers import oscar, vendure
from bench.peers.place import Place
from jishi.cli.speak import note

WORKS = ("search", "order", "list")


class Peer(Protocol):
    """What a peer's module offers. `served` takes the URL of any database of the server and gives a port."""

    NAME: str
    PLACE: Place
    NOTES: Mapping[str, str]  # of each of WORKS: what is done, as one phrase

    def installed(self) -> bool: ...
    def install(self) -> None: ...
    def served(self, base: str) -> AbstractContextManager[int]: ...
    def measures(self, port: int) -> dict[str, float]: ...


PEERS: dict[str, Peer] = {"oscar": cast("Peer", oscar), "vendure": cast("Peer", vendure)}
# Those that cannot be had, and why.
ABSENT = {
    "saleor": "no release of the last five years is in a package index (the newest, 2.10, is of 2020 and asks for Python 3.8)",
}


def install(names: Sequence[str] = ()) -> None:
    """Make the environments of so many peers, all by default; what is there already is left alone."""
    for name in names or PEERS:
        PEERS[name].install()


# What went wrong with a peer that is installed.
BROKEN: dict[str, str] = {}


@cache
def rates(name: str) -> dict[str, float] | None:
    """What the peer does a second (keys: WORKS), measured once a process on DATABASE_URL's server.

    None, with a message on standard error, when it is not installed, and when it answers what it should not: a
    guest's fall does not cost us our own figures.
    """
    if lacking := _lacking(name):
        note(f"{name}: {lacking}")
        return None
    peer = PEERS[name]
    note(f"{name}: measuring")
    try:
        with peer.served(os.environ["DATABASE_URL"]) as port:
            return peer.measures(port)
    except Exception as failure:
        BROKEN[name] = f"no figure, it failed: {type(failure).__name__}: {failure}"
        note(f"{name}: {BROKEN[name]}")
        return None


def rows() -> list[dict[str, Any]]:
    """One row a figure (bench, value, unit, note); one of words for each peer that is not there or failed (not ok)."""
    return [row for name in (*PEERS, *ABSENT) for row in _rows(name)]


def _rows(name: str) -> Iterator[dict[str, Any]]:
    found = rates(name)
    common = {"target": "orientation", "ok": name not in BROKEN}
    if found is None:
        why = BROKEN.get(name) or _lacking(name)
        yield {"bench": f"peer {name}", "value": "-", "unit": "", "note": why, **common}
        return
    peer = PEERS[name]
    for work in WORKS:
        figure = {"bench": f"peer {peer.NAME}: {work}", "value": round(found[work], 1), "unit": "per second"}
        yield {**figure, "note": peer.NOTES[work], **common}


def _lacking(name: str) -> str:
    """Why the peer cannot be measured, or nothing."""
    if name in ABSENT:
        return ABSENT[name]
    return "" if PEERS[name].installed() else f"not installed: python -m bench.peers install {name}"
