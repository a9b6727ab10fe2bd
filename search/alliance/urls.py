"""Addresses of the alliance, under /api/alliance/."""

from django.urls import path

from search.alliance.api import market, statements, visits

urlpatterns = [
    path("spaces/", market.SpacesDoor.as_view()),
    path("spaces/<id:space_id>/", market.SpaceDoor.as_view()),
    path("spaces/<id:space_id>/placements/", market.SpacePlacementsDoor.as_view()),
    path("spaces/<id:space_id>/close/", market.SpaceCloseDoor.as_view()),
    path("spaces/<id:space_id>/reopen/", market.SpaceReopenDoor.as_view()),
    path("placements/<id:placement_id>/close/", market.PlacementCloseDoor.as_view()),
    path("placements/<id:placement_id>/reopen/", market.PlacementReopenDoor.as_view()),
    path("offers/", market.OffersDoor.as_view()),
    path("contracts/", market.ContractsDoor.as_view()),
    path("contracts/<id:contract_id>/", market.ContractDoor.as_view()),
    path("contracts/<id:contract_id>/counter/", market.ContractCounterDoor.as_view()),
    path("contracts/<id:contract_id>/accept/", market.ContractAcceptDoor.as_view()),
    path("contracts/<id:contract_id>/decline/", market.ContractDeclineDoor.as_view()),
    path("contracts/<id:contract_id>/withdraw/", market.ContractWithdrawDoor.as_view()),
    path("contracts/<id:contract_id>/end/", market.ContractEndDoor.as_view()),
    path("links/", visits.LinksDoor.as_view()),
    path("clicks/", visits.ClicksDoor.as_view()),
    path("clicks/batch/", visits.ClickBatchDoor.as_view()),
    path("views/", visits.AllianceViewsDoor.as_view()),
    path("views/batch/", visits.AllianceViewBatchDoor.as_view()),
    path("statements/", statements.StatementDoor.as_view()),
    path("charges/", statements.ChargesDoor.as_view()),
    path("visits/", statements.VisitsDoor.as_view()),
    path("bills/", statements.BillsDoor.as_view()),
    path("account/", statements.AllianceAccountDoor.as_view()),
    path("payouts/", statements.PayoutsDoor.as_view()),
]
