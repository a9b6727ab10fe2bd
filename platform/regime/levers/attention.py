"""How eyeballs are given and sold: ranking, showcase, keyword auction, alliance, traffic, campaigns."""

# fmt: off
from dataclasses import dataclass

from .kinds import flag, whole, word, words


@dataclass(frozen=True, slots=True)
class Ranking:
    """The weights of organic search, and how searchers sort. Weights are relative: their sum is free.

    Each part of a listing's score runs from 0 to 1 and is multiplied by its weight; bonuses are added,
    demotions taken away, in the same scale.
    """

    relevance_weight_bps: int = whole("bps", 0, 100_000, "title, tags and category path against the query")
    cycle_weight_bps: int = whole("bps", 0, 100_000, "nearness to delisting")
    credit_weight_bps: int = whole("bps", 0, 100_000, "service: the shop's credit grade")
    good_rate_weight_bps: int = whole("bps", 0, 100_000, "service: the shop's good rate")
    dsr_weight_bps: int = whole("bps", 0, 100_000, "service: the shop's three indices")
    pv_weight_bps: int = whole("bps", 0, 100_000, "popularity: page views")
    uv_weight_bps: int = whole("bps", 0, 100_000, "popularity: unique visitors")
    sales_weight_bps: int = whole("bps", 0, 100_000, "popularity: pieces sold lately")
    freshness_weight_bps: int = whole("bps", 0, 100_000, "recent edits")
    protection_bonus_bps: int = whole("bps", 0, 100_000, "the shop is in the protection scheme")
    showcase_bonus_bps: int = whole("bps", 0, 100_000, "the listing stands in a showcase slot")
    duplicate_demotion_bps: int = whole("bps", 0, 100_000, "the shop lists the same thing twice")
    fake_trade_demotion_bps: int = whole("bps", 0, 100_000, "the listing is suspected of fake trades")
    stuffing_demotion_bps: int = whole("bps", 0, 100_000, "the title is stuffed with keywords")
    wrong_category_demotion_bps: int = whole("bps", 0, 100_000, "the listing stands in the wrong category")
    price_mismatch_demotion_bps: int = whole("bps", 0, 100_000, "price or postage does not match the goods")
    sales_window_days: int = whole("days", 1, 365, "sales counted as recent")
    views_window_days: int = whole("days", 1, 365, "page views and visitors counted as recent")
    freshness_days: int = whole("days", 1, 365, "an edit is fresh for this long, fading evenly")
    default_sort_share_bps: int = whole("bps", 0, 10_000, "searchers who keep the default sort")
    sales_sort_share_bps: int = whole("bps", 0, 10_000, "searchers who sort by sales")
    price_sort_share_bps: int = whole("bps", 0, 10_000, "searchers who sort by price")
    popularity_sort_share_bps: int = whole("bps", 0, 10_000, "searchers who sort by popularity")
    credit_sort_share_bps: int = whole("bps", 0, 10_000, "searchers who sort by credit")


@dataclass(frozen=True, slots=True)
class Showcase:
    """Slots in which a shop may put listings forward."""

    ungraded_count: int = whole("slots", 0, 1_000, "a shop below the first heart")
    heart_count: int = whole("slots", 0, 1_000, "a shop of hearts")
    diamond_count: int = whole("slots", 0, 1_000, "a shop of diamonds")
    crown_count: int = whole("slots", 0, 1_000, "a shop of crowns")
    golden_crown_count: int = whole("slots", 0, 1_000, "a shop of golden crowns")
    young_extra_count: int = whole("slots", 0, 1_000, "added for a young shop")
    young_days: int = whole("days", 0, 3_650, "a shop is young for this long after it opened")
    protection_extra_count: int = whole("slots", 0, 1_000, "added for a shop in the protection scheme")


