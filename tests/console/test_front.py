"""The front page tells what this market is, in two languages, and costs little."""

from __future__ import annotations

from time import perf_counter

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from common.batch import one, rows
from tests.console.conftest import Reader, Street, forget_live, page
from tests.market import Market
from traffic.queries import audit
from worlds.current import point

STATEMENTS = 25


def test_it_tells_the_clock_the_shops_and_what_circulates(street: Street, reader: Client) -> None:
    told = page(reader, "/")
    for words in (
        "09:00",
        "What circulates",
        "P1",
        "P2",
        "P3",
        "Eyeballs",
        "Account record",
        "Key descriptors",
    ):
        assert words in told, words
    assert "老张的店" in told
    assert "李姐的店" in told
    assert 'id="chart-views"' in told
    assert 'id="chart-trades"' in told
    assert 'href="/api/docs/"' in told
    assert 'href="/api/schema/"' in told


def test_the_liveliest_shop_stands_first_with_its_figures(street: Street, reader: Client) -> None:
    told = page(reader, "/")
    assert told.index("老张的店") < told.index("李姐的店")
    first = told.split('<li class="shop">')[1]
    assert "<dd>3</dd>" in first
    assert "<dd>100.0%</dd>" in first


def test_the_circulation_shows_the_last_whole_day_until_a_trade_is_paid(
    street: Street, reader: Client
) -> None:
    assert "The last whole day" in page(reader, "/")
    street.fair.order("小花", "老张", "实木衣柜")
    forget_live()
    assert "Today so far" in page(reader, "/")


def test_a_market_without_a_past_says_so(market: Market, reader: Client) -> None:
    told = page(reader, "/")
    assert "No day has closed yet" in told
    assert "No shop has drawn a view yet" in told


def test_an_installation_without_a_market_says_how_to_make_one(db: None) -> None:
    from worlds.models import World

    point(None)
    World.objects.all().delete()
    for path in ("/", "/search/", "/listings/1/"):
        told = page(Client(), path)
        assert "./jishi world create" in told
    assert "集市" in page(Client(), "/")


def test_chinese_is_spoken_to_who_asks_for_it_and_to_who_switches(street: Street, reader: Client) -> None:
    assert "市场里流转着什么" in page(reader, "/", headers={"accept-language": "zh-CN,zh;q=0.9"})
    assert 'lang="zh-Hans"' in page(reader, "/", headers={"accept-language": "zh-CN"})
    switched = reader.post("/language/", {"language": "zh-hans", "next": "/"})
    assert (switched.status_code, switched["Location"]) == (302, "/")
    assert "市场里流转着什么" in page(reader, "/")


def test_the_language_is_not_switched_by_another_site(street: Street) -> None:
    strict = Reader(enforce_csrf_checks=True)
    assert strict.post("/language/", {"language": "zh-hans"}).status_code == 403


def test_opening_it_is_a_view_of_home_and_the_books_still_agree(street: Street, reader: Client) -> None:
    homes = "SELECT count(*) FROM traffic_pageview WHERE page = 1"
    before = one(homes)
    page(reader, "/")
    page(reader, "/")
    assert one(homes) == before + 2
    assert one("SELECT count(DISTINCT visitor) FROM traffic_pageview WHERE page = 1") == 1
    street.fair.market.pass_days(1)
    assert audit.audit() == []
    [(pv,)] = rows("SELECT pv FROM traffic_daily WHERE dimension = 0 ORDER BY day DESC LIMIT 1")
    assert pv >= 2


def test_it_asks_the_database_little_and_answers_at_once(street: Street, reader: Client) -> None:
    page(reader, "/")
    with CaptureQueriesContext(connection) as asked:
        page(reader, "/")
    assert len(asked) <= STATEMENTS, [query["sql"][:80] for query in asked]
    spans = []
    for _ in range(9):
        began = perf_counter()
        page(reader, "/")
        spans.append(perf_counter() - began)
    assert sorted(spans)[4] < 0.3  # 60 ms on a quiet machine; the bound here only catches a page gone wrong


def test_pages_are_read_and_never_posted_to(street: Street, reader: Client) -> None:
    for path in ("/", "/search/", f"/listings/{street.wardrobe}/", "/shops/1/", "/regime/"):
        assert reader.post(path).status_code == 405
        assert reader.put(path).status_code == 405


def test_nothing_of_a_page_runs_or_comes_from_elsewhere(street: Street, reader: Client) -> None:
    for path in ("/", "/search/", f"/listings/{street.wardrobe}/", "/shops/1/", "/regime/"):
        response = reader.get(path)
        policy, told = response["Content-Security-Policy"], response.content.decode()
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        for wrong in ("<script", " style=", "onclick", "javascript:", 'src="http', 'href="http'):
            assert wrong not in told, (path, wrong)


def test_another_market_is_chosen_and_kept(street: Street, committed_elsewhere: str) -> None:
    client = Reader()
    chosen = client.get("/search/", {"world": committed_elsewhere, "q": "sofa"})
    assert (chosen.status_code, chosen["Location"]) == (302, "/search/?q=sofa")
    assert f"· {committed_elsewhere}" in page(client, "/")
    assert "老张的店" not in page(client, "/")
    client.get("/", {"world": "shared"})
    assert "老张的店" in page(client, "/")
    client.get("/", {"world": "no-such-market"})
    assert "老张的店" in page(client, "/")


@pytest.fixture
def committed_elsewhere(db: None) -> str:
    """A second market beside the shared one (rolled back with the test)."""
    from worlds import actions

    point(None)
    world, _ = actions.create("elsewhere", seed=1)
    point("w_shared")
    return str(world.name)


def test_pages_can_be_kept_to_those_who_sign_in(street: Street, reader: Client, settings: object) -> None:
    settings.JISHI_PUBLIC_PAGES = False  # type: ignore[attr-defined]
    response = reader.get("/")
    assert (response.status_code, response["Location"]) == (302, "/admin/login/?next=/")


def test_the_rules_in_force_are_told_with_their_reasons(street: Street, reader: Client) -> None:
    told = page(reader, "/regime/")
    assert "ladder points" in told
    assert "thesis" in told.lower()
