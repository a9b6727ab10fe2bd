"""The doors of refunds and disputes."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.doors import ADMIN, Door, In, Out, Paged, actor, page, reads, writes
from common.errors import Forbidden
from shops.actions import disputes as dispute_actions
from shops.actions import refunds as actions
from shops.actions.disputes import Ruling, Say
from shops.actions.refunds import Ask, Change, Refuse, SendBack
from shops.api.fields import MomentField, acting, number, words
from shops.api.order_shapes import MayOut, fen, moment
from shops.queries import refunds as queries
from shops.rules.refund import (
    DISPUTE_STATUSES,
    PHASES,
    REASONS,
    REFUND_KINDS,
    REFUND_STATUSES,
    RETURN_DELIVERIES,
    RETURN_POSTAGE_MOST_FEN,
    TAOBAO_REFUND_STATUS,
    TEXT_MOST,
)


class RefundRowOut(Out):
    id = serializers.IntegerField()
    order = serializers.IntegerField()
    line = serializers.IntegerField()
    listing = serializers.IntegerField()
    title = serializers.CharField()
    buyer = serializers.IntegerField()
    seller = serializers.IntegerField()
    status = serializers.ChoiceField(REFUND_STATUSES)
    taobao_status = serializers.ChoiceField(sorted(set(TAOBAO_REFUND_STATUS.values())))
    kind = serializers.ChoiceField(REFUND_KINDS)
    phase = serializers.ChoiceField(PHASES)
    reason = serializers.ChoiceField(list(REASONS))
    text = serializers.CharField()
    amount_fen = fen()
    asked_at = serializers.DateTimeField()
    modified_at = serializers.DateTimeField()
    answer_by = serializers.DateTimeField()
    send_back_by = moment()
    receive_by = moment()
    escalate_by = moment()
    refusal = serializers.CharField()
    refused_at = moment()
    return_delivery = serializers.CharField()
    return_carrier = serializers.CharField()
    return_tracking_no = serializers.CharField()
    return_postage_fen = fen()
    postage_by = serializers.ChoiceField(["buyer", "seller"])
    postage_paid_fen = fen()
    sent_back_at = moment()
    settled_at = moment()
    settled_by = serializers.CharField()
    dispute = serializers.IntegerField(allow_null=True)


class RefundOut(RefundRowOut):
    may = MayOut(many=True)


class RefundQuery(Paged):
    role = serializers.ChoiceField(["any", "buyer", "seller"], default="any")
    status = serializers.ListField(child=serializers.ChoiceField(REFUND_STATUSES), required=False)
    order = number(required=False)
    modified_from = MomentField(required=False)
    modified_to = MomentField(required=False, help_text="not included")


class RefundAskIn(In):
    line = number(min_value=1, help_text="of an order")
    amount_fen = number(
        required=False, min_value=1, max_value=10**15, help_text="default: all that can be asked"
    )
    kind = serializers.ChoiceField(REFUND_KINDS, required=False, default="refund_only")
    reason = serializers.ChoiceField(list(REASONS), required=False, default="not_wanted")
    text = words(TEXT_MOST, required=False, default="", allow_blank=True)


def shown(request: Request, refund_id: int) -> Any:
    return queries.refund(refund_id, acting(request))


class RefundsDoor(Door):
    @reads(RefundRowOut, query=RefundQuery, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """Refunds one has asked or was asked (a key that names nobody: all), by number."""
        after, limit, role = query.pop("after", 0), query.pop("limit"), query.pop("role")
        return page(
            request, queries.refunds(query, acting(request), role=role, after=after, limit=limit), limit
        )

    @writes(RefundAskIn, RefundOut, status=201)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Ask money back for a line: of escrow, whose confirm clock stops, or of the seller in the after-sale days."""
        [refund] = actions.ask([Ask(**data)], by=acting(request), at=moment.at)
        return Response(shown(request, refund), status=201, headers={"Location": f"/api/refunds/{refund}/"})


class RefundDoor(Door):
    @reads(RefundOut)
    def get(self, request: Request, query: Any, refund_id: int) -> Any:
        """A refund, and what the asking side may do now."""
        return shown(request, refund_id)


class RefundChangeIn(In):
    amount_fen = number(required=False, min_value=1, max_value=10**15)
    kind = serializers.ChoiceField(REFUND_KINDS, required=False)
    reason = serializers.ChoiceField(list(REASONS), required=False)
    text = words(TEXT_MOST, required=False, allow_blank=True)


class RefundChangeDoor(Door):
    @writes(RefundChangeIn, RefundOut)
    def post(self, request: Request, data: Any, moment: Any, refund_id: int) -> Any:
        """The buyer asks for something else; the seller's clock starts anew."""
        actions.change([Change(refund_id, **data)], by=acting(request), at=moment.at)
        return shown(request, refund_id)


class RefundAgreeDoor(Door):
    @writes(None, RefundOut)
    def post(self, request: Request, data: Any, moment: Any, refund_id: int) -> Any:
        """The seller agrees: the money goes back, or the goods are to be sent back first.

        After the trade's success the seller's account pays, and the shop's deposit what it lacks; 409 where both
        together do not reach.
        """
        actions.agree([refund_id], by=acting(request), at=moment.at)
        return shown(request, refund_id)


class RefundRefuseIn(In):
    text = words(TEXT_MOST, required=False, default="", allow_blank=True)


class RefundRefuseDoor(Door):
    @writes(RefundRefuseIn, RefundOut)
    def post(self, request: Request, data: Any, moment: Any, refund_id: int) -> Any:
        """The seller refuses, and says why."""
        actions.refuse([Refuse(refund_id, **data)], by=acting(request), at=moment.at)
        return shown(request, refund_id)


