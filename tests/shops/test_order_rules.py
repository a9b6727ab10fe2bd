"""The rules of orders and refunds as pure functions, and the page that shows their tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shops.rules import diagram
from shops.rules.order import DELIVERIES, divided, line_status, postage, slowest, steps_open
from shops.rules.refund import default_award, most_fen, return_postage_by

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_states_is_the_tables() -> None:
    assert (ROOT / diagram.PAGE).read_text(encoding="utf-8") == diagram.page()


def test_the_diagram_has_an_arrow_for_every_step_and_every_end() -> None:
    drawn = diagram.diagram("placed", "place", diagram.TABLES[1][3])
    assert "[*] --> placed: place" in drawn
    assert "shipped_part --> shipped: ship (seller)" in drawn
    assert {line.strip() for line in drawn.splitlines() if line.endswith("--> [*]")} == {
        "cancelled --> [*]", "finished --> [*]", "closed --> [*]",
    }  # fmt: skip


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=9), st.integers(0, 10**6), st.data())
def test_lines_share_every_fen_of_an_order(goods: list[int], postage_fen: int, data: st.DataObject) -> None:
    off = data.draw(st.integers(-(10**6), sum(goods) - 1))
    paid, shared = divided(goods, postage_fen, off)
    assert (sum(paid), sum(shared)) == (sum(goods) - off, postage_fen)
    assert min(paid) >= 0
    assert min(shared) >= 0


def test_one_parcel_pays_the_dearest_postage() -> None:
    assert postage([800, 1_000, 0]) == 1_000
    assert postage([]) == 0


def test_an_order_is_as_slow_as_its_slowest_line() -> None:
    assert slowest(["auto", "mail", "express"]) == "mail"
    assert [slowest(["auto", other]) for other in DELIVERIES] == list(DELIVERIES)


@pytest.mark.parametrize(
    ("order", "shipped", "closed", "line"),
    [
        ("placed", False, False, "placed"),
        ("paid", False, True, "closed"),
        ("shipped_part", True, False, "shipped"),
        ("shipped_part", False, False, "paid"),
        ("finished", True, True, "closed"),
        ("finished", True, False, "finished"),
        ("cancelled", False, False, "cancelled"),
    ],
)
def test_a_line_has_a_state_of_its_own(order: str, shipped: bool, closed: bool, line: str) -> None:
    assert line_status(order, shipped=shipped, closed=closed) == line


def test_each_side_is_offered_its_own_steps() -> None:
    assert [step.action for step in steps_open("placed", "buyer")] == ["pay", "cancel"]
    assert [step.action for step in steps_open("placed", "seller")] == ["adjust", "cancel"]
    assert steps_open("finished", "buyer") == []


def test_without_a_reason_only_the_goods_are_paid_back() -> None:
    assert most_fen(paid_fen=1_000, postage_fen=200, refunded_fen=0, reason="no_reason") == 1_000
    assert most_fen(paid_fen=1_000, postage_fen=200, refunded_fen=0, reason="faulty") == 1_200
    assert most_fen(paid_fen=1_000, postage_fen=200, refunded_fen=1_100, reason="no_reason") == 0


@pytest.mark.parametrize(
    ("reason", "fault", "no_reason", "who"),
    [
        ("faulty", "seller", "return_only", "seller"), ("faulty", "buyer", "return_only", "buyer"),
        ("no_reason", "seller", "return_only", "buyer"), ("no_reason", "seller", "both_ways", "buyer"),
        ("no_reason", "seller", "nothing", "seller"), ("late", "seller", "nothing", "buyer"),
    ],
)  # fmt: skip
def test_who_pays_the_parcel_back_is_a_lever(reason: str, fault: str, no_reason: str, who: str) -> None:
    assert return_postage_by(reason, fault_paid_by=fault, no_reason_pays=no_reason) == who


def test_when_nobody_rules_silence_loses() -> None:
    assert default_award(asked_fen=500, seller_spoke=False) == 500
    assert default_award(asked_fen=500, seller_spoke=True) == 0
