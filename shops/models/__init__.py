"""Tables of shops, by noun."""

from shops.models.deal import Deal, DealLine
from shops.models.listing import Listing
from shops.models.shop import Shop
from shops.models.talk import Contact, Conversation, Inquiry, Message, Presence

__all__ = ["Contact", "Conversation", "Deal", "DealLine", "Inquiry", "Listing", "Message", "Presence", "Shop"]
