"""A street with shops, trades and visitors, and a reader who opens its pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from tests.market import Market
from tests.ratings.fair import Fair
from traffic.actions import see_one
from traffic.queries.live import _redis
from worlds.current import point

OPEN, MASKED, HIDDEN = "小花", "老实人", "谁也不知道"


@dataclass
class Street:
    """Two shops: `wardrobe` was bought and praised, `sofa` was bought and not spoken of yet."""

    fair: Fair
    wardrobe: int
    sofa: int
    shop: int

    @classmethod
    def built(cls, market: Market) -> Street:
        fair = Fair(market)
        market.pass_hours(9)
        fair.member(OPEN, openness="open")
        fair.member(MASKED)
        fair.member(HIDDEN, openness="hidden")
        for buyer in (OPEN, MASKED, HIDDEN):
            fair.rated(buyer, "老张", thing="实木衣柜", stars=(5, 4, 3, 2, 1))
        fair.trade(MASKED, "李姐", "布艺沙发")
        there = cls(fair, fair.goods["老张", "实木衣柜"], fair.goods["李姐", "布艺沙发"], 1)
        for visitor in ("a", "b", "c"):
            see_one(visitor, page="listing", listing=there.wardrobe, source="organic_search")
        see_one("a", page="listing", listing=there.sofa, source="direct")
        market.pass_days(2)
        return there


def forget_live() -> None:
    """The shared market's numbers begin anew in every test; so do the figures kept in Redis."""
    for key in _redis().scan_iter("jishi:live:*"):
        _redis().delete(key)


@pytest.fixture
def street(market: Market) -> Iterator[Street]:
    yield Street.built(market)
    forget_live()


class Reader(Client):
    """A visitor of the market that tests share; after each page the test's own words are of that market again."""

    def request(self, **request: Any) -> Any:
        try:
            return super().request(**request)
        finally:
            point("w_shared")


@pytest.fixture
def reader(market: Market) -> Reader:
    client = Reader()
    client.get("/", {"world": "shared"})
    return client


def page(client: Client, path: str, **more: Any) -> str:
    """The text of a page that answers 200."""
    response = client.get(path, **more)
    assert response.status_code == 200, (path, response.status_code)
    return response.content.decode()
