"""The chart of accounts, and what may be posted from where to where: two tables, read aloud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from common.errors import Conflict, Invalid, Unaffordable, register_constraints
from common.money import MAX_FEN
from common.transitions import Step, statuses, steps_by_action


@dataclass(frozen=True)
class AccountKind:
    """`kind` is what stands before a code's first colon; `codes` a pattern of codes; `may_owe`: it may give
    more than it received."""

    kind: str
    codes: str
    may_owe: bool
    what: str


@dataclass(frozen=True)
class PostingKind:
    """`kind` moves money from `debit` (gives) to `credit` (receives): kinds of account, or one account."""

    kind: str
    debit: str
    credit: str
    why: str


# fmt: off
CHART = (
    #           kind        codes                 may owe  what it is
    AccountKind("outside",  "outside:bank",         True,  "the banks outside: all money came from there"),
    AccountKind("member",   "member:[1-9][0-9]*",   False, "what a member can spend or withdraw"),
    AccountKind("escrow",   "escrow:.+",            False, "a buyer's money until its trade is settled"),
    AccountKind("deposit",  "deposit:[1-9][0-9]*",  False, "a seller's protection deposit, frozen"),
    AccountKind("ads",      "ads:[1-9][0-9]*",      False, "what a member has paid in for keyword ads"),
    AccountKind("alliance", "alliance:[1-9][0-9]*", True,  "what a space owner earned; a refund may take more"),
    AccountKind("platform", "platform:[a-z_]+",     False, "what the platform earned, or set aside"),
)

BANK, FEES, RELIEF = "outside:bank", "platform:fees", "platform:compensation"

POSTINGS = (
    #           kind                     gives      receives   because
    PostingKind("topup",                 BANK,      "member",  "a member brings money in"),
    PostingKind("withdrawal",            "member",  BANK,      "a member takes money out to a verified bank"),
    PostingKind("escrow_hold",           "member",  "escrow",  "a buyer pays; nobody has the money yet"),
    PostingKind("escrow_release",        "escrow",  "member",  "the buyer has the goods, the seller is paid"),
    PostingKind("escrow_refund",         "escrow",  "member",  "the trade, or part of it, is undone"),
    PostingKind("commission",            "escrow",  FEES,      "the platform's share, if it takes one"),
    PostingKind("commission_return",     FEES,      "member",  "that share given back, the trade undone"),
    PostingKind("after_sale_refund",     "member",  "member",  "a seller pays back what escrow had released"),
    PostingKind("deposit_freeze",        "member",  "deposit", "a seller joins the protection scheme"),
    PostingKind("deposit_unfreeze",      "deposit", "member",  "a seller leaves it, all claims settled"),
    PostingKind("deposit_compensation",  "deposit", "member",  "a buyer is compensated, from the deposit"),
    PostingKind("seller_compensation",   "member",  "member",  "a seller pays for a broken promise"),
    PostingKind("platform_funding",      BANK,      RELIEF,    "the platform sets money aside"),
    PostingKind("platform_compensation", RELIEF,    "member",  "the platform makes a member whole"),
    PostingKind("ads_topup",             "member",  "ads",     "a seller pays in for keyword ads"),
    PostingKind("ads_withdrawal",        "ads",     "member",  "and takes out what was not spent"),
    PostingKind("ad_click",              "ads",     FEES,      "a click on a paid position was valid"),
    PostingKind("ad_click_return",       FEES,      "ads",     "clicks beyond the day's budget"),
    PostingKind("subscription",          "member",  FEES,      "a member may read the keyword market for a while"),
    PostingKind("alliance_earning",      "member",  "alliance", "a seller pays a space owner for what it brought"),
    PostingKind("alliance_clawback",     "alliance", "member", "the trade that earned it was refunded"),
    PostingKind("alliance_payout",       "alliance", "member", "a space owner takes out what was earned"),
    PostingKind("alliance_seller_fee",   "member",  FEES,      "the platform's share, on the seller's side"),
    PostingKind("alliance_owner_fee",    "alliance", FEES,     "the platform's share, on the owner's side"),
    PostingKind("alliance_seller_fee_return", FEES, "member",  "that share given back, the trade undone"),
    PostingKind("alliance_owner_fee_return",  FEES, "alliance", "that share given back, the trade undone"),
    PostingKind("fee",                   "member",  FEES,      "a service of the platform is paid for"),
    PostingKind("fee_return",            FEES,      "member",  "such a payment is given back"),
)

ESCROW_STEPS = (
    #    action      from                target     by          then
    Step("freeze",   "held",             "frozen",  "platform", "a dispute is open: the money waits"),
    Step("unfreeze", "frozen",           "held",    "platform", "the dispute is closed"),
    Step("release",  "held",             "settled", "buyer",    "all that is left goes to the payee"),
    Step("refund",   ("held", "frozen"), "settled", "platform", "back to the payer; settled if none is left"),
)
# fmt: on

POSTING_BY_KIND = {row.kind: row for row in POSTINGS}
ESCROW_STEP = steps_by_action(ESCROW_STEPS)
ESCROW_STATUSES = statuses(ESCROW_STEPS)
PLATFORM_ACCOUNTS = (BANK, FEES, RELIEF)
CODE = "^(" + "|".join(row.codes for row in CHART) + ")$"
MAX_KEY = 120
MAX_REFERENCE = 60


@dataclass(frozen=True, slots=True)
class Posting:
    """`amount_fen` (> 0) from `debit` (gives) to `credit` (receives), both account codes.

    `reference` says what it is about. `key` makes it idempotent: posted again with the same content it is
    the same transfer; an empty key asks for no such thing.
    """

    debit: str
    credit: str
    amount_fen: int
    kind: str
    reference: str
    key: str = ""


def is_of(code: str, allowed: str) -> bool:
    """Is the account `code` one of `allowed` (a kind, or one account's code)?"""
    return code == allowed if ":" in allowed else code.partition(":")[0] == allowed


def check(postings: Sequence[Posting]) -> None:
    """Raise `Invalid`, naming the rows: an unknown kind, between the wrong accounts, of no amount."""
    faults = [(row, fault) for row, posting in enumerate(postings) if (fault := _fault(posting))]
    if faults:
        words, field, rule = faults[0][1]
        guilty = [row for row, _ in faults]
        raise Invalid(words, field=field, rule=rule, rows=guilty, way_out="payments/rules.py has the tables.")


AS_TABLED = "posting_moves_as_the_table_says"


def _fault(posting: Posting) -> tuple[str, str, str] | None:
    """(words, field, rule) of what is wrong with one posting, or None."""
    rule = POSTING_BY_KIND.get(posting.kind)
    if rule is None:
        return f"there is no posting of kind {posting.kind[:40]!r}", "kind", "posting_kind_is_known"
    if not is_of(posting.debit, rule.debit):
        return f"{rule.kind} is paid by {rule.debit}, not by {posting.debit[:40]}", "debit", AS_TABLED
    if not is_of(posting.credit, rule.credit):
        return f"{rule.kind} goes to {rule.credit}, not to {posting.credit[:40]}", "credit", AS_TABLED
    if posting.debit == posting.credit:
        return "an account cannot pay itself", "credit", "a_transfer_has_two_accounts"
    if type(posting.amount_fen) is not int or not 0 < posting.amount_fen <= MAX_FEN:
        return f"an amount is 1 to {MAX_FEN} fen", "amount_fen", "amount_is_positive"
    if len(posting.key) > MAX_KEY:
        return f"a key has at most {MAX_KEY} characters", "key", "key_is_short"
    return None


# fmt: off
register_constraints({
    # constraint: (refusal, what is wrong, which field, the way out)
    "nobody_spends_what_they_lack": (
        Unaffordable, "there is not enough money in the account", "amount_fen", "Top it up, or pay less."),
    "amount_is_positive": (
        Invalid, "an amount is at least one fen", "amount_fen", "Send a positive whole number of fen."),
    "a_transfer_has_two_accounts": (
        Invalid, "an account cannot pay itself", "credit", "Name another account."),
    "account_code_is_in_the_chart": (
        Invalid, "there is no such kind of account", "code", "payments/rules.py has the chart."),
    "one_transfer_per_key": (
        Conflict, "this key was used for another transfer", "key", "Use a new key."),
    "one_account_per_code": (
        Conflict, "that account was opened at the same moment", None, "Send it again."),
    "one_escrow_per_reference": (
        Conflict, "there is an escrow with this reference", "reference", "Read it; it is not paid twice."),
    "escrow_gives_no_more_than_it_holds": (
        Unaffordable, "the escrow does not hold that much", "amount_fen", "Ask for what is left in it."),
    "payments_transfer_is_append_only": (
        Conflict, "a transfer is never changed or removed", None, "Post another that moves the money back."),
    "payments_account_is_append_only": (
        Conflict, "an account's totals only grow; it is never renamed or removed", None, "Post a transfer."),
})
# fmt: on
