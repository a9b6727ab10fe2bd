"""Many searches and many clicks at once, each at its own moment: as if they had come one by one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest

from common.batch import one, rows
from common.errors import Conflict, NotFound
from search.express import auction, auctions
from search.express.actions.clicks import Press, press
from search.express.bidding import Search
from tests.express.board import Board
from tests.shops.stalls import joined
from traffic.actions import NONE

MINUTE = timedelta(minutes=1)
LEFT = """SELECT at, words, visitor, region, mechanism, ties, capped, reserve_fen, increment_fen, clicks, keywords, bids,
                 qualities, placed, creatives, prices FROM search_express_auction WHERE id > %s ORDER BY id"""


def held(board: Board, *searches: Search) -> auctions.Shown:
    return board.do(auctions.hold, searches)  # type: ignore[no-any-return]


def told(row: Any) -> list[int]:
    return [number for number in row.tolist() if number != NONE]


def market_of_all_kinds(board: Board) -> None:
    """Words of every match, two of one listing, ads of some places, hours and half hours, creatives that take turns."""
    first = board.ad("甲", bid_fen=200, regions=[320000])
    board.keyword(first["group"], "实木", "broad", 190)
    board.creative(first["group"], "第二个衣柜")
    board.ad("乙", bid_fen=250, time_rates_bps=[10_000 + 10 * n for n in range(336)])
    third = board.ad("丙", bid_fen=120, word="实木 衣柜", match="exact", smoothing=True)
    board.ad("丁", bid_fen=150, word="沙发", match="broad", title="沙发", regions=[320300, 110000])
    board.judged(k1=8_000, k2=7_000, k3=5_000, k4=9_000)
    board.keyword(third["group"], "衣柜", bid_fen=150)


def test_many_searches_are_what_each_alone_would_be(board: Board) -> None:
    market_of_all_kinds(board)
    board.market.pass_time("PT50M")
    board.set_lever(auction__reserve_fen=30)  # in the midst of the moments below
    board.market.pass_time("PT40M")
    members, queries = (
        joined("买家", "买家二"),
        ("衣柜", "实木 衣柜", "衣柜 实木", "沙发", "红木", "!!", "布艺沙发 实木"),
    )
    searches = [
        Search(
            queries[n % 7], None if n % 11 == 0 else f"v{n % 13}", (320324109, 320100, 110105, None)[n % 4],
            members[n % 2] if n % 3 else None, None if n % 10 == 0 else board.at - (n * 37 % 80) * MINUTE,
        )
        for n in range(60)
    ]  # fmt: skip
    shown = held(board, *searches)
    many, last = rows(LEFT, [0]), one("SELECT max(id) FROM search_express_auction")
    for n in sorted(range(60), key=lambda n: searches[n].at or board.at):
        alone = orjson.loads(board.do(auction.shown, searches[n]))
        assert alone["auction"] == (None if shown.auction[n] == NONE else shown.auction[n] + len(many))
        for name, column in (("listing", shown.listing), ("creative", shown.creative)):
            assert [place[name] for place in alone["results"]] == told(column[n])
    assert rows(LEFT, [last]) == many
    kept = {
        row[0]: row[1:] for row in rows("SELECT id, keywords, placed, prices FROM search_express_auction")
    }
    for n in range(60):
        if shown.auction[n] != NONE:
            keywords, placed, prices = kept[int(shown.auction[n])]
            assert ([keywords[p] for p in placed], prices) == (told(shown.keyword[n]), told(shown.price[n]))
    assert {row[7] for row in many} == {5, 30}
    assert len({tuple(row[10]) for row in many}) > 6  # what was compared was not alike


def test_without_slots_or_bidders_searches_leave_their_rows(board: Board) -> None:
    assert held(board).auction.tolist() == []
    assert held(board, Search("衣柜", "v1"), Search("", "v1")).auction.tolist() == [NONE, NONE]
    board.ad()
    board.set_lever(auction__right_slot_count=0, auction__bottom_slot_count=0)
    assert held(board, Search("衣柜", "v1")).listing.shape == (1, 0)
    assert rows("SELECT words, keywords FROM search_express_auction") == [("衣柜", []), ("衣柜", [])]


def test_a_moment_off_the_open_day_is_refused_and_nothing_is_left(board: Board) -> None:
    board.ad()
    board.market.pass_time("PT10M")
    page = board.looks()["auction"]
    for verb, made, rule in (
        (auctions.hold, lambda at: Search("衣柜", "v1", at=at), "a_search_is_of_the_open_day"),
        (press, lambda at: Press(page, 1, "v1", at=at), "a_click_is_of_the_open_day"),
    ):
        with pytest.raises(Conflict) as refused:
            board.do(
                verb, [made(at) for at in (None, board.at - timedelta(days=1), board.at + MINUTE, board.at)]
            )
        assert (refused.value.rule, refused.value.rows) == (rule, (1, 2))
    with pytest.raises(Conflict) as refused:
        board.do(auction.shown, Search("衣柜", at=board.at + MINUTE))
    with pytest.raises(NotFound) as early:
        board.do(press, [Press(page, 9, "v1"), Press(page, 1, "v1", at=board.at - MINUTE)])
    assert early.value.rows == (0, 1)
    assert early.value.each[1].rule == "a_click_comes_after_its_page"
    assert (
        one("SELECT count(*) FROM search_express_click")
        + one("SELECT count(*) - 1 FROM search_express_auction")
        == 0
    )


def test_clicks_are_judged_by_their_own_moments_and_paid_when_the_call_says(board: Board) -> None:
    board.set_lever(auction__repeat_click_hours=1, auction__reserve_fen=400)
    ad = board.ad(bid_fen=400, budget_fen=3_000)
    start = board.at
    board.market.pass_time("PT3H")

    def page(minutes: int, visitor: str) -> int:
        return int(held(board, Search("衣柜", visitor, at=start + minutes * MINUTE)).auction[0])

    pages = [(page(n, "a"), n) for n in (0, 30, 61)] + [(page(n, "b"), n) for n in (1, 62)]
    clicks: list[tuple[int, int, str, str]] = [  # auction, minute, visitor, verdict
        (pages[2][0], 61, "a", "valid"),  # an hour and a minute after the first
        (pages[1][0], 30, "a", "repeat"),
        (pages[0][0], 0, "a", "valid"),  # the first of all, though it is told later
        (pages[3][0], 62, "b", "expired"),
        (pages[4][0], 62, "b", "valid"),
    ]
    more = [(page(100 + n, f"c{n}"), 100 + n, f"c{n}", "valid" if n < 4 else "over_budget") for n in range(6)]
    presses = [
        Press(a, 1, visitor, at=start + minute * MINUTE) for a, minute, visitor, _ in [*clicks, *more[::-1]]
    ]
    done = board.do(press, presses)
    assert [each["verdict"] for each in done] == [verdict for *_, verdict in [*clicks, *more[::-1]]]
    assert sorted(each["id"] for each in done) == list(range(1, 12))

    def moments(sql: str) -> list[datetime]:
        return [at for (at,) in rows(sql)]

    assert moments("SELECT at FROM search_express_click ORDER BY id") == sorted(p.at for p in presses if p.at)
    assert moments("SELECT at FROM traffic_pageview ORDER BY id") == sorted(p.at for p in presses if p.at)
    assert moments("SELECT DISTINCT at FROM payments_transfer WHERE kind = 'ad_click'") == [board.at]
    assert rows("SELECT campaign_id, clicks, spent_fen FROM search_express_spending") == [
        (ad["campaign"], 7, 2_800)
    ]
