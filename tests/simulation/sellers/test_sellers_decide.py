"""What sellers decide, as sentences about one decision at a time: pure functions, no market."""

from __future__ import annotations

import numpy as np
import pytest

from search.auction.clearing import clear
from simulation.sellers import talking
from simulation.sellers.answers import SILENT, UNSEEN, verdict
from simulation.sellers.entry_exit import giving_up, hazard
from simulation.sellers.fulfilling import packed, place_in_queue, staffed
from simulation.sellers.stocking import affordable
from simulation.sellers.strategies import keyword_bidder as bidder
from simulation.sellers.strategies.imitator import pick, reworded
from simulation.sellers.strategies.internal_operation import repriced


def slot_and_price(own: int) -> tuple[int, int]:
    """Where a bid of `own` fen stands against 90 and 60 fen, and what a click costs there. All are as good."""
    cleared = clear([[90, own, 60]], [[1, 1, 1]], [200, 150, 100])
    slot = cleared.order[0].tolist().index(1)
    return slot, int(cleared.prices[0][slot])


def test_a_best_response_keeps_the_place_at_the_lowest_bid() -> None:
    slot, paid = slot_and_price(80)
    answer = bidder.best_response(
        np.array([80.0]), np.array([paid]), np.array([50]), np.array([False]), np.array([500.0])
    )
    bid = int(answer[0])
    assert bid == paid < 80
    assert slot_and_price(bid) == (slot, paid)
    assert slot_and_price(bid - 2)[0] > slot
    hidden = bidder.best_response(
        np.array([20.0]), np.array([0]), np.array([0]), np.array([False]), np.array([23.0])
    )
    assert hidden.tolist() == [23.0], "who is not shown climbs, but never above what a click is worth"


def test_who_paces_bids_less_when_the_money_runs_ahead_of_the_day() -> None:
    spent, noon = np.array([100, 1_500, 2_900]), 0.5
    bids = bidder.paced(np.full(3, 100.0), spent, np.full(3, 3_000), noon, np.full(3, 110.0))
    assert bids.tolist() == [110.0, 100.0, 85.0]


def test_an_imitator_who_sees_no_sales_cannot_tell_the_best_seller() -> None:
    sales, drawn = np.array([0, 1, 900, 3, 0]), (np.arange(200) + 0.5) / 200
    sighted = [pick(sales, True, u) for u in drawn.tolist()]
    blind = [pick(sales, False, u) for u in drawn.tolist()]
    assert sighted.count(2) > 190
    assert blind.count(2) == 40
    assert blind == [pick(sales[::-1], False, u) for u in drawn.tolist()], "what sold changes nothing"
    assert reworded("韩版修身打底衫", "夏季新款女装上衣") != "韩版修身打底衫"


def test_nobody_can_retaliate_while_feedback_is_sealed() -> None:
    def said(seen: int, *, retaliates: bool, last: bool = False) -> int:
        here, late, temper, kind = (np.array([flag]) for flag in (True, last, retaliates, False))
        return int(verdict(np.array([seen]), here, late, temper, kind, np.array([1]))[0])

    assert said(-1, retaliates=True) == -1
    assert said(-1, retaliates=False) == 1
    assert said(UNSEEN, retaliates=True) == SILENT, "sealed: there is nothing to answer, so they wait"
    assert said(UNSEEN, retaliates=True, last=True) == 1, "and in the end are as kind as others"


def test_answering_an_inquiry_pays_from_the_threshold_on() -> None:
    """q > (2 - r) b1 / (b2 + b1), Zhang & Qiu 2024."""
    earns = np.array([1.9, 2.1, 3.0])  # b2 / b1
    assert talking.pays(0.5, 0.5, earns).tolist() == [False, True, True]
    assert talking.pays(0.3, 0.5, earns).tolist() == [False, False, False]
    assert talking.pays(0.5, 1.0, earns).all(), "the more give up unanswered, the sooner it pays"


@pytest.mark.parametrize(
    ("text", "move", "fen"),
    [
        ("老板，92元卖不卖？", "seller.accept", 9_200),
        ("亲，给个优惠价吧，80行不行？", "seller.counter", 8_500),
        ("别家才卖40，你这里贵了。", "seller.refuse", 0),
        ("能便宜点吗？", "seller.counter", 9_250),
        ("120元卖不卖", "seller.accept", 10_000),
    ],
)
def test_a_seller_goes_down_to_what_the_margin_bears(text: str, move: str, fen: int) -> None:
    assert talking.haggles(text)
    assert talking.offer(10_000, 2_500, talking.named(text)) == (move, fen)


def test_more_orders_than_hands_are_a_queue_and_the_queue_is_late() -> None:
    few, many = np.array([7.0]), np.array([0.4])
    a_day = sum(int(packed(few, hour, hour + 1, many)[0]) for hour in range(24))
    assert a_day == 7 == int(packed(few, 0, 24, many)[0]), "hours add up to a day"
    assert packed(few, 2, 6, many).tolist() == [0], "nobody packs at night"
    shop = np.array([4, 9, 4, 4, 9, 4])
    ready = np.array([True, True, False, True, True, True])
    assert place_in_queue(shop, ready)[ready].tolist() == [0, 0, 1, 1, 2], "first come, first served"
    grown = staffed(np.array([10.0, 10.0]), np.array([5.0, 5.0]), np.array([3.0, 21.0]))
    assert grown.tolist() == [10.0, 25.0]


def test_nobody_buys_more_stock_than_the_purse_reaches_for() -> None:
    owner, purse = np.array([1, 1, 2]), np.array([1_000, 1_000, 90])
    assert affordable(np.array([5, 20, 3]), np.array([100, 50, 100]), purse, owner).tolist() == [5, 10, 0]


def test_prices_follow_cost_never_below_it() -> None:
    price, margin = np.array([10_000, 10_000, 7_900]), np.full(3, 2_500)
    sales, age = np.array([0, 40, 0]), np.array([20, 20, 20])
    new = repriced(price, sales, age, margin, np.full(3, 10_000))
    assert new.tolist() == [9_700, 10_150, 7_750]
    assert repriced(new[2:], sales[2:], age[2:], margin[2:], np.full(1, 10_000)).tolist() == [7_750]


def grown(visible: bool) -> int:
    """Shops after three years in a village of 1,180 households that begins with one, on average; what they earn falls
    as they come to share the demand, which doubles each year."""
    shops = 1.0
    for week in range(156):
        earned = np.array([40 * 2.1 ** (week / 52) / shops])
        chance = hazard(np.array([shops / 1_180]), earned, np.array([visible]))
        shops += (1_180 - shops) * float(chance[0]) - 0.006 * (shops - 1)
    return round(shops)


def test_a_village_grows_by_what_neighbours_can_see() -> None:
    assert grown(True) > 300
    assert grown(False) < 40


def test_shops_that_lose_give_up_the_young_ones_first() -> None:
    chance = giving_up(np.array([-1, -1, 5]), np.array([50.0, 900.0, 50.0]))
    assert chance[0] > 2 * chance[1] > 0 == chance[2]
