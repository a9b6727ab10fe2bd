"""Orders that wait for the pen together are placed together, and nobody is told more, or less, than alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from time import monotonic, sleep
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from common.api import together
from common.batch import one, rows
from common.gathering import desk
from payments import ledger
from payments.queries import balance
from shops.actions import orders
from shops.api import orders as doors
from tests.shops.stalls import joined
from tests.shops.trades import Trades
from worlds.actions import issue_key
from worlds.current import point, use_world
from worlds.pen import writing

PRICE = 9_900
CALLERS = 6


class Crowd:
    """Buyers with a key each, who all ask while somebody else has the pen."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.trades = Trades()

    def keys(self, members: Sequence[int]) -> list[str]:
        return [issue_key(self.world, scope="member", member_id=member) for member in members]

    def joined(self, many: int, fen: int) -> list[int]:
        return joined(*(f"crowd{fen}x{n}" for n in range(many)), fen=fen)

    def ask(self, keys: Sequence[str], listing: int, headers: Sequence[dict[str, str]] = ()) -> list[Any]:
        """Everybody orders and pays one piece of `listing`, gathered before the first of them is served."""
        answers: list[Any] = [None] * len(keys)
        body = {"lines": [{"listing": listing}], "pay": True}

        def call(n: int) -> None:
            try:
                more = headers[n] if headers else {}
                client = Client(headers={"Authorization": f"Bearer {keys[n]}", **more})
                answers[n] = client.post("/api/orders/", body, content_type="application/json")
            finally:
                connection.close()

        threads = [threading.Thread(target=call, args=(n,)) for n in range(len(keys))]
        with writing():
            for thread in threads:
                thread.start()
            self._gathered(len(keys))
        for thread in threads:
            thread.join(60)
        point(self.world.schema)
        return answers

    def _gathered(self, many: int) -> None:
        until = monotonic() + 30
        while monotonic() < until:
            if len(desk((self.world.schema, doors.actions.buy)).waiting) == many:
                return
            sleep(0.005)
        raise AssertionError("they did not gather")

    def transactions(self) -> int:
        """In how many transactions the orders were written."""
        return int(one("SELECT count(DISTINCT xmin::text) FROM shops_order"))


@pytest.fixture
def crowd(committed_world: Any) -> Iterator[Crowd]:
    with use_world(committed_world.schema):
        there = Crowd(committed_world)
        yield there
        there.trades.sound()
        assert ledger.drift() == []


def statuses(answers: Sequence[Any]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


def test_orders_that_wait_for_the_pen_together_are_one_transaction(crowd: Crowd) -> None:
    buyers = crowd.joined(CALLERS, 100_000)
    answers = crowd.ask(crowd.keys(buyers), crowd.trades.wardrobe)
    assert statuses(answers) == [201] * CALLERS
    placed = {answer.json()["orders"][0]["id"]: buyer for answer, buyer in zip(answers, buyers, strict=True)}
    assert dict(rows("SELECT id, buyer_id FROM shops_order")) == placed
    assert all(answer["Location"] == f"/api/orders/{answer.json()['orders'][0]['id']}/" for answer in answers)
    assert [balance(buyer) for buyer in buyers] == [100_000 - PRICE] * CALLERS
    assert crowd.transactions() == 1


def test_control_one_at_a_time_they_are_as_many_transactions(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "MOST", 1)
    answers = crowd.ask(crowd.keys(crowd.joined(CALLERS, 100_000)), crowd.trades.wardrobe)
    assert statuses(answers) == [201] * CALLERS
    assert crowd.transactions() == CALLERS


def test_who_comes_too_late_for_the_stock_is_refused_and_the_others_are_served(crowd: Crowd) -> None:
    few = crowd.trades.listed("三件", stock=3)
    answers = crowd.ask(crowd.keys(crowd.joined(CALLERS, 100_000)), few)
    assert statuses(answers) == [201] * 3 + [409] * 3
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert {problem["rule"] for problem in refused} <= {"stock_never_oversells", "listing_is_on_sale"}
    assert one("SELECT stock FROM shops_listing WHERE id = %s", [few]) == 0
    assert one("SELECT count(*) FROM shops_order") == 3


def test_a_buyer_without_money_hears_of_their_own_purse_only(crowd: Crowd) -> None:
    rich, poor = crowd.joined(3, 100_000), crowd.joined(3, 5_000)
    buyers = [rich[0], poor[0], rich[1], poor[1], poor[2], rich[2]]
    answers = crowd.ask(crowd.keys(buyers), crowd.trades.wardrobe)
    for buyer, answer in zip(buyers, answers, strict=True):
        if buyer in rich:
            assert answer.status_code == 201
        else:
            problem = answer.json()
            assert (answer.status_code, problem["rule"]) == (409, "nobody_spends_what_they_lack")
            short = [{"account": f"member:{buyer}", "have_fen": 5_000, "need_fen": PRICE}]
            assert problem["short"] == short
    assert [balance(buyer) for buyer in poor] == [5_000] * 3


def test_one_idempotency_key_sent_twice_at_once_is_one_order(crowd: Crowd) -> None:
    [buyer] = crowd.joined(1, 100_000)
    [key] = crowd.keys([buyer])
    answers = crowd.ask([key, key, key], crowd.trades.wardrobe, [{"Idempotency-Key": "again"}] * 3)
    assert statuses(answers) == [201] * 3
    assert len({answer.content for answer in answers}) == 1
    assert sum(answer.get("Idempotency-Replayed") == "true" for answer in answers) == 2
    assert balance(buyer) == 100_000 - PRICE


def test_when_the_whole_fails_each_is_done_alone(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault that only many meet costs time, and no order."""
    sizes: list[int] = []

    def buy(intents: Sequence[orders.Place], **more: Any) -> Any:
        sizes.append(len(intents))
        if len(intents) > 1:
            raise RuntimeError("too many at once")
        return orders.buy(intents, **more)

    class Actions:
        def __getattr__(self, name: str) -> Callable[..., Any]:
            return buy if name == "buy" else getattr(orders, name)

    monkeypatch.setattr(doors, "actions", Actions())
    answers = crowd.ask(crowd.keys(crowd.joined(CALLERS, 100_000)), crowd.trades.wardrobe)
    assert statuses(answers) == [201] * CALLERS
    assert sorted(sizes) == [1] * CALLERS + [CALLERS]
    assert crowd.transactions() == CALLERS
