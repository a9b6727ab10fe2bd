"""Clicks: one verdict each; the posting, what is spent and the page view are one fact with it."""

from __future__ import annotations

from typing import Any

import pytest

from common.batch import one, rows
from common.errors import Conflict, NotFound, Refusal
from payments.queries import account
from search.express.actions import account as money
from search.express.actions.account import Move
from search.express.actions.clicks import Press, give_back, press
from tests.asking import Asking
from tests.express.board import Board, row
from tests.shops.stalls import events, joined
from traffic.rules import SOURCE_NAME


def click(board: Board, auction: int, visitor: str = "v1", slot: int = 1, **more: Any) -> str:
    """The verdict."""
    [done] = board.do(press, [Press(auction, slot, visitor, **more)])
    return str(done["verdict"])


def views() -> list[tuple[str, int | None]]:
    """(source, charge) of each page view, in order."""
    found = rows("SELECT source, charge_id FROM traffic_pageview ORDER BY id")
    return [(SOURCE_NAME[source], charge) for source, charge in found]


def spent(campaign: int) -> int:
    return one(
        "SELECT coalesce(sum(spent_fen), 0)::bigint FROM search_express_spending WHERE campaign_id = %s",
        [campaign],
    )


def test_a_valid_click_is_billed_once_and_buys_one_visit(board: Board) -> None:
    ad, under = board.ad("甲", bid_fen=100), board.ad("乙", bid_fen=60)
    before = board.funds("甲")
    fees = account("platform:fees")
    assert click(board, board.looks()["auction"]) == "valid"
    assert (board.funds("甲"), account("platform:fees")) == (before - 61, fees + 61)
    assert views() == [("keyword_ad", 1)]
    assert (spent(ad["campaign"]), spent(under["campaign"])) == (61, 0)
    assert rows(
        "SELECT kind, reference, key, amount_fen FROM payments_transfer ORDER BY id DESC LIMIT 1"
    ) == [("ad_click", f"campaign:{ad['campaign']}", "ad_click:1", 61)]
    assert [(told, members) for told, members, _ in events("ad.clicked")] == [(1, [board.owners["甲"]])]
    assert not {"price_fen", "bid_fen", "member"} & set(events("ad.clicked")[0][2])


def test_the_same_visitor_or_address_counts_once_in_a_day(board: Board) -> None:
    board.ad()
    assert click(board, board.looks(visitor="a")["auction"], "a", address="1.1.1.1") == "valid"
    assert click(board, board.looks(visitor="a")["auction"], "a") == "repeat"
    assert click(board, board.looks(visitor="b")["auction"], "b", address="1.1.1.1") == "repeat"
    assert click(board, board.looks(visitor="c")["auction"], "c", address="2.2.2.2") == "valid"
    assert views() == [("keyword_ad", 1), ("repeat", None), ("repeat", None), ("keyword_ad", 4)]
    board.market.pass_time("PT23H59M")
    assert click(board, board.looks(visitor="a")["auction"], "a") == "repeat"
    board.market.pass_time("PT1M")
    assert click(board, board.looks(visitor="a")["auction"], "a") == "valid"


def test_another_ad_of_the_shop_is_another_ad(board: Board) -> None:
    one_, two = board.ad(word="衣柜"), board.ad(word="沙发", title="沙发")
    assert one_["group"] != two["group"]
    assert click(board, board.looks("衣柜")["auction"]) == "valid"
    assert click(board, board.looks("沙发")["auction"]) == "valid"


def test_a_sellers_own_click_costs_nothing_unless_the_lever_says_so(board: Board) -> None:
    board.ad()
    owner = board.owners["老张"]
    assert click(board, board.looks(visitor="a")["auction"], "a", member=owner) == "own_click"
    assert views() == [("direct", None)]
    board.set_lever(auction__own_clicks_billed=True)
    assert click(board, board.looks(visitor="a")["auction"], "a", member=owner) == "valid"


def test_a_page_of_results_lives_an_hour_and_is_its_visitors(board: Board) -> None:
    board.ad()
    page = board.looks(visitor="a")["auction"]
    assert click(board, page, "b") == "stranger"
    board.market.pass_time("PT1H")
    assert click(board, page, "a") == "valid"
    page = board.looks(visitor="c")["auction"]
    board.market.pass_time("PT1H1S")
    assert click(board, page, "c") == "expired"
    assert click(board, board.looks(visitor=None)["auction"], "anybody") == "valid"


@pytest.mark.parametrize("noun", ["campaign", "group", "keyword"])
def test_what_was_stopped_meanwhile_costs_nothing(board: Board, noun: str) -> None:
    ad = board.ad()
    page = board.looks()["auction"]
    board.moves(noun, ad[noun], "pause")
    assert click(board, page) == "ended"
    board.moves(noun, ad[noun], "start")
    assert click(board, page) == "valid"


def test_goods_off_sale_cost_nothing(board: Board) -> None:
    ad = board.ad()
    page = board.looks()["auction"]
    board.delist(ad["listing"])
    assert click(board, page) == "ended"


def test_an_account_is_never_overdrawn(board: Board) -> None:
    board.ad()
    page = board.looks()["auction"]
    board.do(money.withdraw, [Move(board.owners["老张"], board.funds("老张") - 4)])
    assert click(board, page) == "unpaid"
    assert board.funds("老张") == 4


def test_a_place_that_was_not_sold_cannot_be_clicked(board: Board) -> None:
    board.ad()
    page = board.looks()["auction"]
    with pytest.raises(NotFound) as refused:
        board.do(press, [Press(page, 1, "v1"), Press(page, 2, "v1"), Press(page + 1, 1, "v1")])
    assert refused.value.rows == (1, 2)
    assert one("SELECT count(*) FROM traffic_pageview") == 0


