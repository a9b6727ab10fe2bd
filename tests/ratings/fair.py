"""A fair: buyers, stalls and finished trades, as the tests of feedback and credit speak of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from common.batch import dicts, execute, one, rows
from members.actions import Registration, register, verify
from payments.ledger import TopUp, top_up
from ratings import actions, queries
from ratings.actions import Leave
from ratings.recompute import daily
from ratings.rules import VERDICTS
from shops.actions.listings import NewListing, create
from shops.actions.orders import Place, Wanted, confirm, place_and_pay
from shops.actions.shipping import Ship, ship
from shops.actions.shops import Opening, open_shops
from worlds.pen import writing

SUINING = 320324


class Fair:
    """The cast by nick; verbs call the ordinary actions at the market's now."""

    def __init__(self, market: Any) -> None:
        self.market = market
        self.ids: dict[str, int] = {}
        self.goods: dict[tuple[str, str], int] = {}

    @property
    def at(self) -> datetime:
        return self.market.at  # type: ignore[no-any-return]

    def member(self, nick: str, *, openness: str = "masked") -> int:
        if nick not in self.ids:
            with writing() as moment:
                [self.ids[nick]] = register([Registration(nick, SUINING, openness=openness)], at=moment.at)
                verify([self.ids[nick]], "id", at=moment.at)
                verify([self.ids[nick]], "bank", at=moment.at)
                top_up([TopUp(self.ids[nick], 10**10)], at=moment.at)
        return self.ids[nick]

    def listing(self, seller: str, thing: str = "衣柜", *, price_fen: int = 9_900, section: int = 15) -> int:
        """A listing of that seller (who opens a shop for it), the same one when asked again."""
        if (seller, thing) not in self.goods:
            owner = self.member(seller)
            with writing() as moment:
                shop = one("SELECT id FROM shops_shop WHERE owner_id = %s", [owner])
                if shop is None:
                    [shop] = open_shops(
                        [Opening(owner=owner, name=f"{seller}的店", section_id=section,
                                 subsection_id=section * 100 + 1, region=SUINING)],
                        at=moment.at,
                    )  # fmt: skip
                [self.goods[seller, thing]] = create(
                    [NewListing(shop=shop, title=thing, category_id=section * 10_000 + 101,
                                price_fen=price_fen, stock=100_000)],
                    by=None, at=moment.at,
                )  # fmt: skip
        return self.goods[seller, thing]

    def order(
        self, buyer: str, seller: str, *things: str, price_fen: int = 9_900, wait: timedelta | None = None
    ) -> int:
        """A paid and shipped order; `wait` passes between payment and dispatch."""
        wanted = tuple(
            Wanted(self.listing(seller, thing, price_fen=price_fen)) for thing in things or ("衣柜",)
        )
        buyer_id = self.member(buyer)
        with writing() as moment:
            [[order]] = place_and_pay([Place(buyer=buyer_id, lines=wanted)], at=moment.at)
        if wait:
            self.market.advance_to(self.at + wait)
        with writing() as moment:
            ship([Ship(order)], at=moment.at)
        return order

    def trade(self, buyer: str, seller: str, *things: str, **more: Any) -> list[int]:
        """A finished order: its lines, whose windows are open now."""
        order = self.order(buyer, seller, *things, **more)
        with writing() as moment:
            confirm([order], at=moment.at)
        return self.lines(order)

    def lines(self, order: int) -> list[int]:
        return [
            row[0] for row in rows("SELECT id FROM shops_orderline WHERE order_id = %s ORDER BY id", [order])
        ]

    def rate(self, nick: str, line: int, verdict: str = "good", stars: Any = (5,) * 5, **more: Any) -> int:
        with writing() as moment:
            return actions.leave(
                [Leave(line, self.ids[nick], VERDICTS[verdict], tuple(stars), **more)], at=moment.at
            )[0]

    def rated(
        self,
        buyer: str,
        seller: str,
        verdict: str = "good",
        *,
        thing: str = "衣柜",
        stars: Any = (5,) * 5,
        price_fen: int = 9_900,
    ) -> int:
        """A trade both sides have answered; the buyer's feedback."""
        [line] = self.trade(buyer, seller, thing, price_fen=price_fen)
        key = self.rate(buyer, line, verdict, stars)
        self.rate(seller, line)
        return key

    def feedback(self, key: int) -> dict[str, Any]:
        return dicts("SELECT * FROM ratings_feedback WHERE id = %s", [key])[0]

    def weight(self, key: int) -> dict[str, Any]:
        return dicts("SELECT * FROM ratings_weight WHERE feedback_id = %s", [key])[0]

    def of(self, line: int, side: str) -> dict[str, Any]:
        return dicts("SELECT * FROM ratings_feedback WHERE line_id = %s AND side = %s", [line, side])[0]

    def close_day(self) -> None:
        """Let the day end: the daily run publishes it."""
        self.market.pass_days(1)

    def standing(self, nick: str, role: str = "seller") -> Any:
        return queries.standing(self.ids[nick], role)

    def points(self, nick: str, role: str = "seller") -> int:
        return self.standing(nick, role).points  # type: ignore[no-any-return]

    def set_lever(self, **levers: Any) -> None:
        from regime.actions import change

        with writing() as moment:
            change(
                {name.replace("__", "."): value for name, value in levers.items()},
                at=moment.at,
                by=None,
                why="a test",
            )

    def rebuild(self) -> None:
        """Add everything up from nothing, in place of what the daily runs have added."""
        execute("DELETE FROM ratings_credit")
        daily.run(at=self.at, full=True)


CREDIT = "SELECT * FROM ratings_credit ORDER BY id"
