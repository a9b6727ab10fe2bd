"""How spaces are let: what stands on them, how they are sold, and the life of a contract. Tables and pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.errors import Conflict, Invalid, Refusal, register_constraints
from common.transitions import Step, statuses, steps_by_action
from search.verdicts import Verdict

SHOP, OWNER = "shop", "owner"
OTHER_SIDE = {SHOP: OWNER, OWNER: SHOP}
SPACE_KINDS = ("blog", "forum", "portal", "guide", "search", "other")
SPACE_STATUSES = ("open", "closed")

# fmt: off
SPACE_STEPS = (
    #    action    from      to        by       then
    Step("close",  "open",   "closed", "owner", "its links still lead to the shop, and earn no more"),
    Step("reopen", "closed", "open",   "owner"),
)
CONTRACT_STEPS = (
    #    action      from        to           by                then
    Step("counter",  "proposed", "proposed",  "the other side", "with terms of its own; the turn passes"),
    Step("accept",   "proposed", "accepted",  "the other side", "it is sold from starts_at, by the terms last said"),
    Step("decline",  "proposed", "declined",  "the other side"),
    Step("withdraw", "proposed", "withdrawn", "who spoke last"),
    Step("lapse",    "proposed", "lapsed",    "time",           "at respond_by, to the second"),
    Step("end",      "accepted", "ended",     "shop or owner",  "at once; what was sold until then is billed"),
    Step("run_out",  "accepted", "ended",     "time",           "at ends_at, to the second"),
)
COMMISSION_STEPS = (
    #    action    from                to         by      then
    Step("settle", ("waiting", "owed"), "settled", "trade", "the trade succeeded: the seller pays the space's owner"),
    Step("owe",    "waiting",          "owed",    "trade", "it succeeded, the seller had not enough: tried every day"),
    Step("undo",   ("waiting", "owed"), "undone",  "trade", "nothing of what it is a share of was left"),
)


@dataclass(frozen=True)
class Sale:
    """A way to sell a space: `unit` is what `price_fen` is for, None where it is a share (`rate_bps`)."""

    name: str
    unit: int | None
    words: str


SALES = (
    #    name              unit   words
    Sale("click",          1,     "a price for each valid click"),
    Sale("thousand_views", 1_000, "a price for each whole thousand of views, billed at the day's end"),
    Sale("commission",     None,  "a share of what the visitors it brought pay in that shop"),
)
# What became of a click or a view.
VERDICTS = (
    #       name           page view from  words
    Verdict("valid",       "alliance", "it counts"),
    Verdict("own",         "direct",   "by the owner of the space or of the shop: nobody pays for their own looking"),
    Verdict("repeat",      "repeat",   "by the same visitor or member, on the same ad, within the regime's hours"),
    Verdict("ended",       "direct",   "the space, the placement, the contract or the offer was not open"),
    Verdict("over_budget", "direct",   "the contract's budget does not reach"),
    Verdict("unfunded",    "direct",   "the seller's balance does not reach"),
)
# What moved money, and which way: a seller pays, or is paid back.
CHARGES = {
    "click": 1, "thousands": 1, "commission": 1, "return": -1,
}
# fmt: on

SPACE_STEP = steps_by_action(SPACE_STEPS)
CONTRACT_STEP = steps_by_action(CONTRACT_STEPS)
CONTRACT_STATUSES = statuses(CONTRACT_STEPS)
COMMISSION_STEP = steps_by_action(COMMISSION_STEPS)
COMMISSION_STATUSES = statuses(COMMISSION_STEPS)
VERDICT = {verdict.name: verdict for verdict in VERDICTS}
SALE = {sale.name: sale for sale in SALES}
SOLD_BY = tuple(SALE)
NAME_MOST, ADDRESS_MOST, TEXT_MOST = 60, 200, 1_000  # characters
PRICE_MOST_FEN = 1_000_000  # of a click or a thousand views
BUDGET_MOST_FEN = 10**12
STANDS_DAYS_MOST = 90  # a proposal waits no longer for an answer
RUNS_DAYS_MOST = 3_660  # a contract ends within ten years


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed on. `price_fen` of a click or of a thousand views, or `rate_bps` of a sale. `budget_fen`: the
    most the shop pays by it, the platform's fee included. `starts_at` None: when it is accepted."""

    sold_by: str
    price_fen: int | None = None
    rate_bps: int | None = None
    budget_fen: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def terms_fault(
    terms: Terms, *, at: datetime, sold_by: tuple[str, ...], least: int, most: int
) -> Refusal | None:
    """What is wrong with terms said at `at`; `sold_by`, `least`, `most` (bps) are the regime's."""
    if terms.sold_by not in SALE or terms.sold_by not in sold_by:
        return _invalid(
            "spaces are not sold that way here", "sold_by", "a_space_is_sold_as_the_regime_says",
            f"Choose one of {', '.join(sold_by)}.",
        )  # fmt: skip
    if SALE[terms.sold_by].unit is None:
        return _share_fault(terms, least, most) or _dates_fault(terms, at)
    if terms.rate_bps is not None:
        return _invalid(
            "a click or a view has a price and no rate", "rate_bps", "terms_fit_the_sale", "Send price_fen."
        )
    if terms.price_fen is None or not 1 <= terms.price_fen <= PRICE_MOST_FEN:
        return _invalid(
            f"a price is 1 to {PRICE_MOST_FEN} fen", "price_fen", "a_price_is_1_fen_or_more", "Send a price."
        )
    if terms.budget_fen is not None and not terms.price_fen <= terms.budget_fen <= BUDGET_MOST_FEN:
        return _invalid(
            "a budget reaches for one click, or one thousand views, at least", "budget_fen",
            "a_budget_buys_something", "Send more, or none.",
        )  # fmt: skip
    return _dates_fault(terms, at)


