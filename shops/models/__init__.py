"""Tables of shops, by noun."""

from shops.models.deal import Deal, DealLine
from shops.models.listing import Listing
from shops.models.order import Order, OrderLine, Shipment, TrackingEvent
from shops.models.refund import Dispute, Evidence, Refund
from shops.models.shop import Shop
from shops.models.talk import Contact, Conversation, Inquiry, Message, Presence

__all__ = [
    "Contact",
    "Conversation",
    "Deal",
    "DealLine",
    "Dispute",
    "Evidence",
    "Inquiry",
    "Listing",
    "Message",
    "Order",
    "OrderLine",
    "Presence",
    "Refund",
    "Shipment",
    "Shop",
    "TrackingEvent",
]
