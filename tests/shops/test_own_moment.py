"""An hour's orders come in one call, each of its buyer's own moment; many at once end where one by one ends."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction

from common.batch import rows, settle
from common.moments import duration, start_of
from shops.actions import orders
from shops.actions.orders import Place, Wanted
from tests.market import Market
from tests.shops.stalls import joined, listed, opened
from tests.shops.trades import Trades
from traffic.actions import Views, see, visitor_number
from traffic.rules import PAGE, SOURCE
from worlds import checks
from worlds.pen import writing


@pytest.fixture
def trades(market: Market) -> Trades:
    """At the last second of an hour."""
    made = Trades()
    market.advance_to(start_of(market.at.date() + timedelta(days=1)) + duration("PT10H59M59S"))
    return made


def looks(trades: Trades, source: str, minutes: int) -> None:
    """Alice looks at the wardrobe so many minutes after ten."""
    with writing() as moment:
        at = moment.at.replace(minute=minutes, second=0)
        views = Views.of(
            1, at=at, visitor=[visitor_number("alice")], member=[trades.alice],
            page=[PAGE["listing"].code], source=[SOURCE[source].code], listing=[trades.wardrobe],
        )  # fmt: skip
        see(views, at=moment.at)


def test_an_order_is_of_the_moment_its_buyer_said(trades: Trades, market: Market) -> None:
    own = market.at.replace(minute=20, second=0)
    looks(trades, "organic_search", 10)
    looks(trades, "campaign", 40)
    pays = own + timedelta(seconds=8)
    basket = Place(trades.alice, (Wanted(trades.wardrobe),), at=own, paid_at=pays)
    [[paid]] = trades.do(orders.place_and_pay, [basket])
    [[late], [flash]] = trades.do(
        orders.place,
        [Place(trades.carol, basket.lines), Place(trades.carol, basket.lines, kind="flash", at=own)],
    )
    assert late < flash, "orders come in the order given"
    row = trades.order(paid)
    assert (row["placed_at"], row["paid_at"], row["modified_at"]) == (own, pays, market.at)
    assert row["ship_by"] - pays == trades.order(trades.paid())["ship_by"] - market.at
    assert trades.order(flash)["pay_by"] == own + duration("PT30M")
    told = "SELECT (payload ->> 'placed_at')::timestamptz, (payload ->> 'paid_at')::timestamptz, at FROM events_event"
    assert rows(f"{told} WHERE subject_id = %s AND name = 'order.paid'", [paid]) == [(own, pays, market.at)]
    conversions = "SELECT DISTINCT at FROM traffic_conversion WHERE order_id = %s ORDER BY at"
    assert rows(conversions, [paid]) == [(own,), (pays,)]
    market.pass_time("PT1S")
    assert trades.status(flash) == "cancelled", "its half-hour was over when it was told"
    market.pass_days(1)
    path = "SELECT sources, placed_at FROM search_attribution_sale WHERE order_id = %s"
    assert rows(path, [paid]) == [([SOURCE["organic_search"].code], own)], (
        "what was seen later brought nothing"
    )
    assert not any(checks.audit().values())


def test_a_moment_off_the_open_day_is_refused_and_the_others_stand(trades: Trades, market: Market) -> None:
    today = start_of(market.at.date())
    wanted = (Wanted(trades.wardrobe),)
    moments = [
        today - timedelta(microseconds=1),
        today,
        market.at,
        market.at + timedelta(microseconds=1),
        None,
    ]
    intents = [Place(trades.alice, wanted, at=at) for at in moments]
    with writing() as moment:
        done = settle(partial(orders.place_and_pay, at=moment.at), intents)
    assert [each.refusal is None for each in done] == [False, True, True, False, True]
    for n in (0, 3):
        refusal: Any = done[n].refusal
        assert (refusal.field, refusal.rule, refusal.status) == ("at", "an_order_is_of_the_open_day", 409)
    early = [
        Place(trades.alice, wanted, at=market.at, paid_at=paid_at)
        for paid_at in (market.at - timedelta(seconds=1), market.at + timedelta(seconds=1), market.at)
    ]
    with writing() as moment:
        done = settle(partial(orders.place_and_pay, at=moment.at), early)
    assert [each.refusal and each.refusal.rule for each in done] == ["an_order_is_paid_once_placed"] * 2 + [
        None
    ]
    trades.sound()


WRITTEN = {
    "orders": "SELECT id, to_jsonb(o) - 'recorded_at' FROM shops_order o",
    "lines": "SELECT id, to_jsonb(l) - 'recorded_at' FROM shops_orderline l",
    "money": "SELECT id, to_jsonb(t) - 'recorded_at' FROM payments_transfer t",
    "accounts": "SELECT id, to_jsonb(a) - 'recorded_at' FROM payments_account a",
    "escrow": "SELECT id, to_jsonb(e) - 'recorded_at' FROM payments_escrow e",
    "stock": "SELECT id, stock FROM shops_listing",
    "conversions": "SELECT line_id, act, to_jsonb(c) - 'recorded_at' - 'id' FROM traffic_conversion c",
    "events": "SELECT name, subject_id, to_jsonb(e) - 'recorded_at' - 'id' FROM events_event e",
}


def test_many_baskets_at_once_end_where_one_by_one_ends(trades: Trades, market: Market) -> None:
    [dave] = joined("dave", fen=12_000)
    lamp = listed(opened(dave, "灯铺"), "台灯", price_fen=5_000, stock=1000, delivery="auto")
    shelf = trades.listed("书架", stock=1000, postage_fen=700)
    desk = trades.listed("书桌", stock=1000, price_fen=3_100)
    own = market.at.replace(minute=5)
    intents = [
        Place(
            (trades.alice, trades.carol, dave)[n % 3], (Wanted(lamp),) if n % 5 == 0 else (Wanted(shelf), Wanted(desk, 1 + n % 2)),
            message=f"第{n}单\n\\", receiver={"name": "甲\t\"乙\""}, at=own if n % 2 else None,
        )
        for n in range(66)
    ]  # fmt: skip

    def ended(plural: bool) -> tuple[list[Any], dict[str, Any]]:
        with transaction.atomic(), writing() as moment:
            act = partial(orders.place_and_pay, at=moment.at)
            done = settle(act, intents) if plural else [settle(act, [intent])[0] for intent in intents]
            told = {
                name: rows(f"{sql} ORDER BY 1, 2, 3" if sql.count(",") > 2 else f"{sql} ORDER BY 1")
                for name, sql in WRITTEN.items()
            }
            transaction.set_rollback(True)
        return [(each.result, each.refusal and str(each.refusal)) for each in done], told

    (many, told), (singly, said) = ended(True), ended(False)
    refused = [words for _, words in many if words]
    assert 5 < len(refused) < 60
    assert [result for result, _ in many] == [result for result, _ in singly]
    for name, found in told.items():
        assert found == said[name], name
