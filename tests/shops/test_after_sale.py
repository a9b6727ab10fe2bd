"""Money asked back after the trade's success: the seller pays, then the deposit, else it is owed and asked for daily."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.batch import execute, rows
from common.errors import Conflict, Unaffordable
from common.moments import day_of, show, start_of
from payments import ledger
from payments.queries import account, balance
from regime.actions import change as change_levers
from shops.actions import disputes, refunds, shipping
from shops.actions.disputes import Ruling
from shops.actions.refunds import Change
from shops.actions.shops import join_protection, leave_protection
from shops.queries import audit, history
from tests.asking import Asking
from tests.market import Market
from tests.shops.stalls import column, events, stock_of
from tests.shops.trades import Trades, now


@pytest.fixture
def trades(market: Market) -> Trades:
    return Trades(seven_day_return=True)


def paid_back() -> list[tuple[str, int]]:
    """(account that gave, fen) of every posting for an after-sale refund."""
    return rows(
        """SELECT d.kind, t.amount_fen FROM payments_transfer t JOIN payments_account d ON d.id = t.debit_id
            WHERE t.kind IN ('after_sale_refund', 'deposit_compensation') ORDER BY t.id"""
    )


def test_the_seller_pays_back_and_the_trade_stays_a_trade(trades: Trades) -> None:
    order = trades.finished((trades.wardrobe, 1), (trades.listed(), 2))
    windows = rows("SELECT id, status, closes_at FROM ratings_feedback ORDER BY id")
    trades.do(refunds.agree, [trades.asked(order, amount_fen=900)], by=trades.bob)
    trades.do(refunds.agree, [trades.asked(order, line=1)], by=trades.bob)
    assert trades.status(order) == "finished"
    assert [trades.line(order, n)["refunded_fen"] for n in (0, 1)] == [900, 19_800]
    assert (trades.order(order)["refunded_fen"], balance(trades.alice)) == (20_700, 100_000 - 29_700 + 20_700)
    assert paid_back() == [("member", 900), ("member", 19_800)]
    second = trades.line(order, 1)["listing_id"]
    assert column("shops_listing", "sold_count", [trades.wardrobe, second]) == [1, 0], (
        "refunded in full: not sold"
    )
    assert stock_of(second) == [8], "what was sent is the seller's to restock"
    assert [row["line"] for row in history.of_shop(trades.shop)] == trades.lines(order)[::-1], (
        "nobody hides a trade"
    )
    assert rows("SELECT id, status, closes_at FROM ratings_feedback ORDER BY id") == windows
    assert len(windows) == 4
    assert events("order.closed") == []
    trades.do(refunds.agree, [trades.asked(order)], by=trades.bob)
    assert (trades.status(order), balance(trades.alice)) == ("finished", 100_000)
    with pytest.raises(Conflict, match="in full"):
        trades.asked(order)
    trades.sound()


def test_money_is_asked_back_for_fifteen_days_and_not_a_second_longer(trades: Trades, market: Market) -> None:
    order = trades.finished()
    trades.do(refunds.withdraw, [trades.ask(order)], by=trades.alice)
    end = now() + timedelta(days=15)
    market.advance_to(end)
    trades.do(refunds.withdraw, [trades.ask(order)], by=trades.alice)
    market.advance_to(end + timedelta(seconds=1))
    with pytest.raises(Conflict) as late:
        trades.ask(order)
    assert (late.value.rule, late.value.extra["until"]) == ("after_sale_days_after_success", show(end))
    fresh = trades.finished()
    trades.do(change_levers, {"trade.after_sale_days": 0}, by=None, why="试")
    with pytest.raises(Conflict):
        trades.ask(fresh)
    trades.sound()


def test_seven_days_without_a_reason_have_a_clock_of_their_own(trades: Trades, market: Market) -> None:
    """Confirmed before it arrived, signed twelve days later: the promise outlasts the after-sale days."""
    order = trades.finished()
    market.pass_days(12)
    [shipment] = rows("SELECT id FROM shops_shipment")[0]
    trades.do(shipping.track, [shipping.Report(shipment, "signed")], by=trades.bob)
    end = start_of(day_of(now()) + timedelta(days=1)) + timedelta(hours=168)
    market.advance_to(end)
    with pytest.raises(Conflict, match="15 days"):
        trades.asked(order)
    ask = Asking()
    seen = ask("get", f"/api/orders/{order}/", key=ask.member(trades.alice)).json()
    assert [(may["action"], may["until"]) for may in seen["may"]] == [("ask_refund", show(end))]
    refund = trades.ask(order, kind="return", reason="no_reason")
    with pytest.raises(Conflict, match="15 days"):
        trades.do(refunds.change, [Change(refund, reason="faulty")], by=trades.alice)
    trades.do(refunds.withdraw, [refund], by=trades.alice)
    market.advance_to(end + timedelta(seconds=1))
    with pytest.raises(Conflict, match="are over"):
        trades.ask(order, kind="return", reason="no_reason")
    assert ask("get", f"/api/orders/{order}/", key=ask.member(trades.alice)).json()["may"] == []


def test_what_the_seller_lacks_the_deposit_pays_and_what_both_lack_is_owed_until_it_is_there(
    trades: Trades, market: Market
) -> None:
    """99 yuan: 9 from the purse, 90 of the 1,000 deposited. Then 990: neither by hand nor by silence, until there is
    money."""
    small, large = trades.finished(), trades.finished((trades.wardrobe, 9), buyer=trades.carol)
    trades.purse(100_000)
    trades.do(join_protection, [trades.shop], by=trades.bob)
    trades.purse(900)
    trades.do(refunds.agree, [trades.asked(small)], by=trades.bob)
    assert paid_back() == [("member", 900), ("deposit", 9_000)]
    assert (balance(trades.bob), account(f"deposit:{trades.bob}")) == (0, 91_000)
    execute("UPDATE shops_listing SET stock = 20 WHERE id = %s", [trades.wardrobe])
    trades.do(ledger.top_up, [ledger.TopUp(trades.carol, 100_000)])
    claim = trades.asked(trades.finished((trades.wardrobe, 10), buyer=trades.carol))
    trades.purse(7_999)
    ask = Asking()
    refused = ask("post", f"/api/refunds/{claim}/agree/", key=ask.member(trades.bob))
    told = refused.json()
    assert (refused.status_code, told["rule"]) == (409, "an_after_sale_refund_is_paid_by_the_seller")
    assert (told["have_fen"], told["need_fen"], told["way_out"]) == (
        98_999, 99_000, "Top the account up, then do it again.",
    )  # fmt: skip
    with pytest.raises(Conflict, match="not settled"):
        trades.do(leave_protection, [trades.shop], by=trades.bob)
    assert trades.refund(claim)["status"] == "asked"
    market.pass_days(5)
    assert (trades.refund(claim)["status"], balance(trades.bob)) == ("owed", 7_999), "nothing is half done"
    assert [fact["amount_fen"] for _, _, fact in events("refund.owed")] == [99_000]
    market.pass_days(2)
    trades.sound()
    trades.do(ledger.top_up, [ledger.TopUp(trades.bob, 1)])
    before, after = trades.at_the_edge(
        start_of(day_of(now()) + timedelta(days=1)), lambda: str(trades.refund(claim)["status"])
    )
    assert (before, after) == ("owed", "succeeded")
    assert paid_back()[2:] == [("member", 8_000), ("deposit", 91_000)]
    assert trades.order(large)["refunded_fen"] == 0
    trades.sound()


def test_without_the_scheme_or_where_the_regime_does_not_compensate_first_no_deposit_pays(
    trades: Trades,
) -> None:
    order = trades.finished()
    trades.purse(100_000)
    trades.do(join_protection, [trades.shop], by=trades.bob)
    trades.do(change_levers, {"protection.compensation_first": False}, by=None, why="试")
    with pytest.raises(Unaffordable):
        trades.do(refunds.agree, [trades.asked(order)], by=trades.bob)


def test_a_ruling_on_a_finished_trade_is_paid_by_the_seller_or_owed(trades: Trades, market: Market) -> None:
    order, other = trades.finished(), trades.finished()
    refund, dispute = trades.disputed(order, reason="faulty")
    goods, second = trades.disputed(other, reason="faulty")
    assert rows("SELECT DISTINCT status FROM payments_escrow") == [("settled",)], "nothing is there to freeze"
    trades.do(disputes.close_evidence, [dispute, second])
    trades.do(disputes.close_reply, [dispute, second])
    trades.purse(3_999)
    trades.do(disputes.rule, [Ruling(dispute, 4_000, text="各半"), Ruling(second, 1_000, must_return=True)])
    assert (trades.dispute(dispute)["status"], trades.refund(refund)["status"]) == ("ruled", "owed")
    assert (trades.refund(refund)["amount_fen"], trades.refund(goods)["status"]) == (4_000, "returning")
    trades.do(refunds.send_back, [refunds.SendBack(goods, postage_fen=500)], by=trades.alice)
    trades.do(refunds.receive, [goods], by=trades.bob)
    assert balance(trades.bob) == 3_999 - 1_000 - 500
    trades.do(ledger.top_up, [ledger.TopUp(trades.bob, 1_501)])
    market.pass_days(1)
    assert (trades.refund(refund)["status"], balance(trades.bob)) == ("succeeded", 0)
    assert (balance(trades.alice), trades.status(order)) == (100_000 - 19_800 + 5_500, "finished")
    trades.sound()


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        (
            "UPDATE payments_transfer SET amount_fen = amount_fen - 1 WHERE kind = 'after_sale_refund'",
            "what was refunded after success was paid by the seller or the deposit, and nothing else was",
        ),
        (
            "UPDATE payments_transfer SET key = 'after_sale_refund:99' WHERE kind = 'after_sale_refund'",
            "what was refunded after success was paid by the seller or the deposit, and nothing else was",
        ),
        (
            "UPDATE shops_refund SET phase = 'shipped'",
            "escrow gave back what was asked of it, and a finished order paid its seller",
        ),
        (
            "UPDATE shops_order SET status = 'shipped', confirm_by = finished_at, finished_at = NULL",
            "what is asked of the seller is asked of a finished order, and only then",
        ),
    ],
)
def test_the_audit_finds_a_refund_that_nobody_paid(trades: Trades, damage: str, rule: str) -> None:
    trades.do(refunds.agree, [trades.asked(trades.finished())], by=trades.bob)
    trades.sound()
    execute("SAVEPOINT sound")
    execute("SET LOCAL session_replication_role = replica")
    assert execute(damage) == 1
    assert rule in {row["rule"] for row in audit.findings()}
    execute("ROLLBACK TO SAVEPOINT sound")
