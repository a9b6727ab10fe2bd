"""Feedback, the credit grade it makes, and the three shop indices."""

# fmt: off
from dataclasses import dataclass

from .kinds import flag, table, whole, wholes, word, words

SEALED, DELAYED, OPEN = "sealed", "delayed", "open"
SILENCE_IS_GOOD, GOOD_FOR_GOOD, NO_DEFAULT = "silence_is_good", "good_for_good", "none"


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the two sides of a trade say about each other, and when each may hear it.

    `reveal`: "sealed" shows both when both have answered or the window closes; "delayed" waits by what was
    said (the `reveal_*` spans below); "open" shows each at once.
    `default_verdict`: "silence_is_good" for any silent party; "good_for_good" gives a good only to a party
    who gave good and got no answer, never after neutral or bad; "none" gives nothing.
    """

    window_days: int = whole("days", 1, 365, "both sides may answer this long after the trade succeeds")
    question_count: int = whole("questions", 5, 5, "questions asked of each side; fixed: five columns")
    stars_least: int = whole("stars", 1, 1, "the fewest stars an answer may give; fixed")
    stars_most: int = whole("stars", 5, 5, "the most stars an answer may give; fixed")
    silent_stars: int = whole("stars", 1, 5, "what each unanswered question becomes at the close")
    default_verdict: str = word(SILENCE_IS_GOOD, GOOD_FOR_GOOD, NO_DEFAULT,
                                means="the verdict written for a silent party when the window closes")
    reveal: str = word(SEALED, DELAYED, OPEN, means="when each side's word is shown to the other")
    reveal_both_good_minutes: int = whole("minutes", 0, 43_200, "delayed: after both answered, both good")
    reveal_any_unkind_hours: int = whole("hours", 0, 720, "delayed: after both, any neutral or bad")
    reveal_one_sided_days: int = whole("days", 0, 365, "delayed: after success, one side alone, good")
    reveal_one_sided_unkind_hours: int = whole(
        "hours", 0, 720, "delayed: added to the one-sided days when it was neutral or bad")
    edit_window_days: int = whole("days", 0, 365, "a verdict may be changed this long after it was given")
    edit_limit_count: int = whole("times", 0, 10, "how often one verdict may be changed")
    edit_from: tuple[str, ...] = words("good", "neutral", "bad", means="verdicts that may be changed")
    edit_to: tuple[str, ...] = words("good", "neutral", "bad", "deleted", means="what they may be changed to")
    explanation_window_days: int = whole("days", 0, 365, "the subject may explain this long after")
    explanation_limit_count: int = whole("times", 0, 10, "explanations allowed to one feedback")
    explanation_characters: int = whole("characters", 1, 2_000, "the longest explanation")
    follow_up_window_days: int = whole("days", 0, 730, "the rater may add words this long after success")
    follow_up_limit_count: int = whole("times", 0, 10, "follow-ups allowed to one feedback")
    follow_up_characters: int = whole("characters", 1, 2_000, "the longest follow-up")
    follow_up_visible_at_once: bool = flag("a follow-up is shown without waiting for the reveal")
    complaint_window_days: int = whole("days", 0, 365, "malicious feedback may be reported for this")
    complaint_needs_mutual: bool = flag("only a party who gave feedback too may report")


@dataclass(frozen=True, slots=True)
class Credit:
    """Points out of verdicts, and the ladder they climb. Level 0 is below the first bound; 20 levels."""

    good_points: int = whole("points", -10, 10, "what a good verdict is worth")
    neutral_points: int = whole("points", -10, 10, "what a neutral verdict is worth")
    bad_points: int = whole("points", -10, 10, "what a bad verdict is worth")
    pair_month_least_points: int = whole(
        "points", -1_000, 0, "the most a pair's trades of one calendar month can take away")
    pair_month_most_points: int = whole(
        "points", 0, 1_000, "the most a pair's trades of one calendar month can add")
    same_item_days: int = whole("days", 0, 365, "a pair's trades in one item this close are one")
    same_item_least_points: int = whole("points", -100, 0, "what many bads within those days come to")
    same_item_most_points: int = whole("points", 0, 100, "what many goods within those days come to")
    tiny_order_fen: int = whole("fen", 0, 1_000_000, "an order at or under this counts for nothing")
    good_rate_months: int = whole("months", 1, 120, "the good rate looks back this far")
    good_rate_counts_neutral: bool = flag("neutral verdicts stand in the good rate's denominator")
    needs_escrow: bool = flag("only trades paid through escrow count")
    needs_open_account: bool = flag("only verdicts from and about open accounts count")
    fake_points_removed: bool = flag("points from trades ruled fake are taken back")
    ladder_points: tuple[int, ...] = wholes(
        "points", 1, 2_000_000_000, (20, 20), "lowest points: 5 hearts, diamonds, crowns, golden crowns")


@dataclass(frozen=True, slots=True)
class DispatchStars:
    """A shipment sent within `hours` of payment earns `stars_hundredths` (500 is five stars)."""

    hours: int = whole("hours", 1, 100_000, "sent within this many hours of payment")
    stars_hundredths: int = whole("hundredths of a star", 100, 500, "what the record is worth as an answer")


@dataclass(frozen=True, slots=True)
class Dsr:
    """Description, service and delivery speed: three public means on a scale of one to five stars."""

    window_months: int = whole("months", 1, 60, "answers this old still count")
    pair_month_first_count: int = whole("answers", 1, 1_000, "a pair's answers counted in a month")
    publish_after_count: int = whole("answers", 1, 1_000, "new answers needed before an index is shown anew")
    operation_weight_bps: int = whole("bps", 0, 10_000, "share of delivery speed from dispatch records")
    dispatch_stars: tuple[DispatchStars, ...] = table(
        DispatchStars, (1, 10), "what a dispatch time is worth, first row that fits; slower is one star")
