"""The day's report: what was shown, clicked, paid and sold, for each ad; by one statement, and again by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from common.batch import dicts, execute
from common.moments import day_of
from search.express import report
from search.express.actions.clicks import Press, press
from search.express.queries.report import report as read
from search.express.rules import DIMENSIONS
from shops.actions import orders
from shops.actions.orders import Place, Wanted
from tests.asking import Asking
from tests.express.board import Board
from tests.shops.stalls import joined
from traffic.actions import see_one

NUMBERS = (
    "impressions",
    "slot_sum",
    "clicks",
    "invalid_clicks",
    "cost_fen",
    "orders",
    "direct_orders",
    "paid_fen",
)


def figures(of: str, key: int) -> tuple[int, ...] | None:
    """The one day's figures of a thing."""
    found = dicts(
        "SELECT * FROM search_express_daily WHERE dimension = %s AND key = %s", [DIMENSIONS[of][0], key]
    )
    return tuple(found[0][name] for name in NUMBERS) if found else None


def buys(board: Board, buyer: int, listing: int) -> None:
    board.do(orders.place_and_pay, [Place(buyer, (Wanted(listing),))])


@pytest.fixture
def buyer(board: Board) -> int:
    return joined("买家", fen=1_000_000)[0]


def test_every_level_is_counted_from_the_same_rows(board: Board, buyer: int) -> None:
    top, under = board.ad("甲", bid_fen=100), board.ad("乙", bid_fen=60)
    for visitor in "abc":
        board.looks(visitor=visitor)
    page = board.looks(visitor="d")["auction"]
    board.do(press, [Press(page, 1, "d", buyer), Press(page, 1, "d", buyer), Press(page, 2, "d", buyer)])
    board.market.pass_hours(1)
    buys(board, buyer, top["listing"])
    board.tomorrow()
    for of in ("campaign", "group", "keyword"):
        assert figures(of, top[of]) == (4, 4, 1, 1, 61, 1, 1, 9_900)
        assert figures(of, under[of]) == (4, 8, 1, 0, 5, 0, 0, 0)
    assert figures("account", board.owners["甲"]) == (4, 4, 1, 1, 61, 1, 1, 9_900)
    assert figures("creative", 1) == (4, 4, 1, 1, 61, 1, 1, 9_900)


@pytest.mark.parametrize(
    ("first", "then", "counts"),
    [("PT0S", "PT24H", False), ("PT0S", "PT23H59M59S", True), ("PT1H", "PT0S", True)],
)
def test_a_click_counts_for_a_day(board: Board, buyer: int, first: str, then: str, counts: bool) -> None:
    ad = board.ad()
    board.market.pass_time(first)
    board.do(press, [Press(board.looks()["auction"], 1, "v1", buyer)])
    board.market.pass_time(then)
    buys(board, buyer, ad["listing"])
    day = day_of(board.at)
    board.tomorrow()
    told = read("campaign", None, {}, first=day, last=day, days=True, limit=9, offset=0)
    assert sum(row["orders"] for row in told) == counts


def test_the_last_click_before_the_order_wins_and_a_later_one_does_not(board: Board, buyer: int) -> None:
    early, late = board.ad(word="衣柜"), board.ad(word="沙发", title="沙发")
    for q in ("衣柜", "沙发"):
        board.do(press, [Press(board.looks(q)["auction"], 1, "v1", buyer)])
        board.market.pass_hours(1)
    buys(board, buyer, early["listing"])
    board.market.pass_hours(1)
    after = board.ad(word="床", title="床")
    board.do(press, [Press(board.looks("床")["auction"], 1, "v1", buyer)])
    board.tomorrow()
    assert [figures("campaign", ad["campaign"])[5:] for ad in (early, late, after)] == [
        (0, 0, 0),
        (1, 0, 9_900),
        (0, 0, 0),
    ]


