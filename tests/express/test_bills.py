"""The books of keyword ads: sound after every life, and each deliberate corruption found and named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction

from common.batch import execute
from search.express.actions.clicks import Press, press
from search.express.queries.audit import bills
from tests.express.board import Board

TABLES = ("search_express_click", "traffic_pageview", "payments_transfer")


@contextmanager
def corrupted(*statements: str) -> Iterator[list[dict[str, Any]]]:
    """What the audit finds after statements that no door would run; all of it is taken back."""
    with transaction.atomic():
        execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            assert execute(statement)
        yield bills()
        transaction.set_rollback(True)


@pytest.fixture
def clicked(board: Board) -> Board:
    """Two days of clicks on two sellers' ads, valid and not: 1 and 2 valid, 3 a repeat, 4 and 5 valid, on day two."""
    board.ad("甲", bid_fen=100), board.ad("乙", bid_fen=60)
    for visitor, slot in (("a", 1), ("b", 2), ("b", 2)):
        board.do(press, [Press(board.looks(visitor=visitor)["auction"], slot, visitor)])
    board.tomorrow()
    for visitor, slot in (("c", 1), ("d", 2)):
        board.do(press, [Press(board.looks(visitor=visitor)["auction"], slot, visitor)])
    return board


def test_sound_books_have_nothing_to_find(clicked: Board) -> None:
    with corrupted() as found:
        assert found == []


MISSING = "DELETE FROM payments_transfer WHERE key = 'ad_click:2'"
DOUBLED = """INSERT INTO traffic_pageview (at, visitor, member_id, page, source, shop_id, listing_id, section_id, charge_id)
             SELECT at, visitor, member_id, page, source, shop_id, listing_id, section_id, charge_id
               FROM traffic_pageview WHERE charge_id = 4"""
LATER = "(SELECT max(at)::date FROM search_express_click)"


def test_a_missing_posting_is_named(clicked: Board) -> None:
    day = str(clicked.at.date())
    with corrupted(MISSING) as found:
        assert [(row["rule"], row.get("click")) for row in found] == [
            ("a valid click has no posting", 2),
            ("a day's billed clicks, postings and bought views are as many", None),
        ]
        assert {name: found[1][name] for name in ("clicks", "postings", "views")} == {
            "clicks": 2,
            "postings": 1,
            "views": 2,
        }
        assert all(row["day"] < day for row in found)


def test_a_doubled_view_is_named(clicked: Board) -> None:
    with corrupted(DOUBLED) as found:
        assert [(row["rule"], row.get("click"), row["day"]) for row in found] == [
            ("a click bought more than one page view", 4, str(clicked.at.date())),
            ("a day's billed clicks, postings and bought views are as many", None, str(clicked.at.date())),
        ]


def test_a_click_moved_to_another_shop_is_named(clicked: Board) -> None:
    moved = "UPDATE search_express_click SET shop_id = (SELECT shop_id FROM search_express_click WHERE id = 2) WHERE id = 1"
    with corrupted(moved) as found:
        assert [(row["rule"], row["click"]) for row in found] == [
            ("a bought page view is not of what was clicked", 1),
            ("a click is of the ad that was shown", 1),
        ]


OTHERS = {
    "a posting has no valid click": (
        "UPDATE search_express_click SET verdict = 'repeat', price_fen = 0 WHERE id = 1",
        1,
    ),
    "a posting differs from its click": (
        "UPDATE payments_transfer SET amount_fen = amount_fen + 1 WHERE key = 'ad_click:5'",
        5,
    ),
    "a valid click has no page view": ("DELETE FROM traffic_pageview WHERE charge_id = 4", 4),
    "a bought page view has no valid click": (
        "UPDATE traffic_pageview SET source = 7, charge_id = 3 WHERE charge_id IS NULL",
        3,
    ),
    "a bought page view is not of what was clicked": (
        "UPDATE traffic_pageview SET visitor = 1 WHERE charge_id = 5",
        5,
    ),
    "a click is of the ad that was shown": (
        "UPDATE search_express_auction SET prices = prices || 1, placed = '{0,0}'",
        2,
    ),
}


@pytest.mark.parametrize("rule", OTHERS)
def test_every_other_corruption_is_named(clicked: Board, rule: str) -> None:
    statement, click = OTHERS[rule]
    with corrupted(statement) as found:
        assert (rule, click) in [(row["rule"], row.get("click")) for row in found]


def test_what_a_campaign_spent_is_the_sum_of_its_clicks(clicked: Board) -> None:
    with corrupted(
        f"UPDATE search_express_spending SET spent_fen = spent_fen + 1 WHERE day = {LATER} AND campaign_id = 1"
    ) as found:
        assert [(row["rule"], row["campaign"]) for row in found] == [
            ("what a campaign spent is the sum of its clicks", 1)
        ]
