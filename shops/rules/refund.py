"""A refund's life and a dispute's, as tables. One request a line; a dispute follows a refusal.

Taobao's names are those of its open API (`refund.status`); a refund in dispute shows as refused there, with
a `cs_status` that says how far the platform got, and one that a seller owes as waiting for the seller.
"""

from __future__ import annotations

from dataclasses import dataclass

from common.transitions import Step, statuses, steps_by_action


@dataclass(frozen=True)
class Phase:
    """When a line's money is asked back: while the order is in one of `orders`; who `pays`, and `until` when."""

    name: str
    orders: tuple[str, ...]
    pays: str
    until: str


# fmt: off
PHASE_TABLE = (
    #     phase        while the order is           pays                      may be asked until
    Phase("unshipped", ("paid", "shipped_part"),    "escrow",                 "the line is sent"),
    Phase("shipped",   ("shipped_part", "shipped"), "escrow",                 "the trade succeeds"),
    Phase("finished",  ("finished",),               "seller, then deposit",   "`trade.after_sale_days` after success; without a reason, `refund.no_reason_hours` after signing"),
)

REFUND_STEPS = (
    #    action           from                                    to           by                  then
    Step("change",        ("asked", "refused"),                   "asked",     "buyer",            "the seller's clock starts anew"),
    Step("agree",         ("asked", "refused", "disputed"),       "succeeded", "seller or time",   "money goes back; nothing is returned"),
    Step("agree_return",  ("asked", "refused", "disputed"),       "returning", "seller or time",   "the buyer sends the goods back"),
    Step("refuse",        ("asked", "returned"),                  "refused",   "seller",           "the buyer may change, escalate or let it be"),
    Step("send_back",     "returning",                            "returned",  "buyer",            "the seller waits for the parcel"),
    Step("receive",       "returned",                             "succeeded", "seller or time",   "money goes back"),
    Step("owe",           ("asked", "returned", "disputed"),      "owed",      "time or platform", "after the trade's success: the seller's money does not reach"),
    Step("collect",       "owed",                                 "succeeded", "time",             "asked for every day: money goes back once it reaches"),
    Step("withdraw",      ("asked", "refused", "returning", "disputed"), "closed", "buyer",        "the confirm clock goes on"),
    Step("ship_instead",  ("asked", "refused"),                   "closed",    "seller",           "shipping answers a request made before it"),
    Step("lapse",         "returning",                            "closed",    "time",             "nothing was sent back"),
    Step("idle",          "refused",                              "closed",    "time",             "the buyer let the refusal stand"),
    Step("escalate",      "refused",                              "disputed",  "buyer",            "escrow is frozen; evidence is heard"),
    Step("award",         "disputed",                             "succeeded", "platform or time", "the ruling's share goes back"),
    Step("award_return",  "disputed",                             "returning", "platform",         "the ruling's share goes back against the goods"),
    Step("dismiss",       "disputed",                             "closed",    "platform or time", "the seller was right"),
)

DISPUTE_STEPS = (
    #    action            from                               to           by          then
    Step("close_evidence", "evidence",                        "reply",     "time",     "the seller has the last word"),
    Step("reply",          "reply",                           "ruling",    "seller",   "the platform's working days begin"),
    Step("close_reply",    "reply",                           "ruling",    "time",     "the seller said nothing"),
    Step("rule",           "ruling",                          "ruled",     "platform", "the refund follows the ruling"),
    Step("default",        "ruling",                          "ruled",     "time",     "for the buyer if the seller was silent throughout, else for the seller"),
    Step("concede",        ("evidence", "reply", "ruling"),   "conceded",  "seller",   "the refund is agreed to"),
    Step("drop",           ("evidence", "reply", "ruling"),   "dropped",   "buyer",    "the refund is withdrawn"),
)

TAOBAO_REFUND_STATUS = {
    "asked":     "WAIT_SELLER_AGREE",
    "returning": "WAIT_BUYER_RETURN_GOODS",
    "returned":  "WAIT_SELLER_CONFIRM_GOODS",
    "refused":   "SELLER_REFUSE_BUYER",
    "disputed":  "SELLER_REFUSE_BUYER",
    "owed":      "WAIT_SELLER_AGREE",
    "closed":    "CLOSED",
    "succeeded": "SUCCESS",
}

# why the money is asked back -> (needs goods sent, who pays the postage of a return; None: the regime says)
REASONS = {
    "not_wanted":       (False, "buyer"),     # before shipping, or by the seller's grace
    "no_reason":        (True,  "buyer"),     # the seven-day promise
    "not_as_described": (True,  "fault"),
    "faulty":           (True,  "fault"),
    "counterfeit":      (True,  "fault"),
    "not_received":     (False, "buyer"),
    "late":             (False, "buyer"),
    "agreed":           (False, "buyer"),
}
# fmt: on

REFUND_STEP = steps_by_action(REFUND_STEPS)
REFUND_STATUSES = statuses(REFUND_STEPS)
DISPUTE_STEP = steps_by_action(DISPUTE_STEPS)
DISPUTE_STATUSES = statuses(DISPUTE_STEPS)
REFUND_OPEN = ("asked", "returning", "returned", "refused", "disputed", "owed")
DISPUTE_OPEN = ("evidence", "reply", "ruling")
REFUND_KINDS = ("refund_only", "return")
PHASES = tuple(phase.name for phase in PHASE_TABLE)
SENT = ("shipped", "finished")  # phases in which goods can come back
AFTER_SALE = "finished"
ASKABLE = tuple(dict.fromkeys(order for phase in PHASE_TABLE for order in phase.orders))
SETTLERS = ("buyer", "seller", "time", "platform")
RETURN_DELIVERIES = ("express", "mail")
TEXT_MOST = 1000
RETURN_POSTAGE_MOST_FEN = (
    3000  # what a buyer may say a parcel back cost: ours, so that silence empties no account
)


def most_fen(*, paid_fen: int, postage_fen: int, refunded_fen: int, reason: str) -> int:
    """The most a buyer may ask back of a line, in fen.

    Who returns without a reason gets the goods' price: the postage of the way out was used up.
    """
    whole = paid_fen if reason == "no_reason" else paid_fen + postage_fen
    return max(whole - refunded_fen, 0)


def phase_of(order: str, *, shipped: bool) -> str:
    """In which phase a line's money is asked back while its order is in that state."""
    if order == "finished":
        return AFTER_SALE
    return "shipped" if shipped else "unshipped"


def shared(fen: int, *, own_fen: int, deposit_fen: int) -> tuple[int, int] | None:
    """What a seller's own account and the shop's deposit give of `fen`; None if both together do not reach."""
    own = min(fen, own_fen)
    return (own, fen - own) if fen - own <= deposit_fen else None


def return_postage_by(reason: str, *, fault_paid_by: str, no_reason_pays: str) -> str:
    """Who pays the parcel back: `buyer` or `seller`; the two words are the regime's levers."""
    if REASONS[reason][1] == "fault":
        return fault_paid_by
    if reason == "no_reason" and no_reason_pays == "nothing":
        return "seller"
    return "buyer"


def default_award(*, asked_fen: int, seller_spoke: bool) -> int:
    """What the buyer gets (fen) when the platform's working days pass without a ruling.

    Everything asked for if the seller neither replied nor brought evidence, nothing otherwise: who answered is
    not worse off than who kept still. The published rules have no such default; this one is ours.
    """
    return 0 if seller_spoke else asked_fen
