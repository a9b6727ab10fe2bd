"""Names that the market's code gives to things, in the words of the pages (and so of their translations)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

SOURCES = {
    "direct": _("Direct"),
    "organic_search": _("Organic search"),
    "category": _("Category browsing"),
    "recommendation": _("Recommendation"),
    "community": _("Community"),
    "campaign": _("Campaign"),
    "keyword_ad": _("Keyword ad"),
    "alliance": _("Ad alliance"),
    "repeat": _("Repeat visit"),
}
SORTS = {
    "default": _("Best match"),
    "credit": _("Credit"),
    "popularity": _("Popularity"),
    "sales": _("Recent sales"),
    "newest": _("Newest"),
    "price": _("Price ↑"),
    "price_desc": _("Price ↓"),
}
GRADES = {
    "none": _("No badge yet"),
    "heart": _("Hearts"),
    "diamond": _("Diamonds"),
    "crown": _("Crowns"),
    "golden_crown": _("Golden crowns"),
}
FLAGS = {
    "id_verified": _("ID verified"),
    "bank_verified": _("Bank account verified"),
    "protection": _("Consumer protection"),
    "seven_day_return": _("7-day return"),
    "free_postage": _("Free postage"),
    "online": _("Seller online"),
    "showcase": _("In the showcase"),
}
SUPPLIES = {"stock": _("From stock"), "preorder": _("Pre-order"), "custom": _("Made to order")}
DELIVERIES = {
    "express": _("Express"),
    "mail": _("Mail"),
    "virtual": _("Virtual goods"),
    "auto": _("Automatic"),
}
MATCHED = {
    "everything": _("everything on sale"),
    "all_words": _("all of your words"),
    "any_word": _("some of your words: nothing has them all"),
    "alike": _("titles that look alike: nothing has your words"),
}
INDICES = (
    ("description", _("As described")),
    ("service", _("Service")),
    ("delivery", _("Speed of dispatch")),
)
VERDICTS = {"good": _("Good"), "neutral": _("Neutral"), "bad": _("Bad")}
TERMS = {
    "relevance": _("Relevance"),
    "cycle": _("Listing cycle"),
    "credit": _("Credit grade"),
    "good_rate": _("Good rate"),
    "dsr": _("Detailed ratings"),
    "pv": _("Page views"),
    "uv": _("Visitors"),
    "sales": _("Sales"),
    "freshness": _("Freshness"),
    "protection": _("Consumer protection"),
    "showcase": _("Showcase"),
    "duplicate": _("Duplicate"),
    "fake_trade": _("Suspected fake trades"),
    "stuffing": _("Word stuffing"),
    "wrong_category": _("Wrong category"),
    "price_mismatch": _("Odd price"),
}
STATUSES = {
    "open": _("Open"),
    "hidden": _("Not open now"),
    "closed": _("Closed"),
    "on_sale": _("On sale"),
    "in_stock": _("Taken down"),
}
GROUPS = {
    "section": _("Section"),
    "subsection": _("Sub-section"),
    "grade": _("Shop's grade"),
    "promises": _("Promises"),
    "province": _("Place"),
    "supply": _("Supply"),
}
CHARTS = (
    ((_("Page views"), "views", "pv"), (_("Visitors"), "visitors", "uv_daily")),
    ((_("Trades paid"), "trades", "orders_paid"), (_("Money paid"), "money", "paid_fen")),
)