def _share_fault(terms: Terms, least: int, most: int) -> Refusal | None:
    if terms.price_fen is not None or terms.budget_fen is not None:
        return _invalid(
            "a commission is a share of each sale: it has a rate, no price and no budget", "rate_bps",
            "terms_fit_the_sale", "Send rate_bps alone.",
        )  # fmt: skip
    return rate_fault(terms.rate_bps, least, most)


def rate_fault(rate_bps: int | None, least: int, most: int) -> Refusal | None:
    """Is a commission within the levers (bps)?"""
    if rate_bps is None or not least <= rate_bps <= most:
        return _invalid(
            f"a commission is {least} to {most} basis points", "rate_bps", "a_commission_is_within_the_levers",
            "Choose a rate between.",
        )  # fmt: skip
    return None


def _dates_fault(terms: Terms, at: datetime) -> Refusal | None:
    if terms.starts_at is not None and terms.starts_at < at:
        return _invalid(
            "a contract does not start in the past",
            "starts_at",
            "a_contract_starts_ahead",
            "Leave it out for now.",
        )
    begins = terms.starts_at or at
    if terms.ends_at is not None and not begins < terms.ends_at <= begins + timedelta(days=RUNS_DAYS_MOST):
        return _invalid(
            "a contract ends after it starts, within ten years", "ends_at", "a_contract_ends_after_it_starts",
            "Choose a later moment, or none.",
        )  # fmt: skip
    return None


def text_fault(value: str, most: int, field: str, *, least: int = 0) -> Refusal | None:
    if not least <= len(value.strip()) <= len(value) <= most or any(
        ord(c) < 32 and c not in "\n\t" for c in value
    ):
        return _invalid(
            f"{field} has {least} to {most} printable characters",
            field,
            f"{field}_is_of_its_length",
            "Shorten it.",
        )
    return None


def _invalid(words: str, field: str, rule: str, way_out: str) -> Invalid:
    return Invalid(words, field=field, rule=rule, way_out=way_out)


def bought(click: int) -> int:
    """What a click's page view carries as `charge_id`: below nought, so that it is never a keyword click's number.

    `~click` is -1 - click: the first is -2, for -1 stands for "no charge" in columns of views.
    """
    return ~click


_CONSTRAINTS: Mapping[str, tuple[type[Refusal], str, str | None, str | None]] = {
    "an_owner_names_a_space_once": (
        Conflict, "you have a space of that name", "name", "Choose another name, or use that space."),
    "a_space_names_a_placement_once": (
        Conflict, "the space has a placement of that name", "name", "Choose another name."),
    "search_alliance_offer_is_append_only": (
        Conflict, "what was offered stays as it was offered", None, "Offer anew: the last offer stands."),
    "search_alliance_view_is_append_only": (Conflict, "a view is kept as it was counted", None, None),
    "search_alliance_charge_is_append_only": (
        Conflict, "a charge is kept as it was made", None, "A refund makes one of its own."),
    "no_more_is_spent_than_the_budget": (Conflict, "the contract's budget does not reach", "budget_fen", None),
}  # fmt: skip
register_constraints(_CONSTRAINTS)
