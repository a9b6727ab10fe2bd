"""Growth follows finished trades, and money given back takes it away again."""

from __future__ import annotations

from community import recompute
from ratings import actions as ratings
from ratings.queries import feedback
from shops.actions import orders, refunds, settling, shipping
from tests.community.club import Club
from tests.shops.stalls import listed, opened


def test_each_finished_trade_counts_its_whole_yuan_from_the_next_night(club: Club) -> None:
    club.trade(9_999)
    club.trade(101)
    club.paid((club.wardrobe, 1))
    assert club.growth() == 0
    club.night()
    assert club.growth() == 99 + 1
    club.night(30)
    assert club.growth() == 100, "a trade that is closed for lateness, or waits, never counts"


def test_money_given_back_takes_its_growth_along(club: Club) -> None:
    order = club.trade(20_050)
    club.night()
    assert club.growth() == 200
    club.give_back(order, 51)
    club.night()
    assert club.growth() == 199, "what is left is 199.99 yuan"
    club.give_back(order, 19_999)
    club.night()
    assert club.growth() == 0


def test_what_was_given_back_before_success_never_counted(club: Club) -> None:
    order = club.shipped((club.wardrobe, 2))
    refund = club.asked(order, amount_fen=9_900)
    club.do(refunds.agree, [refund], by=club.bob)
    club.night()
    assert club.growth() == 0
    club.night(11)
    assert (club.status(order), club.growth()) == ("finished", 99)


def test_a_refund_that_is_owed_counts_once_it_is_paid(club: Club) -> None:
    order = club.trade(50_000)
    club.night()
    club.owed(order)
    club.night()
    assert club.growth() == 500
    club.purse(50_000)
    club.do(settling.collect)
    club.night()
    assert club.growth() == 0


def test_a_seller_who_buys_grows_like_anybody(club: Club) -> None:
    shop = opened(club.carol, "花店")
    order = club.paid((listed(shop, "花", price_fen=30_000), 1), buyer=club.bob)
    club.do(shipping.ship, [shipping.Ship(order)], by=club.carol)
    club.do(orders.confirm, [order])
    club.night()
    assert (club.growth(club.bob), club.growth(club.carol)) == (300, 0), "selling makes nobody grow"


def test_a_trade_struck_as_fake_was_paid_all_the_same(club: Club) -> None:
    order = club.trade(30_000)
    club.do(ratings.strike, feedback.of_orders([order]), reason="fake_trade", why="")
    club.night()
    assert club.growth() == 300


def test_another_rate_is_everybodys_from_the_next_night(club: Club) -> None:
    club.trade(10_000)
    club.trade(90_000, club.carol)
    club.night()
    club.lever(growth_per_yuan_points=3)
    assert (club.growth(), club.growth(club.carol)) == (100, 900)
    club.night()
    assert (club.growth(), club.growth(club.carol)) == (300, 2_700)
    club.lever(growth_per_yuan_points=0)
    club.night()
    assert (club.growth(), club.growth(club.carol)) == (0, 0)


def test_a_night_done_twice_is_done_once(club: Club) -> None:
    club.trade(30_000)
    club.night()
    before, told = club.table(), club.told()
    club.do(recompute.run)
    assert (club.table(), club.told()) == (before, told)
