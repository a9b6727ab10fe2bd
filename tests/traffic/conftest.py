"""Goods to look at, and who looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.market import Market
from tests.shops.stalls import joined, listed, opened


class Street:
    """Two shops of two sellers, three listings, two buyers with money; and keys to speak through."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.zhang, self.li = joined("老张", "老李")
        self.bob, self.eve = joined("bob", "eve", fen=10_000_000)
        self.furniture, self.costumes = opened(self.zhang, "木匠铺"), opened(self.li, "戏服店")
        self.wardrobe = listed(self.furniture, "简易衣柜", price_fen=9_900, stock=1_000)
        self.table = listed(self.furniture, "小方桌", price_fen=5_000, stock=1_000)
        self.costume = listed(self.costumes, "演出服", category_id=40101, price_fen=12_000, stock=1_000)


@pytest.fixture
def street(market: Market) -> Iterator[Street]:
    from traffic.queries import live

    market.pass_hours(9)
    yield Street(market)
    for key in live._redis().scan_iter(
        "jishi:live:*"
    ):  # the shared market's numbers begin anew in every test
        live._redis().delete(key)


@pytest.fixture
def call(market: Market) -> Callable[..., Any]:
    """`call("post", "/api/views/", {...}, member=bob)` with the market's admin key; `scope=` for another."""
    from worlds import actions
    from worlds.models import World

    world = World.objects.get(name="shared")
    keys: dict[tuple[str, int | None], str] = {}

    def ask(
        method: str,
        path: str,
        data: Any = None,
        *,
        scope: str = "admin",
        member: int | None = None,
        **headers: str,
    ) -> Any:
        of = member if scope == "member" else None
        if (scope, of) not in keys:
            keys[scope, of] = actions.issue_key(world, scope=scope, member_id=of, label="test")
        client = APIClient()
        extra = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        if scope == "admin" and member is not None:
            extra["HTTP_X_JISHI_MEMBER"] = str(member)
        return getattr(client, method)(
            path, data, format="json", HTTP_AUTHORIZATION=f"Bearer {keys[scope, of]}", **extra
        )

    return ask
