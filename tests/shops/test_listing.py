"""Goods on offer: what may be said, how long it stands, who sees it first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.batch import settle
from common.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, Stale
from shops.actions import listings, shops
from shops.actions.edits import Edit
from shops.actions.listings import Restock
from shops.queries import listings as queries
from shops.rules.listing import richness, title_bytes
from tests.market import Market
from tests.shops.stalls import column, events, goods, joined, listed, stall, stock_of
from worlds.pen import writing


def create(*new: Any, by: int | None = None) -> list[int]:
    with writing() as moment:
        return listings.create(list(new), by=by, at=moment.at)


def refused(*new: Any, by: int | None = None) -> Refusal:
    with pytest.raises(Refusal) as no:
        create(*new, by=by)
    return no.value


def do(verb: Any, *ids: int, by: int | None = None) -> None:
    with writing() as moment:
        verb(list(ids), by=by, at=moment.at)


def edit(listing: int, by: int | None = None, version: int | None = None, **changes: Any) -> None:
    with writing() as moment:
        listings.edit([Edit(listing, changes, version)], by=by, at=moment.at)


def restock(listing: int, by: int | None = None, **how: int) -> list[int]:
    with writing() as moment:
        return listings.restock([Restock(listing, **how)], by=by, at=moment.at)


def test_a_listing_is_on_sale_from_the_moment_it_is_made(market: Market) -> None:
    owner, shop, wardrobe = stall(tags=["实木", "包邮"], properties={"材质": "松木", "颜色": ["白", "原木"]})
    seen = queries.listing(wardrobe)
    assert (seen["shop"], seen["owner"], seen["status"], seen["stock"]) == (shop, owner, "on_sale", 10)
    assert (seen["category"], seen["section"]) == (150102, 15)
    assert seen["tags"] == ["实木", "包邮"]
    assert seen["properties"] == {"材质": "松木", "颜色": ["白", "原木"]}
    assert seen["listed_at"] == seen["created_at"] == seen["edited_at"] == market.at
    assert events("listing.created") == [
        (wardrobe, [owner], {"shop": shop, "category": 150102, "price_fen": 9_900, "on_sale": True})
    ]


def test_goods_may_wait_in_stock_until_they_are_listed(market: Market) -> None:
    owner, _, wardrobe = stall(on_sale=False)
    seen = queries.listing(wardrobe)
    assert (seen["status"], seen["listed_at"], seen["cycle"]) == ("in_stock", None, None)
    market.pass_hours(1)
    do(listings.list_again, wardrobe, by=owner)
    assert queries.listing(wardrobe)["listed_at"] == market.at


@pytest.mark.parametrize(
    ("title", "length"),
    [("abc", 3), ("连衣裙", 6), ("a连b", 4), ("㐀", 4), ("😀", 4), ("é", 2), ("ü", 2), ("", 0)],
)
def test_a_chinese_character_counts_two(title: str, length: int) -> None:
    assert title_bytes(title) == length


@pytest.mark.parametrize("title", ["衣" * 30, "a" * 60, "衣" * 29 + "ab"])
def test_thirty_characters_fit(market: Market, title: str) -> None:
    _, shop, _ = stall()
    assert column("shops_listing", "title", [listed(shop, title)]) == [title]


@pytest.mark.parametrize("title", ["衣" * 31, "a" * 61, "衣" * 30 + "a", "", "   ", "a\nb", "a\x00b"])
def test_a_title_that_is_too_long_or_says_nothing_is_refused(market: Market, title: str) -> None:
    _, shop, _ = stall()
    refusal = refused(goods(shop, title))
    assert (type(refusal), refusal.field) == (Invalid, "title")


def test_how_long_a_title_may_be_is_a_lever(market: Market) -> None:
    from regime.actions import change

    _, shop, _ = stall()
    with writing() as moment:
        change({"listing.title_bytes": 20}, at=moment.at, by=None, why="short and sweet")
    assert "the most is 20" in refused(goods(shop, "衣" * 11)).detail
    listed(shop, "衣" * 10)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("category_id", 15),
        ("category_id", 1501),
        ("category_id", 999_999),
        ("price_fen", 0),
        ("price_fen", -1),
        ("price_fen", 10**11 + 1),
        ("postage_fen", -1),
        ("stock", -1),
        ("stock", 10**9 + 1),
        ("supply", "later"),
        ("delivery", "pigeon"),
        ("condition", "broken"),
        ("ship_within_days", 0),
        ("tags", ["一"] * 2),
        ("tags", [""]),
        ("tags", ["长" * 31]),
        ("tags", [str(n) for n in range(21)]),
        ("properties", {"a": {"b": 1}}),
        ("properties", {"a": None}),
        ("properties", {"a": 1.5}),
        ("properties", {"a": "x\x00"}),
        ("properties", {"": "x"}),
        ("properties", {"a": "x" * 9_000}),
        ("properties", {str(n): "x" for n in range(61)}),
        ("description", "x" * 25_001),
        ("picture_count", -1),
        ("description_richness", 101),
        ("outer_id", "x" * 65),
    ],
)
def test_a_field_that_does_not_fit_is_named(market: Market, field: str, value: Any) -> None:
    _, shop, _ = stall()
    refusal = refused(goods(shop, **{field: value}))
    assert (type(refusal), refusal.field) == (Invalid, field)
    assert refusal.way_out


def test_a_preorder_says_when_it_ships(market: Market) -> None:
    _, shop, _ = stall()
    assert refused(goods(shop, supply="preorder")).rule == "a_preorder_says_when_it_ships"
    by_day = listed(shop, "预售一", supply="preorder", ready_at=market.at + timedelta(days=20))
    by_span = listed(shop, "预售二", supply="preorder", ship_within_days=20)
    assert stock_of(by_day, by_span) == [10, 10]


def test_goods_made_to_order_have_no_stock_to_count(market: Market) -> None:
    _, shop, _ = stall()
    assert refused(goods(shop, supply="custom", stock=1)).rule == "goods_made_to_order_have_no_stock"
    assert stock_of(listed(shop, "定制", supply="custom", stock=0)) == [0]


def test_richness_nobody_scored_is_worked_out(market: Market) -> None:
    _, shop, _ = stall()
    plain = listed(shop, "一", description="字" * 400, picture_count=4)
    scored = listed(shop, "二", description="字" * 400, description_richness=7)
    assert column("shops_listing", "description_richness", [plain, scored]) == [40, 7]
    edit(plain, description="字" * 1_000, picture_count=10)
    edit(scored, description_richness=None, picture_count=2)
    assert column("shops_listing", "description_richness", [plain, scored]) == [100, 30]


@given(st.text(max_size=3_000), st.integers(0, 1_000))
def test_richness_runs_from_0_to_100_and_never_falls_with_more(description: str, pictures: int) -> None:
    assert 0 <= richness(description, pictures) <= 100
    assert richness(description + "x" * 20, pictures + 1) >= richness(description, pictures)


def test_nobody_lists_in_a_shop_that_is_not_there_or_not_theirs(market: Market) -> None:
    _, shop, _ = stall()
    assert type(refused(goods(987_654))) is NotFound
    assert type(refused(goods(shop), by=joined("小李")[0])) is Forbidden


def test_a_closed_shop_publishes_nothing(market: Market) -> None:
    owner, shop, wardrobe = stall()
    do(shops.close, shop, by=owner)
    assert refused(goods(shop), by=owner).rule == "a_closed_shop_publishes_nothing"
    with pytest.raises(Conflict):
        do(listings.list_again, wardrobe, by=owner)


def test_a_shop_the_platform_hides_publishes_nothing_and_one_its_owner_hides_may(market: Market) -> None:
    owner, shop, _ = stall()
    do(shops.hide, shop, by=owner)
    create(goods(shop, "书架"), by=owner)
    do(shops.show, shop, by=owner)
    do(shops.hide, shop)
    assert refused(goods(shop, "鞋柜"), by=owner).rule == "a_closed_shop_publishes_nothing"


def test_in_a_batch_each_refused_row_has_its_own_words(market: Market) -> None:
    _, shop, _ = stall()
    wishes = [
        goods(shop, "一"),
        goods(shop, ""),
        goods(shop, "二", price_fen=0),
        goods(7_777),
        goods(shop, "三"),
    ]
    with writing() as moment:
        settled = settle(lambda some: listings.create(some, by=None, at=moment.at), wishes)
    assert [s.refusal.rule if s.refusal else "listed" for s in settled] == [
        "listed", "title_is_there", "price_range", "shop_exists", "listed",
    ]  # fmt: skip
    done = [s.result for s in settled if not s.refusal]
    assert done[1] == done[0] + 1


def test_the_seller_edits_and_the_version_counts_up(market: Market) -> None:
    owner, shop, wardrobe = stall()
    market.pass_hours(1)
    edit(wardrobe, owner, title="加固衣柜", price_fen=12_900, category_id=150101)
    seen = queries.listing(wardrobe)
    assert (seen["title"], seen["price_fen"], seen["category"], seen["version"]) == (
        "加固衣柜",
        12_900,
        150101,
        2,
    )
    assert seen["edited_at"] == market.at > seen["listed_at"]
    assert events("listing.edited") == [
        (wardrobe, [owner], {"shop": shop, "fields": ["category_id", "price_fen", "title"]})
    ]


def test_edits_of_different_fields_go_in_one_batch(market: Market) -> None:
    owner, shop, wardrobe = stall()
    shelf = listed(shop, "书架")
    with writing() as moment:
        listings.edit(
            [Edit(wardrobe, {"price_fen": 1}), Edit(shelf, {"title": "高书架", "tags": ["高"]}, 1)],
            by=owner,
            at=moment.at,
        )
    assert (queries.listing(wardrobe)["price_fen"], queries.listing(shelf)["tags"]) == (1, ["高"])


def test_a_stale_edit_in_a_batch_is_named_and_nothing_is_written(market: Market) -> None:
    owner, shop, wardrobe = stall()
    shelf = listed(shop, "书架")
    edit(shelf, owner, price_fen=5)
    with pytest.raises(Stale) as late, writing() as moment:
        listings.edit(
            [Edit(wardrobe, {"price_fen": 1}, 1), Edit(shelf, {"price_fen": 2}, 1)], by=owner, at=moment.at
        )
    assert late.value.rows == (1,)
    assert column("shops_listing", "price_fen", [wardrobe, shelf]) == [9_900, 5]


def test_a_sale_between_reading_and_editing_makes_no_edit_stale(market: Market) -> None:
    from shops.actions import stock

    owner, _, wardrobe = stall()
    with writing() as moment:
        stock.take([(wardrobe, 1)], at=moment.at)
    edit(wardrobe, owner, version=1, price_fen=1)
    assert stock_of(wardrobe) == [9]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({}, None),
        ({"stock": 5}, "stock"),
        ({"sold_count": 5}, "sold_count"),
        ({"shop_id": 5}, "shop_id"),
        ({"status": "in_stock"}, "status"),
        ({"title": "衣" * 31}, "title"),
        ({"price_fen": 0}, "price_fen"),
        ({"supply": "preorder"}, "ready_at"),
        ({"supply": "custom"}, "stock"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused(
    market: Market, changes: dict[str, Any], field: str | None
) -> None:
    owner, _, wardrobe = stall()
    with pytest.raises(Invalid) as no:
        edit(wardrobe, owner, **changes)
    assert no.value.field == field
    assert column("shops_listing", "version", [wardrobe]) == [1]


def test_nobody_touches_the_listing_of_another(market: Market) -> None:
    _, _, wardrobe = stall()
    stranger = joined("小李")[0]
    deeds = [
        lambda: edit(wardrobe, stranger, price_fen=1),
        lambda: do(listings.delist, wardrobe, by=stranger),
        lambda: do(listings.put_in_showcase, wardrobe, by=stranger),
        lambda: do(listings.take_from_showcase, wardrobe, by=stranger),
        lambda: restock(wardrobe, stranger, add=1),
    ]
    for deed in deeds:
        with pytest.raises(Forbidden):
            deed()


def test_the_same_listing_stands_once_in_a_batch(market: Market) -> None:
    owner, _, wardrobe = stall()
    with pytest.raises(Invalid) as no:
        do(listings.delist, wardrobe, wardrobe, by=owner)
    assert no.value.rows == (1,)
