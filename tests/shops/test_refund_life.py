"""Money asked back: how much, by whom, and what becomes of order, escrow and stock."""

from __future__ import annotations

import pytest

from common.batch import rows
from common.errors import Conflict, Forbidden, Invalid
from payments.queries import account, balance
from shops.actions import orders, refunds, shipping
from shops.actions.refunds import Ask, Change, Refuse, SendBack
from tests.market import Market
from tests.shops.stalls import events, stock_of
from tests.shops.trades import Trades, now


@pytest.fixture
def trades(market: Market) -> Trades:
    return Trades(seven_day_return=True)


def test_an_order_refunded_in_full_before_shipping_is_closed_and_its_stock_returns_once(
    trades: Trades,
) -> None:
    order = trades.paid((trades.wardrobe, 2))
    refund = trades.ask(order)
    trades.do(refunds.agree, [refund], by=trades.bob)
    assert trades.status(order) == "closed"
    assert stock_of(trades.wardrobe) == [10]
    assert balance(trades.alice) == 100_000
    [(subject, _, fact)] = events("order.closed")
    assert (subject, fact["refunded_fen"]) == (order, 19_800)
    with pytest.raises(Conflict):
        trades.do(refunds.agree, [refund], by=trades.bob)
    assert stock_of(trades.wardrobe) == [10]
    trades.sound()


def test_a_partly_refunded_order_goes_on_and_the_rest_is_released(trades: Trades) -> None:
    order = trades.shipped((trades.wardrobe, 1), (trades.listed(), 1))
    trades.do(refunds.agree, [trades.ask(order, 0, amount_fen=900, reason="faulty")], by=trades.bob)
    trades.do(refunds.agree, [trades.ask(order, 1, reason="faulty")], by=trades.bob)
    assert trades.status(order) == "shipped"
    trades.do(orders.confirm, [order], by=trades.alice)
    assert balance(trades.bob) == 100_000 + 9_000
    assert balance(trades.alice) == 100_000 - 9_000
    [(_, _, fact)] = events("order.finished")
    assert [line["line"] for line in fact["lines"]] == trades.lines(order)[:1], (
        "a line refunded in full is not rated"
    )
    assert stock_of(trades.wardrobe) == [9]
    trades.sound()


def test_what_was_sent_does_not_return_to_stock_by_itself(trades: Trades) -> None:
    order = trades.shipped()
    refund = trades.returned(order)
    trades.do(refunds.receive, [refund], by=trades.bob)
    assert trades.status(order) == "closed"
    assert stock_of(trades.wardrobe) == [9]
    trades.sound()


def test_refunding_what_was_not_sent_makes_the_rest_wait_for_the_buyer(trades: Trades) -> None:
    order = trades.part_shipped()
    trades.do(refunds.agree, [trades.ask(order, 1)], by=trades.bob)
    assert trades.status(order) == "shipped"
    assert trades.order(order)["confirm_by"] is not None
    trades.sound()


def test_refunding_part_of_an_unsent_order_leaves_the_rest_to_be_sent(trades: Trades) -> None:
    order = trades.paid((trades.wardrobe, 1), (trades.listed(), 1))
    trades.do(refunds.agree, [trades.ask(order, 1)], by=trades.bob)
    assert trades.status(order) == "paid"
    trades.ship(order)
    assert trades.status(order) == "shipped"
    trades.sound()


def test_shipping_answers_a_request_made_before_it(trades: Trades) -> None:
    order = trades.paid((trades.wardrobe, 1), (trades.listed(), 1))
    sent, waiting = trades.ask(order, 0), trades.ask(order, 1)
    trades.ship(order, trades.lines(order)[0])
    assert [trades.refund(r)["status"] for r in (sent, waiting)] == ["closed", "asked"]
    trades.ship(order)
    assert trades.refund(waiting)["settled_by"] == "seller"
    assert trades.order(order)["open_refunds"] == 0
    assert trades.order(order)["confirm_by"] is not None
    again = trades.ask(order, 0, reason="faulty")
    assert trades.refund(again)["phase"] == "shipped"
    trades.sound()


def test_what_is_in_dispute_is_not_sent(trades: Trades) -> None:
    order = trades.paid()
    trades.disputed(order)
    with pytest.raises(Conflict, match="dispute"):
        trades.ship(order)


