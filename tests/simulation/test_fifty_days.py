"""Fifty days of every kind of seller, with disputes, ads switched off and on, and the rules changed in the middle: after
every tick the books hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from common.batch import execute, one, rows
from jishi import audits
from payments import ledger
from ratings.queries import audit as ratings
from search.express.actions import campaigns
from simulation import engine
from simulation.scenario.shapes import Change, Scenario
from traffic.queries import audit as traffic
from worlds import checks, clock
from worlds.current import use_world
from worlds.models import World
from worlds.pen import writing

pytestmark = pytest.mark.slow
DAYS = 50
# What is looked at after every tick; the whole of `audit` now and then, and in the end.
BOOKS: dict[str, Callable[[], Any]] = {
    "money": ledger.drift,
    "traffic": traffic.balance,
    "stock": audits.stock,
    "escrow": audits.escrow,
    "seals": ratings.seals,
    "credit": lambda: ratings.credit(at=clock.now()),
}


def broken() -> list[str]:
    return [name for name, book in BOOKS.items() if book()]


def test_the_books_hold_after_every_tick_of_fifty_days(
    populated: Callable[..., World], small: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = Change(day=25, levers={"feedback.reveal": "sealed", "auction.reserve_fen": 20})
    few = replace(small.buyers, count=40)
    plan = replace(small, tick_hours=24, buyers=few, changes=(*small.changes, sealed))
    world = populated(plan)
    ticks: list[list[str]] = []
    tick = engine.over

    def over(**said: Any) -> None:
        tick(**said)
        ticks.append(broken())

    monkeypatch.setattr(engine, "over", over)
    with use_world(world.schema):
        end = clock.now() + timedelta(days=DAYS)
        for day in range(10, DAYS + 1, 10):
            clock.advance(end - timedelta(days=DAYS - day))
            assert {name: found for name, found in checks.audit().items() if found} == {}, day
            switch("pause" if day % 20 else "start")
        assert (len(ticks), [found for found in ticks if found]) == (DAYS, [])
        assert {row[0] for row in rows("SELECT DISTINCT status FROM shops_refund")} >= {"succeeded"}
        assert one("SELECT count(*) FROM shops_refund WHERE reason = 'late' AND phase = 'unshipped'") > 0
        assert one("SELECT count(*) FROM shops_dispute") > 0
        assert one("SELECT count(*) FROM simulation_decision WHERE verb = 'brush'") > 0
        execute(
            "UPDATE payments_account SET received_fen = received_fen + 1 WHERE id = (SELECT max(id) FROM payments_account)"
        )
        assert "money" in broken(), "the check bites"


def switch(action: str) -> None:
    """Owners pause their campaigns, or start them again."""
    sources = ["on"] if action == "pause" else ["paused"]
    ids = [
        row[0]
        for row in rows(
            "SELECT id FROM search_express_campaign WHERE status = ANY(%s) ORDER BY id", [sources]
        )
    ]
    assert ids
    with writing() as now:
        campaigns.move(ids, action, by=None, at=now.at)
