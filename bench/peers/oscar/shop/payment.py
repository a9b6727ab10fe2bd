"""A payment that always succeeds: one source debited with the whole total, and the order paid."""

from __future__ import annotations

from oscar.core.loading import get_model
from rest_framework.generics import get_object_or_404
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

Order = get_model("order", "Order")
Source, SourceType = get_model("payment", "Source"), get_model("payment", "SourceType")


class PaymentView(APIView):
    permission_classes = (IsAuthenticated,)

    def post(self, request: Request, pk: int) -> Response:
        order = get_object_or_404(Order.objects.filter(user=request.user, status="Pending"), pk=pk)
        kind = SourceType.objects.get(code="bench")
        source = Source.objects.create(
            order=order, source_type=kind, currency=order.currency, amount_allocated=order.total_incl_tax
        )
        source.debit(order.total_incl_tax, reference=order.number, status="Settled")
        order.set_status("Paid")
        return Response({"number": order.number, "status": order.status})
