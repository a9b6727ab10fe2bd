"""Addresses of shops."""

from __future__ import annotations

from django.urls import path

from shops.api import deals, listings, shops, talk

urlpatterns = [
    path("shops/", shops.ShopsDoor.as_view()),
    path("shops/batch/", shops.ShopBatchDoor.as_view()),
    path("shops/<id:shop_id>/", shops.ShopDoor.as_view()),
    path("shops/<id:shop_id>/profile/", shops.ShopProfileDoor.as_view()),
    path("shops/<id:shop_id>/standing/", shops.ShopStandingDoor.as_view()),
    path("shops/<id:shop_id>/protection/", shops.ShopProtectionDoor.as_view()),
    path("shops/<id:shop_id>/showcase/", shops.ShopShowcaseDoor.as_view()),
    path("shops/<id:shop_id>/inquiries/", talk.ShopInquiriesDoor.as_view()),
    path("listings/", listings.ListingsDoor.as_view()),
    path("listings/batch/", listings.ListingBatchDoor.as_view()),
    path("listings/<id:listing_id>/", listings.ListingDoor.as_view()),
    path("listings/<id:listing_id>/list/", listings.ListingListDoor.as_view()),
    path("listings/<id:listing_id>/delist/", listings.ListingDelistDoor.as_view()),
    path("listings/<id:listing_id>/showcase/", listings.ListingShowcaseDoor.as_view()),
    path("listings/<id:listing_id>/stock/", listings.ListingStockDoor.as_view()),
    path("deals/", deals.DealsDoor.as_view()),
    path("deals/<id:deal_id>/", deals.DealDoor.as_view()),
    path("deals/<id:deal_id>/decline/", deals.DealDeclineDoor.as_view()),
    path("deals/<id:deal_id>/withdraw/", deals.DealWithdrawDoor.as_view()),
    path("messages/", talk.MessagesDoor.as_view()),
    path("conversations/", talk.ConversationsDoor.as_view()),
    path("conversations/unread/", talk.UnreadDoor.as_view()),
    path("conversations/<id:conversation_id>/messages/", talk.ConversationMessagesDoor.as_view()),
    path("conversations/<id:conversation_id>/read/", talk.ConversationReadDoor.as_view()),
    path("disputes/<id:dispute_id>/messages/", talk.DisputeMessagesDoor.as_view()),
    path("contacts/", talk.ContactsDoor.as_view()),
    path("contacts/<id:member_id>/", talk.ContactDoor.as_view()),
    path("presence/", talk.PresencesDoor.as_view()),
    path("inquiries/", talk.InquiriesDoor.as_view()),
]
