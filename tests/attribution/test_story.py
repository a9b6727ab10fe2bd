"""Organic, then an ad, then direct, then the sale: by hand, through the doors, with a refund, and found when tampered with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction

from common.batch import execute, one
from common.moments import day_of
from search.attribution.queries.audit import audit
from search.attribution.recompute import rebuild_day
from search.express.actions.clicks import Press, press
from shops.actions import orders, refunds
from shops.actions.orders import Place, Wanted
from shops.actions.refunds import Ask
from tests.asking import Asking
from tests.express.board import Board
from tests.shops.stalls import joined
from traffic.actions import see_one

DAY = timedelta(days=1)
MODELS = ("first", "last", "last_non_direct", "linear")


class Told:
    """A buyer came to 甲 by a search, by an ad, and by themselves, and bought; another bought unseen in 乙."""

    def __init__(self, board: Board) -> None:
        self.board, self.first = board, day_of(board.at)
        self.ad, self.other = board.ad("甲"), board.listed(shop="乙")
        [self.buyer] = joined("买家", fen=1_000_000)
        see_one("v1", page="listing", source="organic_search", listing=self.ad["listing"])
        board.market.pass_days(1)
        board.do(press, [Press(board.looks()["auction"], 1, "v1")])
        board.market.pass_time("PT10M")
        see_one(
            "v1", page="shop", source="direct", shop=board.shops["甲"]
        )  # clicks about: still the ad's visit
        see_one("v1", page="shop", source="community", shop=board.shops["乙"])  # another shop's affair
        board.market.pass_days(2)
        see_one("v1", page="listing", source="direct", listing=self.ad["listing"], member=self.buyer)
        self.order, self.unseen = (self.buys(listing) for listing in (self.ad["listing"], self.other))
        board.market.pass_time("PT1M")
        see_one(
            "v1", page="listing", source="category", listing=self.ad["listing"], member=self.buyer
        )  # too late
        board.tomorrow()

    def buys(self, listing: int) -> int:
        buyer = self.buyer if listing == self.ad["listing"] else joined("路人", fen=1_000_000)[0]
        [[order]] = self.board.do(orders.place_and_pay, [Place(buyer, (Wanted(listing),))])
        return int(order)

    def refunded(self, fen: int) -> None:
        line = one("SELECT id FROM shops_orderline WHERE order_id = %s", [self.order])
        [refund] = self.board.do(refunds.ask, [Ask(line, amount_fen=fen)])
        self.board.do(refunds.agree, [refund], by=self.board.owners["甲"])


def figures(row: dict[str, Any], *names: str) -> dict[str, tuple[Any, ...]]:
    return {model: tuple(row["models"][model][name] for name in names) for model in MODELS}


def each_model_tells_the_same_sale_its_own_way(told: Told, ask: Asking) -> None:
    own, theirs = (ask.member(told.board.owners[nick]) for nick in "甲乙")
    path = f"/api/attribution/?first={told.first}&days=false"
    rows = ask("get", path, key=own).json()["results"]
    by_source = {row["source"]: row for row in rows}
    assert list(by_source) == ["direct", "organic_search", "keyword_ad"]
    assert {(row["touches"], row["orders"]) for row in rows} == {(1, 1)}
    assert figures(by_source["organic_search"], "orders_thousandths", "paid_fen", "roi_bps") == {
        "first": (1_000, 9_900, None), "last": (0, 0, None), "last_non_direct": (0, 0, None), "linear": (334, 3_300, None),
    }  # fmt: skip
    assert by_source["keyword_ad"]["cost_fen"] == 5  # the only bidder pays the reserve
    assert figures(by_source["keyword_ad"], "orders_thousandths", "paid_fen", "roi_bps", "cost_per_order_fen") == {
        "first": (0, 0, 0, None), "last": (0, 0, 0, None), "last_non_direct": (1_000, 9_900, 19_800_000, 5),
        "linear": (333, 3_300, 6_600_000, 15),
    }  # fmt: skip
    assert figures(by_source["direct"], "orders_thousandths", "paid_fen") == {
        "first": (0, 0), "last": (1_000, 9_900), "last_non_direct": (0, 0), "linear": (333, 3_300),
    }  # fmt: skip
    daily = ask("get", f"/api/attribution/?first={told.first}", key=own).json()["results"]
    assert [(row["source"], row["cost_fen"]) for row in daily][:1] == [
        ("keyword_ad", 5)
    ]  # on the click's day
    assert len(daily) == 4
    # what is whose
    [row] = ask("get", path, key=theirs).json()["results"]
    assert (row["shop"], row["source"], row["touches"], row["orders"]) == (
        told.board.shops["乙"],
        "direct",
        0,
        1,
    )
    assert ask("get", f"{path}&shop={told.board.shops['甲']}", key=theirs).json()["results"] == []
    assert len(ask("get", f"{path}&shop={told.board.shops['甲']}").json()["results"]) == 3
    paged = ask("get", f"{path}&limit=3").json()
    assert len(ask("get", paged["next"]).json()["results"]) == 1
    assert ask("get", "/api/attribution/", key=ask.read).status_code == 403


def paths_are_told_to_the_seller_and_nobodys_wanderings_elsewhere(told: Told, ask: Asking) -> None:
    own, theirs = (ask.member(told.board.owners[nick]) for nick in "甲乙")
    [path] = ask("get", "/api/attribution/paths/", key=own).json()["results"]
    assert (path["said"], path["orders"], path["paid_fen"]) == (
        "organic_search > keyword_ad > direct",
        1,
        9_900,
    )
    [unseen] = ask("get", "/api/attribution/paths/", key=theirs).json()["results"]
    assert (unseen["path"], unseen["orders"]) == (["direct"], 1)
    everybody = ask("get", "/api/attribution/paths/").json()["results"]
    assert {row["shop"] for row in everybody} == set(told.board.shops.values())
    one = ask("get", f"/api/attribution/orders/{told.order}/", key=own).json()
    assert [touch["source"] for touch in one["touches"]] == ["organic_search", "keyword_ad", "direct"]
    assert one["models"]["linear"] == [
        {"source": name, "orders_thousandths": part, "paid_fen": 3_300}
        for name, part in (("organic_search", 334), ("keyword_ad", 333), ("direct", 333))
    ]
    assert ask("get", f"/api/attribution/orders/{told.unseen}/", key=own).status_code == 404
    assert ask("get", f"/api/attribution/orders/{told.unseen}/", key=theirs).json()["touches"] == []
    with transaction.atomic():
        new = told.buys(told.ad["listing"])
        assert ask("get", f"/api/attribution/orders/{new}/").status_code == 404  # shared out at midnight
        transaction.set_rollback(True)


def a_refund_takes_from_each_what_it_was_given(told: Told, ask: Asking) -> None:
    own = ask.member(told.board.owners["甲"])
    told.refunded(100)
    told.board.tomorrow()
    told.refunded(9_800)
    told.board.tomorrow()
    rows = {
        row["source"]: row
        for row in ask("get", f"/api/attribution/?first={told.first}&days=false", key=own).json()["results"]
    }
    assert {name: figures(row, "net_fen") for name, row in rows.items()} == {
        name: dict.fromkeys(MODELS, (0,)) for name in ("direct", "organic_search", "keyword_ad")
    }
    assert figures(rows["keyword_ad"], "refunded_fen", "roi_bps")["linear"] == (3_300, 0)
    daily = ask("get", f"/api/attribution/?first={told.board.at.date()}&last=2199-01-01", key=own).json()
    assert daily["results"] == []
    first = [row for row in ask("get", f"/api/attribution/?first={told.first}", key=own).json()["results"]
             if row["models"]["linear"]["refunded_fen"]]  # fmt: skip
    assert [row["models"]["linear"]["refunded_fen"] for row in first][:3] == [33, 34, 33]
    assert {row["orders"] for row in first} == {0}  # a refund is no order


def what_was_tampered_with_is_found_and_a_rebuild_mends_it(told: Told) -> None:
    day = day_of(told.board.at) - DAY
    harms = {
        "UPDATE search_attribution_daily SET linear_paid_fen = linear_paid_fen + 1 WHERE source = 2":
            {"each model shares out what was sold", "a day's attribution is what its sales and charges say"},
        "UPDATE search_attribution_daily SET cost_fen = 4 WHERE cost_fen = 5":
            {"a day's attribution is what its sales and charges say"},
        "UPDATE search_attribution_sale SET sources[1] = 3 WHERE cardinality(sources) = 3":
            {"a sale's path is what the views say", "a day's attribution is what its sales and charges say"},
        f"DELETE FROM search_attribution_daily WHERE day = '{day}'":
            {"each model shares out what was sold", "a day's attribution is what its sales and charges say"},
    }  # fmt: skip
    for harm, rules in harms.items():
        with transaction.atomic():
            assert execute(harm)
            assert {row["rule"] for row in audit(at=told.board.at)} == rules
            transaction.set_rollback(True)
    for table in ("daily", "sale"):
        execute(f"DELETE FROM search_attribution_{table}")
    assert {row["day"] for row in audit(at=told.board.at)} == {str(told.first + DAY), str(day)}
    for each in (told.first + DAY, day):
        rebuild_day(each)
    assert audit(at=told.board.at) == []


def test_a_sale_that_came_by_a_search_an_ad_and_itself(board: Board) -> None:
    told, ask = Told(board), Asking()
    each_model_tells_the_same_sale_its_own_way(told, ask)
    what_was_tampered_with_is_found_and_a_rebuild_mends_it(told)
    paths_are_told_to_the_seller_and_nobodys_wanderings_elsewhere(told, ask)
    a_refund_takes_from_each_what_it_was_given(told, ask)