def test_an_unknown_member_is_refused_and_nothing_is_left(board: Board) -> None:
    board.ad()
    with pytest.raises(Refusal):
        click(board, board.looks()["auction"], member=999)
    assert one("SELECT count(*) FROM search_express_click") == 0


def tight(board: Board, **more: Any) -> dict[str, int]:
    """A campaign of 30 yuan a day whose clicks cost 4 each: money for seven."""
    board.set_lever(auction__reserve_fen=400)
    return board.ad(bid_fen=400, budget_fen=3_000, **more)


def test_a_budget_is_never_passed_and_the_campaign_rests_until_midnight(board: Board) -> None:
    ad = tight(board)
    pages = [board.looks(visitor=f"v{n}")["auction"] for n in range(9)]
    told = board.do(press, [Press(page, 1, f"v{n}") for n, page in enumerate(pages)])
    assert [done["verdict"] for done in told] == ["valid"] * 7 + ["over_budget"] * 2
    assert (spent(ad["campaign"]), row("campaign", ad["campaign"])["exhausted_on"]) == (
        2_800,
        board.at.date(),
    )
    assert board.shown() == []
    assert [told for told, _, _ in events("campaign.exhausted")] == [ad["campaign"]]
    board.tomorrow()
    assert board.shown() == [ad["listing"]]


def test_more_budget_brings_it_back_and_less_takes_it_off(board: Board) -> None:
    ad = tight(board)
    board.do(press, [Press(board.looks(visitor=f"v{n}")["auction"], 1, f"v{n}") for n in range(7)])
    assert board.shown() == []
    board.edits("campaign", ad["campaign"], budget_fen=4_000)
    assert board.shown() == [ad["listing"]]
    page = board.looks(visitor="z")["auction"]
    board.edits("campaign", ad["campaign"], budget_fen=3_000)
    assert board.shown() == []  # the 200 that are left buy no click
    assert click(board, page, "z") == "over_budget"


def test_a_smoothed_budget_is_let_go_evenly_and_its_last_click_beyond_is_given_back(board: Board) -> None:
    ad = tight(board, smoothing=True)
    board.tomorrow()
    assert board.shown() == [ad["listing"]]  # 62 of 3,000 fen are let go in the first half hour
    assert click(board, board.looks(visitor="a")["auction"], "a") == "valid"
    assert board.shown() == []
    board.market.pass_time("PT2H59M")
    assert board.shown() == []  # 400 were spent, and 375 let go in six half hours
    board.market.pass_time("PT1M")
    assert board.shown() == [ad["listing"]]
    board.market.pass_time("PT20H")
    pages = [board.looks(visitor=f"v{n}")["auction"] for n in range(9)]
    told = board.do(press, [Press(page, 1, f"v{n}") for n, page in enumerate(pages)])
    assert [done["verdict"] for done in told] == ["valid"] * 7 + ["over_budget"] * 2
    before = board.funds("老张")
    assert spent(ad["campaign"]) == 3_200
    board.tomorrow()
    assert board.funds("老张") == before + 200
    assert rows("SELECT returned_fen FROM search_express_spending") == [(200,)]
    assert board.do(give_back) == 0


@pytest.mark.parametrize(("kept", "back"), [(True, 0), (False, 400)])
def test_a_lowered_budget_was_edited_that_day(board: Board, kept: bool, back: int) -> None:
    ad = board.ad(bid_fen=400, budget_fen=4_000)
    board.set_lever(auction__reserve_fen=400, auction__overshoot_kept_if_edited=kept)
    board.do(press, [Press(board.looks(visitor=f"v{n}")["auction"], 1, f"v{n}") for n in range(10)][:9])
    board.edits("campaign", ad["campaign"], budget_fen=3_200)
    assert board.shown() == []
    before = board.funds("老张")
    board.tomorrow()
    assert board.funds("老张") == before + back


def test_who_clicks_is_not_told_how_a_sellers_budget_stands(board: Board) -> None:
    board.ad()
    [buyer] = joined("买家")
    asking = Asking()
    key = asking.member(buyer)
    search: dict[str, Any] = {"X-Jishi-Visitor": "web"}
    page = asking("get", "/api/search/?q=衣柜&paid=true", key=key, **search).json()["paid"]["auction"]
    body = {"auction": page, "slot": 1, "visitor": "web"}
    told = asking("post", "/api/clicks/", body, key=key)
    assert (told.status_code, told.json()["verdict"], "price_fen" in told.json()) == (201, None, False)
    assert asking("post", "/api/clicks/", body).json()["verdict"] == "repeat"
    assert row("click", 1)["member_id"] == buyer
    assert asking("post", "/api/clicks/", {**body, "member": 1}, key=key).status_code == 403
    assert asking("get", "/api/clicks/", key=key).json()["results"] == []
    assert asking("get", "/api/clicks/1/", key=key).status_code == 404
    own = asking("get", "/api/clicks/", key=asking.member(board.owners["老张"])).json()["results"]
    assert [(c["verdict"], c["price_fen"]) for c in own] == [("valid", 5), ("repeat", 0)]
    assert asking("get", "/api/clicks/", key=asking.read).status_code == 403


def test_clicks_are_never_changed(board: Board) -> None:
    from django.db import IntegrityError, transaction

    from common.batch import execute

    board.ad()
    click(board, board.looks()["auction"])
    for sql in ("UPDATE search_express_click SET price_fen = 0", "DELETE FROM search_express_click"):
        with pytest.raises((IntegrityError, Conflict)), transaction.atomic():
            execute(sql)
