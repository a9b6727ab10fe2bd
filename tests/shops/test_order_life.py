"""An order's ordinary life: what it costs, what it takes, who gets what and when."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from common.batch import execute, rows
from common.errors import Conflict, Forbidden, Invalid, NotFound, Unaffordable
from payments.queries import balance
from shops.actions import orders, shipping
from shops.actions.deals import Agreed, NewDeal, issue
from shops.actions.orders import Adjust, Place, Remark, Wanted
from tests.market import Market
from tests.shops.stalls import events, joined, listed, opened, stock_of
from tests.shops.trades import Trades


@pytest.fixture
def trades(market: Market) -> Trades:
    return Trades()


def test_an_order_goes_from_basket_to_receipt_and_the_seller_is_paid(trades: Trades) -> None:
    order = trades.place((trades.wardrobe, 2))
    assert trades.status(order) == "placed"
    assert stock_of(trades.wardrobe) == [8]
    trades.do(orders.pay, [order], by=trades.alice)
    assert balance(trades.alice) == 100_000 - 19_800
    trades.sound()
    trades.ship(order)
    trades.do(orders.confirm, [order], by=trades.alice)
    assert trades.status(order) == "finished"
    assert balance(trades.bob) == 100_000 + 19_800
    trades.sound()


def test_paying_at_once_ends_where_placing_and_paying_end(trades: Trades) -> None:
    one = trades.place()
    trades.do(orders.pay, [one], by=trades.alice)
    other = trades.paid()
    first, second = trades.order(one), trades.order(other)
    skip = {"id", "recorded_at"}
    assert {k: v for k, v in first.items() if k not in skip} == {
        k: v for k, v in second.items() if k not in skip
    }
    trades.sound()


def test_a_basket_over_two_shops_becomes_two_orders(trades: Trades) -> None:
    [dave] = joined("dave")
    lamp = listed(opened(dave, "灯铺"), "台灯", price_fen=5_000)
    intent = Place(trades.alice, (Wanted(trades.wardrobe), Wanted(lamp, 2), Wanted(trades.wardrobe)))
    [[one, two]] = trades.do(orders.place_and_pay, [intent])
    assert [trades.order(one)["seller_id"], trades.order(two)["seller_id"]] == [trades.bob, dave]
    assert [trades.order(one)["total_fen"], trades.order(two)["total_fen"]] == [19_800, 10_000]
    trades.sound()


def test_postage_is_the_dearest_line_and_is_shared_to_the_fen(trades: Trades) -> None:
    shelf = trades.listed(price_fen=3_333, postage_fen=1_000)
    stool = trades.listed("凳子", price_fen=3_333, postage_fen=700)
    order = trades.paid((shelf, 1), (stool, 2))
    assert trades.order(order)["postage_fen"] == 1_000
    assert trades.order(order)["total_fen"] == 9_999 + 1_000
    assert [trades.line(order, n)["postage_fen"] for n in (0, 1)] == [333, 667]
    trades.sound()


def test_the_seller_changes_the_price_before_payment_and_not_after(trades: Trades) -> None:
    order = trades.place((trades.wardrobe, 1), (trades.listed(price_fen=100), 1))
    trades.do(orders.adjust, [Adjust(order, -1_000, 500)], by=trades.bob)
    trades.do(orders.adjust, [Adjust(order, -900)], by=trades.bob)
    assert trades.order(order)["total_fen"] == 10_000 - 900 + 500
    trades.sound()
    trades.do(orders.pay, [order], by=trades.alice)
    with pytest.raises(Conflict):
        trades.do(orders.adjust, [Adjust(order, -1)], by=trades.bob)
    assert balance(trades.alice) == 100_000 - 9_600


@pytest.mark.parametrize("off", [-9_900, -10_000, 10**13])
def test_an_adjustment_leaves_something_to_pay(trades: Trades, off: int) -> None:
    order = trades.place()
    with pytest.raises(Invalid):
        trades.do(orders.adjust, [Adjust(order, off)], by=trades.bob)


def test_a_deal_page_fixes_price_and_postage_for_its_buyer_once(trades: Trades) -> None:
    page = NewDeal(trades.shop, trades.alice, (Agreed(trades.wardrobe, 3, 8_000),), postage_fen=0)
    [deal] = trades.do(issue, [page], by=trades.bob)
    [[order]] = trades.do(orders.place_and_pay, [Place(trades.alice, deal=deal)])
    assert trades.order(order)["total_fen"] == 24_000
    assert trades.line(order)["price_fen"] == 8_000
    with pytest.raises(Conflict):
        trades.do(orders.place, [Place(trades.alice, deal=deal)])
    trades.sound()


def test_a_deal_page_is_nobody_elses(trades: Trades) -> None:
    [deal] = trades.do(
        issue, [NewDeal(trades.shop, trades.alice, (Agreed(trades.wardrobe, 1, 8_000),))], by=trades.bob
    )
    with pytest.raises(NotFound):
        trades.do(orders.place, [Place(trades.carol, deal=deal)])


def test_the_snapshot_stays_when_the_listing_changes(trades: Trades) -> None:
    order = trades.paid()
    execute(
        "UPDATE shops_listing SET title = '别的', price_fen = 1, properties = '{}' WHERE id = %s",
        [trades.wardrobe],
    )
    line = trades.line(order)
    assert (line["title"], line["price_fen"]) == ("简易衣柜", 9_900)
    assert '"price_fen": 9900' in line["snapshot"]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE shops_orderline SET snapshot = '{}'",
        "UPDATE shops_orderline SET title = 'x'",
        "DELETE FROM shops_orderline",
        "DELETE FROM shops_order",
        "DELETE FROM shops_refund",
        "DELETE FROM shops_dispute",
        "UPDATE shops_trackingevent SET text = 'x'",
        "UPDATE shops_evidence SET text = 'x'",
    ],
)
def test_the_database_refuses_to_rewrite_a_trade(trades: Trades, sql: str) -> None:
    order = trades.shipped()
    shipment = rows("SELECT id FROM shops_shipment WHERE order_id = %s", [order])[0][0]
    trades.do(shipping.track, [shipping.Report(shipment, "collected")], by=trades.bob)
    _, dispute = trades.disputed(order)
    from shops.actions import disputes

    trades.do(disputes.bring, [disputes.Say(dispute, "破了", trades.alice)])
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        execute(sql)


def test_nobody_pays_with_money_they_lack_and_nothing_is_changed(trades: Trades) -> None:
    with pytest.raises(Unaffordable) as refusal:
        trades.paid((trades.wardrobe, 10), (trades.listed(price_fen=50_000), 1))
    assert refusal.value.rows == (0,)
    assert stock_of(trades.wardrobe) == [10]
    assert rows("SELECT count(*) FROM shops_order") == [(0,)]


def test_a_batch_says_which_baskets_cannot_be(trades: Trades) -> None:
    good = Place(trades.alice, (Wanted(trades.wardrobe),))
    short = Place(trades.carol, (Wanted(trades.wardrobe), Wanted(trades.wardrobe, 11)))
    with pytest.raises(Conflict) as refusal:
        trades.do(orders.place, [good, short, good])
    assert refusal.value.rows == (1,)
    assert stock_of(trades.wardrobe) == [10]


def test_nobody_buys_from_their_own_shop(trades: Trades) -> None:
    with pytest.raises(Forbidden):
        trades.place(buyer=trades.bob)


@pytest.mark.parametrize("lines", [(), ((10**17, 1),), ((1, 0),), ((1, -1),), ((1, 10**7),)])
def test_a_basket_of_nothing_sensible_is_refused(trades: Trades, lines: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises((Invalid, NotFound)):
        trades.do(orders.place, [Place(trades.alice, tuple(Wanted(*line) for line in lines))])


def test_a_stranger_moves_nothing(trades: Trades) -> None:
    order = trades.place()
    with pytest.raises(Forbidden):
        trades.do(orders.pay, [order], by=trades.carol)
    with pytest.raises(Forbidden):
        trades.do(orders.cancel, [order], by=trades.carol)
    with pytest.raises(Forbidden):
        trades.do(orders.adjust, [Adjust(order, 1)], by=trades.alice)
    trades.do(orders.pay, [order], by=trades.alice)
    with pytest.raises(Forbidden):
        trades.do(shipping.ship, [shipping.Ship(order)], by=trades.alice)
    with pytest.raises(Forbidden):
        trades.do(orders.remark, [Remark(order, "x")], by=trades.alice)
    trades.ship(order)
    with pytest.raises(Forbidden):
        trades.do(orders.confirm, [order], by=trades.bob)


def test_cancelling_returns_the_stock_once_and_says_who(trades: Trades) -> None:
    mine, theirs = trades.place((trades.wardrobe, 3)), trades.place((trades.wardrobe, 2))
    trades.do(orders.cancel, [mine], by=trades.alice)
    trades.do(orders.cancel, [theirs], by=trades.bob)
    assert stock_of(trades.wardrobe) == [10]
    assert [trades.order(i)["closed_by"] for i in (mine, theirs)] == ["buyer", "seller"]
    with pytest.raises(Conflict):
        trades.do(orders.cancel, [mine], by=trades.alice)
    assert stock_of(trades.wardrobe) == [10]


def test_a_part_of_an_order_can_be_sent_first(trades: Trades) -> None:
    order = trades.part_shipped()
    assert trades.status(order) == "shipped_part"
    assert trades.order(order)["confirm_by"] is None
    trades.ship(order)
    assert trades.status(order) == "shipped"
    assert rows("SELECT count(*) FROM shops_shipment WHERE order_id = %s", [order]) == [(2,)]
    trades.sound()


def test_a_line_is_sent_once(trades: Trades) -> None:
    order = trades.part_shipped()
    with pytest.raises(Conflict):
        trades.ship(order, trades.lines(order)[0])


def test_goods_sent_by_machine_are_shipped_on_payment(trades: Trades) -> None:
    card = trades.listed("点卡", delivery="auto")
    assert trades.status(trades.paid((card, 1))) == "shipped"
    both = trades.paid((card, 1), (trades.wardrobe, 1))
    assert trades.status(both) == "shipped_part"
    trades.ship(both)
    trades.sound()


def test_tracking_is_told_and_signed_for_once(trades: Trades) -> None:
    order = trades.paid()
    shipment = trades.ship(order)
    for kind in ("collected", "in_transit", "signed"):
        trades.do(shipping.track, [shipping.Report(shipment, kind, "徐州")], by=trades.bob)
    with pytest.raises(Conflict):
        trades.do(shipping.track, [shipping.Report(shipment, "signed")], by=trades.bob)
    assert [payload["kind"] for _, _, payload in events("order.tracked")] == [
        "collected",
        "in_transit",
        "signed",
    ]


def test_the_seller_notes_and_flags_and_the_buyer_is_not_told(trades: Trades) -> None:
    order = trades.paid(message="请快发货")
    trades.do(orders.remark, [Remark(order, "难缠", 5)], by=trades.bob)
    trades.do(orders.remark, [Remark(order, flag=3)], by=trades.bob)
    assert (trades.order(order)["memo"], trades.order(order)["flag"]) == ("难缠", 3)
    for wrong in (Remark(order, flag=6), Remark(order, flag=-1), Remark(order, "x" * 501)):
        with pytest.raises(Invalid):
            trades.do(orders.remark, [wrong], by=trades.bob)
    assert "难缠" not in str(rows("SELECT payload::text FROM events_event"))
    assert "请快发货" not in str(rows("SELECT payload::text FROM events_event"))


def test_events_go_to_buyer_and_seller_with_what_was_bought(trades: Trades) -> None:
    order = trades.finished((trades.wardrobe, 2))
    for name in ("order.placed", "order.paid", "order.shipped", "order.finished"):
        [(subject, members, fact)] = events(name)
        assert (subject, members) == (order, [trades.alice, trades.bob])
        assert (fact["buyer"], fact["seller"], fact["shop"], fact["total_fen"]) == (
            trades.alice, trades.bob, trades.shop, 19_800,
        )  # fmt: skip
        [line] = fact["lines"]
        assert line == {
            "line": trades.lines(order)[0],
            "listing": trades.wardrobe,
            "section": 15,
            "quantity": 2,
            "paid_fen": 19_800,
            "refunded_fen": 0,
        }
