"""A click explained: to the platform whole, to its seller without a number of anybody else's."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from common.errors import NotFound
from search.express.actions.clicks import Press, press
from search.express.queries import explain
from tests.asking import Asking
from tests.express.board import Board
from worlds import checks

BIDS = {"甲": (2_171, 8_017), "乙": (2_503, 5_011), "丙": (1_213, 9_973), "丁": (509, 6_011)}


@pytest.fixture
def second(board: Board) -> Board:
    """Four bidders with numbers nobody else has; the one in the second slot was clicked."""
    for nick, (bid, quality) in BIDS.items():
        board.judged(**{f"k{board.ad(nick, bid_fen=bid)['keyword']}": quality})
    board.do(press, [Press(board.looks()["auction"], 2, "v1")])
    return board


def test_the_platform_sees_who_bid_what_and_why_it_cost_that(second: Board) -> None:
    told = checks.explain("click", ["1"])
    assert [(p["id"], p["bid_fen"], p["quality"], p["slot"]) for p in told["places"]] == [
        (1, 2_171, 8_017, 1), (2, 2_503, 5_011, 2), (3, 1_213, 9_973, 3), (4, 509, 6_011, 4),
    ]  # fmt: skip
    assert told["held_again"]
    assert (told["charged_fen"], told["price_fen"]) == (2_415, 2_415)
    place = told["places"][1]
    assert place["why"] == "1213 x 9973 / 5011 + 1 = 2415.1387, rounded 2415"
    assert (place["next"], place["seller"], place["because"]) == (3, second.owners["乙"], "next")
    assert {"vcg_payment_fen", "regret_fen", "lowest_bid_fen", "highest_bid_fen"} <= set(place)
    assert told["vcg_revenue_fen"] <= told["revenue_fen"]


def test_a_seller_sees_the_own_numbers_and_of_others_where_they_stood(second: Board) -> None:
    told = explain.click(1, second.owners["乙"])
    assert [set(p) for n, p in enumerate(told["places"]) if n != 1] == [{"place", "slot"}] * 3
    assert (told["places"][1]["bid_fen"], told["places"][1]["price_fen"]) == (2_503, 2_415)
    text = orjson.dumps(told).decode()
    for nick, numbers in BIDS.items():
        if nick != "乙":
            assert not [n for n in numbers if str(n) in text], nick
    assert "revenue_fen" not in text


def test_nobody_else_is_told_at_all(second: Board) -> None:
    with pytest.raises(NotFound):
        explain.click(1, second.owners["甲"])
    asking = Asking()
    own, other = (asking.member(second.owners[nick]) for nick in "乙甲")
    path = "/api/clicks/1/explain/"
    assert asking("get", path, key=other).status_code == 404
    assert asking("get", path, key=asking.read).status_code == 403
    assert asking("get", path, key=own).json() == _as_json(explain.click(1, second.owners["乙"]))
    assert asking("get", path).json()["places"][0]["bid_fen"] == 2_171


def test_an_impression_is_explained_to_all_who_bid_placed_or_not_and_to_nobody_else(second: Board) -> None:
    second.set_lever(auction__right_slot_count=1, auction__bottom_slot_count=1)
    shown = second.looks()["auction"]
    whole = checks.explain("impression", [str(shown)])
    assert [place["slot"] for place in whole["places"]] == [1, 2, None, None]
    told = explain.impression(shown, second.owners["丁"])
    assert told["places"][3]["why"] == "no slot is left; nothing is paid"
    assert [set(place) for place in told["places"][:3]] == [{"place", "slot"}] * 3
    second.seller("戊")
    nothing = second.looks("书架")  # nobody bids on that
    assert nothing["auction"] is None
    for auction, by in ((shown, second.owners["戊"]), (shown + 1, None), (10**17, None)):
        with pytest.raises(NotFound):
            explain.impression(auction, by)


def test_places_shown_are_listed_for_their_seller_with_what_a_click_there_costs(second: Board) -> None:
    asking = Asking()
    own = asking.member(second.owners["乙"])
    second.looks()
    [first, again] = asking("get", "/api/ads/impressions/", key=own).json()["results"]
    assert (first["slot"], first["price_fen"], first["words"]) == (2, 2_415, ["衣柜"])
    assert again["auction"] > first["auction"]
    assert {first["seller"], again["seller"]} == {second.owners["乙"]}
    rest = asking("get", f"/api/ads/impressions/?after={first['id']}", key=own).json()["results"]
    assert rest == [again]
    assert len(asking("get", "/api/ads/impressions/").json()["results"]) == 8
    assert asking("get", "/api/ads/impressions/?day=2010-01-01").json()["results"] == []


def test_a_student_reads_it_as_a_table(second: Board) -> None:
    asking = Asking()
    own = asking.member(second.owners["乙"])
    answer = asking("get", "/api/clicks/1/explain/?as=table", key=own)
    text = answer.content.decode()
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "valid, charged 2415" in text
    assert "衣柜 (keyword 2)" in text
    assert text.count(" another ") == 3
    assert not [n for nick, pair in BIDS.items() for n in pair if nick != "乙" and f"{n:,}" in text]
    whole = checks.drawn("click", checks.explain("click", ["1"]))
    assert all(f"{n:,}" in whole for pair in BIDS.values() for n in pair)
    assert "place 2: 1213 x 9973 / 5011 + 1 = 2415.1387, rounded 2415" in whole
    with pytest.raises(NotFound, match="as data only"):
        checks.drawn("credit", {})


def _as_json(told: dict[str, Any]) -> Any:
    return orjson.loads(orjson.dumps(told))


@pytest.mark.parametrize("mechanism", ["gsp", "vcg", "first_price"])
def test_it_is_held_again_under_its_own_rules_whatever_the_levers_are_now(
    board: Board, mechanism: str
) -> None:
    for nick, (bid, quality) in BIDS.items():
        board.judged(**{f"k{board.ad(nick, bid_fen=bid)['keyword']}": quality})
    board.set_lever(auction__mechanism=mechanism)
    board.do(press, [Press(board.looks()["auction"], 1, "v1")])
    board.set_lever(auction__mechanism="gsp", auction__reserve_fen=50)
    told = explain.click(1)
    assert (told["mechanism"], told["held_again"], told["reserve_fen"]) == (mechanism, True, 5)
    assert told["places"][0]["price_fen"] == told["charged_fen"]


def test_no_number_is_told_that_is_none(board: Board) -> None:
    with pytest.raises(NotFound):
        explain.click(1)
