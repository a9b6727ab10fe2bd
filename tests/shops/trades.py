"""Orders and refunds as test sentences speak of them: a stall, buyers with money, and the verbs of a
trade.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from common.batch import dicts, rows
from payments import ledger
from payments.queries import balance
from shops.actions import disputes, orders, refunds, shipping
from shops.actions.orders import Place, Wanted
from shops.actions.refunds import Ask
from shops.queries import audit
from tests.shops.stalls import joined, listed, opened
from worlds import clock
from worlds.pen import writing

YUAN = 100


class Trades:
    """A seller `bob` with a shop, buyers `alice` and `carol` with 1,000 yuan each, and a wardrobe at 99
    yuan.
    """

    def __init__(self, fen: int = 100_000, **shop: Any) -> None:
        self.bob, self.alice, self.carol = joined("bob", "alice", "carol", fen=fen)
        self.shop = opened(self.bob, "木匠铺", **shop)
        self.wardrobe = listed(self.shop)

    def listed(self, title: str = "书架", **more: Any) -> int:
        return listed(self.shop, title, **more)

    def do(self, verb: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """One act at the market's now, under the pen."""
        with writing() as moment:
            return verb(*args, at=moment.at, **more)

    def place(self, *lines: tuple[int, int], buyer: int | None = None, **more: Any) -> int:
        wanted = tuple(Wanted(*line) for line in lines or [(self.wardrobe, 1)])
        [[order]] = self.do(orders.place, [Place(buyer or self.alice, wanted, **more)])
        return int(order)

    def paid(self, *lines: tuple[int, int], **more: Any) -> int:
        wanted = tuple(Wanted(*line) for line in lines or [(self.wardrobe, 1)])
        [[order]] = self.do(orders.place_and_pay, [Place(more.pop("buyer", self.alice), wanted, **more)])
        return int(order)

    def ship(self, order: int, *lines: int) -> int:
        [shipment] = self.do(shipping.ship, [shipping.Ship(order, lines, "顺丰", "SF1")], by=self.bob)
        return int(shipment)

    def shipped(self, *lines: tuple[int, int], **more: Any) -> int:
        order = self.paid(*lines, **more)
        self.ship(order)
        return order

    def finished(self, *lines: tuple[int, int], **more: Any) -> int:
        order = self.shipped(*lines, **more)
        self.do(orders.confirm, [order])
        return order

    def part_shipped(self) -> int:
        """Two lines, the first of them sent."""
        order = self.paid((self.wardrobe, 1), (self.listed(), 1))
        self.ship(order, self.lines(order)[0])
        return order

    def ask(self, order: int, line: int = 0, **more: Any) -> int:
        [refund] = self.do(refunds.ask, [Ask(self.lines(order)[line], **more)])
        return int(refund)

    def asked(self, order: int, **more: Any) -> int:
        return self.ask(order, reason="faulty", **more)

    def purse(self, fen: int) -> None:
        """From now on bob has so much money, and no more."""
        if have := balance(self.bob):
            self.do(ledger.withdraw, [ledger.Withdrawal(self.bob, have)])
        if fen:
            self.do(ledger.top_up, [ledger.TopUp(self.bob, fen)])

    def owed(self, order: int, kind: str = "refund_only") -> int:
        """A refund of a finished trade that came due when bob had nothing; he has nothing now."""
        refund = self.asked(order) if kind == "refund_only" else self.returned(order)
        self.purse(0)
        self.do(refunds.silence if kind == "refund_only" else refunds.taken_as_received, [refund])
        return refund

    def refused(self, order: int, **more: Any) -> int:
        refund = self.ask(order, **more)
        self.do(refunds.refuse, [refunds.Refuse(refund, "不同意")], by=self.bob)
        return refund

    def disputed(self, order: int, **more: Any) -> tuple[int, int]:
        """(refund, dispute) of an order, before the platform."""
        refund = self.refused(order, **more)
        [dispute] = self.do(disputes.escalate, [refund], by=self.alice)
        return refund, int(dispute)

    def returned(self, order: int, **more: Any) -> int:
        """A refund whose goods are on their way back."""
        refund = self.returning(order, **more)
        self.do(refunds.send_back, [refunds.SendBack(refund)], by=self.alice)
        return refund

    def returning(self, order: int, **more: Any) -> int:
        refund = self.ask(order, kind="return", reason="faulty", **more)
        self.do(refunds.agree, [refund], by=self.bob)
        return refund

    def lines(self, order: int) -> list[int]:
        return [
            row[0] for row in rows("SELECT id FROM shops_orderline WHERE order_id = %s ORDER BY id", [order])
        ]

    def order(self, order: int) -> dict[str, Any]:
        return dicts("SELECT * FROM shops_order WHERE id = %s", [order])[0]

    def refund(self, refund: int) -> dict[str, Any]:
        return dicts("SELECT * FROM shops_refund WHERE id = %s", [refund])[0]

    def dispute(self, dispute: int) -> dict[str, Any]:
        return dicts("SELECT * FROM shops_dispute WHERE id = %s", [dispute])[0]

    def line(self, order: int, line: int = 0) -> dict[str, Any]:
        return dicts("SELECT * FROM shops_orderline WHERE order_id = %s ORDER BY id", [order])[line]

    def status(self, order: int) -> str:
        return str(self.order(order)["status"])

    def at_the_edge(self, due: datetime, read: Callable[[], Any]) -> tuple[Any, Any]:
        """What `read` says one second before `due`, and at it."""
        clock.advance(due - timedelta(seconds=1))
        before = read()
        clock.advance(due)
        return before, read()

    def sound(self) -> None:
        """The books of the trade agree with themselves, with escrow and with stock."""
        assert audit.findings() == []


def now() -> datetime:
    return clock.now()