class RefundSendBackIn(In):
    delivery = serializers.ChoiceField(RETURN_DELIVERIES, required=False, default="express")
    carrier = words(40, required=False, default="", allow_blank=True)
    tracking_no = words(40, required=False, default="", allow_blank=True)
    postage_fen = number(required=False, default=0, max_value=RETURN_POSTAGE_MOST_FEN)


class RefundSendBackDoor(Door):
    @writes(RefundSendBackIn, RefundOut)
    def post(self, request: Request, data: Any, moment: Any, refund_id: int) -> Any:
        """The buyer has sent the goods back."""
        actions.send_back([SendBack(refund_id, **data)], by=acting(request), at=moment.at)
        return shown(request, refund_id)


class RefundReceiveDoor(Door):
    @writes(None, RefundOut)
    def post(self, request: Request, data: Any, moment: Any, refund_id: int) -> Any:
        """The seller has the goods again; the money goes back."""
        actions.receive([refund_id], by=acting(request), at=moment.at)
        return shown(request, refund_id)


class RefundWithdrawDoor(Door):
    @writes(None, RefundOut)
    def post(self, request: Request, data: Any, moment: Any, refund_id: int) -> Any:
        """The buyer takes the request back; the confirm clock goes on."""
        actions.withdraw([refund_id], by=acting(request), at=moment.at)
        return shown(request, refund_id)


class DisputeRowOut(Out):
    id = serializers.IntegerField()
    refund = serializers.IntegerField()
    order = serializers.IntegerField()
    buyer = serializers.IntegerField()
    seller = serializers.IntegerField()
    status = serializers.ChoiceField(DISPUTE_STATUSES)
    opened_at = serializers.DateTimeField()
    evidence_by = serializers.DateTimeField()
    reply_by = moment()
    rule_by = moment()
    reply = serializers.CharField()
    replied_at = moment()
    asked_fen = fen(help_text="what the refund asks; after a ruling, what was awarded")
    award_fen = fen(allow_null=True)
    must_return = serializers.BooleanField()
    ruling = serializers.CharField()
    ruled_by = serializers.CharField(help_text="platform, or time when nobody ruled")
    settled_at = moment()


class EvidenceOut(Out):
    id = serializers.IntegerField()
    member = serializers.IntegerField()
    text = serializers.CharField()
    at = serializers.DateTimeField()


class DisputeOut(DisputeRowOut):
    evidence = EvidenceOut(many=True)
    may = MayOut(many=True)


class DisputeQuery(Paged):
    role = serializers.ChoiceField(["any", "buyer", "seller"], default="any")
    status = serializers.ListField(child=serializers.ChoiceField(DISPUTE_STATUSES), required=False)
    order = number(required=False)
    refund = number(required=False)


class RefundEscalateDoor(Door):
    @writes(None, DisputeOut, status=201)
    def post(self, request: Request, data: Any, moment: Any, refund_id: int) -> Any:
        """The buyer takes a refusal to the platform; escrow is frozen if it holds money, evidence is heard."""
        [dispute] = dispute_actions.escalate([refund_id], by=acting(request), at=moment.at)
        found = queries.dispute(dispute, acting(request))
        return Response(found, status=201, headers={"Location": f"/api/disputes/{dispute}/"})


class DisputesDoor(Door):
    @reads(DisputeRowOut, query=DisputeQuery, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """Disputes one is a side of (a key that names nobody: all), by number."""
        after, limit, role = query.pop("after", 0), query.pop("limit"), query.pop("role")
        return page(
            request, queries.disputes(query, acting(request), role=role, after=after, limit=limit), limit
        )


class DisputeDoor(Door):
    @reads(DisputeOut)
    def get(self, request: Request, query: Any, dispute_id: int) -> Any:
        """A dispute with its evidence, for its two sides and the platform."""
        return queries.dispute(dispute_id, acting(request))


class DisputeWordsIn(In):
    text = words(TEXT_MOST)


class DisputeEvidenceDoor(Door):
    @writes(DisputeWordsIn, DisputeOut, status=201)
    def post(self, request: Request, data: Any, moment: Any, dispute_id: int) -> Any:
        """Buyer or seller brings evidence, in the first days."""
        dispute_actions.bring([Say(dispute_id, data["text"], actor(request))], at=moment.at)
        return queries.dispute(dispute_id, acting(request))


class DisputeReplyDoor(Door):
    @writes(DisputeWordsIn, DisputeOut)
    def post(self, request: Request, data: Any, moment: Any, dispute_id: int) -> Any:
        """The seller's last word; the platform's working days begin."""
        dispute_actions.reply([Say(dispute_id, data["text"])], by=acting(request), at=moment.at)
        return queries.dispute(dispute_id, acting(request))


class DisputeRuleIn(In):
    award_fen = number(max_value=10**15, help_text="what the buyer gets of what was asked; 0: nothing")
    must_return = serializers.BooleanField(required=False, default=False, help_text="only against the goods")
    text = words(TEXT_MOST, required=False, default="", allow_blank=True)


class DisputeRuleDoor(Door):
    @writes(DisputeRuleIn, DisputeOut, scopes=ADMIN)
    def post(self, request: Request, data: Any, moment: Any, dispute_id: int) -> Any:
        """The platform rules; escrow carries it out, or after the trade's success the seller pays or owes it."""
        if acting(request) is not None:
            raise Forbidden(
                "the platform rules, not a member",
                field="X-Jishi-Member",
                rule="the_platform_acts",
                way_out="Leave the header out.",
            )
        dispute_actions.rule([Ruling(dispute_id, **data)], at=moment.at)
        return queries.dispute(dispute_id, None)
