"""Addresses of search, under /api/."""

from django.urls import path

from search import api
from search.alliance import urls as alliance
from search.attribution import api as attribution
from search.bills import api as bills
from search.cubes import urls as cubes
from search.express.api import account, auctions, campaigns, clicks, report, words

urlpatterns = [
    path("search/", api.SearchDoor.as_view()),
    path("search/suggestions/", api.SuggestionsDoor.as_view()),
    path("search/rules/", api.FormulaDoor.as_view()),
    # the ad alliance
    *alliance.urlpatterns,
    # what brought the sales, and what was bought
    path("attribution/", attribution.AttributionDoor.as_view()),
    path("attribution/paths/", attribution.AttributionPathsDoor.as_view()),
    path("attribution/orders/<id:order_id>/", attribution.AttributionOrderDoor.as_view()),
    path("traffic/bills/", bills.TrafficBillsDoor.as_view()),
    path("traffic/bills/views/", bills.TrafficBillViewsDoor.as_view()),
    # keyword ads
    path("clicks/", clicks.AdClicksDoor.as_view()),
    path("clicks/batch/", clicks.AdClickBatchDoor.as_view()),
    path("clicks/<id:click_id>/", clicks.AdClickDoor.as_view()),
    path("clicks/<id:click_id>/explain/", auctions.AdClickExplanationDoor.as_view()),
    path("ads/impressions/", auctions.AdImpressionsDoor.as_view()),
    path("ads/auctions/<id:auction_id>/explain/", auctions.AdAuctionExplanationDoor.as_view()),
    path("ads/account/", account.AdsAccountDoor.as_view()),
    path("ads/account/topups/", account.AdsTopUpDoor.as_view()),
    path("ads/account/withdrawals/", account.AdsWithdrawalDoor.as_view()),
    path("ads/account/statement/", account.AdsStatementDoor.as_view()),
    path("ads/report/", report.AdReportDoor.as_view()),
    path("ads/campaigns/", campaigns.AdCampaignsDoor.as_view()),
    path("ads/campaigns/<id:campaign_id>/", campaigns.AdCampaignDoor.as_view()),
    path("ads/campaigns/<id:campaign_id>/standing/", campaigns.AdCampaignStandingDoor.as_view()),
    path("ads/groups/", campaigns.AdGroupsDoor.as_view()),
    path("ads/groups/<id:group_id>/", campaigns.AdGroupDoor.as_view()),
    path("ads/groups/<id:group_id>/standing/", campaigns.AdGroupStandingDoor.as_view()),
    path("ads/creatives/", words.AdCreativesDoor.as_view()),
    path("ads/creatives/<id:creative_id>/", words.AdCreativeDoor.as_view()),
    path("ads/keywords/", words.AdKeywordsDoor.as_view()),
    path("ads/keywords/batch/", words.AdKeywordBatchDoor.as_view()),
    path("ads/keywords/<id:keyword_id>/", words.AdKeywordDoor.as_view()),
    path("ads/keywords/<id:keyword_id>/standing/", words.AdKeywordStandingDoor.as_view()),
    # the keyword market
    *cubes.urlpatterns,
]
