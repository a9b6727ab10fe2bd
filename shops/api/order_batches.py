"""Orders of many members in one call: for seeding, replays and bots. A result for each row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from common.api.batches import BatchOut, Column, answer, batch_in, read_row
from common.api.doors import ADMIN, Door, In, writes
from common.errors import Invalid, Refusal, several
from shops.actions import orders as actions
from shops.actions import shipping
from shops.actions.moving import about
from shops.actions.orders import Place, Wanted
from shops.actions.shipping import Ship
from shops.api.fields import number, words
from shops.api.orders import OrderLineIn
from shops.rules.order import KINDS, LINES_MOST, TEXT_MOST


class OrderRowIn(In):
    buyer = number(min_value=1)
    lines = serializers.ListField(child=OrderLineIn(), required=False)
    deal = number(required=False)
    message = words(TEXT_MOST, required=False, allow_blank=True)
    receiver = serializers.DictField(required=False)
    kind = serializers.ChoiceField(KINDS, required=False)
    pay = serializers.BooleanField(required=False)


ROW = {
    "buyer": Column(int, least=1),
    "lines": Column(list, default=(), least=1, most=LINES_MOST),
    "deal": Column(int, default=None, least=1),
    "message": Column(str, default="", most=TEXT_MOST),
    "receiver": Column(dict, default={}, most=5),
    "kind": Column(str, default="plain", most=10),
    "pay": Column(bool, default=False),
}
LINE = {"listing": Column(int, least=1), "quantity": Column(int, default=1, least=1, most=10**6)}
RECEIVER = {
    "name": Column(str, default="", most=30),
    "region": Column(int, default=None),
    "address": Column(str, default="", most=200),
    "zip": Column(str, default="", most=10),
    "mobile": Column(str, default="", most=20),
}


def read_order(row: Any) -> tuple[Place, bool]:
    """A row of the batch: what is placed, and whether it is paid at once."""
    read = read_row(row, ROW)
    lines = tuple(Wanted(**read_row(line, LINE)) for line in read.pop("lines"))
    given = read.pop("receiver")
    receiver = {name: value for name, value in read_row(given, RECEIVER).items() if name in given}
    pay = read.pop("pay")
    return Place(lines=lines, receiver=receiver, **read), pay


def order_all(rows: Sequence[tuple[Place, bool]], *, at: datetime) -> list[dict[str, Any]]:
    """Place every row and pay those that say so; `id` of its first order and all `orders` for each."""
    intents = [intent for intent, _ in rows]
    if all(pay for _, pay in rows):
        baskets = actions.place_and_pay(intents, at=at)
    else:
        baskets = actions.place(intents, at=at)
        paying = [(n, order) for n, (_, pay) in enumerate(rows) if pay for order in baskets[n]]
        with about([n for n, _ in paying]):
            actions.pay([order for _, order in paying], at=at)
    return [{"id": basket[0], "orders": basket} for basket in baskets]


class OrderBatchDoor(Door):
    @writes(batch_in(OrderRowIn), BatchOut, scopes=ADMIN)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Order (and pay) for many buyers in one call; a result for each row."""
        return answer(data["rows"], read_order, lambda rows: order_all(rows, at=moment.at))


class OrderStepRowIn(In):
    id = number(min_value=1)


STEP_ROW = {"id": Column(int, least=1)}


def stepped(act: Callable[..., Any]) -> Callable[[list[int], datetime], list[int]]:
    def run(ids: list[int], at: datetime) -> list[int]:
        act(ids, at=at)
        return ids

    return run


class _StepBatchDoor(Door):
    """Many orders take one step; a result for each row."""

    run: Callable[[list[int], datetime], list[int]]

    def _answer(self, data: Any, moment: Any) -> Any:
        run = type(self).run
        return answer(
            data["rows"],
            lambda row: read_row(row, STEP_ROW)["id"],
            lambda ids: run(ids, moment.at),
            status=200,
        )


class OrderPayBatchDoor(_StepBatchDoor):
    run = staticmethod(stepped(actions.pay))

    @writes(batch_in(OrderStepRowIn), BatchOut, scopes=ADMIN)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Pay many orders from their buyers' balances."""
        return self._answer(data, moment)


class OrderConfirmBatchDoor(_StepBatchDoor):
    run = staticmethod(stepped(actions.confirm))

    @writes(batch_in(OrderStepRowIn), BatchOut, scopes=ADMIN)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Confirm receipt of many orders for their buyers."""
        return self._answer(data, moment)


class OrderShipRowIn(In):
    order = number(min_value=1)
    carrier = words(40, required=False, allow_blank=True)
    tracking_no = words(40, required=False, allow_blank=True)


SHIP_ROW = {
    "order": Column(int, least=1),
    "carrier": Column(str, default="", most=40),
    "tracking_no": Column(str, default="", most=40),
}


def ship_all(intents: list[Ship], *, at: datetime) -> list[int]:
    first: dict[int, int] = {}
    twice = [n for n, intent in enumerate(intents) if first.setdefault(intent.order, n) != n]
    if twice:
        words_ = "an order is sent whole once in a batch"
        faults: dict[int, Refusal] = {
            n: Invalid(words_, field="order", rule="each_once_in_a_batch") for n in twice
        }
        raise several(faults)
    return shipping.ship(intents, at=at)


class OrderShipBatchDoor(Door):
    @writes(batch_in(OrderShipRowIn), BatchOut, scopes=ADMIN)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Send many orders for their sellers; the shipments' numbers."""
        return answer(
            data["rows"],
            lambda row: Ship(**read_row(row, SHIP_ROW)),
            lambda rows: ship_all(rows, at=moment.at),
        )
