"""Who brought the buyer is paid a share of what was paid, when the trade succeeds, and only of what is not undone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from common.batch import one
from common.errors import Unaffordable
from events.queries import events
from payments import ledger
from payments.ledger import TopUp, Withdrawal
from regime.actions import change
from search.alliance.actions import payouts
from search.alliance.actions.payouts import Payout
from shops.actions import orders
from tests.alliance.web import SHARE, Web
from tests.shops.trades import now
from traffic.actions import see_one
from worlds import clock


def lever(web: Web, **levers: Any) -> None:
    web.do(change, {f"alliance.{name}": value for name, value in levers.items()}, by=None, why="试")


def test_a_sale_pays_who_brought_it_when_it_succeeds_and_not_before(web: Web) -> None:
    """99 yuan at 10 %: 9.90 to wang, less a tenth for the platform, which takes a tenth from bob on top."""
    web.brought()
    order = web.shipped()
    assert web.commissions() == [("waiting", 990, 0)]
    assert web.charges() == []
    web.do(orders.confirm, [order])
    assert web.commissions() == [("settled", 990, 990)]
    assert web.charges() == [(990, 99, 99)]
    assert (web.earned, web.fen("platform:fees")) == (990 - 99, 198)
    assert web.fen("bob") == 100_000 + 9_900 - 990 - 99


def test_the_commission_is_of_what_was_paid_without_postage_or_with_it(web: Web) -> None:
    parcel = web.listed("重物", price_fen=10_000, postage_fen=1_000)
    web.brought()
    web.paid((parcel, 1))
    lever(web, commission_base="paid")
    web.paid((parcel, 1))
    assert web.commissions("earning_fen") == [(1_000,), (1_100,)]


def test_no_click_no_commission_and_another_buyer_has_none(web: Web) -> None:
    web.brought(web.alice)
    web.finished(buyer=web.carol)
    assert web.commissions() == []


def test_an_order_counts_for_fifteen_days_and_not_a_second_longer(web: Web) -> None:
    web.brought()
    clicked = now()
    clock.advance(clicked + timedelta(days=15, seconds=-1))
    web.paid()
    clock.advance(clicked + timedelta(days=15))
    web.paid()
    assert web.commissions() == [("waiting", 990, 0)]


def test_what_counts_is_when_it_was_placed(web: Web) -> None:
    early = web.place()
    web.pass_time(seconds=1)
    web.brought()
    clicked = now()
    clock.advance(clicked + timedelta(days=15, seconds=-1))
    late = web.place()
    web.pass_time(hours=1)
    web.do(orders.pay, [late])
    assert web.commissions("order_id") == [(late,)]
    assert early != late


@pytest.mark.parametrize(("lever_says", "winner"), [("last", "second"), ("first", "first")])
def test_the_last_click_wins_or_the_first_by_the_lever(web: Web, lever_says: str, winner: str) -> None:
    lever(web, attribution_click=lever_says)
    web.brought()
    other, _ = web.another_space()
    web.pass_time(minutes=1)
    web.click(web.linked(space=other), "cookie", web.alice)
    web.paid()
    assert web.commissions("space_id") == [(other if winner == "second" else web.blog,)]


def test_a_repeated_click_is_the_last_click_all_the_same(web: Web) -> None:
    token = web.brought()
    other, _ = web.another_space()
    web.pass_time(minutes=1)
    web.click(web.linked(space=other), "cookie", web.alice)
    web.pass_time(minutes=1)
    web.click(token, "cookie", web.alice)
    web.paid()
    assert web.verdicts() == ["valid", "valid", "repeat"]
    assert web.commissions("space_id") == [(web.blog,)]


def test_ones_own_click_earns_nothing_even_found_out_later(web: Web) -> None:
    web.do(ledger.top_up, [TopUp(web.wang, 50_000)])
    web.offered()
    token = web.linked()
    web.click(token, "wangs", web.wang)
    web.click(token, "wangs-other")
    see_one("wangs-other", page="home", member=web.wang)
    web.paid(buyer=web.wang)
    assert web.commissions() == []


def test_rates_are_those_of_the_moment_of_the_click_to_the_act(web: Web) -> None:
    """All at one moment of the market: what is offered after the click does not count for it."""
    web.brought(rate_bps=1_000)
    web.offered(2_000)
    web.paid()
    web.click(web.linked(), "cookie", web.alice)
    web.offered(0)
    web.paid()
    assert web.commissions("rate_bps") == [(1_000,), (2_000,)]


def test_each_line_has_its_listings_rate_else_the_shops_else_none(web: Web) -> None:
    shelf, lamp = web.listed("书架"), web.listed("灯")
    web.offered(3_000, shelf)
    web.click(web.linked(listing=shelf), "cookie", web.alice)
    web.paid((shelf, 1), (lamp, 1))
    web.offered(500)
    web.click(web.linked(), "cookie", web.alice)
    web.paid((shelf, 1), (lamp, 1))
    assert web.commissions("rate_bps") == [(3_000,), (3_000,), (500,)]


def test_a_contract_by_commission_pays_its_own_rate(web: Web) -> None:
    web.offered(500)
    web.click(web.linked(web.accepted(SHARE)), "cookie", web.alice)
    web.finished()
    assert web.commissions("rate_bps", "status") == [(1_000, "settled")]
    assert one("SELECT spent_fen FROM search_alliance_contract") == 990 + 99


def test_an_anonymous_click_is_the_first_members_seen_with_its_cookie(web: Web) -> None:
    web.offered()
    web.click(web.linked(), "shared")
    web.pass_time(minutes=1)
    see_one("shared", page="home", member=web.alice)
    web.pass_time(minutes=1)
    see_one("shared", page="home", member=web.carol)
    web.paid(buyer=web.carol)
    web.paid(buyer=web.alice)
    assert web.commissions("seller_id") == [(web.bob,)]
    assert one("SELECT who_id FROM search_alliance_click") == web.alice


def test_a_cookie_is_remembered_when_its_day_is_over(web: Web) -> None:
    web.offered()
    web.click(web.linked(), "mine")
    see_one("mine", page="home", member=web.alice)
    web.pass_time(days=3)
    web.paid()
    assert web.commissions() == [("waiting", 990, 0)]


def test_views_before_the_click_say_nothing_of_who_clicked(web: Web) -> None:
    see_one("mine", page="home", member=web.alice)
    web.pass_time(seconds=1)
    web.offered()
    web.click(web.linked(), "mine")
    web.paid()
    assert web.commissions() == []


# -- refunds --------------------------------------------------------------------------------------------------


def test_a_refund_before_success_leaves_less_to_pay(web: Web) -> None:
    web.brought()
    order = web.shipped()
    web.refunded(order, 3_300)
    web.do(orders.confirm, [order])
    assert web.charges() == [(660, 66, 66)]
    assert web.commissions() == [("settled", 990, 660)]


def test_a_full_refund_before_success_undoes_the_commission(web: Web) -> None:
    web.brought()
    order = web.paid()
    web.refunded(order, 9_900)
    assert (web.commissions(), web.charges()) == ([("undone", 990, 0)], [])


def test_a_refund_after_success_takes_back_share_and_fees_to_the_fen(web: Web) -> None:
    web.brought()
    order = web.finished()
    web.refunded(order, 3_333)
    assert web.commissions() == [("settled", 990, 657)]
    assert web.charges("kind", "earning_fen", "seller_fee_fen", "owner_fee_fen") == [
        ("commission", 990, 99, 99), ("return", 333, 33, 33),
    ]  # fmt: skip
    web.refunded(order, 6_567)
    assert web.commissions() == [("settled", 990, 0)]
    assert (web.earned, web.fen("platform:fees"), web.fen("bob")) == (0, 0, 100_000)


def test_the_lever_may_leave_a_settled_commission_alone(web: Web) -> None:
    lever(web, clawed_back_on_refund=False)
    web.brought()
    order = web.finished()
    web.refunded(order, 9_900)
    assert web.commissions() == [("settled", 990, 990)]
    assert web.earned == 891


def test_postage_refunded_is_no_share_of_the_commission(web: Web) -> None:
    """Half of goods and postage is half of the goods."""
    parcel = web.listed("重物", price_fen=10_000, postage_fen=1_000)
    web.brought()
    order = web.finished((parcel, 1))
    web.refunded(order, 5_500)
    assert web.commissions("paid_fen") == [(500,)]


# -- who cannot pay -------------------------------------------------------------------------------------------


def test_a_seller_who_cannot_pay_owes_and_pays_when_there_is_money(web: Web) -> None:
    """A commission of everything with a fee of everything is more than the sale brought."""
    lever(web, commission_most_bps=10_000, advertiser_fee_bps=10_000)
    web.brought(rate_bps=10_000)
    order = web.shipped()
    web.do(ledger.withdraw, [Withdrawal(web.bob, 100_000)])
    web.do(orders.confirm, [order])
    assert (web.commissions(), web.fen("bob")) == ([("owed", 9_900, 0)], 9_900)
    web.pass_time(days=1)
    assert web.charges() == []
    web.do(ledger.top_up, [TopUp(web.bob, 9_900)])
    web.pass_time(days=1)
    assert (web.commissions(), web.fen("bob")) == ([("settled", 9_900, 9_900)], 0)


def test_an_account_that_owes_pays_nothing_out_until_it_is_filled(web: Web) -> None:
    web.brought()
    first, second = web.finished(), web.finished()
    web.do(payouts.pay_out, [Payout(web.wang, 1_782, "all")])
    assert (web.earned, web.fen("wang")) == (0, 1_782)
    web.refunded(first, 9_900)
    assert web.earned == -891
    with pytest.raises(Unaffordable) as caught:
        web.do(payouts.pay_out, [Payout(web.wang, 1)])
    assert (caught.value.rule, caught.value.extra["have_fen"]) == (
        "no_more_is_paid_out_than_was_earned",
        -891,
    )
    web.finished()
    assert web.earned == 0
    web.finished()
    web.do(payouts.pay_out, [Payout(web.wang, 891)])
    assert (web.earned, web.fen("wang")) == (0, 2_673)
    assert second


def test_a_payout_asked_twice_with_its_key_is_one(web: Web) -> None:
    web.brought()
    web.finished()
    once = [web.do(payouts.pay_out, [Payout(web.wang, 500, "k")]) for _ in range(3)]
    assert once[0] == once[1] == once[2]
    assert (web.earned, web.fen("wang")) == (391, 500)


def test_two_payouts_of_one_batch_share_what_there_is(web: Web) -> None:
    web.brought()
    web.finished()
    with pytest.raises(Unaffordable) as caught:
        web.do(payouts.pay_out, [Payout(web.wang, 500), Payout(web.wang, 391), Payout(web.wang, 1)])
    assert caught.value.rows == (2,)
    assert web.earned == 891


def test_the_owner_never_hears_of_an_order_or_its_buyer(web: Web) -> None:
    web.brought()
    order = web.finished()
    web.refunded(order, 100)
    heard = events(after=0, limit=10_000, viewer=web.wang)
    assert not any("commission" in event["name"] or "order" in event["payload"] for event in heard)
    mine = [e["name"] for e in events(after=0, limit=10_000, viewer=web.bob) if "commission" in e["name"]]
    assert mine == [
        "alliance.commission_fixed", "alliance.commission_settled", "alliance.commission_returned",
    ]  # fmt: skip
