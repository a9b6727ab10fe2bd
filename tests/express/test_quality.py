"""The quality score: what moves it, that the bid never does, and that one statement rebuilds it."""

from __future__ import annotations

from common.batch import execute
from search.express import recompute, rules
from tests.express.board import Board, row


def quality(keyword: int) -> int:
    return int(row("keyword", keyword)["quality"])


def test_the_bid_is_no_part_of_it(board: Board) -> None:
    keyword = board.ad(bid_fen=10)["keyword"]
    before = quality(keyword)
    board.edits("keyword", keyword, bid_fen=9_999)
    recompute.everything(at=board.at)
    assert quality(keyword) == before > 0


def test_relevance_is_what_title_and_rest_say(board: Board) -> None:
    ad = board.ad(title="实木衣柜", word="衣柜")
    assert row("keyword", ad["keyword"])["relevance"] == 10_000
    elsewhere = board.keyword(ad["group"], "wardrobe")  # the category's path says so, the title does not
    assert row("keyword", elsewhere)["relevance"] == 4_000
    half = board.keyword(ad["group"], "衣柜 沙发")
    assert row("keyword", half)["relevance"] == 5_000
    assert row("keyword", board.keyword(ad["group"], "手机"))["relevance"] == 0


def test_a_creative_and_an_edited_listing_count_at_once(board: Board) -> None:
    ad = board.ad(title="实木衣柜")
    keyword = board.keyword(ad["group"], "包安装")
    assert row("keyword", keyword)["relevance"] == 0
    said = board.creative(ad["group"], "衣柜 包安装")
    assert row("keyword", keyword)["relevance"] == 10_000
    board.edits("creative", said["id"], title="衣柜 送货")
    assert row("keyword", keyword)["relevance"] == 0
    board.edit(ad["listing"], title="衣柜包安装")
    assert row("keyword", keyword)["relevance"] == 10_000
    board.delist(ad["listing"])
    assert row("keyword", keyword)["relevance"] == 0
    board.relist(ad["listing"])
    assert row("keyword", keyword)["relevance"] == 10_000


def seen(board: Board, dimension: str, key: int, impressions: int, clicks: int, days_ago: int = 1) -> None:
    """What the close of a day would have counted."""
    execute(
        """INSERT INTO search_express_daily (day, dimension, key, impressions, slot_sum, clicks, invalid_clicks, cost_fen,
                  orders, direct_orders, paid_fen) VALUES (%s::date - %s::int, %s, %s, %s, %s, %s, 0, 0, 0, 0, 0)""",
        [board.at.date(), days_ago, rules.DIMENSIONS[dimension][0], key, impressions, impressions, clicks],
    )


def test_expected_clicks_are_smoothed_by_what_nobody_has_seen(board: Board) -> None:
    keyword = board.ad()["keyword"]
    assert row("keyword", keyword)["ctr"] == 5_000  # 2 in 100
    seen(board, "keyword", keyword, 100, 4)
    recompute.everything(at=board.at)
    assert row("keyword", keyword)["ctr"] == 7_500  # 6 in 200
    seen(board, "keyword", keyword, 100, 50, days_ago=2)
    recompute.everything(at=board.at)
    assert row("keyword", keyword)["ctr"] == 10_000
    execute("DELETE FROM search_express_daily")
    recompute.everything(at=board.at)


def test_history_ends_after_thirty_days(board: Board) -> None:
    keyword = board.ad()["keyword"]
    seen(board, "keyword", keyword, 1_000, 100, days_ago=30)
    seen(board, "keyword", keyword, 1_000, 0, days_ago=31)
    recompute.everything(at=board.at)
    assert row("keyword", keyword)["ctr"] == 10_000
    execute("DELETE FROM search_express_daily")
    recompute.everything(at=board.at)


def test_the_account_counts_with_all_its_words(board: Board) -> None:
    ad = board.ad()
    seen(board, "account", board.owners["老张"], 1_000, 60)
    recompute.everything(at=board.at)
    assert row("keyword", ad["keyword"])["account"] == 10_000
    assert row("keyword", ad["keyword"])["ctr"] == 5_000
    execute("DELETE FROM search_express_daily")
    recompute.everything(at=board.at)


def test_experience_is_the_shops(board: Board) -> None:
    ad = board.ad()
    assert row("keyword", ad["keyword"])["experience"] == 2_500
    board.stands("老张", level=10, points=5_000, stars=500)
    board.edit(ad["listing"], picture_count=3)  # described anew, by what is published now
    assert row("keyword", ad["keyword"])["experience"] == 7_500


def test_weights_are_levers_and_count_at_once(board: Board) -> None:
    ad = board.ad(title="实木衣柜")
    off = board.keyword(ad["group"], "手机")
    board.set_lever(auction__quality_relevance_bps=10_000, auction__quality_ctr_bps=0,
                    auction__quality_experience_bps=0, auction__quality_account_bps=0)  # fmt: skip
    assert (quality(ad["keyword"]), quality(off)) == (10_000, 1)
    board.set_lever(auction__quality_relevance_bps=0)  # nothing weighs: all parts alike
    assert quality(ad["keyword"]) == (10_000 + 5_000 + 2_500 + 5_000) // 4


def test_it_is_shown_in_ten_steps(board: Board) -> None:
    from regime import queries as regime

    levers = regime.at(board.at).auction
    told = [rules.shown_quality(n, levers) for n in (1, 1_000, 1_001, 5_000, 5_001, 9_000, 9_001, 10_000)]
    assert told == [1, 1, 2, 5, 6, 9, 10, 10]