def test_a_line_has_one_open_request(trades: Trades) -> None:
    order = trades.paid()
    trades.ask(order)
    with pytest.raises(Conflict, match="open"):
        trades.ask(order)
    with pytest.raises(Conflict, match="open"):
        trades.do(refunds.ask, [Ask(line) for line in trades.lines(trades.paid()) * 2])


@pytest.mark.parametrize("amount", [0, -1, 9_901, 10**15])
def test_no_more_is_asked_than_was_paid(trades: Trades, amount: int) -> None:
    with pytest.raises(Invalid):
        trades.ask(trades.paid(), amount_fen=amount)


def test_a_second_request_can_ask_only_for_what_is_left(trades: Trades) -> None:
    order = trades.shipped()
    trades.do(refunds.agree, [trades.ask(order, amount_fen=9_000, reason="faulty")], by=trades.bob)
    with pytest.raises(Invalid):
        trades.ask(order, amount_fen=901, reason="faulty")
    trades.do(refunds.agree, [trades.ask(order, amount_fen=900, reason="faulty")], by=trades.bob)
    assert trades.status(order) == "closed"
    trades.sound()


def test_postage_comes_back_with_faulty_goods_and_not_without_a_reason(trades: Trades) -> None:
    lamp = trades.listed("台灯", price_fen=5_000, postage_fen=800)
    faulty = trades.shipped((lamp, 1))
    disliked = trades.shipped((lamp, 1))
    assert trades.refund(trades.ask(faulty, kind="return", reason="faulty"))["amount_fen"] == 5_800
    assert trades.refund(trades.ask(disliked, kind="return", reason="no_reason"))["amount_fen"] == 5_000


def test_the_parcel_back_is_the_buyers_without_a_reason_and_the_sellers_with_a_fault(trades: Trades) -> None:
    paid: dict[str, int] = {}
    for reason in ("no_reason", "faulty"):
        refund = trades.ask(trades.shipped(), kind="return", reason=reason)
        trades.do(refunds.agree, [refund], by=trades.bob)
        trades.do(refunds.send_back, [SendBack(refund, postage_fen=1_200)], by=trades.alice)
        before = balance(trades.bob)
        trades.do(refunds.receive, [refund], by=trades.bob)
        paid[reason] = before - balance(trades.bob)
        assert trades.refund(refund)["postage_paid_fen"] == paid[reason]
    assert paid == {"no_reason": 0, "faulty": 1_200}
    trades.sound()


def test_an_empty_account_pays_as_much_of_the_parcel_back_as_it_has(market: Market) -> None:
    trades = Trades(20_000)
    from payments.ledger import Withdrawal, withdraw

    refund = trades.ask(trades.shipped(), kind="return", reason="faulty")
    trades.do(refunds.agree, [refund], by=trades.bob)
    trades.do(refunds.send_back, [SendBack(refund, postage_fen=3_000)], by=trades.alice)
    trades.do(withdraw, [Withdrawal(trades.bob, 19_000)])
    trades.do(refunds.receive, [refund], by=trades.bob)
    assert balance(trades.bob) == 0
    assert trades.refund(refund)["postage_paid_fen"] == 1_000


@pytest.mark.parametrize("postage", [-1, 3_001])
def test_a_parcel_back_costs_a_modest_sum(trades: Trades, postage: int) -> None:
    refund = trades.returning(trades.shipped())
    with pytest.raises(Invalid):
        trades.do(refunds.send_back, [SendBack(refund, postage_fen=postage)], by=trades.alice)


