"""Buyers who have no money, or next to none, live in a market all the same: they look and do not buy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from common.batch import one
from simulation.scenario import find
from tests.simulation.conftest import live
from worlds.current import use_world
from worlds.models import World

TINY = Path(__file__).with_name("tiny.toml")


@pytest.mark.parametrize("fen", [0, 1])
def test_buyers_with_empty_purses_look_and_pay_for_nothing(populated: Callable[..., World], fen: int) -> None:
    plan = find(TINY)
    world = populated(replace(plan, buyers=replace(plan.buyers, funds_fen=fen, count=20)))
    live(world, 1)
    with use_world(world.schema):
        paid = """SELECT count(*) FROM shops_order o JOIN simulation_agent a ON a.member_id = o.buyer_id
                   WHERE a.kind = 0 AND o.paid_at IS NOT NULL"""
        assert one(paid) == 0
        assert one("SELECT count(*) > 0 FROM traffic_pageview") is True
