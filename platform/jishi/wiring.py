"""Who listens to what, what time drives, and what the state hash leaves out: four tables, read top to bottom."""

from __future__ import annotations

from datetime import datetime

from payments.ledger import open_accounts
from payments.rules import PLATFORM_ACCOUNTS
from regime.actions import load
from worlds.clock import Due, Entry

# An event below (left) is told to those above (right), in order, in the same transaction.
SUBSCRIPTIONS: dict[str, tuple[str, ...]] = {
    "regime.changed": ("search.actions.follow_levers", "search.express.recompute.follow_levers"),
    "member.verified": ("search.actions.relearn_owners",),
    "shop.edited": ("search.actions.relearn_shops", "search.express.recompute.follow_shops"),
    "listing.created": ("search.actions.learn",),
    "listing.edited": ("search.actions.learn", "search.express.recompute.follow_listings"),
    "listing.relisted": ("search.actions.learn", "search.express.recompute.follow_listings"),
    "listing.delisted": ("search.actions.forget", "search.express.recompute.follow_listings"),
    "stock.ran_out": ("search.actions.forget", "search.express.recompute.follow_listings"),
    "order.placed": ("traffic.actions.count_placed",),
    "order.paid": ("traffic.actions.count_paid", "search.alliance.actions.commissions.fix"),
    "order.cancelled": ("search.actions.find_again", "search.express.recompute.follow_orders"),
    "order.finished": ("ratings.actions.open_windows", "search.alliance.actions.commissions.settle"),
    "refund.succeeded": (
        "search.actions.find_again",
        "search.express.recompute.follow_orders",
        "search.alliance.actions.commissions.follow_refunds",
    ),
}

# What a market does by itself when a deadline column comes due. Order matters only within one moment.
DEADLINES: tuple[Due, ...] = (
    Due("a deal page lapses", "shops_deal", "expires_at", "shops.actions.deals.lapse", "status = 'issued'"),
    Due(
        "a proposal of the alliance lapses",
        "search_alliance_contract",
        "respond_by",
        "search.alliance.actions.contracts.lapse",
        "status = 'proposed'",
    ),
    Due(
        "a contract of the alliance runs out",
        "search_alliance_contract",
        "ends_at",
        "search.alliance.actions.contracts.run_out",
        "status = 'accepted'",
    ),
    Due(
        "an unpaid order closes", "shops_order", "pay_by", "shops.actions.orders.expire", "status = 'placed'"
    ),
    Due(
        "a paid order is overdue",
        "shops_order",
        "ship_by",
        "shops.actions.shipping.overdue",
        "status IN ('paid', 'shipped_part') AND overdue_at IS NULL",
    ),
    Due(
        "a shipped order counts as received",
        "shops_order",
        "confirm_by",
        "shops.actions.orders.auto_confirm",
        "status = 'shipped' AND open_refunds = 0",
    ),
    Due(
        "a seller's silence agrees",
        "shops_refund",
        "answer_by",
        "shops.actions.refunds.silence",
        "status = 'asked'",
    ),
    Due(
        "goods were not sent back",
        "shops_refund",
        "send_back_by",
        "shops.actions.refunds.lapse",
        "status = 'returning'",
    ),
    Due(
        "a parcel back counts as received",
        "shops_refund",
        "receive_by",
        "shops.actions.refunds.taken_as_received",
        "status = 'returned'",
    ),
    Due(
        "a refusal stands", "shops_refund", "escalate_by", "shops.actions.refunds.idle", "status = 'refused'"
    ),
    Due(
        "evidence is closed",
        "shops_dispute",
        "evidence_by",
        "shops.actions.disputes.close_evidence",
        "status = 'evidence'",
    ),
    Due(
        "the seller's reply is closed",
        "shops_dispute",
        "reply_by",
        "shops.actions.disputes.close_reply",
        "status = 'reply'",
    ),
    Due("nobody ruled", "shops_dispute", "rule_by", "shops.actions.disputes.default", "status = 'ruling'"),
    Due(
        "a feedback window closes",
        "ratings_feedback",
        "closes_at",
        "ratings.actions.close",
        "status = 'open'",
    ),
    Due(
        "sealed feedback is revealed",
        "ratings_feedback",
        "reveal_at",
        "ratings.actions.reveal",
        "status = 'sealed'",
    ),
    Due("the population lives its hours", "simulation_population", "next_tick_at", "simulation.engine.tick"),
)

