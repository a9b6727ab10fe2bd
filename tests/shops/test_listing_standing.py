"""How long goods stand, who sees them first, how many there are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.batch import execute
from common.errors import Conflict, Forbidden, Invalid, Refusal
from common.moments import moment as read_moment
from shops.actions import listings
from shops.queries import listings as queries
from shops.rules.listing import LISTING_STEPS, cycle
from tests.market import Market
from tests.shops.stalls import column, events, joined, listed, opened, stall, stock_of
from tests.shops.test_listing import do, restock

START = read_moment("2010-03-01T12:00:00+08:00")
SECOND = timedelta(seconds=1)


VERBS = {"list": listings.list_again, "delist": listings.delist}


@pytest.mark.parametrize("step", LISTING_STEPS, ids=lambda step: step.action)
@pytest.mark.parametrize("on_sale", [True, False])
def test_a_listing_moves_as_the_table_says_and_in_no_other_way(
    market: Market, step: Any, on_sale: bool
) -> None:
    owner, _, wardrobe = stall(on_sale=on_sale)
    status = "on_sale" if on_sale else "in_stock"
    if status in step.sources:
        do(VERBS[step.action], wardrobe, by=owner)
        assert column("shops_listing", "status", [wardrobe]) == [step.target]
    else:
        with pytest.raises(Conflict):
            do(VERBS[step.action], wardrobe, by=owner)


def test_relisting_starts_a_new_cycle_and_delisting_is_told(market: Market) -> None:
    owner, shop, wardrobe = stall()
    market.pass_days(3)
    do(listings.delist, wardrobe, by=owner)
    market.pass_days(1)
    do(listings.list_again, wardrobe, by=owner)
    assert queries.listing(wardrobe)["cycle"]["remaining_seconds"] == 7 * 86_400
    assert events("listing.delisted") == [(wardrobe, [owner], {"shop": shop, "by": "seller"})]
    assert events("listing.relisted") == [(wardrobe, [owner], {"shop": shop})]


def test_what_the_platform_withdrew_its_seller_does_not_list(market: Market) -> None:
    owner, _, wardrobe = stall()
    do(listings.delist, wardrobe)
    with pytest.raises(Forbidden) as no:
        do(listings.list_again, wardrobe, by=owner)
    assert no.value.rule == "what_the_platform_withdrew_stays_down"
    do(listings.list_again, wardrobe)


def test_what_is_listed_can_be_sold(market: Market) -> None:
    owner, _, wardrobe = stall(on_sale=False, stock=0)
    with pytest.raises(Conflict) as no:
        do(listings.list_again, wardrobe, by=owner)
    assert no.value.rule == "what_is_listed_can_be_sold"
    restock(wardrobe, owner, add=1)
    do(listings.list_again, wardrobe, by=owner)


def test_a_cycle_ends_on_its_second_and_the_next_begins(market: Market) -> None:
    end = START + timedelta(days=7)
    first, last, next_ = (cycle(START, at, 7) for at in (START, end - SECOND, end))
    assert (first.round, first.remaining_seconds, first.ends_at) == (0, 7 * 86_400, end)
    assert (last.round, last.remaining_seconds) == (0, 1)
    assert (next_.round, next_.began_at, next_.remaining_seconds) == (1, end, 7 * 86_400)


@given(st.integers(0, 10**9), st.integers(1, 90))
def test_every_moment_lies_in_exactly_one_cycle(seconds: int, days: int) -> None:
    at = START + timedelta(seconds=seconds)
    now = cycle(START, at, days)
    assert now.began_at <= at < now.ends_at
    assert now.ends_at - now.began_at == timedelta(days=days)
    assert now.began_at == START + now.round * timedelta(days=days)
    assert now.remaining_seconds == (now.ends_at - at).total_seconds()


def test_time_alone_relists_without_a_row_changing(market: Market) -> None:
    _, _, wardrobe = stall()
    market.pass_days(16)
    seen = queries.listing(wardrobe)
    assert (seen["cycle"]["round"], seen["cycle"]["remaining_seconds"], seen["version"]) == (2, 5 * 86_400, 1)
    assert events("listing.relisted") == []


def shown(shop: int, slots: int, count: int) -> list[int]:
    execute(
        "UPDATE shops_shop SET showcase_slots = %s, opened_at = opened_at - interval '1 year' WHERE id = %s",
        [slots, shop],
    )
    return [listed(shop, f"货{n}") for n in range(count)]


def test_a_shop_shows_as_many_as_it_has_slots(market: Market) -> None:
    owner, shop, _ = stall()
    one, two, three = shown(shop, 2, 3)
    with pytest.raises(Conflict) as no:
        do(listings.put_in_showcase, one, two, three, by=owner)
    assert no.value.rows == (2,)
    do(listings.put_in_showcase, one, two, by=owner)
    do(listings.put_in_showcase, two, by=owner)  # there already: costs no slot
    with pytest.raises(Conflict, match="uses all its 2 showcase slots"):
        do(listings.put_in_showcase, three, by=owner)
    do(listings.take_from_showcase, one, by=owner)
    do(listings.put_in_showcase, three, by=owner)
    assert column("shops_listing", "showcase", [one, two, three]) == [False, True, True]


def test_only_what_is_on_sale_is_shown_and_what_is_taken_down_leaves(market: Market) -> None:
    owner, shop, _ = stall()
    [one] = shown(shop, 1, 1)
    do(listings.put_in_showcase, one, by=owner)
    do(listings.delist, one, by=owner)
    assert column("shops_listing", "showcase", [one]) == [False]
    with pytest.raises(Conflict) as no:
        do(listings.put_in_showcase, one, by=owner)
    assert no.value.rule == "what_is_shown_is_on_sale"


def test_pieces_are_added_taken_away_and_set(market: Market) -> None:
    owner, _, wardrobe = stall()
    assert restock(wardrobe, owner, add=5) == [15]
    assert restock(wardrobe, owner, add=-15) == [0]
    assert restock(wardrobe, owner, to=3) == [3]
    with pytest.raises(Conflict) as no:
        restock(wardrobe, owner, add=-4)
    assert (no.value.rule, no.value.extra) == ("stock_never_oversells", {"left": 3})


@pytest.mark.parametrize("how", [{}, {"add": 1, "to": 1}, {"to": 10**9 + 1}, {"to": -1}])
def test_restocking_says_how(market: Market, how: dict[str, int]) -> None:
    owner, _, wardrobe = stall()
    with pytest.raises(Refusal):
        restock(wardrobe, owner, **how)
    assert stock_of(wardrobe) == [10]


def test_goods_made_to_order_are_not_restocked(market: Market) -> None:
    owner, _, gown = stall(supply="custom", stock=0)
    with pytest.raises(Invalid):
        restock(gown, owner, add=1)


def test_restocking_freshens_nothing(market: Market) -> None:
    owner, _, wardrobe = stall()
    began = market.at
    market.pass_days(1)
    restock(wardrobe, owner, add=1)
    assert queries.listing(wardrobe)["edited_at"] == began


def test_filters_find_listings(market: Market) -> None:
    owner, shop, wardrobe = stall(outer_id="A-1")
    gown = listed(
        opened(joined("小李")[0], "小李的店"),
        "礼服",
        category_id=40101,
        supply="custom",
        stock=0,
        price_fen=50_000,
    )
    find = lambda **filters: [row["id"] for row in queries.listings(filters)]  # noqa: E731
    assert find() == [wardrobe, gown]
    assert find(shop=shop) == find(owner=owner) == find(section=15) == find(subsection=1501) == [wardrobe]
    assert find(category=40101) == find(supply="custom") == find(price_from_fen=10_000) == [gown]
    assert find(price_to_fen=9_900) == find(outer_id="A-1") == [wardrobe]
    assert find(available=True) == [wardrobe, gown]
    assert find(status="in_stock") == find(showcase=True) == find(delivery="mail") == []
