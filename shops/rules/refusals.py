"""The constraints of shops as refusals: name -> (class, sentence, field, way out)."""

from __future__ import annotations

from common.errors import Conflict, Invalid, register_constraints

# fmt: off
register_constraints({
    "one_shop_per_member": (
        Conflict, "this member has a shop already", "owner", "A member has one shop; edit that one."),
    "shop_name_is_taken": (
        Conflict, "another shop has this name", "name", "Choose another name."),
    "shop_region_is_six_or_nine_digits": (
        Invalid, "a region is a code of six digits, or nine for a town", "region", "Send such as 320324."),
    "shop_richness_is_0_to_100": (
        Invalid, "richness runs from 0 to 100", "description_richness", "Send a number in between."),
    "stock_never_oversells": (
        Conflict, "fewer pieces are left than that takes away", "stock", "Read the stock again."),
    "goods_made_to_order_have_no_stock": (
        Conflict, "goods made to order have no stock to count", "stock", "Set the stock to 0 first."),
    "a_preorder_says_when_it_ships": (
        Invalid, "a pre-order says when it ships", "ready_at", "Send ready_at or ship_within_days."),
    "what_is_on_sale_was_listed": (
        Conflict, "what is on sale has a day it was listed", "status", "List it."),
    "a_deal_expires_after_it_is_issued": (
        Invalid, "a deal page expires after it is issued", "expires_at", "Choose a later moment."),
    "a_listing_stands_once_on_a_deal": (
        Invalid, "a listing stands once on a deal page", "lines", "Add the quantities up."),
    "nobody_talks_to_themself": (
        Invalid, "nobody talks to themself", "to", "Write to somebody else."),
    "nobody_is_their_own_contact": (
        Invalid, "nobody is their own contact", "member", "Choose somebody else."),
    "a_message_says_something": (
        Invalid, "a message says something", "text", "Write a word."),
    "shops_message_is_append_only": (
        Conflict, "what was said is kept as it was said", None, "Write another message."),
})
# fmt: on
