"""Orders over REST: a whole life by doors alone, what each side may do, batches, filters, and its price in
statements."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.moments import show
from shops.actions import disputes
from tests.asking import Asking
from tests.market import Market
from tests.shops.stalls import stock_of
from tests.shops.trades import Trades, now
from worlds.current import use_world


@pytest.fixture
def trades(market: Market) -> Trades:
    return Trades()


@pytest.fixture
def ask(trades: Trades) -> Asking:
    return Asking()


def order_of(ask: Asking, key: str, *lines: tuple[int, int], **more: Any) -> int:
    body = {"lines": [{"listing": listing, "quantity": n} for listing, n in lines], **more}
    made = ask("post", "/api/orders/", body, key=key)
    assert made.status_code == 201, made.json()
    [order] = made.json()["orders"]
    assert made["Location"] == f"/api/orders/{order['id']}/"
    number: int = order["id"]
    return number


def actions(answer: Any) -> list[str]:
    return [may["action"] for may in answer.json()["may"]]


def test_an_order_lives_by_rest_alone(trades: Trades, ask: Asking, market: Market) -> None:
    alice, bob = ask.member(trades.alice), ask.member(trades.bob)
    order = order_of(ask, alice, (trades.wardrobe, 2), message="尽快")
    at = f"/api/orders/{order}/"
    assert actions(ask("get", at, key=alice)) == ["pay", "cancel"]
    assert actions(ask("get", at, key=bob)) == ["adjust", "cancel", "remark"]
    assert ask("post", at + "price/", {"adjust_fen": -800}, key=bob).json()["total_fen"] == 19_000
    paid = ask("post", at + "pay/", key=alice).json()
    assert (paid["status"], paid["taobao_status"]) == ("paid", "WAIT_SELLER_SEND_GOODS")
    assert paid["next"] == {"action": "overdue", "at": show(now() + timedelta(hours=72))}
    sent = ask("post", at + "ship/", {"carrier": "申通", "tracking_no": "7"}, key=bob).json()
    [parcel] = sent["shipments"]
    assert (parcel["carrier"], parcel["tracking_no"], parcel["tracking"]) == ("申通", "7", [])
    tracking = f"/api/shipments/{parcel['id']}/tracking/"
    assert ask("post", tracking, {"kind": "signed", "place": "上海"}, key=bob).status_code == 201
    seen = ask("get", at, key=alice)
    assert seen.json()["shipments"][0]["tracking"][0]["place"] == "上海"
    assert actions(seen) == ["confirm", "ask_refund"]
    assert ask("post", at + "extend/", {"days": 5}, key=bob).json()["confirm_by"] == show(
        now() + timedelta(days=15)
    )
    market.pass_days(13)
    assert "extend" in actions(ask("get", at, key=alice))
    assert ask("post", at + "prolong/", key=alice).json()["confirm_by"] == show(now() + timedelta(days=5))
    done = ask("post", at + "confirm/", key=alice).json()
    assert (done["status"], done["next"]) == ("finished", None)
    [left] = done["may"]
    assert (left["action"], left["until"]) == ("ask_refund", show(now() + timedelta(days=15)))
    again = ask("post", at + "confirm/", key=alice)
    assert (again.status_code, again.json()["state"]) == (409, "finished")
    trades.sound()


def test_placing_and_paying_over_rest_takes_at_most_twelve_statements(committed_world: Any) -> None:
    """Key, pen, quote, stock, order with lines, money, events: all of them counted, BEGIN and COMMIT
    besides.
    """
    with use_world(committed_world.schema):
        trades = Trades()
    ask = Asking(committed_world.name)
    alice = ask.member(trades.alice)
    body = {"lines": [{"listing": trades.wardrobe}], "pay": True}
    ask("post", "/api/orders/", body, key=alice)
    with CaptureQueriesContext(connection) as captured:
        made = ask("post", "/api/orders/", body, key=alice)
    assert made.json()["orders"][0]["status"] == "paid"
    statements = [q["sql"].strip() for q in captured if q["sql"] not in ("BEGIN", "COMMIT")]
    print("\n".join(" ".join(sql.split())[:90] for sql in statements))
    assert len(statements) <= 12


def test_a_refund_and_its_dispute_live_by_rest_alone(trades: Trades, ask: Asking) -> None:
    alice, bob = ask.member(trades.alice), ask.member(trades.bob)
    order = trades.shipped()
    [line] = trades.lines(order)
    made = ask(
        "post",
        "/api/refunds/",
        {"line": line, "amount_fen": 3_000, "reason": "faulty", "text": "裂了"},
        key=alice,
    )
    assert made.status_code == 201
    at = made["Location"]
    assert made.json()["taobao_status"] == "WAIT_SELLER_AGREE"
    assert actions(made) == ["change", "withdraw"]
    assert actions(ask("get", at, key=bob)) == ["agree", "refuse"]
    assert ask("post", at + "refuse/", {"text": "没有"}, key=bob).json()["status"] == "refused"
    assert ask("post", at + "change/", {"amount_fen": 2_000}, key=alice).json()["amount_fen"] == 2_000
    ask("post", at + "refuse/", {}, key=bob)
    opened = ask("post", at + "escalate/", key=alice)
    assert opened.status_code == 201
    dispute = opened["Location"]
    assert (
        ask("post", dispute + "evidence/", {"text": "照片"}, key=alice).json()["evidence"][0]["text"]
        == "照片"
    )
    assert ask("post", dispute + "rule/", {"award_fen": 1}, key=alice).status_code == 403
    assert ask("post", dispute + "rule/", {"award_fen": 1}).status_code == 409
    trades.do(disputes.close_evidence, [opened.json()["id"]])
    assert ask("post", dispute + "reply/", {"text": "完好"}, key=bob).json()["status"] == "ruling"
    ruled = ask("post", dispute + "rule/", {"award_fen": 1_500, "text": "各半"})
    assert (ruled.json()["status"], ruled.json()["award_fen"]) == ("ruled", 1_500)
    assert ask("get", at, key=alice).json()["status"] == "succeeded"
    assert ask("get", f"/api/orders/{order}/", key=alice).json()["refunded_fen"] == 1_500
    trades.sound()


def test_goods_go_back_by_rest(trades: Trades, ask: Asking) -> None:
    alice, bob = ask.member(trades.alice), ask.member(trades.bob)
    [line] = trades.lines(trades.shipped())
    at = ask("post", "/api/refunds/", {"line": line, "kind": "return", "reason": "faulty"}, key=alice)[
        "Location"
    ]
    assert ask("post", at + "agree/", key=bob).json()["taobao_status"] == "WAIT_BUYER_RETURN_GOODS"
    back = ask(
        "post", at + "send-back/", {"delivery": "mail", "carrier": "邮政", "postage_fen": 900}, key=alice
    ).json()
    assert back["receive_by"] == show(now() + timedelta(days=30))
    assert ask("post", at + "receive/", key=bob).json()["postage_paid_fen"] == 900
    trades.sound()


def test_strangers_learn_of_nothing(trades: Trades, ask: Asking) -> None:
    carol = ask.member(trades.carol)
    order = trades.shipped()
    refund, dispute = trades.disputed(order, reason="faulty")
    for address in (
        f"/api/orders/{order}/",
        f"/api/orders/{order}/snapshots/",
        f"/api/refunds/{refund}/",
        f"/api/disputes/{dispute}/",
    ):
        assert ask("get", address, key=carol).status_code == 404
    for things in ("orders", "refunds", "disputes"):
        assert ask("get", f"/api/{things}/", key=carol).json()["results"] == []
        assert len(ask("get", f"/api/{things}/").json()["results"]) == 1
    for step in ("confirm", "ship", "extend", "remark", "prolong", "price"):
        body = {"days": 3} if step == "extend" else {}
        assert ask("post", f"/api/orders/{order}/{step}/", body, key=carol).status_code in (403, 409)


def test_memo_and_flag_are_the_sellers_own(trades: Trades, ask: Asking) -> None:
    order = trades.paid()
    at = f"/api/orders/{order}/"
    noted = ask("post", at + "remark/", {"memo": "老客户", "flag": 2}, key=ask.member(trades.bob)).json()
    assert (noted["memo"], noted["flag"]) == ("老客户", 2)
    seen = ask("get", at, key=ask.member(trades.alice))
    assert (seen.json()["memo"], seen.json()["flag"]) == (None, None)
    assert "老客户" not in seen.content.decode()


def test_a_batch_of_orders_says_what_became_of_each_row(trades: Trades, ask: Asking) -> None:
    row = {"buyer": trades.alice, "lines": [{"listing": trades.wardrobe}]}
    rows = [
        row | {"pay": True},
        row,
        row | {"lines": [{"listing": trades.wardrobe, "quantity": 99}]},
        row | {"buyer": trades.bob},
        {"lines": []},
        row | {"surprise": 1},
        row | {"lines": [{"listing": 10**15}], "pay": True},
        row | {"receiver": {"name": "爱丽", "address": "人民路1号"}, "pay": True},
    ]
    answer = ask("post", "/api/orders/batch/", {"rows": rows}).json()
    assert [result["status"] for result in answer["results"]] == [201, 201, 409, 403, 400, 400, 404, 201]
    assert (answer["done"], answer["refused"]) == (3, 5)
    first, second, last = (answer["results"][n]["id"] for n in (0, 1, 7))
    assert [trades.status(order) for order in (first, second, last)] == ["paid", "placed", "paid"]
    assert stock_of(trades.wardrobe) == [7]
    assert ask("get", f"/api/orders/{last}/").json()["receiver"] == {"name": "爱丽", "address": "人民路1号"}
    paid = ask("post", "/api/orders/batch/pay/", {"rows": [{"id": first}, {"id": second}]}).json()
    assert [result["status"] for result in paid["results"]] == [409, 200]
    ids = [{"order": order} for order in (first, second, second, 10**12)]
    sent = ask("post", "/api/orders/batch/ship/", {"rows": ids}).json()
    assert [result["status"] for result in sent["results"]] == [201, 201, 400, 404]
    done = ask(
        "post", "/api/orders/batch/confirm/", {"rows": [{"id": first}, {"id": second}, {"id": last}]}
    ).json()
    assert [result["status"] for result in done["results"]] == [200, 200, 409]
    trades.sound()


def test_only_an_admin_orders_for_many(trades: Trades, ask: Asking) -> None:
    assert ask("post", "/api/orders/batch/", {"rows": [{}]}, key=ask.member(trades.alice)).status_code == 403


def test_sold_trades_are_found_by_state_buyer_and_time_and_paged(
    trades: Trades, ask: Asking, market: Market
) -> None:
    bob = ask.member(trades.bob)
    first = trades.finished()
    market.pass_days(1)
    between = now()
    second, third = trades.paid(buyer=trades.carol), trades.place()

    def found(query: str) -> list[int]:
        return [row["id"] for row in ask("get", f"/api/orders/?{query}", key=bob).json()["results"]]

    moment = show(between).replace("+", "%2B")  # type: ignore[union-attr]
    assert found("role=seller") == [first, second, third]
    assert found("role=buyer") == []
    assert found("status=paid&status=placed") == [second, third]
    assert found(f"buyer={trades.carol}") == [second]
    assert found(f"placed_from={moment}") == [second, third]
    assert found(f"placed_to={moment}") == [first]
    page = ask("get", "/api/orders/?limit=2", key=bob).json()
    assert [row["id"] for row in page["results"]] == [first, second]
    assert [row["id"] for row in ask("get", page["next"], key=bob).json()["results"]] == [third]


def test_changes_are_followed_by_cursor_without_loss(trades: Trades, ask: Asking, market: Market) -> None:
    bob = ask.member(trades.bob)
    orders = [trades.paid() for _ in range(3)]
    market.pass_hours(1)
    trades.ship(orders[0])

    def walk(start: str) -> list[int]:
        seen, address = [], start
        while address:
            page = ask("get", address, key=bob).json()
            seen += [(row["id"], row["cursor"]) for row in page["results"]]
            address = page["next"]
        walk.cursor = seen[-1][1] if seen else ""  # type: ignore[attr-defined]
        return [number for number, _ in seen]

    assert walk("/api/orders/changed/?limit=2") == [orders[1], orders[2], orders[0]]
    after = quote(walk.cursor)  # type: ignore[attr-defined]
    trades.ship(orders[1])
    assert walk(f"/api/orders/changed/?after={after}") == [orders[1]]
    assert ask("get", "/api/orders/changed/?after=nonsense", key=bob).status_code == 400


def test_hostile_baskets_are_refused_in_words(trades: Trades, ask: Asking) -> None:
    alice = ask.member(trades.alice)
    for body in (  # type: ignore[var-annotated]
        {},
        {"lines": []},
        {"lines": [{}]},
        {"lines": [{"listing": "x"}]},
        {"lines": [{"listing": 2**63 - 1}]},
        {"lines": [{"listing": trades.wardrobe, "quantity": 0}]},
        {"lines": [{"listing": trades.wardrobe}], "deal": 1},
        {"lines": [{"listing": trades.wardrobe}], "message": "\0"},
        {"lines": [{"listing": trades.wardrobe}], "x": 1},
        {"lines": [{"listing": trades.wardrobe}], "discount_fen": 9_000},
        {"deal": 10**17},
        [],
        "x",
    ):
        answer = ask("post", "/api/orders/", body, key=alice)
        assert 400 <= answer.status_code < 500, body
        assert answer["Content-Type"] == "application/problem+json"
    assert stock_of(trades.wardrobe) == [10]
