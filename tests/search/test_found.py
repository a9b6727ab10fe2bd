"""What can be found: at once when it is there, no more when it is gone."""

from __future__ import annotations

import pytest

from shops.actions import orders, talk
from shops.actions.listings import Restock, put_in_showcase, restock
from shops.actions.orders import Place, Wanted
from tests.search.street import SOFA, Street, found, results, search
from tests.shops.stalls import joined


def test_a_new_listing_is_found_at_once(street: Street) -> None:
    assert search("衣柜") == []
    listing = street.listed("简易衣柜 布艺")
    assert search("衣柜") == [listing]
    assert search("布艺 衣柜") == [listing]


def test_a_listing_is_found_by_title_tags_category_and_properties_in_both_languages(street: Street) -> None:
    listing = street.listed(
        "北欧风格", tags=["出租屋神器"], properties={"材质": "纯棉", "尺寸": ["大号", "小号"]}
    )
    for q in (
        "北欧",
        "神器",
        "纯棉",
        "大号",
        "简易衣柜",
        "wardrobe",
        "Furniture",
        "家具",
        "ＷＡＲＤＲＯＢＥＳ",
    ):
        assert search(q) == [listing], q
    assert search("香蕉") == []


def test_an_edit_is_found_by_its_new_words_and_no_more_by_the_old(street: Street) -> None:
    listing = street.listed("蓝色衣柜")
    street.edit(listing, title="红色衣柜")
    assert search("红色") == [listing]
    assert found("蓝色").results == b"[]"


def test_what_is_delisted_is_not_found_until_it_is_listed_again(street: Street) -> None:
    listing = street.listed()
    street.delist(listing)
    assert search("衣柜") == []
    street.relist(listing)
    assert search("衣柜") == [listing]


def test_a_hidden_shops_goods_are_not_found(street: Street) -> None:
    listing = street.listed(shop="老张")
    street.hide("老张")
    assert search("衣柜") == []
    street.show("老张")
    assert search("衣柜") == [listing]


def test_what_is_sold_out_is_not_found_until_an_order_falls_through(street: Street) -> None:
    listing = street.listed(stock=1)
    [alice] = joined("alice", fen=100_000)
    [[order]] = street.do(orders.place, [Place(alice, (Wanted(listing, 1),))])
    assert search("衣柜") == []
    street.do(orders.cancel, [order], by=alice)
    assert search("衣柜") == [listing]


def test_what_is_sold_out_is_found_again_when_it_is_restocked(street: Street) -> None:
    listing = street.listed(stock=1)
    [alice] = joined("alice", fen=100_000)
    street.do(orders.place_and_pay, [Place(alice, (Wanted(listing, 1),))])
    assert search("衣柜") == []
    street.do(restock, [Restock(listing, 5)], by=None)
    assert search("衣柜") == [listing]


def test_goods_made_to_order_are_found_without_stock(street: Street) -> None:
    listing = street.listed(supply="custom", stock=0)
    assert search("衣柜") == search("衣柜", supply="custom") == [listing]


def test_an_unpaid_order_that_lapses_brings_its_goods_back(street: Street) -> None:
    listing = street.listed(stock=1)
    [alice] = joined("alice", fen=100_000)
    street.do(orders.place, [Place(alice, (Wanted(listing, 1),))])
    street.market.pass_days(4)
    assert search("衣柜") == [listing]


def test_ten_thousand_listings_are_found_after_one_statement_a_table(street: Street) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from search import actions

    few = street.lists(*[f"衣柜 {n}" for n in range(5)])
    many = street.lists(*[f"沙发 {n}" for n in range(200)], category_id=SOFA)
    with CaptureQueriesContext(
        connection,
    ) as of_few:
        actions.refresh(few, at=street.at)
    with CaptureQueriesContext(connection) as of_many:
        actions.refresh(many, at=street.at)
    assert len(of_many) == len(of_few) <= 10


def test_when_nothing_has_all_words_those_with_most_are_shown_and_it_is_said(street: Street) -> None:
    both, one_ = street.lists("红色布艺衣柜", "红色沙发垫")
    page = found("布艺 红色 香蕉")
    assert (page.matched, [row["listing"] for row in results(page)]) == ("most_words", [both])
    page = found("沙发 香蕉 布艺 苹果")
    assert (page.matched, [row["listing"] for row in results(page)]) == ("any_word", [both, one_])


def test_filters_that_leave_nothing_do_not_bring_goods_with_fewer_of_the_words(street: Street) -> None:
    street.lists("红色布艺衣柜", price_fen=5_000)
    street.lists("红色布艺沙发", price_fen=100, category_id=SOFA)
    for again in ("first", "the moment known"):
        page = found("红色 衣柜", price_to_fen=200)
        assert (page.matched, page.results) == ("all_words", b"[]"), again
        page = found("红色 衣柜", offset=20)
        assert (page.matched, page.results) == ("all_words", b"[]"), again


def test_what_nobody_says_is_asked_one_way_after_the_other_and_none_twice(street: Street) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    listing = street.listed("Ikea-style shelf")
    assert found("shelf").matched == "all_words"  # the moment is known
    with CaptureQueriesContext(connection) as asked:
        page = found("shelff")
    assert (page.matched, [row["listing"] for row in results(page)]) == ("alike", [listing])
    assert len(asked) == 3  # by all words; how alike is alike enough; by likeness


def test_a_slip_of_the_pen_is_forgiven_and_it_is_said(street: Street) -> None:
    listing = street.listed("Ikea-style shelf")
    page = found("shelv Ikee-style")
    assert page.matched in ("most_words", "any_word", "alike")
    assert [row["listing"] for row in results(page)] == [listing]


def test_whoever_is_online_now_is_found_by_that_filter(street: Street) -> None:
    listing = street.listed()
    assert search("衣柜", online=True) == []
    street.do(talk.beat, [street.owners["老张"]])
    assert search("衣柜", online=True) == [listing]
    street.market.pass_days(1)
    assert search("衣柜", online=False) == [listing]


def test_the_showcase_is_a_filter(street: Street) -> None:
    first, second = street.lists("衣柜甲", "衣柜乙")
    street.do(put_in_showcase, [second], by=None)
    assert search("衣柜", showcase=True) == [second]
    assert search("衣柜", showcase=False) == [first]


@pytest.mark.parametrize("gone", ["delist", "hide", "sell"])
def test_an_explanation_says_why_a_listing_is_not_found(street: Street, gone: str) -> None:
    from search.queries import explain_rank

    listing = street.listed(stock=1)
    if gone == "sell":
        [alice] = joined("alice", fen=100_000)
        street.do(orders.place, [Place(alice, (Wanted(listing, 1),))])
    elif gone == "hide":
        street.hide("老张")
    else:
        street.delist(listing)
    told = explain_rank("衣柜", listing, street.at)
    assert told["found"] is False
    assert (
        told["why"]
        == {"delist": "it is not on sale", "hide": "its shop is hidden", "sell": "it is sold out"}[gone]
    )