@dataclass(frozen=True, slots=True)
class Auction:
    """Express Train: search words sold by auction and paid by the click."""

    mechanism: str = word("gsp", "first_price", "vcg", means="how a click is priced")
    tie_goes_to: str = word("earlier_bid", "later_bid", means="who stands higher at equal bid times quality")
    increment_fen: int = whole("fen", 0, 10_000, "added to the price that would just keep the position")
    reserve_fen: int = whole("fen", 0, 1_000_000, "what the last or only bidder pays")
    capped_at_own_bid: bool = flag("a click never costs more than the own bid")
    bid_least_fen: int = whole("fen", 1, 1_000_000, "the lowest bid taken")
    bid_most_fen: int = whole("fen", 1, 100_000_000, "the highest bid taken")
    bid_step_fen: int = whole("fen", 1, 10_000, "bids are multiples of this")
    quality_shown_least: int = whole("score", 1, 100, "the lowest quality score shown to a seller")
    quality_shown_most: int = whole("score", 1, 100, "the highest quality score shown to a seller")
    quality_relevance_bps: int = whole("bps", 0, 10_000, "quality: category, attributes and title")
    quality_ctr_bps: int = whole("bps", 0, 10_000, "quality: expected click-through rate")
    quality_experience_bps: int = whole("bps", 0, 10_000, "quality: credit and the three indices")
    quality_account_bps: int = whole("bps", 0, 10_000, "quality: the account's base score")
    day_budget_least_fen: int = whole("fen", 0, 100_000_000, "the smallest daily budget")
    overshoot_refunded: bool = flag("clicks beyond the daily budget are given back at midnight")
    overshoot_kept_if_edited: bool = flag("but not when the limit was edited that day")
    time_slot_minutes: int = whole("minutes", 1, 1_440, "the length of a time slot with its own bid rate")
    time_rate_least_bps: int = whole("bps", 0, 1_000_000, "the lowest bid rate of a time slot")
    time_rate_most_bps: int = whole("bps", 0, 1_000_000, "the highest bid rate of a time slot")
    region_levels: tuple[str, ...] = words("province", "city", means="places an ad can be limited to")
    matches: tuple[str, ...] = words("exact", "centre", "broad", means="how a word may match a query")
    repeat_click_hours: int = whole("hours", 0, 720, "clicks of one visitor or address on one ad count once")
    own_clicks_billed: bool = flag("a seller's clicks on the own ad are billed")
    right_slot_count: int = whole("slots", 0, 100, "paid positions at the right of the first page")
    bottom_slot_count: int = whole("slots", 0, 100, "paid positions at the bottom of the first page")


@dataclass(frozen=True, slots=True)
class Cubes:
    """The keyword market (DataCubes): figures of words, told to who subscribes."""

    fee_fen: int = whole("fen", 0, 1_000_000_000, "what a subscription costs")
    period_days: int = whole("days", 1, 3_650, "how long it runs")
    window_days: int = whole("days", 1, 90, "closed days behind hot words, suggestions and forecasts; as many before them for rising words")


@dataclass(frozen=True, slots=True)
class Alliance:
    """Outside web spaces and TaobaoKe: sellers pay others to bring buyers."""

    commission_least_bps: int = whole("bps", 0, 10_000, "the lowest commission a shop may offer")
    commission_most_bps: int = whole("bps", 0, 10_000, "the highest commission a shop may offer")
    commission_base: str = word("paid_without_postage", "paid", means="what the commission is a share of")
    attribution_days: int = whole("days", 1, 365, "a purchase in that shop this long after the click counts")
    attribution_click: str = word("last", "first", means="which click wins")
    advertiser_fee_bps: int = whole("bps", 0, 10_000, "the platform's fee, on the advertiser's side")
    owner_fee_bps: int = whole("bps", 0, 10_000, "the platform's fee, on the space owner's side")
    clawed_back_on_refund: bool = flag("a refund takes the commission back")
    sold_by: tuple[str, ...] = words("commission", "click", "thousand_views", means="how a space may be sold")


@dataclass(frozen=True, slots=True)
class Traffic:
    """What one visit is, and what one visitor is."""

    uv_window_days: int = whole("days", 1, 1, "a browser cookie is one visitor within this many market days; fixed: uv_daily")
    session_gap_minutes: int = whole("minutes", 1, 1_440, "a visit ends after this long without a page")
    bounce_page_count: int = whole("pages", 1, 10, "a visit of at most this many pages is a bounce")
    attribution_days: int = whole("days", 1, 365, "visits this long before an order may have brought it")


@dataclass(frozen=True, slots=True)
class Campaign:
    """Preconditions a themed market starts from (each campaign may set its own), and the lucky strike."""

    credit_level_least: int = whole("level", 0, 20, "the lowest credit level let in")
    credit_level_most: int = whole("level", 0, 20, "the highest credit level let in")
    open_days_least: int = whole("days", 0, 3_650, "how long the shop must have been open")
    needs_no_reason_return: bool = flag("the shop promises the 7-day return")
    dsr_least_hundredths: int = whole("hundredths of a star", 100, 500, "the least of each index")
    serious_most_points: int = whole("points", 0, 1_000, "register B holds no more than this")
    general_below_points: int = whole("points", 0, 1_000, "register A holds less than this")
    fake_trade_most_count: int = whole("times", 0, 1_000, "fake-trade rulings a shop may have")
    needs_ad_subscription: bool = flag("the shop subscribes to an advertising product")
    lucky_price_fen: int = whole("fen", 1, 1_000_000, "lucky strike: the price")
    lucky_stock_count: int = whole("pieces", 1, 100_000, "lucky strike: the stock")
    lucky_window_seconds: int = whole("seconds", 1, 86_400, "lucky strike: winners are drawn from this rush")
    lucky_wins_most_count: int = whole("times", 1, 100, "lucky strike: how often one member may win")
    lucky_unpaid_minutes: int = whole("minutes", 1, 1_440, "lucky strike: an unpaid win passes to the next")
