"""Stock never oversells: not in a batch, not in a race."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.batch import execute, one, settle
from common.errors import Conflict, Invalid, NotFound, Refusal
from shops.actions import listings, stock
from shops.actions.listings import Restock
from tests.market import Market
from tests.shops.stalls import column, events, joined, listed, opened, stall, stock_of
from worlds.current import use_world
from worlds.pen import writing


def take(*intents: tuple[int, int]) -> list[int]:
    with writing() as moment:
        return stock.take(list(intents), at=moment.at)


def test_what_is_taken_is_gone_and_the_answer_says_what_is_left(market: Market) -> None:
    _, _, wardrobe = stall()
    assert take((wardrobe, 3)) == [7]
    assert stock_of(wardrobe) == [7]


def test_several_intents_for_one_listing_are_added_up(market: Market) -> None:
    _, shop, wardrobe = stall()
    shelf = listed(shop, "书架", stock=5)
    assert take((wardrobe, 3), (shelf, 1), (wardrobe, 7)) == [0, 4, 0]


def test_who_comes_first_is_served_first_and_who_came_too_late_is_named(market: Market) -> None:
    _, _, wardrobe = stall(stock=5)
    with pytest.raises(Conflict) as refused:
        take((wardrobe, 3), (wardrobe, 3), (wardrobe, 2), (wardrobe, 1))
    assert refused.value.rows == (1, 3)
    assert refused.value.detail == f"listing {wardrobe}: 3 wanted, 2 left"
    assert refused.value.each[3].extra == {"listing": wardrobe, "wanted": 1, "left": 0}
    assert stock_of(wardrobe) == [5]


def test_a_batch_settles_into_the_served_and_the_refused_each_with_its_own_words(market: Market) -> None:
    _, shop, wardrobe = stall(stock=5)
    shelf = listed(shop, "书架", stock=1)
    wishes = [(wardrobe, 3), (shelf, 2), (wardrobe, 3), (wardrobe, 2), (shelf, 1), (999_999, 1)]
    with writing() as moment:
        settled = settle(lambda some: stock.take(some, at=moment.at), wishes)
    assert [s.refusal.detail if s.refusal else s.result for s in settled] == [
        0, f"listing {shelf}: 2 wanted, 1 left", f"listing {wardrobe}: 3 wanted, 2 left", 0, 0,
        "there is no listing 999999",
    ]  # fmt: skip
    assert stock_of(wardrobe, shelf) == [0, 0]


def test_a_refusal_takes_nothing_of_any_listing(market: Market) -> None:
    _, shop, wardrobe = stall()
    shelf = listed(shop, "书架", stock=0)
    with pytest.raises(Conflict, match="1 wanted, 0 left"):
        take((wardrobe, 1), (shelf, 1))
    assert stock_of(wardrobe, shelf) == [10, 0]


@pytest.mark.parametrize("quantity", [0, -1])
def test_nobody_takes_less_than_one_piece(market: Market, quantity: int) -> None:
    _, _, wardrobe = stall()
    with pytest.raises(Invalid) as refused:
        take((wardrobe, 1), (wardrobe, quantity))
    assert refused.value.rows == (1,)
    assert stock_of(wardrobe) == [10]


def test_a_listing_nobody_knows_has_no_stock(market: Market) -> None:
    with pytest.raises(NotFound) as refused:
        take((123_456, 1))
    assert refused.value.rows == (0,)


def test_goods_made_to_order_are_never_short(market: Market) -> None:
    _, _, gown = stall(supply="custom", stock=0, ship_within_days=14)
    assert take((gown, 1_000), (gown, 1)) == [0, 0]
    assert events("stock.ran_out") == []


def test_running_out_is_told_once(market: Market) -> None:
    owner, shop, wardrobe = stall(stock=2)
    take((wardrobe, 1))
    assert events("stock.ran_out") == []
    take((wardrobe, 1))
    assert events("stock.ran_out") == [(wardrobe, [owner], {"shop": shop})]


def test_what_is_given_back_can_be_taken_again(market: Market) -> None:
    _, _, wardrobe = stall(stock=2)
    take((wardrobe, 2))
    with writing() as moment:
        stock.give_back([(wardrobe, 1), (wardrobe, 1)], at=moment.at)
    assert take((wardrobe, 2)) == [0]


def test_goods_made_to_order_come_back_uncounted(market: Market) -> None:
    _, _, gown = stall(supply="custom", stock=0)
    with writing() as moment:
        stock.give_back([(gown, 3)], at=moment.at)
    assert stock_of(gown) == [0]


def test_sold_pieces_are_counted_apart_from_stock(market: Market) -> None:
    _, _, wardrobe = stall()
    with writing() as moment:
        stock.count_sold([(wardrobe, 2), (wardrobe, 1)], at=moment.at)
    assert column("shops_listing", "sold_count", [wardrobe]) == [3]
    assert stock_of(wardrobe) == [10]


def statements(deed: Callable[[], object]) -> list[str]:
    """The first word of every statement of `deed`, but for savepoints."""
    with CaptureQueriesContext(connection) as seen:
        deed()
    words = [str(query["sql"]).split()[0] for query in seen.captured_queries]
    return [word for word in words if word not in ("SAVEPOINT", "RELEASE", "ROLLBACK")]


def test_a_take_is_one_statement_and_one_more_for_what_ran_out(market: Market) -> None:
    _, _, wardrobe = stall(stock=2)
    with writing() as moment:
        assert statements(lambda: stock.take([(wardrobe, 1)], at=moment.at)) == ["UPDATE"]
        told = statements(lambda: stock.take([(wardrobe, 1)], at=moment.at))
        assert told[:2] == ["UPDATE", "INSERT"]  # what listeners do with the news is theirs


class TestConservation:
    """Whatever is supplied is either there or taken: whoever asks, in whatever order."""

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        deeds=st.lists(
            st.tuples(
                st.sampled_from(["take", "give back", "restock"]),
                st.lists(st.tuples(st.integers(0, 2), st.integers(1, 9)), min_size=1, max_size=6),
            ),
            max_size=8,
        )
    )
    def test_stock_and_taken_add_up_to_supplied(self, market: Market, deeds: list[Any]) -> None:
        with transaction.atomic():
            wares = self.wares()
            taken, supplied = dict.fromkeys(wares, 0), dict.fromkeys(wares, 10)
            for deed, rows in deeds:
                intents = [(wares[which], quantity) for which, quantity in rows]
                with writing() as moment:
                    if deed == "take":
                        self.served(intents, taken, moment.at)
                    elif deed == "give back":
                        self.returned(intents, taken, moment.at)
                    else:
                        for ware, quantity in dict(intents).items():
                            listings.restock([Restock(ware, add=quantity)], by=None, at=moment.at)
                            supplied[ware] += quantity
                assert stock_of(*wares) == [supplied[ware] - taken[ware] for ware in wares]
                assert min(stock_of(*wares)) >= 0
            transaction.set_rollback(True)

    def wares(self) -> list[int]:
        _, shop, first = stall()
        return [first, listed(shop, "书架"), listed(shop, "鞋柜")]

    def served(self, intents: list[tuple[int, int]], taken: dict[int, int], at: Any) -> None:
        settled = settle(lambda some: stock.take(some, at=at), intents)
        model = dict(zip(taken, stock_of(*taken), strict=True))
        for (ware, quantity), answer in zip(intents, settled, strict=True):
            taken[ware] += 0 if answer.refusal else quantity
            if answer.refusal:
                assert answer.refusal.extra["left"] < quantity
                assert model[ware] < quantity

    def returned(self, intents: list[tuple[int, int]], taken: dict[int, int], at: Any) -> None:
        for ware, quantity in intents:
            back = min(quantity, taken[ware])
            if back:
                stock.give_back([(ware, back)], at=at)
                taken[ware] -= back


def race(schema: str, deed: Callable[[], object], threads: int = 8) -> list[str]:
    """What became of `deed` in each of so many threads with a connection each, let go at one moment."""
    gate, outcomes = threading.Barrier(threads), []

    def run() -> None:
        try:
            with use_world(schema):
                gate.wait(timeout=20)
                try:
                    deed()
                    outcomes.append("served")
                except Refusal as refusal:
                    outcomes.append(refusal.code)
        finally:
            connection.close()

    crowd = [threading.Thread(target=run) for _ in range(threads)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join(timeout=60)
    return sorted(outcomes)


def test_two_buyers_and_one_piece_one_of_them_gets_it(committed_world: Any) -> None:
    with use_world(committed_world.schema):
        _, _, last = stall(stock=1)
        wanted = race(committed_world.schema, lambda: take((last, 1)))
        assert wanted == ["conflict"] * 7 + ["served"]
        assert stock_of(last) == [0]


def test_even_without_the_pen_the_last_piece_goes_once(committed_world: Any) -> None:
    """The pen only orders writers; it is the conditional UPDATE that keeps the promise."""

    def grab() -> None:
        stock.take([(last, 1)], at=at)

    with use_world(committed_world.schema):
        _, _, last = stall(stock=3)
        with writing() as moment:
            at = moment.at
        outcomes = race(committed_world.schema, grab)
        assert outcomes == ["conflict"] * 5 + ["served"] * 3
        assert stock_of(last) == [0]


def test_reading_then_checking_then_saving_oversells(committed_world: Any) -> None:
    """The negative control: what the conditional UPDATE is for. All eight read before any saves."""
    read_by_all = threading.Barrier(8)

    def read_check_save() -> None:
        left = one("SELECT stock FROM shops_listing WHERE id = %s", [last])
        read_by_all.wait(timeout=20)
        if left >= 1:
            execute("UPDATE shops_listing SET stock = %s WHERE id = %s", [left - 1, last])
        else:
            raise Conflict("sold out")

    with use_world(committed_world.schema):
        _, _, last = stall(stock=1)
        assert race(committed_world.schema, read_check_save) == ["served"] * 8


def test_the_table_itself_refuses_a_stock_below_nought(market: Market) -> None:
    from django.db import IntegrityError

    from common.errors import refusal_of

    _, _, wardrobe = stall(stock=1)
    with pytest.raises(IntegrityError) as broken, transaction.atomic():
        execute("UPDATE shops_listing SET stock = stock - 2 WHERE id = %s", [wardrobe])
    refusal = refusal_of(broken.value)
    assert refusal is not None
    assert (refusal.status, refusal.rule) == (409, "stock_never_oversells")


def test_opening_a_second_stall_does_not_share_stock(market: Market) -> None:
    _, _, first = stall()
    second = listed(opened(joined("小李")[0], "小李的店"), stock=1)
    take((second, 1))
    assert stock_of(first, second) == [10, 0]
