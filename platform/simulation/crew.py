"""Who draws a buyers' day: this process, or several hands, each a part of the buyers and a day ahead, while this one waits
for the database. Draws are keyed by buyer, so the day is the same whoever draws it.

A hand is a process that reads what it is asked from its standard input and writes days to its standard output; it ends
with whoever asked it, for then its input ends.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import IO, cast

from common.batch import dumps
from simulation.days import Day, day_of, joined
from simulation.people import People, people_of
from simulation.scenario import document
from simulation.scenario.shapes import Scenario

Task = tuple[str, int, int, date, tuple[int, int]]  # scenario, seed, day, its date, which part of how many


class Hand:
    """A process of the crew, with at most one task at a time."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from simulation.crew import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[1],
        )

    def ask(self, task: Task) -> None:
        _write(self.process.stdin, task)

    def take(self) -> Day:
        found = _read(self.process.stdout)
        if not isinstance(found, Day):
            raise RuntimeError(f"a hand of the crew ended with {self.process.wait()}")
        return found

    def dismiss(self) -> None:
        self.process.kill()
        self.process.wait()
        for end in (self.process.stdin, self.process.stdout):
            if end is not None:
                end.close()


class Crew:
    """`hands` processes, or none: then days are drawn here."""

    def __init__(self) -> None:
        self.hands: list[Hand] = []
        self.asked: tuple[str, int, int, date] | None = None

    def use(self, workers: int) -> None:
        """From now on days are drawn by so many processes; 1: by this one."""
        wanted = workers if workers > 1 else 0
        if wanted == len(self.hands):
            return
        for hand in self.hands:
            hand.dismiss()
        self.hands, self.asked = [Hand() for _ in range(wanted)], None

    def day(self, scenario: Scenario, crowd: People, seed: int, number: int, on: date) -> Day:
        """Day `number` of the buyers, the date `on`; the next one is drawn meanwhile."""
        if not self.hands:
            return day_of(scenario, crowd, seed, number, on)
        text = dumps(document(scenario))
        if self.asked is not None and self.asked != (text, seed, number, on):
            self._take()  # it was of another day: a market was reset, or another lives now
        if self.asked is None:
            self._ask(text, seed, number, on)
        found = joined(self._take())
        self._ask(text, seed, number + 1, on + timedelta(days=1))
        return found

    def _ask(self, text: str, seed: int, number: int, on: date) -> None:
        for n, hand in enumerate(self.hands):
            hand.ask((text, seed, number, on, (n, len(self.hands))))
        self.asked = (text, seed, number, on)

    def _take(self) -> list[Day]:
        self.asked = None
        return [hand.take() for hand in self.hands]


crew = Crew()


def serve() -> None:
    """What a hand does, until nobody asks any more."""
    while (task := _read(sys.stdin.buffer)) is not None:
        text, seed, number, on, part = cast("Task", task)
        scenario, crowd = people_of(text, seed)
        _write(sys.stdout.buffer, day_of(scenario, crowd, seed, number, on, part=part))


def _write(pipe: IO[bytes] | None, what: object) -> None:
    assert pipe is not None
    body = pickle.dumps(what, protocol=5)
    pipe.write(len(body).to_bytes(8, "big") + body)
    pipe.flush()


def _read(pipe: IO[bytes] | None) -> object:
    assert pipe is not None
    head = pipe.read(8)
    return pickle.loads(pipe.read(int.from_bytes(head, "big"))) if len(head) == 8 else None
