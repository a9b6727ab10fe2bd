"""The auction on a search: who takes part, who stands where, what is recorded, what is told."""

from __future__ import annotations

from typing import Any

import pytest

from common.batch import dicts, one, rows
from common.errors import NotFound
from search.auction.clearing import clear
from search.auction.rules import Terms
from search.express.actions.clicks import Press, press
from search.express.auction import places
from tests.asking import Asking
from tests.express.board import Board

FOUR = {"甲": (200, 8_000), "乙": (250, 5_000), "丙": (120, 10_000), "丁": (50, 6_000)}

VISITOR: dict[str, Any] = {"X-Jishi-Visitor": "v1"}


def four(board: Board) -> dict[str, int]:
    """A 2.00 x 8, B 2.50 x 5, C 1.20 x 10, D 0.50 x 6: seller to listing."""
    made = {}
    for nick, (bid, quality) in FOUR.items():
        ad = board.ad(nick, bid_fen=bid)
        board.judged(**{f"k{ad['keyword']}": quality})
        made[nick] = ad["listing"]
    return made


def kept() -> dict[str, Any]:
    """The last auction that was recorded."""
    return dicts("SELECT * FROM search_express_auction ORDER BY id DESC LIMIT 1")[0]


def test_the_known_auction_stands_and_costs_as_published(board: Board) -> None:
    made = four(board)
    assert board.shown() == [made[nick] for nick in "甲乙丙丁"]
    assert kept()["prices"] == [157, 241, 31, 5]


def test_what_is_recorded_holds_the_auction_again(board: Board) -> None:
    four(board)
    for mechanism in ("gsp", "vcg", "first_price"):
        board.set_lever(auction__mechanism=mechanism)
        told, row = board.looks(), kept()
        assert told["auction"] == row["id"]
        rule = Terms(row["mechanism"], row["reserve_fen"], row["increment_fen"], row["capped"], row["ties"])
        again = places(clear([row["bids"]], [row["qualities"]], row["clicks"], rule))
        assert again == (row["placed"], row["prices"])
        assert [result["creative"] for result in told["results"]] == row["creatives"]


def test_nothing_of_bids_or_prices_of_clicks_is_told(board: Board) -> None:
    four(board)
    asking = Asking()
    answer = asking("get", "/api/search/?q=衣柜&paid=true", **VISITOR).json()
    assert set(answer["paid"]) == {"auction", "results"}
    for result in answer["paid"]["results"]:
        assert not {"bid_fen", "quality", "score", "keyword", "campaign"} & set(result)
        assert result["price_fen"] == 9_900  # the goods'


def test_only_who_asks_for_them_is_told_and_only_on_the_first_page(board: Board) -> None:
    made = four(board)
    asking = Asking()
    assert "paid" not in asking("get", "/api/search/?q=衣柜").json()
    assert one("SELECT count(*) FROM search_express_auction") == 0
    page = asking("get", "/api/search/?q=衣柜&paid=true&limit=2").json()
    assert [result["listing"] for result in page["paid"]["results"]] == [made[nick] for nick in "甲乙丙丁"]
    assert len(page["results"]) == 2
    assert asking("get", page["next"]).json()["paid"] == {"auction": None, "results": []}
    assert one("SELECT count(*) FROM search_express_auction") == 1


@pytest.mark.parametrize(("query", "field"), [("buyer_region=990000", "buyer_region"), ("paid=1", "paid")])
def test_a_wrong_parameter_is_refused(board: Board, query: str, field: str) -> None:
    assert Asking()("get", f"/api/search/?q=衣柜&{query}").json()["field"] == field


def test_a_long_visitor_is_refused(board: Board) -> None:
    answer = Asking()("get", "/api/search/?q=衣柜&paid=true", **(VISITOR | {"X-Jishi-Visitor": "v" * 65}))
    assert (answer.status_code, answer.json()["field"]) == (400, "X-Jishi-Visitor")


def test_a_search_nobody_bids_on_is_logged_with_nobody_in_it(board: Board) -> None:
    board.ad(word="沙发")
    for q in ("衣柜 实木", "实木 衣柜"):
        assert board.looks(q, region=320324109) == {"auction": None, "results": []}
    logged = "SELECT words, region, reserve_fen, keywords, bids, placed, prices FROM search_express_auction"
    assert rows(logged) == [("实木 衣柜", 320324, 5, [], [], [], [])] * 2
    with pytest.raises(NotFound):
        board.do(press, [Press(kept()["id"], 1, "v1")])
    assert board.looks("！") == {"auction": None, "results": []}
    assert len(rows(logged)) == 2


@pytest.mark.parametrize(
    ("match", "word", "query", "meets"),
    [
        ("exact", "实木 衣柜", "衣柜 实木", True),
        ("exact", "衣柜", "实木 衣柜", False),
        ("centre", "衣柜", "实木 衣柜", True),
        ("centre", "实木 衣柜", "衣柜", False),
        ("broad", "实木 衣柜", "白色 衣柜", True),
        ("broad", "实木 衣柜", "沙发", False),
    ],
)
def test_how_words_match(board: Board, match: str, word: str, query: str, meets: bool) -> None:
    listing = board.ad(word=word, match=match)["listing"]
    assert board.shown(query) == ([listing] if meets else [])


