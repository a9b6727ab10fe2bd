"""Who asks the same at the same time is served together, by the first of them (group commit; Hendler et al. 2010
call it flat combining): one transaction for all who gathered while the one before was on its way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Generic, TypeVar
from weakref import WeakValueDictionary


def _held() -> Lock:
    lock = Lock()
    lock.acquire()
    return lock


@dataclass(eq=False, slots=True, kw_only=True)
class Asking:
    """One who asks at a desk."""

    done: bool = False  # nothing more will be done for it there
    turn: Lock = field(default_factory=_held)  # let go when it is done, or when it is to serve


A = TypeVar("A", bound=Asking)


class Desk(Generic[A]):
    """Where those of one process gather who ask the same. One of them serves; they are taken in the order they came."""

    def __init__(self) -> None:
        self.waiting: deque[A] = deque()
        self._guard = Lock()
        self._served = False  # somebody is serving

    def ask(self, asked: A, serve: Callable[[], Sequence[A]]) -> None:
        """Wait until `asked` is done: by somebody before us, or by our own `serve`, which takes from `waiting` and
        gives those it is done with."""
        with self._guard:
            self.waiting.append(asked)
            ours, self._served = not self._served, True
        if not ours:
            asked.turn.acquire()
            if asked.done:
                return
        try:
            while not asked.done:
                for each in serve():
                    each.done = True
                    each.turn.release()
        finally:
            with self._guard:
                if asked in self.waiting:  # our own serving failed before it came to us
                    self.waiting.remove(asked)
                if self.waiting:
                    self.waiting[0].turn.release()
                else:
                    self._served = False


# A desk goes when nobody stands at it. Two made at once serve side by side, which costs time and nothing else.
_desks: WeakValueDictionary[Hashable, Desk[Any]] = WeakValueDictionary()


def desk(what: Hashable) -> Desk[Any]:
    """Where `what` is asked."""
    return _desks.setdefault(what, Desk())
