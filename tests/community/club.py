"""The VIP club as its tests speak of it: trades of so many yuan, money given back, nights."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from common.batch import dicts
from community import queries
from regime.actions import change
from shops.actions import refunds
from tests.market import Market
from tests.shops.stalls import events
from tests.shops.trades import Trades
from worlds.pen import writing


class Club(Trades):
    """Buyers alice and carol, rich; a seller bob who buys at nobody's unless he is asked to."""

    def __init__(self, market: Market) -> None:
        super().__init__(10**9)
        self.market = market
        self.goods: dict[int, int] = {}

    def trade(self, fen: int, buyer: int | None = None) -> int:
        """A finished trade of so much."""
        if fen not in self.goods:
            self.goods[fen] = self.listed(f"货{fen}", price_fen=fen, stock=10_000)
        return self.finished((self.goods[fen], 1), buyer=buyer or self.alice)

    def give_back(self, order: int, fen: int) -> None:
        """After the trade's success bob gives so much of it back."""
        refund = self.asked(order, amount_fen=fen)
        self.do(refunds.agree, [refund], by=self.bob)

    def night(self, count: int = 1) -> None:
        self.market.pass_days(count)

    def lever(self, **levers: Any) -> None:
        with writing() as moment:
            change({f"members.{k}": v for k, v in levers.items()}, at=moment.at, by=None, why="a test")

    def of(self, member: int | None = None) -> dict[str, Any]:
        return queries.standing(member or self.alice)

    def growth(self, member: int | None = None) -> int:
        return int(self.of(member)["growth_points"])

    def level(self, member: int | None = None) -> int:
        return int(self.of(member)["level"])

    def told(self) -> list[tuple[int, int, int]]:
        """(member, before, after) of every change of level, in order."""
        return [(who, said["before"], said["after"]) for who, _, said in events("vip.level_changed")]

    def table(self) -> list[dict[str, Any]]:
        return dicts("SELECT * FROM community_vip ORDER BY member_id")

    @property
    def at(self) -> datetime:
        return self.market.at
