"""Other shops beside ours in one run: each in an environment of its own, with a catalogue, on the bench's PostgreSQL.

    python -m bench.peers install oscar     # once; into .jishi/peers/oscar
    python -m bench.peers                   # the peers' table
    rates("oscar")                          # {"search": per second, "order": ..., "list": ...} or None
    with beside("oscar") as rate:           # or round after round, in turn with our own
        theirs.append(rate("order"))        # per second, or None

A peer is a module of what Peer says.
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Protocol, cast

# `python -m bench.peers` comes here without ./jishi.
sys.path.append(str(Path(__file__).resolve().parents[2] / "platform"))

from bench.peers import oscar, vendure
from bench.peers.client import SECONDS, Custom, Visit
from bench.peers.place import Place
from jishi.cli.speak import note

ROUNDS = 3
WORKS = ("search", "order", "list")


class Peer(Protocol):
    """What a peer's module offers. `served` takes the URL of any database of the server and gives a port."""

    NAME: str
    PLACE: Place
    NOTES: Mapping[str, str]  # of each of WORKS: what is done, as one phrase
    CUSTOM: Custom

    def installed(self) -> bool: ...
    def install(self) -> None: ...
    def served(self, base: str) -> AbstractContextManager[int]: ...


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


@contextmanager
def beside(name: str) -> Iterator[Callable[..., float | None]]:
    """The peer, up and visited on DATABASE_URL's server: a function of (work, seconds of the round) that says how many a
    second it does.

    It says None, with a message on standard error, when the peer is not installed or answers what it should not: a
    guest's fall does not cost us our own figures.
    """
    with ExitStack() as stack:
        visits: list[Visit] = []
        if why := lacking(name):
            note(f"{name}: {why}")
        else:
            with _falling(name):
                port = stack.enter_context(PEERS[name].served(os.environ["DATABASE_URL"]))
                visits.append(Visit(port, PEERS[name].CUSTOM))
                stack.callback(visits[0].close)

        def rate(work: str, seconds: float = SECONDS) -> float | None:
            found = None
            if visits and name not in BROKEN:
                with _falling(name):
                    found = visits[0].rate(work, seconds)
            return found

        yield rate


@contextmanager
def _falling(name: str) -> Iterator[None]:
    """Say what went wrong with the peer instead of raising it."""
    try:
        yield
    except Exception as failure:
        BROKEN[name] = f"no figure, it failed: {type(failure).__name__}: {failure}"
        note(f"{name}: {BROKEN[name]}")


@cache
def rates(name: str) -> dict[str, float] | None:
    """What the peer does a second (keys: WORKS), the median of ROUNDS rounds, measured once a process; or None as `beside`."""
    found: dict[str, list[float]] = {work: [] for work in WORKS}
    with beside(name) as rate:
        for _ in range(ROUNDS):
            for work in WORKS:
                if (one := rate(work)) is None:
                    return None
                found[work].append(one)
    return {work: statistics.median(each) for work, each in found.items()}


def rows() -> list[dict[str, Any]]:
    """One row a figure (bench, value, unit, note); one of words for each peer that is not there or failed (not ok)."""
    return [row for name in (*PEERS, *ABSENT) for row in _rows(name)]


def _rows(name: str) -> Iterator[dict[str, Any]]:
    found = rates(name)
    common = {"target": "orientation", "ok": name not in BROKEN}
    if found is None:
        why = BROKEN.get(name) or lacking(name)
        yield {"bench": f"peer {name}", "value": "-", "unit": "", "note": why, **common}
        return
    peer = PEERS[name]
    for work in WORKS:
        figure = {"bench": f"peer {peer.NAME}: {work}", "value": round(found[work], 1), "unit": "per second"}
        yield {**figure, "note": peer.NOTES[work], **common}


def lacking(name: str) -> str:
    """Why the peer cannot be measured, or nothing."""
    if name in ABSENT:
        return ABSENT[name]
    return "" if PEERS[name].installed() else f"not installed: python -m bench.peers install {name}"
