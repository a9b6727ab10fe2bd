"""Search, listing and shop pages: what everybody may know, and nothing else."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from common.batch import one, rows
from tests.console.conftest import HIDDEN, MASKED, OPEN, Street, page


def test_search_finds_what_its_words_say(street: Street, reader: Client) -> None:
    told = page(reader, "/search/?q=衣柜")
    assert "实木衣柜" in told
    assert "布艺沙发" not in told
    assert "1 listing" in told
    assert f'href="/listings/{street.wardrobe}/"' in told


def test_search_narrows_sorts_and_explains(street: Street, reader: Client) -> None:
    assert "布艺沙发" in page(reader, "/search/?sort=price")
    assert "Nothing is on sale that fits" in page(reader, "/search/?to=1")
    assert "实木衣柜" in page(reader, "/search/?from=90&to=100.00&id_verified=true")
    told = page(reader, "/search/?q=衣柜&explain=true")
    products = [int(text.replace(",", "")) for text in re.findall(r"<td>(-?[\d,]+)</td></tr>", told)]
    score = int(re.search(r"<caption>Score ([\d,]+)", told)[1].replace(",", ""))
    assert sum(products) == score


def test_what_a_search_cannot_read_is_named_and_left_out(street: Street, reader: Client) -> None:
    told = page(reader, "/search/?q=衣柜&grade=emperor&from=cheap&unknown=1&offset=-1")
    assert "实木衣柜" in told
    for name in ("grade", "from", "unknown", "offset"):
        assert name in told.split("Not understood and left out:")[1].split("<")[0]


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x>', "%00", "a" * 5_000, "';--", "\ud83d"]
)
def test_a_hostile_search_is_words_and_no_more(street: Street, reader: Client, text: str) -> None:
    response = reader.get("/search/", {"q": text.encode("utf-8", "surrogatepass")})
    assert response.status_code == 200
    assert b"<script" not in response.content
    assert b"<img" not in response.content


def test_views_are_counted_with_where_they_came_from(street: Street, reader: Client) -> None:
    def last() -> tuple[int, int]:
        return rows("SELECT page, source FROM traffic_pageview ORDER BY id DESC LIMIT 1")[0]

    page(reader, "/search/?q=衣柜")
    assert last() == (2, 1)
    page(reader, "/search/?section=15")
    assert last() == (3, 1)
    came = {"referer": "http://testserver/search/?q=x"}
    page(reader, f"/listings/{street.wardrobe}/", headers=came)
    assert last() == (5, 2)
    page(reader, f"/listings/{street.wardrobe}/", headers={"referer": "http://testserver/search/?section=15"})
    assert last() == (5, 3)
    page(reader, f"/listings/{street.wardrobe}/", headers={"referer": "http://elsewhere/search/?q=x"})
    assert last() == (5, 1)
    page(reader, "/shops/1/")
    assert last() == (4, 1)


def test_what_is_not_there_is_a_page_that_says_so_and_counts_nothing(street: Street, reader: Client) -> None:
    views = "SELECT count(*) FROM traffic_pageview"
    before = one(views)
    for path in ("/listings/999999/", "/shops/999999/", "/listings/999999999999999999999/"):
        response = reader.get(path)
        assert response.status_code == 404
        assert "Not in this market" in response.content.decode()
    assert one(views) == before


def test_buyers_are_named_as_openly_as_they_chose(street: Street, reader: Client) -> None:
    for path in (f"/listings/{street.wardrobe}/", "/shops/1/"):
        told = page(reader, path)
        assert OPEN in told
        assert f"{MASKED[0]}**{MASKED[-1]}" in told
        assert MASKED not in told
        assert HIDDEN not in told


def test_no_page_tells_a_sealed_word_or_one_buyers_stars(street: Street, reader: Client) -> None:
    fair = street.fair
    [line] = fair.trade(OPEN, "李姐", "布艺沙发")
    paths = ("/", "/search/", "/shops/1/", "/shops/2/", f"/listings/{street.sofa}/")
    before = [page(reader, path) for path in paths]
    fair.rate(OPEN, line, "bad", (1, 1, 1, 1, 1), comment="密封的话")
    after = [page(reader, path) for path in paths]
    assert not any("密封的话" in told for told in after)
    told_of_shop = [
        re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", told) for told in (before[3], after[3])
    ]
    assert told_of_shop[0] == told_of_shop[1]


def test_a_listing_shows_price_stock_trades_and_its_shops_standing(street: Street, reader: Client) -> None:
    told = page(reader, f"/listings/{street.wardrobe}/")
    assert "['" not in told
    for words in ("¥99.00", "In stock", "99,997", "Trade history", "3 credit points", "What buyers said"):
        assert words in told, words
