"""The public trade history: whole, undeletable, each buyer shown as they chose."""

from __future__ import annotations

import pytest

from common.batch import execute
from shops.actions import orders, refunds
from shops.queries import history
from tests.asking import Asking
from tests.market import Market
from tests.shops.trades import Trades


@pytest.fixture
def trades(market: Market) -> Trades:
    return Trades()


def test_everybody_reads_a_shops_finished_trades(trades: Trades, market: Market) -> None:
    ask = Asking()
    first = trades.finished((trades.wardrobe, 2))
    market.pass_days(1)
    second = trades.finished(buyer=trades.carol)
    trades.shipped()
    page = ask("get", f"/api/shops/{trades.shop}/trades/", key=ask.member(trades.carol)).json()
    assert [row["line"] for row in page["results"]] == [*trades.lines(second), *trades.lines(first)]
    assert page["results"][1] == {
        "id": trades.lines(first)[0],
        "line": trades.lines(first)[0],
        "listing": trades.wardrobe,
        "title": "简易衣柜",
        "price_fen": 9_900,
        "quantity": 2,
        "shop": trades.shop,
        "at": page["results"][1]["at"],
        "buyer": "a**e",
    }
    assert ask("get", "/api/shops/999999/trades/").status_code == 404


@pytest.mark.parametrize(("openness", "shown"), [("open", "alice"), ("masked", "a**e"), ("hidden", "匿名")])
def test_a_buyer_is_shown_as_openly_as_they_chose(trades: Trades, openness: str, shown: str) -> None:
    trades.finished()
    execute("UPDATE members_member SET openness = %s WHERE id = %s", [openness, trades.alice])
    assert [row["buyer"] for row in history.of_shop(trades.shop)] == [shown]
    assert [row["buyer"] for row in history.of_listing(trades.wardrobe)] == [shown]


def test_what_was_refunded_in_full_was_no_trade_and_what_was_refunded_in_part_was(trades: Trades) -> None:
    order = trades.shipped((trades.wardrobe, 1), (trades.listed(), 1))
    trades.do(refunds.agree, [trades.ask(order, 0, reason="faulty")], by=trades.bob)
    trades.do(refunds.agree, [trades.ask(order, 1, reason="faulty", amount_fen=1)], by=trades.bob)
    trades.do(orders.confirm, [order], by=trades.alice)
    assert [row["line"] for row in history.of_shop(trades.shop)] == trades.lines(order)[1:]


def test_the_history_is_paged_back_to_its_beginning(trades: Trades) -> None:
    lines = [trades.lines(trades.finished())[0] for _ in range(7)]
    seen: list[int] = []
    after = 0
    while found := history.of_shop(trades.shop, after=after, limit=3):
        seen += [row["line"] for row in found[:3]]
        after = seen[-1]
    assert seen == lines[::-1]
    assert [row["line"] for row in history.of_listing(trades.wardrobe, after=lines[3])] == lines[2::-1]
