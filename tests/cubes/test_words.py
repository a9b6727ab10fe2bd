"""A word's figures are what the rows say, whoever adds them up; and no price leads to one seller."""

from __future__ import annotations

from datetime import timedelta

from common.batch import dicts, execute
from common.moments import day_of
from search.cubes import recompute
from search.cubes.queries import words
from search.cubes.queries.suggestions import suggestions
from search.cubes.rules import PARTS, WHY, quantile
from search.express.actions.clicks import Press, press
from tests.cubes.shelf import days, demand, oracle
from tests.express.board import Board


def test_figures_are_what_searches_and_clicks_say(board: Board) -> None:
    days(board)
    last = day_of(board.at) - timedelta(days=1)
    first = last - timedelta(days=1)
    for said, match in (
        (["衣柜"], "exact"),
        (["衣柜"], "centre"),
        (["实木", "衣柜"], "exact"),
        (["床"], "exact"),
    ):
        told = words.figures(said, match, first, last, at=board.at)
        wanted = oracle(said, match, first, last)
        assert {name: told[name] for name in wanted} == wanted
        for row in told["trend"]:
            daily = oracle(said, match, row["day"], row["day"])
            assert {name: row[name] for name in row if name != "day"} == {
                name: daily[name] if name in daily else WHY if daily["average_cpc_fen"] is None else None
                for name in row
                if name != "day"
            }
    assert wanted["unsold"] == wanted["searches"] > 0  # nobody bids on beds
    centre = words.figures(["衣柜"], "centre", first, last, at=board.at)
    assert 5 < centre["priced_clicks"] < centre["clicks"]
    assert centre["today"] == {
        "day": day_of(board.at),
        "searches": 0,
        "unsold": 0,
        "impressions": 0,
        "clicks": 0,
    }
    page = board.looks("实木 衣柜", "now")
    board.do(press, [Press(page["auction"], 1, "now")])
    board.looks("床")
    live = [words.figures([word], "centre", first, last, at=board.at)["today"] for word in ("衣柜", "床")]
    assert [tuple(row.values())[1:] for row in live] == [(1, 0, 4, 1), (1, 1, 0, 0)]

    assert recompute.odd(at=board.at) == []
    execute("UPDATE search_cubes_daily SET clicks = clicks + 1 WHERE words = '{床}' AND day = %s", [last])
    execute("UPDATE search_cubes_slot SET impressions = 1 WHERE slot = 1 AND day = %s", [first])
    found = [(row["rule"], row["side"], row["day"]) for row in recompute.odd(at=board.at)]
    assert found == [
        ("a day's figures of slots are what its searches and clicks say", "kept", str(first)),
        ("a day's figures of slots are what its searches and clicks say", "rebuilt", str(first)),
        ("a day's figures of words are what its searches and clicks say", "kept", str(last)),
        ("a day's figures of words are what its searches and clicks say", "rebuilt", str(last)),
    ]
    kept = dicts("SELECT * FROM search_cubes_daily WHERE day = %s AND words <> '{床}' ORDER BY words", [last])
    for day in (first, last):
        recompute.rebuild_day(day)
    assert (
        dicts("SELECT * FROM search_cubes_daily WHERE day = %s AND words <> '{床}' ORDER BY words", [last])
        == kept
    )


def test_a_quantile_is_a_price_that_was_paid() -> None:
    assert [quantile(list(range(1, 71)), bps) for bps in (1_000, 2_500, 5_000, 9_000)] == [7, 18, 35, 63]
    assert [quantile([7], bps) for bps in (1_000, 9_000)] == [7, 7]
    assert quantile([], 5_000) is None


def test_no_price_is_told_that_two_sellers_alone_paid_nor_one_that_is_left_over(board: Board) -> None:
    for nick, bid in (("甲", 100), ("乙", 90), ("丙", 80)):
        board.ad(nick, bid_fen=bid)
    board.do(press, [Press(board.looks(visitor=f"a{n}")["auction"], n, f"a{n}") for n in (1, 2, 3)])
    board.tomorrow()
    board.do(press, [Press(board.looks(visitor="b")["auction"], 1, "b")])
    board.do(press, [Press(board.looks(visitor="c")["auction"], 2, "c")])
    board.tomorrow()
    second = day_of(board.at) - timedelta(days=1)
    first = second - timedelta(days=1)
    three, two, both = (
        words.figures(["衣柜"], "exact", *span, at=board.at)
        for span in ((first, first), (second, second), (first, second))
    )
    assert (three["clicks"], three["priced_clicks"], three["why"]) == (3, 3, None)
    assert (two["clicks"], two["bidders"], two["average_cpc_fen"], two["cpc_median_fen"], two["why"]) == (
        2, 3, None, None, WHY,
    )  # fmt: skip
    assert both["clicks"] == 5
    prices = ("priced_clicks", "average_cpc_fen", "cpc_p10_fen", "cpc_median_fen", "cpc_p90_fen")
    assert [both[name] for name in prices] == [three[name] for name in prices]
    assert [row["average_cpc_fen"] is None for row in both["trend"]] == [False, True]


def test_hot_and_rising_words(board: Board) -> None:
    demand(board, 9, 衣柜=20, 沙发=5, 床=1)
    demand(board, 2, 衣柜=40, 沙发=5, 床=3, 白色_衣柜=2)
    demand(board, 1, 衣柜=5)
    told = words.hot(limit=9, offset=0, at=board.at)
    assert [(row["words"], row["searches"], row["unsold_bps"]) for row in told["results"]] == [
        (["衣柜"], 45, 10_000), (["沙发"], 5, 10_000), (["床"], 3, 10_000),
    ]  # fmt: skip
    assert (told["last"], told["days"]) == (day_of(board.at) - timedelta(days=1), 7)
    assert [row["words"] for row in words.hot(limit=1, offset=1, at=board.at)["results"]] == [
        ["沙发"],
        ["床"],
    ]
    rising = words.rising(limit=9, offset=0, at=board.at)["results"]
    assert [tuple(row.values()) for row in rising] == [
        (["衣柜"], 45, 20, 18_333),  # 55 / 30
        (["床"], 3, 1, 11_818),  # 13 / 11: three from one is no boom
    ]


def test_words_for_a_listing(board: Board) -> None:
    ad = board.ad("甲", word="衣柜", title="白色实木衣柜")
    board.looks("衣柜")
    board.tomorrow()
    demand(board, 2, 实木_衣柜=9, 衣柜=64, 沙发=99, 白色_沙发=9)
    told = suggestions(ad["listing"], board.owners["甲"], limit=9, offset=0, at=board.at)["results"]
    found = {" ".join(row["words"]): row for row in told}
    assert set(found) == {"衣柜", "实木 衣柜", "实木", "白色"}  # nothing about sofas
    parts = [part.name for part in PARTS]
    assert [found["衣柜"][name] for name in (*parts, "score", "searches", "bidders")] == [
        10_000, 3_500, 5_000, 7_050, 65, 1,
    ]  # fmt: skip
    assert [found["实木 衣柜"][name] for name in (*parts, "score")] == [10_000, 2_000, 10_000, 7_600]
    assert found["白色"]["score"] == 5_000  # nobody searched for it
    assert [row["score"] for row in told] == sorted((row["score"] for row in told), reverse=True)
    assert {word: row["keywords"] for word, row in found.items() if row["keywords"]} == {
        "衣柜": [ad["keyword"]]
    }
