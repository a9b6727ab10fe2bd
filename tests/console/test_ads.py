"""Paid places on the pages people search with: an auction of their own, and a click that is billed and is the page view."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from common.batch import dicts, one, rows
from tests.console.conftest import page
from tests.express.board import Board
from tests.market import Market
from worlds import checks

LINK = re.compile(r'href="(/ads/\d+/\d+/)"')
VIEWS = "SELECT page, source, listing_id FROM traffic_pageview ORDER BY id"


@pytest.fixture
def board(market: Market) -> Board:
    there = Board(market)
    for nick, bid in (("老张", 300), ("李姐", 200)):
        there.ad(nick, bid_fen=bid)
    return there


def test_a_search_shows_who_paid_and_a_click_is_billed_and_counted_once(board: Board, reader: Client) -> None:
    told = page(reader, "/search/?q=衣柜")
    links = LINK.findall(told)
    assert len(links) == 2
    assert "Sponsored" in told
    response = reader.get(links[0])
    assert response.status_code == 302
    [click] = dicts("SELECT verdict, listing_id, slot FROM search_express_click")
    assert (click["verdict"], click["slot"]) == ("valid", 1)
    assert response.headers["Location"] == f"/listings/{click['listing_id']}/"
    page(reader, response.headers["Location"])
    assert rows(VIEWS) == [(2, 1, None), (5, 7, click["listing_id"])]
    page(reader, response.headers["Location"])  # opened again, nobody bought it
    assert rows(VIEWS)[2:] == [(5, 1, click["listing_id"])]
    reader.get(links[0])
    assert one("SELECT verdict FROM search_express_click ORDER BY id DESC LIMIT 1") == "repeat"
    assert {book: wrong for book, wrong in checks.audit().items() if wrong} == {}


def test_what_shows_nothing_sells_nothing(board: Board, reader: Client) -> None:
    held = "SELECT count(*) FROM search_express_auction WHERE cardinality(keywords) > 0"
    assert reader.head("/search/?q=衣柜").status_code == 200
    for path in ("/search/", "/search/?q=沙发", "/search/?q=衣柜&offset=24"):
        assert not LINK.findall(page(reader, path))
    assert one(held) == 0
    page(reader, "/search/?q=衣柜")
    [link, _] = LINK.findall(page(reader, "/search/?q=衣柜"))
    assert reader.head(link).status_code == 404
    for path in ("/ads/999/1/", f"{link[:-2]}9/", "/ads/99999999999999999999/1/"):
        assert reader.get(path).status_code == 404
    assert one("SELECT count(*) FROM search_express_click") == 0