def test_an_order_in_another_shop_is_nobodys_merit(board: Board, buyer: int) -> None:
    ad, other = board.ad("甲"), board.listed(shop="乙")
    board.do(press, [Press(board.looks()["auction"], 1, "v1", buyer)])
    buys(board, buyer, other)
    board.tomorrow()
    assert figures("campaign", ad["campaign"])[5:] == (0, 0, 0)


def test_a_visitor_who_signs_in_later_is_the_buyer(board: Board, buyer: int) -> None:
    ad = board.ad()
    board.do(press, [Press(board.looks()["auction"], 1, "v1")])
    board.market.pass_hours(1)
    see_one("v1", page="listing", source="repeat", listing=ad["listing"], member=buyer)
    buys(board, buyer, ad["listing"])
    board.tomorrow()
    assert figures("campaign", ad["campaign"])[5:] == (1, 1, 9_900)


def test_an_order_placed_today_and_paid_tomorrow_counts_when_it_is_paid(board: Board, buyer: int) -> None:
    ad = board.ad()
    board.do(press, [Press(board.looks()["auction"], 1, "v1", buyer)])
    [[order]] = board.do(orders.place, [Place(buyer, (Wanted(ad["listing"]),))])
    board.market.pass_hours(47)
    board.do(orders.pay, [order])
    paid_on = day_of(board.at)
    board.tomorrow()
    told = dicts("SELECT day, orders FROM search_express_daily WHERE dimension = 2 AND orders > 0")
    assert told == [{"day": paid_on, "orders": 1}]


def test_quality_learns_from_the_day_that_ended(board: Board) -> None:
    ad = board.ad()
    for n in range(10):
        board.do(press, [Press(board.looks(visitor=f"v{n}")["auction"], 1, f"v{n}")])
    board.tomorrow()
    [row] = dicts("SELECT ctr FROM search_express_keyword WHERE id = %s", [ad["keyword"]])
    assert row["ctr"] == 10_000  # 12 of 110, where 4 in 100 is all there is to reach


def test_the_report_is_its_owners_and_divides_where_it_can(board: Board, buyer: int) -> None:
    ad = board.ad("甲", bid_fen=100)
    board.ad("乙", bid_fen=60)
    for n in range(3):
        board.looks(visitor=f"v{n}")
    board.do(press, [Press(board.looks()["auction"], 1, "v1", buyer)])
    buys(board, buyer, ad["listing"])
    board.tomorrow()
    asking = Asking()
    own = asking.member(board.owners["甲"])
    [row] = asking("get", "/api/ads/report/", key=own).json()["results"]
    assert {name: row[name] for name in row if name.endswith(("_bps", "_hundredths")) or "average" in name} == {
        "average_slot_hundredths": 100, "ctr_bps": 2_500, "average_cpc_fen": 61, "conversion_bps": 10_000,
        "roi_bps": 1_622_951,
    }  # fmt: skip
    for of in DIMENSIONS:
        told = asking("get", f"/api/ads/report/?of={of}", key=own).json()["results"]
        assert len(told) == 1
        assert len(asking("get", f"/api/ads/report/?of={of}").json()["results"]) == 2
    paged = asking("get", "/api/ads/report/?limit=1").json()
    assert len(asking("get", paged["next"]).json()["results"]) == 1
    assert asking("get", f"/api/ads/report/?id={ad['campaign'] + 1}", key=own).json()["results"] == []
    assert asking("get", "/api/ads/report/", key=asking.read).status_code == 403


def test_a_changed_figure_is_found(board: Board) -> None:
    board.ad()
    board.looks()
    board.tomorrow()
    execute("UPDATE search_express_daily SET impressions = 2 WHERE dimension = 2")
    found: list[Any] = report.odd(at=board.at)
    assert [(row["rule"], row["side"], row["impressions"]) for row in found] == [
        ("a day's report of ads is what its rows say", "kept", 2),
        ("a day's report of ads is what its rows say", "rebuilt", 1),
    ]
    report.rebuild_day(day_of(board.at - timedelta(days=1)))
