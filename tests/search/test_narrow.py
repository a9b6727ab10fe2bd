"""Filters, facets and suggestions: what a facet counts is what its filter leaves."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search import used
from search.queries.asked import Asked, now
from search.queries.facets import FLAGS, facets, suggestions
from search.queries.find import find, hits_sql
from shops.actions import talk
from tests.search.street import SOFA, Street, search


@pytest.fixture
def row(street: Street) -> Street:
    """Nine goods of three shops, each different in something."""
    street.shop("甲")
    street.shop("乙", region=330100, seven_day_return=True)
    street.shop("丙", region=310000)
    street.protect("乙")
    street.lists("布艺衣柜", "实木衣柜", shop="甲", price_fen=1_500)
    street.lists("衣柜 大", shop="甲", supply="custom", stock=0, postage_fen=1_000)
    street.lists("衣柜 小", "衣柜 中", shop="乙", price_fen=30_000, delivery="mail")
    street.lists("布艺沙发", "皮沙发", shop="乙", category_id=SOFA, price_fen=200_000)
    street.lists("衣柜 新", "衣柜 旧", shop="丙", price_fen=4_999, postage_fen=500)
    street.stands("乙", level=7)
    street.stands("丙", level=2)
    street.do(talk.beat, [street.owners["丙"]])
    street.market.pass_hours(0)
    from search import recompute

    street.do(recompute.run, full=True)
    return street


def _facets(q: str = "", **filters: Any) -> dict[str, Any]:
    asked, moment = Asked(q, filters, limit=100), now()
    return facets(asked, moment, find(asked, moment).matched)


@pytest.mark.parametrize("q", ["", "衣柜", "布艺"])
@pytest.mark.parametrize(
    "filters", [{}, {"free_postage": True}, {"price_from_fen": 2_000}, {"section": 15, "protection": False}]
)
def test_each_facet_counts_what_its_filter_leaves(row: Street, q: str, filters: dict[str, Any]) -> None:
    told = _facets(q, **filters)
    assert told["count"] == len(search(q, limit=100, **filters)) > 0
    for facet in ("section", "subsection", "category", "province", "city", "supply", "delivery", "grade"):
        for value in told[facet]:
            assert value["count"] == len(
                search(q, limit=100, **{facet: value["value"], **_other(filters, facet)})
            ), (facet, value)
        if facet != "grade":
            assert sum(value["count"] for value in told[facet]) == told["count"]
    for flag in FLAGS:
        wanted = {"sales_from": 1} if flag == "sold_lately" else {flag: True}
        if flag not in filters:
            assert told[flag] == len(search(q, limit=100, **filters, **wanted)), flag
    for band in told["price_bands"]:
        low = max(band["from_fen"], filters.get("price_from_fen", 0))
        bounds = {"price_from_fen": low} | ({"price_to_fen": band["to_fen"]} if band["to_fen"] else {})
        assert band["count"] == len(search(q, limit=100, **{**filters, **bounds}))


def _other(filters: dict[str, Any], facet: str) -> dict[str, Any]:
    return {name: value for name, value in filters.items() if name != facet}


FILTER = st.fixed_dictionaries(
    {},
    optional={
        "price_from_fen": st.sampled_from([0, 2_000, 9_900]), "price_to_fen": st.sampled_from([1_500, 9_900, 10**9]),
        "grade": st.sampled_from(["none", "heart", "diamond"]), "level_from": st.integers(0, 8), "level_to": st.integers(0, 8),
        "protection": st.booleans(), "seven_day_return": st.booleans(), "online": st.booleans(), "free_postage": st.booleans(),
        "province": st.sampled_from([320000, 330000, 310000]), "supply": st.sampled_from(["stock", "custom"]),
        "delivery": st.sampled_from(["express", "mail"]), "category": st.sampled_from([150102, SOFA]),
        "id_verified": st.booleans(), "sales_from": st.integers(0, 1),
    },
)  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(filters=FILTER)
def test_filters_leave_what_each_of_them_leaves(row: Street, filters: dict[str, Any]) -> None:
    each = [set(search("", limit=100, **{name: value})) for name, value in filters.items()]
    everything = set(search("", limit=100))
    assert set(search("", limit=100, **filters)) == everything.intersection(*each)


def test_a_city_lies_in_its_province(row: Street) -> None:
    assert (
        search("衣柜", city=330100)
        == search("衣柜", province=330000)
        == search("衣柜", province=330000, city=330100)
    )


def test_suggested_categories_are_where_the_results_are(row: Street) -> None:
    told = suggestions(Asked("布艺"), now())["categories"]
    assert [(c["category"], c["count"]) for c in told] == [(150102, 1), (SOFA, 1)]
    assert suggestions(Asked("布艺", {"category": SOFA}), now())["categories"][0]["category"] == SOFA


def test_suggested_filters_are_those_used_most_of_late(row: Street) -> None:
    moment = now()
    for _ in range(3):
        used.note(moment.uid, moment.at, 15, ["protection"])
    used.note(moment.uid, moment.at, 15, ["online", "protection"])
    used.note(moment.uid, moment.at, 4, ["price_to_fen"])
    told = suggestions(Asked("", {"section": 15}), moment)["filters"]
    assert told[:2] == [{"filter": "protection", "used": 4}, {"filter": "online", "used": 1}]
    assert "section" not in [f["filter"] for f in told]
    assert suggestions(Asked("", {"protection": True}), moment)["filters"][0]["filter"] != "protection"
    row.market.pass_days(8)
    assert used.lately(moment.uid, row.at, 15) == {}


def test_hits_are_the_same_with_facets_and_without(row: Street) -> None:
    hits, told = hits_sql(Asked("衣柜"), "all_words")
    assert "tokens" in hits
    assert told["all"] == "'衣柜'"
