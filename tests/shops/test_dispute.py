"""Before the platform: escrow is frozen, both sides are heard, the ruling is carried out to the fen."""

from __future__ import annotations

import pytest

from common.batch import one, rows
from common.errors import Conflict, Forbidden, Invalid
from payments.queries import balance
from shops.actions import disputes, orders, refunds
from shops.actions.disputes import Ruling, Say
from tests.market import Market
from tests.shops.trades import Trades


@pytest.fixture
def trades(market: Market) -> Trades:
    return Trades()


def heard(trades: Trades, order: int, **more: object) -> tuple[int, int]:
    """A dispute in which both have spoken."""
    refund, dispute = trades.disputed(order, **{"reason": "faulty", **more})
    trades.do(disputes.close_evidence, [dispute])
    trades.do(disputes.reply, [Say(dispute, "完好")], by=trades.bob)
    return refund, dispute


def escrow_of(order: int) -> str:
    return str(one("SELECT status FROM payments_escrow WHERE reference = %s", [f"order:{order}"]))


def test_a_dispute_freezes_escrow_until_it_is_over(trades: Trades) -> None:
    order = trades.shipped()
    refund, _ = trades.disputed(order, reason="faulty", amount_fen=1_000)
    assert escrow_of(order) == "frozen"
    trades.sound()
    trades.do(refunds.withdraw, [refund], by=trades.alice)
    assert escrow_of(order) == "held"
    trades.do(orders.confirm, [order], by=trades.alice)
    trades.sound()


@pytest.mark.parametrize("award", [0, 1, 4_000, 9_899, 9_900])
def test_a_ruling_splits_escrow_to_the_fen(trades: Trades, award: int) -> None:
    order = trades.shipped()
    _, dispute = heard(trades, order)
    trades.do(disputes.rule, [Ruling(dispute, award, text="各担一半")])
    assert balance(trades.alice) == 90_100 + award
    trades.sound()
    if award < 9_900:
        trades.do(orders.confirm, [order], by=trades.alice)
        assert balance(trades.bob) == 100_000 + 9_900 - award
    else:
        assert trades.status(order) == "closed"
    trades.sound()


def test_a_ruling_may_want_the_goods_back_first(trades: Trades) -> None:
    order = trades.shipped()
    refund, dispute = heard(trades, order)
    trades.do(disputes.rule, [Ruling(dispute, 5_000, must_return=True)])
    assert (trades.refund(refund)["status"], balance(trades.alice)) == ("returning", 90_100)
    assert escrow_of(order) == "held"
    trades.do(refunds.send_back, [refunds.SendBack(refund)], by=trades.alice)
    trades.do(refunds.refuse, [refunds.Refuse(refund, "空箱")], by=trades.bob)
    trades.do(disputes.escalate, [refund], by=trades.alice)
    assert escrow_of(order) == "frozen"
    trades.do(refunds.agree, [refund], by=trades.bob)
    trades.sound()


@pytest.mark.parametrize("award", [-1, 9_901])
def test_no_more_is_awarded_than_was_asked(trades: Trades, award: int) -> None:
    _, dispute = heard(trades, trades.shipped())
    with pytest.raises(Invalid):
        trades.do(disputes.rule, [Ruling(dispute, award)])


@pytest.mark.parametrize(
    "ruling", [{"award_fen": 0, "must_return": True}, {"award_fen": 1, "text": "x" * 1_001}]
)
def test_a_ruling_that_makes_no_sense_is_refused(trades: Trades, ruling: dict[str, object]) -> None:
    _, dispute = heard(trades, trades.shipped())
    with pytest.raises(Invalid):
        trades.do(disputes.rule, [Ruling(dispute, **ruling)])  # type: ignore[arg-type]


def test_the_seller_may_concede(trades: Trades) -> None:
    order = trades.shipped()
    refund, dispute = trades.disputed(order, reason="faulty")
    trades.do(refunds.agree, [refund], by=trades.bob)
    assert trades.dispute(dispute)["status"] == "conceded"
    assert trades.status(order) == "closed"
    trades.sound()


def test_only_the_parties_bring_evidence_and_only_while_it_is_heard(trades: Trades) -> None:
    _, dispute = trades.disputed(trades.shipped(), reason="faulty")
    trades.do(disputes.bring, [Say(dispute, "照片", trades.alice), Say(dispute, "面单", trades.bob)])
    with pytest.raises(Forbidden):
        trades.do(disputes.bring, [Say(dispute, "我看见了", trades.carol)])
    with pytest.raises(Invalid):
        trades.do(disputes.bring, [Say(dispute, "", trades.alice)])
    trades.do(disputes.close_evidence, [dispute])
    with pytest.raises(Conflict):
        trades.do(disputes.bring, [Say(dispute, "还有", trades.alice)])
    assert rows("SELECT count(*) FROM shops_evidence") == [(2,)]
    assert "照片" not in str(rows("SELECT payload::text FROM events_event"))


def test_one_dispute_of_two_keeps_escrow_frozen_and_the_other_line_is_still_refunded(trades: Trades) -> None:
    order = trades.shipped((trades.wardrobe, 1), (trades.listed(), 1))
    first = trades.refused(order, line=0, reason="faulty")
    second = trades.refused(order, line=1, reason="faulty")
    trades.do(disputes.escalate, [first, second], by=trades.alice)
    trades.do(refunds.withdraw, [first], by=trades.alice)
    assert escrow_of(order) == "frozen"
    trades.do(refunds.agree, [trades.ask(order, 0, reason="late", amount_fen=100)], by=trades.bob)
    assert escrow_of(order) == "frozen"
    trades.sound()
    trades.do(refunds.withdraw, [second], by=trades.alice)
    assert escrow_of(order) == "held"
    trades.sound()


def test_nobody_confirms_while_a_refund_is_open(trades: Trades) -> None:
    order = trades.shipped()
    trades.ask(order, reason="faulty", amount_fen=1)
    with pytest.raises(Conflict, match="open refund"):
        trades.do(orders.confirm, [order], by=trades.alice)
