"""A day's traffic bills: both kinds of bought visits in one place, each line down to its page views, nature for nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

from common.batch import dicts, one
from payments.queries import account
from regime.actions import change
from search.bills.queries import SECRET
from search.express.actions import account as money
from search.express.actions.account import Move
from search.express.actions.clicks import Press, press
from tests.alliance.web import SHARE, Web
from tests.asking import Asking
from tests.express.board import Board
from tests.market import Market
from traffic.actions import see_one
from worlds import checks

DAY = date(2010, 3, 1)


def test_a_days_bill_is_what_was_bought_and_leads_to_its_page_views(market: Market) -> None:
    """Two clicks on ads at 2,000 each, a thousand given back at midnight; and a busy day of the alliance."""
    web, board = Web(), Board(market)
    board.shops["bob"], board.owners["bob"] = web.shop, web.bob
    web.do(change, {"auction.reserve_fen": 2_000}, by=None, why="a test")
    web.do(money.top_up, [Move(web.bob, 10_000)])
    campaign = board.ad("bob", bid_fen=3_000, budget_fen=3_000, smoothing=True)["campaign"]
    pages = {visitor: board.looks(visitor=visitor)["auction"] for visitor in "ab"}
    for visitor, page in pages.items():
        web.do(press, [Press(page, 1, visitor), Press(page, 1, visitor)])  # the second is a repeat, and free
    see_one("a", page="shop", source="organic_search", shop=web.shop)
    see_one("n", page="shop", source="direct", shop=web.shop)
    banner = web.linked(web.accepted(SHARE))
    web.click(banner, "c", web.carol)
    web.finished(buyer=web.carol)  # one sale by a contract, beside those of busy() by the standing offer
    web.busy()
    ask = Asking()
    path = f"/api/traffic/bills/?day={DAY}"
    told = {
        name: ask("get", path, key=ask.member(getattr(web, name))).json() for name in ("bob", "wang", "carol")
    }
    everybody = ask("get", path).json()
    assert told["carol"] == {"day": str(DAY), "shops": [], "spaces": []}
    [shop], [space] = told["bob"]["shops"], told["wang"]["spaces"]
    assert (told["bob"]["spaces"], told["wang"]["shops"]) == ([], [])
    lines = {
        (x["source"], x["kind"], x["contract"]): (x["quantity"], x["page_views"], x["amount_fen"])
        for x in shop["lines"]
    }
    assert lines == {
        ("keyword_ad", "click", None): (2, 2, 4_000), ("keyword_ad", "return", None): (1, 0, -1_000),
        ("alliance", "click", 2): (1, 1, 55), ("alliance", "thousands", 3): (2_000, 0, 4_400),
        ("alliance", "commission", None): (2, 1, 2_178), ("alliance", "commission", 1): (1, 1, 1_089),
        ("alliance", "return", None): (1, 1, -363),
    }  # fmt: skip
    assert {(x["kind"], x["quantity"], x["amount_fen"]) for x in space["lines"]} == {
        ("click", 1, 45), ("thousands", 2_000, 3_600), ("commission", 2, 1_782), ("commission", 1, 891), ("return", 1, -297),
    }  # fmt: skip
    # the ledger says the same
    assert account(money.code(web.bob)) == 10_000 - 4_000 + 1_000
    assert (shop["amount_fen"], space["amount_fen"]) == (3_000 + 7_359, web.earned)
    assert [x["amount_fen"] for x in everybody["shops"] + everybody["spaces"]] == [10_359, web.earned]
    assert ask("get", f"{path}&space={space['space']}").json()["shops"] == []
    # each line leads down
    seen = leads_down(ask, ask.member(web.bob), shop)
    bought = {row["id"] for row in dicts("SELECT id FROM traffic_pageview WHERE charge_id IS NOT NULL")}
    assert len(bought) == 5
    assert seen == bought  # the natural ones are in no bill, nor are repeats
    assert leads_down(ask, ask.member(web.wang), space) == set()
    owned = ask("get", space["lines"][0]["views_at"], key=ask.member(web.wang)).json()["results"]
    assert {row[name] for row in owned for name in SECRET} == {None}
    assert ask("get", shop["lines"][0]["views_at"], key=ask.member(web.carol)).json()["results"] == []
    [thousand] = [x for x in shop["lines"] if x["kind"] == "thousands"]
    [row] = ask("get", thousand["views_at"], key=ask.member(web.bob)).json()["results"]
    shown = f"SELECT count(*) FROM search_alliance_view WHERE contract_id = {row['contract']} AND id > %s AND id <= %s"
    assert one(shown, [row["after_view"], row["last_view"]]) == 2_000
    # and the command line tells it whole
    bill = checks.explain("bill", [str(web.shop), str(DAY)])
    assert bill["amount_fen"] == 10_359
    assert {len(x["behind"]) for x in bill["lines"] if x["campaign"] == campaign} == {2, 1}
    books = (
        checks.audit()
    )  # of shops' own the web's after-sales refund, which shops has none of yet, is no part
    assert [books[book] for book in ("ads", "alliance", "traffic", "attribution", "money")] == [[]] * 5


def leads_down(ask: Asking, key: str, bill: dict[str, Any]) -> set[int]:
    """The page views behind a bill's lines; what is behind each adds up to it."""
    views = set()
    for line in bill["lines"]:
        behind = ask("get", line["views_at"], key=key).json()["results"]
        assert sum(row["quantity"] for row in behind) == line["quantity"]
        assert sum(row["amount_fen"] for row in behind) == line["amount_fen"]
        views |= {row["view"] for row in behind if row["view"] is not None}
    return views
