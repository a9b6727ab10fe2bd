"""An order's life as a table: who may do what, from which state to which, and what follows.

Taobao's names are those of its open API (`trade.status`). `closed` is an order refunded in full after payment,
`cancelled` one that was never paid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from common.errors import Conflict, Forbidden, Invalid, register_constraints
from common.money import split
from common.transitions import Step, statuses, steps_by_action

BUYER, SELLER, TIME, MARKET, PLATFORM = "buyer", "seller", "time", "market", "platform"

# fmt: off
ORDER_STEPS = (
    #    action          from                               to              by                   then
    Step("pay",          "placed",                          "paid",         "buyer",             "hold in escrow; the ship-by clock starts"),
    Step("adjust",       "placed",                          "placed",       "seller",            "another price or postage to pay"),
    Step("cancel",       "placed",                          "cancelled",    "buyer or seller",   "stock returns"),
    Step("expire",       "placed",                          "cancelled",    "time",              "unpaid too long; stock returns"),
    Step("ship_part",    ("paid", "shipped_part"),          "shipped_part", "seller",            "some lines are on their way"),
    Step("ship",         ("paid", "shipped_part"),          "shipped",      "seller",            "the confirm clock starts"),
    Step("ship_rest",    "shipped_part",                    "shipped",      "market",            "what was not sent was refunded; the confirm clock starts"),
    Step("extend",       "shipped",                         "shipped",      "buyer or seller",   "the confirm clock gets more days"),
    Step("confirm",      "shipped",                         "finished",     "buyer",             "release escrow"),
    Step("auto_confirm", "shipped",                         "finished",     "time",              "silence is receipt; release escrow"),
    Step("close",        ("paid", "shipped_part", "shipped"), "closed",     "market",            "everything was refunded"),
)

TAOBAO_ORDER_STATUS = {
    "placed":       "WAIT_BUYER_PAY",
    "paid":         "WAIT_SELLER_SEND_GOODS",
    "shipped_part": "SELLER_CONSIGNED_PART",
    "shipped":      "WAIT_BUYER_CONFIRM_GOODS",
    "finished":     "TRADE_FINISHED",
    "closed":       "TRADE_CLOSED",
    "cancelled":    "TRADE_CLOSED_BY_TAOBAO",
}
# fmt: on

ORDER_STEP = steps_by_action(ORDER_STEPS)
ORDER_STATUSES = statuses(ORDER_STEPS)
IN_ESCROW = ("paid", "shipped_part", "shipped")
KINDS = ("plain", "flash")
DELIVERIES = ("auto", "virtual", "express", "mail")  # the fastest first
TRACKING_KINDS = ("collected", "in_transit", "out_for_delivery", "signed", "returned")
FLAGS = range(6)
LINES_MOST = 50
QUANTITY_MOST = 10**6
TEXT_MOST = 500


def slowest(deliveries: Sequence[str]) -> str:
    """The delivery that an order of these lines waits for: its clocks follow the slowest parcel."""
    return max(deliveries, key=DELIVERIES.index)


def postage(parts: Sequence[int]) -> int:
    """Postage of one order in fen: one parcel, so the dearest line's postage, not the sum.

    Taobao's sellers of the period had one postage a listing, and a basket from one shop paid the highest.
    """
    return max(parts, default=0)


def divided(goods: Sequence[int], postage_fen: int, off_fen: int) -> tuple[list[int], list[int]]:
    """What each line pays for its goods (after `off_fen`, discount less adjustment) and of the postage, in fen.

    Both are shared by the lines' prices, to the fen; each list adds up to what the order charges.
    """
    weights = list(goods)
    return split(sum(weights) - off_fen, weights), split(postage_fen, weights)


def line_status(order: str, *, shipped: bool, closed: bool) -> str:
    """State of one line of an order in that state (our names): refunded lines are closed before their order."""
    if closed and order in (*IN_ESCROW, "finished"):
        return "closed"
    if order == "shipped_part":
        return "shipped" if shipped else "paid"
    return order


def may(step: Step, role: str) -> bool:
    """Is this step `role`'s to take?"""
    return role in step.by.split(" or ")


def steps_open(status: str, role: str, table: Sequence[Step] = ORDER_STEPS) -> list[Step]:
    """The steps that `role` may take from `status`, in the table's order; guards of time come on top."""
    return [step for step in table if status in step.sources and may(step, role)]


_AGAIN = "Read the order again and do what its state allows."
_CONSTRAINTS: Mapping[str, tuple[type, str, str | None, str | None]] = {
    "nobody_buys_from_themself": (Forbidden, "nobody buys from their own shop", "lines", "Buy as another member."),
    "an_order_costs_1_fen_or_more": (Invalid, "an order costs at least one fen", "adjust_fen", "Take less off."),
    "an_order_adds_up": (Conflict, "goods, postage, discount and adjustment do not add up to the total", None, _AGAIN),
    "no_more_is_refunded_than_was_paid": (Conflict, "more would be refunded than was paid", "amount_fen", _AGAIN),
    "no_more_of_a_line_is_refunded_than_was_paid": (
        Conflict, "more of the line would be refunded than was paid", "amount_fen", _AGAIN,
    ),
    "order_flag_is_0_to_5": (Invalid, "a flag is a number from 0 to 5", "flag", "0 takes the flag off."),
    "refunds_are_open_only_of_what_was_paid": (
        Conflict, "an order was settled meanwhile", "status", "Ask again.",
    ),
    "one_open_refund_per_line": (
        Conflict, "there is an open refund request for this line", "line", "Change or withdraw that one.",
    ),
    "one_open_dispute_per_refund": (Conflict, "this refund is in dispute already", "refund", None),
    "evidence_says_something": (Invalid, "evidence says something", "text", "Write a word."),
    "shops_order_is_append_only": (Conflict, "a trade is never deleted", None, None),
    "shops_orderline_is_append_only": (Conflict, "what was bought is kept as it was bought", None, None),
    "shops_shipment_is_append_only": (Conflict, "a parcel is never deleted", None, None),
    "shops_refund_is_append_only": (Conflict, "a refund request is never deleted", None, None),
    "shops_dispute_is_append_only": (Conflict, "a dispute is never deleted", None, None),
    "shops_evidence_is_append_only": (Conflict, "evidence is kept as it was brought", None, "Bring more."),
    "shops_trackingevent_is_append_only": (Conflict, "what a carrier reported is kept", None, "Report again."),
}  # fmt: skip
register_constraints(_CONSTRAINTS)
