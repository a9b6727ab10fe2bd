"""Who asks the same at the same time is served together, by the first of them (group commit; Hendler et al. 2010
call it flat combining): one transaction for all who gathered while the one before was on its way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Generic, Protocol, TypeVar
from weakref import WeakValueDictionary


class Asking(Protocol):
    done: bool  # nothing more will be done for it at the desk


A = TypeVar("A", bound=Asking)


class Desk(Generic[A]):
    """Where those of one process gather who ask the same. Served in the order they came."""

    def __init__(self) -> None:
        self.waiting: deque[A] = deque()
        self._lock = Lock()

    def ask(self, asked: A, serve: Callable[[], None]) -> None:
        """Wait until `asked` is done: by somebody before us, or by our own `serve`, which takes from `waiting`."""
        self.waiting.append(asked)
        with self._lock:
            try:
                while not asked.done:
                    serve()
            finally:
                if asked in self.waiting:  # our own serving failed before it came to us
                    self.waiting.remove(asked)


# A desk goes when nobody stands at it. Two made at once serve side by side, which costs time and nothing else.
_desks: WeakValueDictionary[Hashable, Desk[Any]] = WeakValueDictionary()


def desk(what: Hashable) -> Desk[Any]:
    """Where `what` is asked."""
    return _desks.setdefault(what, Desk())