# What a market does by itself again and again. At one moment deadlines come first, then these, top to bottom.
TIMETABLE: tuple[Entry, ...] = (
    Entry("the day's traffic is closed", "day", "traffic.recompute.close_days"),
    Entry("anonymous clicks are recognised", "day", "search.alliance.actions.commissions.recognise_day"),
    Entry("refunds owed are collected", "day", "shops.actions.settling.collect"),
    Entry("commissions owed are collected", "day", "search.alliance.actions.commissions.collect"),
    Entry("thousands of views are billed", "day", "search.alliance.actions.thousands.bill_thousands"),
    Entry("credit and indices are published", "day", "ratings.recompute.daily.run"),
    Entry("the VIP club counts growth and levels", "day", "community.recompute.run"),
    Entry("what is found is described anew", "day", "search.recompute.run"),
    Entry(
        "what ads spent beyond their budgets is given back", "day", "search.express.actions.clicks.give_back"
    ),
    Entry("the day's report of keyword ads", "day", "search.express.report.close_day"),
    Entry("the day's searches are counted by their words", "day", "search.cubes.recompute.close_day"),
    Entry("the day's sales are shared out to their sources", "day", "search.attribution.recompute.close_day"),
    Entry("the words of keyword ads are judged anew", "day", "search.express.recompute.everything"),
    Entry("listing cycles that ended begin anew", "day", "search.recompute.turn", hour=6),
    Entry("listing cycles that ended begin anew", "day", "search.recompute.turn", hour=12),
    Entry("listing cycles that ended begin anew", "day", "search.recompute.turn", hour=18),
    Entry("villages and towns are recognised", "year", "simulation.villages.recognition.recognise"),
)

# Long work a Celery worker does for a market: kind -> the function that does one slice of it.
JOBS: dict[str, str] = {
    "advance": "worlds.advance.advance",
    "replay": "simulation.replay.replay",
    "simulate": "simulation.found.simulate",
    "trial": "simulation.experiments.trial.trial",
}

# What must hold: book -> functions that give the rows in which it does not (`at=` if they take it).
AUDITS: dict[str, tuple[str, ...]] = {
    "money": ("payments.ledger.drift",),
    "credit": ("ratings.queries.audit.credit",),
    "stock": ("jishi.audits.stock",),
    "seals": ("ratings.queries.audit.seals",),
    "escrow": ("jishi.audits.escrow",),
    "traffic": ("traffic.queries.audit.audit",),
    "search": ("search.recompute.odd",),
    "alliance": ("search.alliance.queries.audit.audit",),
    "ads": (
        "search.express.queries.audit.bills",
        "search.express.recompute.odd",
        "search.express.report.odd",
        "search.cubes.recompute.odd",
        "search.cubes.queries.subscriptions.odd",
    ),
    "attribution": ("search.attribution.queries.audit.audit",),
    "vip": ("community.queries.odd",),
}

# The arithmetic behind a number: what -> the function that tells it, and what it must be given.
EXPLAINS: dict[str, tuple[str, tuple[str, ...]]] = {
    "credit": ("ratings.queries.explain", ("member",)),
    "rank": ("search.queries.explain.explain_rank", ("query", "listing")),
    "balance": ("payments.queries.standing", ("member",)),
    "click": ("search.express.queries.explain.click", ("id",)),
    "impression": ("search.express.queries.explain.impression", ("id",)),
    "attribution": ("search.attribution.queries.report.order", ("id",)),
    "vip": ("community.queries.explain", ("member",)),
    "bill": ("search.bills.queries.shop_bill", ("shop", "day")),
}

# What of it can be drawn as a table for people as well.
TABLES = {
    "click": "search.express.queries.explain.as_table",
    "impression": "search.express.queries.explain.as_table",
}

# (table or *, column or *) -> why it is not part of a market's meaning.
NOT_HASHED: dict[tuple[str, str], str] = {
    ("*", "recorded_at"): "when this machine wrote it, for debugging",
    ("traffic_pageview", "id"): "a sequence: views are written beside each other, in no order",
    ("search_express_auction", "id"): "a sequence: searches stand beside each other, in no order",
    ("search_express_click", "auction_id"): "refers to such a number; the auction's content is hashed",
    ("worlds_idempotencykey", "*"): "answers kept for clients that ask again",
    ("worlds_clock", "uid"): "a cache key, new in every fork",
    ("worlds_clock", "mode"): "how the clock is driven, not what time it is",
    ("worlds_clock", "live_speed"): "how the clock is driven, not what time it is",
    ("worlds_clock", "live_since"): "real time",
    ("worlds_clock", "live_from"): "how the clock is driven, not what time it is",
}


def found(*, regime: str, at: datetime, seed: int) -> None:
    """What a new market needs before its first member: its regime's levers, the platform's accounts."""
    load(regime, at=at)
    open_accounts(PLATFORM_ACCOUNTS)