@pytest.mark.parametrize(
    "more",
    [
        {"kind": "return"},
        {"reason": "faulty"},
        {"reason": "nonsense"},
        {"kind": "nonsense"},
        {"text": "x" * 1_001},
    ],
)
def test_what_was_not_sent_is_not_sent_back(trades: Trades, more: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        trades.ask(trades.paid(), **more)  # type: ignore[arg-type]


def test_codes_are_not_sent_back(trades: Trades) -> None:
    order = trades.paid((trades.listed("点卡", delivery="auto"), 1))
    with pytest.raises(Invalid):
        trades.ask(order, kind="return", reason="faulty")


def test_a_shop_that_did_not_promise_takes_nothing_back_without_a_reason(market: Market) -> None:
    trades = Trades(seven_day_return=False)
    with pytest.raises(Conflict):
        trades.ask(trades.shipped(), kind="return", reason="no_reason")


def test_the_promise_is_the_one_of_the_day_it_was_bought(trades: Trades) -> None:
    from shops.actions.edits import Edit
    from shops.actions.shops import edit

    order = trades.shipped()
    trades.do(edit, [Edit(trades.shop, {"seven_day_return": False})], by=trades.bob)
    assert trades.ask(order, kind="return", reason="no_reason") > 0


def test_seven_days_run_from_the_midnight_after_signing_and_confirming_early_ends_none_of_them(
    trades: Trades, market: Market
) -> None:
    order = trades.paid()
    market.pass_hours(15)
    shipment = trades.ship(order)
    other = trades.shipped()
    market.pass_hours(2)
    trades.do(shipping.track, [shipping.Report(shipment, "signed")], by=trades.bob)
    from datetime import timedelta

    from common.moments import day_of, start_of

    end = start_of(day_of(now()) + timedelta(days=1)) + timedelta(hours=168)
    market.advance_to(end)
    refund = trades.ask(order, kind="return", reason="no_reason")
    trades.do(refunds.withdraw, [refund], by=trades.alice)
    trades.do(orders.confirm, [order, other], by=trades.alice)
    refund = trades.ask(order, kind="return", reason="no_reason")
    assert trades.refund(refund)["phase"] == "finished"
    trades.do(refunds.withdraw, [refund], by=trades.alice)
    market.advance_to(end + timedelta(seconds=1))
    with pytest.raises(Conflict, match="days"):
        trades.ask(order, kind="return", reason="no_reason")
    assert trades.ask(other, kind="return", reason="no_reason"), "no carrier said so: confirming is signing"


def test_the_buyer_asks_for_less_after_a_refusal_and_the_seller_answers_anew(
    trades: Trades, market: Market
) -> None:
    order = trades.shipped()
    refund = trades.refused(order, reason="faulty")
    market.pass_days(2)
    trades.do(refunds.change, [Change(refund, 2_000)], by=trades.alice)
    now_asked = trades.refund(refund)
    assert (now_asked["status"], now_asked["amount_fen"], now_asked["escalate_by"]) == ("asked", 2_000, None)
    assert (now_asked["answer_by"] - now()).days == 5
    with pytest.raises(Invalid):
        trades.do(refunds.change, [Change(refund, 9_901)], by=trades.alice)
    trades.do(refunds.agree, [refund], by=trades.bob)
    assert account(f"escrow:order:{order}") == 7_900
    trades.sound()


def test_a_parcel_that_came_back_wrong_can_be_refused(trades: Trades) -> None:
    refund = trades.returned(trades.shipped())
    trades.do(refunds.refuse, [Refuse(refund, "空箱")], by=trades.bob)
    assert trades.refund(refund)["status"] == "refused"


def test_only_the_parties_act(trades: Trades) -> None:
    order = trades.shipped()
    line = trades.lines(order)[0]
    with pytest.raises(Forbidden):
        trades.do(refunds.ask, [Ask(line)], by=trades.carol)
    refund = trades.ask(order, reason="faulty", kind="return")
    for verb, intent, by in (
        (refunds.agree, refund, trades.alice),
        (refunds.refuse, Refuse(refund), trades.carol),
        (refunds.withdraw, refund, trades.bob),
        (refunds.change, Change(refund, 1), trades.carol),
    ):
        with pytest.raises(Forbidden):
            trades.do(verb, [intent], by=by)
    trades.do(refunds.agree, [refund], by=trades.bob)
    with pytest.raises(Forbidden):
        trades.do(refunds.send_back, [SendBack(refund)], by=trades.bob)


def test_words_of_a_refund_are_in_no_event(trades: Trades) -> None:
    order = trades.shipped()
    trades.refused(order, reason="faulty", text="柜门裂了")
    told = str(rows("SELECT payload::text FROM events_event"))
    assert "柜门裂了" not in told
    assert "不同意" not in told
    assert {payload["amount_fen"] for _, _, payload in events("refund.asked")} == {9_900}
