"""The doors of search: what they take, what they answer, and what they bear."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.asking import Asking
from tests.search.street import Street
from worlds.current import point

HOSTILE = [
    "'", "''", "\\", "' OR 1=1 --", "衣柜' & '沙发", "a & b | !c", "衣:*", "^衣柜", "#s15", "'); DROP TABLE search_document; --", "%", "_", "%s",
    "%(q)s", "{}", "{where}", "😀", "👩‍👩‍👧", "\u202e衣柜", "\ufeff", " ", "\t\n", "衣" * 200, "a" * 200, "ﷺ", "ß", "İ", "٣", "𝔴𝔞𝔯𝔡", "0" * 200, "-", "..", "5.5", "word<->word",
    ".", "''''", "\x01\x02", "衣柜\r\nX: y",
]  # fmt: skip


@pytest.fixture
def ask(street: Street) -> Asking:
    street.lists("实木衣柜", "布艺衣柜", tags=["a", "sale"])
    return Asking()


def got(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.content
    return answer.json()  # type: ignore[no-any-return]


@pytest.mark.parametrize("q", HOSTILE)
def test_any_query_is_answered_or_refused_in_words(ask: Asking, q: str) -> None:
    for path in ("search/", "search/suggestions/"):
        answer = ask(
            "get", f"/api/{path}?q={quote(q)}" + ("&facets=true&explain=true" if path == "search/" else "")
        )
        assert answer.status_code == 200, (q, answer.content)
    assert len(got(ask("get", "/api/search/?q=衣柜"))["results"]) == 2


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("q=%00", "q"), ("q=" + "a" * 10_000, "q"), ("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"),
        ("offset=1000", "offset"), ("offset=-1", "offset"), ("sort=best", "sort"), ("section=25", "section"),
        ("category=150199", "category"), ("province=999999", "province"), ("price_from_fen=1e9", "price_from_fen"),
        ("price_to_fen=9999999999999999999", "price_to_fen"), ("level_from=21", "level_from"), ("grade=silver", "grade"),
        ("online=yes", "online"), ("who=me", "who"), ("q=%ff", None), ("limit=٣", "limit"), ("supply=stock&facets=1", "facets"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_refused_by_name(ask: Asking, query: str, field: str | None) -> None:
    answer = ask("get", f"/api/search/?{query}")
    assert answer.status_code == (400 if field else 200)
    if field:
        assert answer.json()["field"] == field


def test_a_page_says_how_it_matched_and_where_the_next_is(ask: Asking) -> None:
    first = got(ask("get", "/api/search/?q=衣柜&limit=1"))
    assert (first["matched"], first["words"]) == ("all_words", ["衣柜"])
    second = got(ask("get", first["next"]))
    assert second["next"] is None
    assert {first["results"][0]["listing"], second["results"][0]["listing"]} == {1, 2}


def test_explain_shows_the_arithmetic_of_each_result(ask: Asking) -> None:
    for result in got(ask("get", "/api/search/?q=衣柜&explain=true"))["results"]:
        assert result["explanation"]["sum"] == result["score"]
        assert [t["term"] for t in result["explanation"]["terms"]][:2] == ["relevance", "cycle"]


def test_the_formula_is_a_table_that_follows_the_levers(ask: Asking, street: Street) -> None:
    told = {t["term"]: t["weight_bps"] for t in got(ask("get", "/api/search/rules/"))["terms"]}
    assert told["cycle"] == 3_000
    assert told["duplicate"] < 0
    street.set_lever(ranking__cycle_weight_bps=77)
    told = {t["term"]: t["weight_bps"] for t in got(ask("get", "/api/search/rules/"))["terms"]}
    assert told["cycle"] == 77


def test_used_filters_are_counted_by_searching(ask: Asking) -> None:
    for _ in range(3):
        got(ask("get", "/api/search/?q=衣柜&seven_day_return=false&section=15"))
    told = got(ask("get", "/api/search/suggestions/?section=15"))["filters"]
    assert told[0] == {"filter": "seven_day_return", "used": 3}


def test_a_search_costs_two_statements(ask: Asking) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    got(ask("get", "/api/search/?q=衣柜"))
    with CaptureQueriesContext(connection) as run:
        got(ask("get", "/api/search/?q=衣柜&price_to_fen=30000"))
    assert len(run) == 2  # the key; the clock and the results in one


def test_nobody_searches_without_a_key(ask: Asking) -> None:
    answer = ask.client.get("/api/search/")
    point("w_shared")  # a request without a key leaves the market
    assert answer.status_code == 401


def test_a_search_still_answers_when_redis_is_away(ask: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    from redis import Redis

    from search import used

    monkeypatch.setattr(used, "_redis", lambda: Redis(port=1, socket_connect_timeout=0.1))
    assert len(got(ask("get", "/api/search/?q=衣柜&section=15"))["results"]) == 2
    assert got(ask("get", "/api/search/suggestions/"))["filters"][0]["used"] == 0
