"""A forecast is the past held again: with the bid that stood it is what was recorded, with another what a hand would do."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from common.batch import dicts
from search.cubes.queries import forecasts
from search.cubes.queries.forecasts import Outlook, bought, forecast, imagined, outlook
from search.cubes.rules import MILLION, own_rate, slot_rate
from tests.cubes.shelf import BIDS, days, demand, logged, placed
from tests.express.board import Board


def recorded(row: Any, keyword: int) -> tuple[int | None, int | None]:
    """The slot and price that the auction's row says a keyword had."""
    for slot, column in enumerate(row["placed"], 1):
        if row["keywords"][column] == keyword:
            return slot, row["prices"][slot - 1]
    return None, None


def test_the_bid_that_stood_gives_what_was_recorded_and_others_what_a_hand_works_out(board: Board) -> None:
    board.set_lever(auction__right_slot_count=2, auction__bottom_slot_count=0)
    ads = days(board)
    told = forecast(bought(ads["甲"]["keyword"], board.owners["甲"]), [BIDS["甲"]], at=board.at)
    auctions, clicks = logged(["衣柜"], "centre", told["first"], told["last"])
    assert told["auctions"]["found"] == told["auctions"]["held"] == len(auctions) > 30
    assert (told["auctions"]["first"], told["auctions"]["last_at"]) == (auctions[0]["id"], auctions[-1]["at"])
    for nick, bid in BIDS.items():
        keyword = ads[nick]["keyword"]
        wanted = bought(keyword, None)
        for other in (bid, 151, 5, 400):
            again = forecast(wanted, [other], at_bid=other, limit=99, at=board.at)["results"]
            for row, held in zip(auctions, again, strict=True):
                there = list(zip(row["keywords"], row["bids"], row["qualities"], strict=True))
                if other == bid:
                    slot_and_price = recorded(row, keyword)
                else:
                    [mine] = [b for b in there if b[0] == keyword]
                    there = [b for b in there if b[0] != keyword] + [(keyword, other, mine[2])]
                    sold = {who: (n, price) for n, (who, price) in enumerate(placed(there, row), 1)}
                    slot_and_price = sold.get(keyword, (None, None))
                assert (held["auction"], held["slot"], held["price_fen"]) == (row["id"], *slot_and_price)

    # What is expected of them, added up by hand: slots of the market, the word's own clicks against theirs.
    slots = [dict(row) for row in told["slots"]]
    every = dicts("SELECT * FROM search_express_auction WHERE at < %s", [board.at])
    pressed = dicts("SELECT * FROM search_express_click WHERE verdict = 'valid'")
    for row in slots:
        assert row["impressions"] == sum(len(each["placed"]) >= row["slot"] for each in every)
        assert row["clicks"] == sum(click["slot"] == row["slot"] for click in pressed)
        assert row["clicks_millionths"] == slot_rate(row["slot"], row["clicks"], row["impressions"])
    stood = [recorded(row, ads["甲"]["keyword"]) for row in auctions]
    own = sum(click["keyword_id"] == ads["甲"]["keyword"] for click in clicks if click["verdict"] == "valid")
    known = own_rate(own, sum(slots[slot - 1]["clicks_millionths"] for slot, _ in stood if slot))
    assert told["own_rate_millionths"] == known
    rate = [row["clicks_millionths"] * known // MILLION for row in slots]
    expected = sum(Fraction(rate[slot - 1], MILLION) for slot, _ in stood if slot)
    cost = sum(Fraction(rate[slot - 1] * price, MILLION) for slot, price in stood if slot)
    [row] = told["bids"]
    assert row["clicks_a_day_hundredths"] == int(100 * expected / 2 + Fraction(1, 2))
    assert row["cost_a_day_fen"] == int(cost / 2 + Fraction(1, 2))
    assert row["average_cpc_fen"] == row["marginal_cpc_fen"] == int(cost / expected + Fraction(1, 2))
    assert row["placed"] == sum(slot is not None for slot, _ in stood)

    # What nobody bids on is had at the reserve; a word nobody bought is as good as its listing.
    beds = imagined(ads["甲"]["listing"], "床", "exact", board.owners["甲"], at=board.at)
    alone = forecast(beds, [5, 99], at_bid=99, limit=99, at=board.at)
    assert {(held["slot"], held["price_fen"]) for held in alone["results"]} == {(1, 5)}
    assert alone["keyword"] is None
    assert [row["average_cpc_fen"] for row in alone["bids"]] == [5, 5]
    assert alone["bids"][1]["marginal_cpc_fen"] is None  # 99 brings no click more than 5
    same = imagined(ads["甲"]["listing"], "衣柜", "centre", None, at=board.at)
    assert same == bought(ads["甲"]["keyword"], None)


def test_of_many_auctions_every_so_many_th_stands_for_the_others(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    ad = board.ad("甲")
    demand(board, 2, 衣柜=7)
    demand(board, 1, 衣柜=6)
    wanted = bought(ad["keyword"], None)
    whole = forecast(wanted, [50], at_bid=50, limit=99, at=board.at)
    monkeypatch.setattr(forecasts, "AUCTIONS_MOST", 5)
    some = forecast(wanted, [50], at_bid=50, limit=99, at=board.at)
    assert (some["auctions"]["found"], some["auctions"]["held"], some["days"]) == (13, 4, 2)
    assert some["results"] == whole["results"][2::3]
    for name in (
        "impressions_a_day_hundredths",
        "clicks_a_day_hundredths",
        "cost_a_day_fen",
        "average_cpc_fen",
    ):
        assert some["bids"][0][name] == whole["bids"][0][name]


def test_a_day_brings_as_many_clicks_as_the_budget_covers() -> None:
    """Two auctions on the first day, one on the second; a click in slot 1 is certain, in slot 2 every second one."""
    slots, prices, held = np.array([1, 2, 1]), np.array([40, 20, 30]), np.array([0, 0, 1])
    rates = [MILLION, MILLION // 2]
    free = outlook(slots, prices, held, rates, Fraction(1), None)
    assert free == Outlook(Fraction(5, 2), Fraction(80), 0)
    tight = outlook(slots, prices, held, rates, Fraction(1), 40)
    assert tight == Outlook(Fraction(3, 2) * Fraction(40, 50) + 1, Fraction(70), 1)
    assert outlook(slots, prices, held, rates, Fraction(2), None).clicks == 5  # each stands for two
