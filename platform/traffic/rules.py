"""Where eyeballs come from and where they fall: two tables, and the names their codes go by."""

from __future__ import annotations

from dataclasses import dataclass

from common.errors import Conflict, Invalid, NotFound, Refusal, register_constraints


@dataclass(frozen=True)
class Source:
    """What brought a visitor. `scheme`: which of those that distribute eyeballs gave it (Li table 6-2)."""

    code: int
    name: str
    scheme: str
    paid: bool
    words: str


@dataclass(frozen=True)
class Page:
    """A kind of page. `of`: what a view of it must name."""

    code: int
    name: str
    of: str
    words: str


# fmt: off
SOURCES = (
    #      code name              scheme               paid   words
    Source(1, "direct",           "none",              False, "typed in, a bookmark, or nobody knows"),
    Source(2, "organic_search",   "indexing",          False, "the organic positions of a result page"),
    Source(3, "category",         "indexing",          False, "browsing a section or category"),
    Source(4, "recommendation",   "user data",         False, "what the platform recommends from behaviour"),
    Source(5, "community",        "user content",      False, "an album, a post, a friend"),
    Source(6, "campaign",         "corporate control", False, "a themed market or its staff"),
    Source(7, "keyword_ad",       "bought",            True,  "a paid position (Express Train)"),
    Source(8, "alliance",         "bought",            True,  "an outside web space (ad alliance, TaobaoKe)"),
    Source(9, "repeat",           "none",              False, "back to a shop seen before: favourites, cart"),
)
PAGES = (
    #    code name          of         words
    Page(1, "home",        "",        "the market's front page"),
    Page(2, "search",      "",        "a result page"),
    Page(3, "section",     "section", "a section's page"),
    Page(4, "shop",        "shop",    "a shop's own page"),
    Page(5, "listing",     "listing", "an item page: what IPV counts"),
    Page(6, "profile",     "shop",    "a seller's public profile"),
    Page(7, "other",       "",        "anything else"),
)
# Which slice of a day a row of figures is about, and what its `key` holds.
DIMENSIONS = {
    "market": 0, "source": 1, "section": 2, "shop": 3, "shop_source": 4, "listing": 5,
}
# fmt: on

SOURCE = {source.name: source for source in SOURCES}
SOURCE_NAME = {source.code: source.name for source in SOURCES}
PAGE = {page.name: page for page in PAGES}
PAGE_NAME = {page.code: page.name for page in PAGES}
PAID = tuple(source.code for source in SOURCES if source.paid)
LISTING_PAGE = PAGE["listing"].code
NEEDS_SHOP = tuple(page.code for page in PAGES if page.of == "shop")
NEEDS_SECTION = tuple(page.code for page in PAGES if page.of == "section")
ACTS = ("favourite", "unfavourite", "cart", "uncart")
COOKIE_MOST = 64  # characters
STAY_MOST = 86_400  # seconds

# fmt: off
REFUSALS: dict[str, tuple[type[Refusal], str, str | None, str | None]] = {
    "a_view_is_of_the_open_day": (
        Conflict, "a view is of the market's open day and not of its future", "at",
        "Leave `at` out for now, or let time pass first."),
    "a_view_is_of_a_known_page": (Invalid, "that page is not known", "page", "See /api/traffic/sources/."),
    "a_view_says_where_it_came_from": (
        Invalid, "that source is not known", "source", "See /api/traffic/sources/."),
    "a_listing_page_names_its_listing": (
        Invalid, "a listing page names its listing, and no other page does", "listing",
        "Send page: listing."),
    "a_shop_page_names_its_shop": (Invalid, "a shop's page names its shop", "shop", "Send the shop's id."),
    "a_section_page_names_its_section": (
        Invalid, "a section's page names its section", "section", "Send a section's number."),
    "a_view_is_in_a_known_section": (
        Invalid, "that section is not known", "section", "Sections are 1 to 24."),
    "paid_views_carry_their_charge": (
        Invalid, "a view from a paid source carries the charge that bought it, and no other does", "source",
        "Paid views are written by the ad that sold them."),
    "a_stay_is_not_negative": (Invalid, "a stay is 0 seconds or more", "stay_seconds", None),
    "a_viewed_listing_exists": (NotFound, "there is no such listing", "listing", None),
    "a_viewed_shop_exists": (NotFound, "there is no such shop", "shop", None),
    "a_viewing_member_exists": (NotFound, "there is no such member", "member", None),
    "an_interest_is_a_known_act": (Invalid, "that act is not known", "act", None),
    "a_cart_holds_1_to_9999_pieces": (
        Invalid, "a cart holds 1 to 9999 pieces of a listing", "quantity", None),
    "an_act_is_of_the_open_day": (
        Conflict, "an act is of the market's open day and not of its future", "at",
        "Leave `at` out for now, or let time pass first."),
}
# fmt: on
register_constraints(REFUSALS)


def refusal(name: str) -> Refusal:
    """The refusal of a rule of REFUSALS."""
    kind, words, field, way_out = REFUSALS[name]
    return kind(words, field=field, rule=name, way_out=way_out)