def test_a_match_the_levers_take_away_bids_no_more(board: Board) -> None:
    board.ad(match="broad")
    board.set_lever(auction__matches=["exact", "centre"])
    assert board.shown() == []


def test_a_listing_stands_once_by_its_best_word(board: Board) -> None:
    ad = board.ad(bid_fen=50)
    best = board.keyword(ad["group"], "实木", "broad", 90)
    board.keyword(ad["group"], "实木衣柜", "exact", 60)
    assert board.shown("实木 衣柜") == [ad["listing"]]
    assert (kept()["keywords"], kept()["bids"]) == ([best], [90])


def test_ties_go_to_the_earlier_bid(board: Board) -> None:
    first, second = board.ad("甲"), board.ad("乙")
    assert board.shown() == [first["listing"], second["listing"]]
    board.market.pass_hours(1)
    board.edits("keyword", first["keyword"], bid_fen=99)
    board.edits("keyword", first["keyword"], bid_fen=100)
    assert board.shown() == [second["listing"], first["listing"]]
    board.set_lever(auction__tie_goes_to="later_bid")
    assert board.shown() == [first["listing"], second["listing"]]


def test_there_are_so_many_slots(board: Board) -> None:
    four(board)
    board.set_lever(auction__right_slot_count=2, auction__bottom_slot_count=1)
    assert [(r["slot"], r["place"]) for r in board.looks()["results"]] == [
        (1, "right"),
        (2, "right"),
        (3, "bottom"),
    ]
    assert len(kept()["bids"]) == 4
    board.set_lever(auction__right_slot_count=0, auction__bottom_slot_count=0)
    assert board.looks() == {"auction": None, "results": []}


OUT = {
    "campaign paused": lambda b, ad: b.moves("campaign", ad["campaign"], "pause"),
    "group paused": lambda b, ad: b.moves("group", ad["group"], "pause"),
    "keyword removed": lambda b, ad: b.moves("keyword", ad["keyword"], "remove"),
    "off sale": lambda b, ad: b.delist(ad["listing"]),
    "shop hidden": lambda b, ad: b.hide("老张"),
    "creative refused": lambda b, ad: b.edits("creative", 1, title="最低价"),
    "reserve above": lambda b, ad: b.set_lever(auction__reserve_fen=101),
}


@pytest.mark.parametrize("name", OUT)
def test_what_stands_still_takes_no_part(board: Board, name: str) -> None:
    ad = board.ad(bid_fen=100)
    assert board.shown() == [ad["listing"]]
    OUT[name](board, ad)
    assert board.shown() == []


def test_an_empty_account_takes_no_part_and_nobody_offers_more_than_is_left(board: Board) -> None:
    board.seller(funds=60)
    board.ad(bid_fen=100)
    board.shown()
    assert kept()["bids"] == [60]
    from search.express.actions import account

    board.do(account.withdraw, [account.Move(board.owners["老张"], 56)])
    assert board.shown() == []


def test_regions_are_where_buyers_are(board: Board) -> None:
    here = board.ad("甲", regions=[320300])["listing"]
    province = board.ad("乙", regions=[320000, 110000])["listing"]
    everywhere = board.ad("丙")["listing"]
    for region, shown in (
        (320324, {here, province, everywhere}), (320324109, {here, province, everywhere}), (320100, {province, everywhere}),
        (110105, {province, everywhere}), (440000, {everywhere}), (None, {everywhere}),
    ):  # fmt: skip
        assert set(board.shown(region=region)) == shown, region
    assert set(board.shown(member=board.owners["丙"])) == {here, province, everywhere}  # who lives in Suining
    assert kept()["region"] == 320324


def test_the_bid_follows_the_half_hour_of_the_week(board: Board) -> None:
    half_hour = board.at.weekday() * 48 + board.at.hour * 2 + board.at.minute // 30
    rates = [10_000] * 336
    rates[half_hour], rates[(half_hour + 1) % 336] = 15_050, 0
    board.ad(bid_fen=99, time_rates_bps=rates)
    board.shown()
    assert kept()["bids"] == [148]  # 148.995, rounded down: never more than was said
    board.market.pass_time("PT30M")
    assert board.shown() == []
    board.market.pass_time("PT30M")
    board.shown()
    assert kept()["bids"] == [99]


def test_creatives_take_turns_by_visitor(board: Board) -> None:
    ad = board.ad()
    board.creative(ad["group"], "第二个衣柜")
    board.creative(ad["group"], "最低价衣柜")
    seen = {
        visitor: board.looks(visitor=visitor)["results"][0]["creative"] for visitor in map(str, range(12))
    }
    assert set(seen.values()) == {1, 2}
    assert {visitor: board.looks(visitor=visitor)["results"][0]["creative"] for visitor in seen} == seen
