"""Addresses of the alliance, under /api/."""

from django.urls import path

from search.alliance.api import market, statements, visits

urlpatterns = [
    path("alliance/spaces/", market.SpacesDoor.as_view()),
    path("alliance/spaces/<id:space_id>/", market.SpaceDoor.as_view()),
    path("alliance/spaces/<id:space_id>/placements/", market.SpacePlacementsDoor.as_view()),
    path("alliance/spaces/<id:space_id>/close/", market.SpaceCloseDoor.as_view()),
    path("alliance/spaces/<id:space_id>/reopen/", market.SpaceReopenDoor.as_view()),
    path("alliance/placements/<id:placement_id>/close/", market.PlacementCloseDoor.as_view()),
    path("alliance/placements/<id:placement_id>/reopen/", market.PlacementReopenDoor.as_view()),
    path("alliance/offers/", market.OffersDoor.as_view()),
    path("alliance/contracts/", market.ContractsDoor.as_view()),
    path("alliance/contracts/<id:contract_id>/", market.ContractDoor.as_view()),
    path("alliance/contracts/<id:contract_id>/counter/", market.ContractCounterDoor.as_view()),
    path("alliance/contracts/<id:contract_id>/accept/", market.ContractAcceptDoor.as_view()),
    path("alliance/contracts/<id:contract_id>/decline/", market.ContractDeclineDoor.as_view()),
    path("alliance/contracts/<id:contract_id>/withdraw/", market.ContractWithdrawDoor.as_view()),
    path("alliance/contracts/<id:contract_id>/end/", market.ContractEndDoor.as_view()),
    path("alliance/links/", visits.LinksDoor.as_view()),
    path("alliance/clicks/", visits.ClicksDoor.as_view()),
    path("alliance/clicks/batch/", visits.ClickBatchDoor.as_view()),
    path("alliance/views/", visits.AllianceViewsDoor.as_view()),
    path("alliance/views/batch/", visits.AllianceViewBatchDoor.as_view()),
    path("alliance/statements/", statements.StatementDoor.as_view()),
    path("alliance/charges/", statements.ChargesDoor.as_view()),
    path("alliance/visits/", statements.VisitsDoor.as_view()),
    path("alliance/bills/", statements.BillsDoor.as_view()),
    path("alliance/account/", statements.AllianceAccountDoor.as_view()),
    path("alliance/payouts/", statements.PayoutsDoor.as_view()),
]
