"""What buyers do, in numbers. Every value and its source stand in `measured.toml`; a scenario may set some anew.

How searchers sort is not here: that is the regime's (`ranking.*_sort_share_bps`), and so is how long a clock runs.
"""

# fmt: off
from __future__ import annotations

from dataclasses import dataclass

from .kinds import number, numbers, share, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """All of them flat. A share is 0..1; a spread is a standard deviation of natural logs."""

    # being there
    sessions_a_day: float = number("sessions", 0.01, 50, "a day of one who is about, mean; of some six looks each")
    weekdays: tuple[float, ...] = numbers("factor", 0, 100, 7, "views, Monday to Sunday; the mean is 1")

    # looking
    item_spread: float = number("log-sd", 0, 4, "of items' popularity")
    category_zipf: float = number("exponent", 0, 4, "views of the n-th category fall as n to minus this")
    same_trade_share: float = share("of a session's next looks that stay in the category of the one before")
    search_share: float = share("of looks for something new: by a search, on the organic positions")
    category_share: float = share("... by the category pages")
    recommendation_share: float = share("... by recommendation")
    community_share: float = share("... by an album, a post, a friend")
    direct_share: float = share("... by an address they knew")
    paid_look_share: float = share("of searches in which the paid places are looked at, too")
    position_decay: float = number("exponent", 0, 4, "the n-th place of a page is looked at as n to minus this")

    # wanting and buying; shares of page views unless they say otherwise
    cart_share: float = share("put into the cart")
    favourite_share: float = share("kept as a favourite")
    buy_share: float = share("bought")
    one_piece_share: float = share("of order lines that are for one piece")
    pieces_most: int = whole("pieces", 1, 1_000, "of the other lines: 2 to so many, fewer more often")
    ad_conversion: float = share("of clicks on a paid place that end in an order")
    price_weight: float = number("log-odds", -10, 10, "of choosing, for a price lower by the factor e")
    sales_weight: float = number("log-odds", -10, 10, "... for pieces sold lately more by the factor e")
    reputation_weight: float = number("log-odds", -10, 10, "... for a grade five levels up (hearts to diamonds)")
    good_rate_weight: float = number("log-odds", -10, 10, "... for a good rate 10 points up")
    dsr_weight: float = number("log-odds", -10, 10, "... for indices a whole star up")
    badge_weight: float = number("log-odds", -10, 10, "... for the protection scheme")
    content_weight: float = number("log-odds", -10, 10, "... for the fullest pictures and description over none")

    # talking: Zhang & Qiu's inquiry
    inquiry_share: float = share("of looked-at items about which the buyer asks the seller")
    haggler_share: float = share("of inquiries that ask for another price or other goods")
    agreed_share: float = share("q: answered inquiries that end in a deal")
    give_up_share: float = share("r: unanswered buyers who buy nothing; the others settle for the nearest product")
    haggle_discount_bps: int = whole("bps", 0, 10_000, "asked off the price, on average")
    patience_hours: float = number("hours", 0, 720, "an inquirer waits so long for an answer")

    # paying, receiving, judging
    unpaid_share: float = share("of orders nobody pays")
    transit_days: float = number("days", 0.1, 60, "a parcel's way, median")
    transit_spread: float = number("log-sd", 0, 2, "of that way")
    confirm_share: float = share("of buyers who confirm themselves; the clock does it for the others")
    confirm_days: float = number("days", 0, 60, "from receiving to confirming, of those who do, mean")
    feedback_share: float = share("of confirming buyers who answer the five questions; silence is five stars")
    feedback_days: float = number("days", 0, 15, "from finishing to answering, mean")
    seller_feedback_share: float = share("of sellers who answer about the buyer")
    comment_share: float = share("of feedbacks with words")
    star_noise: float = number("stars", 0, 3, "sd of what a buyer says about the same delivered goods")
    good_from_stars: float = number("stars", 1, 5, "what was delivered was worth so many: a good verdict at least")
    bad_below_stars: float = number("stars", 1, 5, "... below so many: a bad one; neutral between")
    explain_share: float = share("of bad verdicts a seller explains")
    fear_share: float = share("of unhappy buyers who keep silent where the other could see and answer first")
    retaliate_share: float = share("of parties who saw a bad verdict before answering, and give one back")
    reciprocate_share: float = share("of parties who saw a good verdict before answering, and therefore give one")
    refund_share: float = share("of buyers for whom it was not worth three stars who ask for money back")
    unsent_share: float = share("of buyers to whom nothing was sent in time who ask for their money back in the end")
    unsent_days: float = number("days", 0, 60, "from when it should have been sent to asking, of those who do, mean")
    no_reason_share: float = share("of buyers who send goods back for no reason, where that is promised")
    dispute_share: float = share("of refused refunds that are taken to the platform")
