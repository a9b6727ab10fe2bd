from django.urls import path

from regime import api

urlpatterns = [
    path("", api.Standing.as_view(), name="regime"),
    path("files/", api.ShippedList.as_view(), name="regime-files"),
    path("files/<slug:name>/", api.ShippedOne.as_view(), name="regime-file"),
    path("diff/", api.Diff.as_view(), name="regime-diff"),
    path("changes/", api.Changes.as_view(), name="regime-changes"),
]
