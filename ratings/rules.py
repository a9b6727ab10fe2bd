"""Feedback's life, its questions and its words; the ladder of grades; why a verdict may not count.

Tables and pure functions: no ORM, no clock. The numbers are levers (`regime.levers.reputation`); the ladder's
bounds of the thesis stand here once more as the fixture that boundary tests read.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.errors import Conflict, Forbidden, Invalid, register_constraints
from common.transitions import Step, statuses, steps_by_action
from regime.levers.reputation import DELAYED, GOOD_FOR_GOOD, OPEN, SILENCE_IS_GOOD, DispatchStars, Feedback

GOOD, NEUTRAL, BAD = 1, 0, -1
VERDICTS = {"good": GOOD, "neutral": NEUTRAL, "bad": BAD}
VERDICT_WORDS = {number: word for word, number in VERDICTS.items()}
DELETED = "deleted"
BUYER, SELLER = "buyer", "seller"
SIDES = (BUYER, SELLER)
OTHER = {BUYER: SELLER, SELLER: BUYER}  # the rater's side -> the role in which the subject is rated
COMMENT_CHARACTERS = 500
LEVELS = 20

# fmt: off
FEEDBACK_STEPS = (
    #    action       from        to           by         then
    Step("leave",     "open",     "sealed",    "rater",   "the answer lies where nobody else reads"),
    Step("default",   "open",     "sealed",    "time",    "silence: five stars, the regime's verdict"),
    Step("lapse",     "open",     "lapsed",    "time",    "silence: five stars, no verdict"),
    Step("reveal",    "sealed",   "revealed",  "time",    "words become public, points are decided"),
    Step("edit",      "revealed", "revealed",  "rater",   "a neutral or bad becomes good"),
    Step("withdraw",  "revealed", "withdrawn", "rater",   "it is deleted; its stars stay in the indices"),
    Step("explain",   "revealed", "revealed",  "subject", "the subject's answer stands beside it"),
    Step("follow_up", "revealed", "revealed",  "rater",   "more words, no score"),
    Step("complain",  "revealed", "revealed",  "subject", "the platform looks whether it was malicious"),
)

# Five questions to each side, in the order in which their stars are stored. The first three of the buyer's
# are the shop's public indices [Li 5.2]; the thesis does not word the other two nor the seller's five: ours.
QUESTIONS = {
    BUYER: {
        "description":  ("Was the thing as described?",             "宝贝与描述相符"),
        "service":      ("Was the seller kind and helpful?",        "卖家的服务态度"),
        "delivery":     ("Was it sent quickly?",                    "卖家的发货速度"),
        "packaging":    ("Did the packaging protect it?",           "包装完好"),
        "value":        ("Was it worth its price?",                 "物有所值"),
    },
    SELLER: {
        "payment":      ("Did the buyer pay promptly?",             "付款及时"),
        "communication": ("Was the buyer clear about what they wanted?", "沟通顺畅"),
        "courtesy":     ("Was the buyer polite?",                   "态度友好"),
        "fairness":     ("Were the buyer's claims fair?",           "维权合理"),
        "confirmation": ("Did the buyer confirm receipt promptly?", "确认收货及时"),
    },
}

@dataclass(frozen=True)
class Reason:
    """Why a verdict counts or does not: the number kept in its row, the code shown, the words."""

    number: int
    code: str
    words: str

REASONS = (
    Reason(0, "counted",        "counts"),
    Reason(1, "no_verdict",     "silence that the regime gives no verdict for"),
    Reason(2, "withdrawn",      "deleted by its author"),
    Reason(3, "fake_trade",     "the trade was ruled fake"),
    Reason(4, "malicious",      "ruled malicious after a complaint"),
    Reason(5, "no_escrow",      "not paid through escrow"),
    Reason(6, "account_sealed", "one of the two accounts is sealed"),
    Reason(7, "tiny_order",     "the order was too small"),
    Reason(8, "same_item",      "the same pair traded the same thing shortly before"),
    Reason(9, "pair_month",     "the pair's trades of that month came to their limit"),
)
# fmt: on

FEEDBACK_STEP = steps_by_action(FEEDBACK_STEPS)
FEEDBACK_STATUSES = statuses(FEEDBACK_STEPS)
CODE = {reason.number: reason.code for reason in REASONS}
NUMBER = {reason.code: reason.number for reason in REASONS}
WORDS = {reason.code: reason.words for reason in REASONS}

# Li 2014, Appendix C: the least points of each level, five hearts, diamonds, crowns and golden crowns.
LADDER = (
    4, 11, 41, 91, 151,
    251, 501, 1_001, 2_001, 5_001,
    10_001, 20_001, 50_001, 100_001, 200_001,
    500_001, 1_000_001, 2_000_001, 5_000_001, 10_000_001,
)  # fmt: skip
CLASSES = ("heart", "diamond", "crown", "golden_crown")


@dataclass(frozen=True)
class Grade:
    """A badge: level 1 to 20, its class (`heart` … `golden_crown`) and the step within it, 1 to 5."""

    level: int
    badge: str
    step: int


def level(points: int, ladder: Sequence[int] = LADDER) -> int:
    """Level 0 (below the first heart) to 20 for `points`; lower bounds are inclusive."""
    return bisect_right(ladder, points)


def grade(points: int, ladder: Sequence[int] = LADDER) -> Grade | None:
    """Badge for `points` (good minus bad verdicts, a count; may be < 0); None below the first heart.

    Lower bounds are inclusive. Source: Li 2014, Appendix C.
    """
    reached = level(points, ladder)
    return Grade(reached, CLASSES[(reached - 1) // 5], (reached - 1) % 5 + 1) if reached else None


def to_next(points: int, ladder: Sequence[int] = LADDER) -> int | None:
    """Points still missing to the next level; None at the top."""
    reached = level(points, ladder)
    return ladder[reached] - points if reached < len(ladder) else None


def dispatch_stars(waited: timedelta | None, table: Sequence[DispatchStars]) -> int | None:
    """What the time from payment to dispatch is worth, in hundredths of a star; None when nothing was
    recorded.

    The first row of the regime's table that fits, its bound inclusive; slower than all of them is one star.
    """
    if waited is None:
        return None
    fits = (row.stars_hundredths for row in table if waited <= timedelta(hours=row.hours))
    return next(fits, 100)


def default_verdict(levers: Feedback, other: int | None) -> int | None:
    """The verdict of who said nothing until the window closed; `other` is what the other side gave (None:
    silent)."""
    if levers.default_verdict == SILENCE_IS_GOOD:
        return GOOD
    if levers.default_verdict == GOOD_FOR_GOOD and other == GOOD:
        return GOOD
    return None


def reveal_moment(
    levers: Feedback, verdict: int, other: int | None, *, opened_at: datetime, at: datetime
) -> datetime | None:
    """When an answer left at `at` is shown; None: when the other side answers or the window closes.

    `other` is the other side's verdict, None while it has not answered. Source: Li 2014, 5.2 (sealed); rule
    text of 2008-10-18 (delayed).
    """
    if levers.reveal == OPEN:
        return at
    unkind = verdict != GOOD or (other is not None and other != GOOD)
    if levers.reveal == DELAYED and other is None:
        pause = timedelta(hours=levers.reveal_one_sided_unkind_hours) if unkind else timedelta()
        return max(at, opened_at + timedelta(days=levers.reveal_one_sided_days) + pause)
    if levers.reveal == DELAYED:
        soon, later = (
            timedelta(minutes=levers.reveal_both_good_minutes),
            timedelta(hours=levers.reveal_any_unkind_hours),
        )
        return at + (later if unkind else soon)
    return None if other is None else at


register_constraints(
    {
        "one_feedback_per_line_and_side": (Conflict, "this side has been asked already", "line", None),
        "verdict_is_bad_neutral_or_good": (Invalid, "a verdict is good, neutral or bad", "verdict", None),
        "nothing_is_shown_before_it_is_revealed": (
            Conflict,
            "what is sealed has no public words",
            "status",
            None,
        ),
        "nobody_rates_themselves": (Conflict, "nobody rates themselves", "subject", None),
        "a_seller_is_never_anonymous": (
            Invalid,
            "only a buyer may stay anonymous",
            "anonymous",
            "Leave it out.",
        ),
        "five_answers_of_one_to_five_stars": (Invalid, "five answers of one to five stars", "stars", None),
        "one_complaint_per_feedback": (
            Conflict,
            "this feedback was complained of already",
            "id",
            "Read its ruling.",
        ),
        "one_remark_of_a_kind_and_number": (Conflict, "that has been said already", "id", None),
        "ratings_answer_is_append_only": (Forbidden, "answers are never changed", "id", None),
    }
)
