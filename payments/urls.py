"""Addresses of money."""

from __future__ import annotations

from django.urls import path

from payments import api

urlpatterns = [
    path("accounts/me/", api.OwnAccountDoor.as_view()),
    path("accounts/<id:member_id>/", api.AccountDoor.as_view()),
    path("topups/", api.TopUpDoor.as_view()),
    path("topups/batch/", api.TopUpBatchDoor.as_view()),
    path("withdrawals/", api.WithdrawalDoor.as_view()),
    path("statements/", api.StatementDoor.as_view()),
    path("transfers/", api.TransfersDoor.as_view()),
    path("escrows/", api.EscrowsDoor.as_view()),
    path("ledger/trial-balance/", api.TrialBalanceDoor.as_view()),
    path("ledger/drift/", api.DriftDoor.as_view()),
]
