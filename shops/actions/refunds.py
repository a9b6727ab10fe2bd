"""What becomes of money asked back: answered by the seller, taken back by the buyer, or settled by time.

While the money is in escrow, escrow pays. After the trade's success the seller pays what is asked back within the
after-sale days (`aftersale.py`). Disputes are in `disputes.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from common.batch import dicts
from common.errors import Invalid
from events.actions import emit
from regime import queries as regime
from shops.actions import disputes, settling
from shops.actions.asking import Ask, Change, ask, change
from shops.actions.disputes import escalate, rule
from shops.actions.moving import REFUND, move, refund_facts
from shops.rules import clocks
from shops.rules.refund import REFUND_STEP, RETURN_DELIVERIES, RETURN_POSTAGE_MOST_FEN, TEXT_MOST

__all__ = [
    "Ask",
    "Change",
    "Refuse",
    "SendBack",
    "agree",
    "ask",
    "change",
    "escalate",
    "idle",
    "lapse",
    "receive",
    "refuse",
    "rule",
    "send_back",
    "silence",
    "taken_as_received",
    "withdraw",
]


@transaction.atomic(savepoint=False)
def agree(ids: Sequence[int], *, at: datetime, by: int | None = None) -> list[int]:
    """The seller agrees: money goes back, or the buyer is to send the goods. `by`: the seller.

    Ends a dispute as conceded. `Conflict` once settled or on the way back, `Unaffordable` for a seller who lacks
    what escrow does not hold any more.
    """
    return _agree(ids, at=at, by=by, who="seller")


@transaction.atomic(savepoint=False)
def silence(ids: Sequence[int], *, at: datetime) -> list[int]:
    """`answer_by` has come: the seller's silence is a yes."""
    return _agree(ids, at=at, by=None, who="time")


def _agree(ids: Sequence[int], *, at: datetime, by: int | None, who: str) -> list[int]:
    kinds = dict.fromkeys(ids, "refund_only")
    kinds |= {
        row["id"]: row["kind"]
        for row in dicts("SELECT id, kind FROM shops_refund WHERE id = ANY(%s)", [list(ids)])
    }
    disputes.end(ids, "concede", at=at)
    money = [i for i in ids if kinds[i] == "refund_only"]
    goods = [i for i in ids if kinds[i] == "return"]
    if money:
        settling.succeed(money, REFUND_STEP["agree"], at=at, who=who, by=by)
    if goods:
        due = clocks.send_back_by(at, regime.at(at).refund)
        moved = move(
            REFUND,
            REFUND_STEP["agree_return"],
            goods,
            at=at,
            by=by,
            role="seller",
            sets="send_back_by = %(due)s",
            due=due,
        )
        emit("refund.agreed", refund_facts(moved), at=at)
    return list(ids)


@dataclass(frozen=True, slots=True)
class Refuse:
    """The seller says no, and why."""

    refund: int
    text: str = ""


@transaction.atomic(savepoint=False)
def refuse(intents: Sequence[Refuse], *, at: datetime, by: int | None = None) -> list[int]:
    """Refuse requests, or parcels that came back wrong. The buyer may change, escalate or let it be. `by`:
    the seller."""
    long = [n for n, intent in enumerate(intents) if len(intent.text) > TEXT_MOST]
    if long:
        raise Invalid(
            f"a text has at most {TEXT_MOST} characters", field="text", rule="text_is_short", rows=long
        )
    moved = move(
        REFUND, REFUND_STEP["refuse"], [intent.refund for intent in intents], at=at, by=by, role="seller",
        sets="refusal = i.text, refused_at = %(at)s, escalate_by = %(due)s",
        each=("text text", [{"text": intent.text} for intent in intents]),
        due=clocks.escalate_by(at, regime.at(at).refund),
    )  # fmt: skip
    emit("refund.refused", refund_facts(moved), at=at)
    return [row["id"] for row in moved]


@dataclass(frozen=True, slots=True)
class SendBack:
    """The buyer's parcel back: express or mail, and what its postage cost."""

    refund: int
    delivery: str = "express"
    carrier: str = ""
    tracking_no: str = ""
    postage_fen: int = 0


@transaction.atomic(savepoint=False)
def send_back(intents: Sequence[SendBack], *, at: datetime, by: int | None = None) -> list[int]:
    """Goods are on their way back; the seller's clock starts. `by`: the buyer."""
    for n, intent in enumerate(intents):
        if intent.delivery not in RETURN_DELIVERIES or max(len(intent.carrier), len(intent.tracking_no)) > 40:
            raise Invalid(
                "a parcel goes back by express or mail",
                field="delivery",
                rule="return_delivery_is_known",
                rows=[n],
            )
        if not 0 <= intent.postage_fen <= RETURN_POSTAGE_MOST_FEN:
            raise Invalid(
                f"postage is 0 to {RETURN_POSTAGE_MOST_FEN} fen",
                field="postage_fen",
                rule="return_postage_is_modest",
                rows=[n],
            )
    rules = regime.at(at).refund
    moved = move(
        REFUND,
        REFUND_STEP["send_back"],
        [intent.refund for intent in intents],
        at=at,
        by=by,
        sets="return_delivery = i.delivery, return_carrier = i.carrier, return_tracking_no = i.number,"
        " return_postage_fen = i.postage, receive_by = i.due, sent_back_at = %(at)s",
        each=(
            "delivery text, carrier text, number text, postage bigint, due timestamptz",
            [
                {
                    "delivery": i.delivery,
                    "carrier": i.carrier,
                    "number": i.tracking_no,
                    "postage": i.postage_fen,
                    "due": clocks.receive_by(at, i.delivery, rules),
                }
                for i in intents
            ],
        ),
    )
    emit("refund.sent_back", refund_facts(moved), at=at)
    return [row["id"] for row in moved]


@transaction.atomic(savepoint=False)
def receive(ids: Sequence[int], *, at: datetime, by: int | None = None) -> list[int]:
    """The seller has the goods again: money goes back. `by`: the seller. `Unaffordable` as in `agree`."""
    return [row["id"] for row in settling.succeed(ids, REFUND_STEP["receive"], at=at, who="seller", by=by)]


@transaction.atomic(savepoint=False)
def taken_as_received(ids: Sequence[int], *, at: datetime) -> list[int]:
    """`receive_by` has come: the seller's silence is receipt."""
    settling.succeed(ids, REFUND_STEP["receive"], at=at, who="time")
    return list(ids)


@transaction.atomic(savepoint=False)
def withdraw(ids: Sequence[int], *, at: datetime, by: int | None = None) -> list[int]:
    """The buyer takes requests back (and drops their disputes); the confirm clock goes on. `by`: the
    buyer.
    """
    disputes.end(ids, "drop", at=at)
    moved = settling.close(ids, REFUND_STEP["withdraw"], at=at, who="buyer", by=by)
    return [row["id"] for row in moved]


@transaction.atomic(savepoint=False)
def lapse(ids: Sequence[int], *, at: datetime) -> list[int]:
    """`send_back_by` has come: the buyer keeps the goods, the request closes."""
    return [row["id"] for row in settling.close(ids, REFUND_STEP["lapse"], at=at, who="time")]


@transaction.atomic(savepoint=False)
def idle(ids: Sequence[int], *, at: datetime) -> list[int]:
    """`escalate_by` has come: the buyer let the refusal stand."""
    return [row["id"] for row in settling.close(ids, REFUND_STEP["idle"], at=at, who="time")]
