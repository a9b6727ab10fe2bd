"""The doors of grade, good rate and indices, and of the platform's rulings on feedback."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from common.api.doors import ADMIN, Door, In, Paged, actor, only, page, reads, writes
from ratings import actions, queries
from ratings.actions import Remarked, Ruling
from ratings.api.feedback import exists
from ratings.api.shapes import (
    ComplaintOut,
    CreditHistoryOut,
    CreditOut,
    ExplanationOut,
    Newest,
    RemarkIn,
    RuleComplaintIn,
    SectionAverageOut,
    StrikeIn,
    StruckOut,
    newest,
)
from ratings.queries import feedback
from ratings.rules import SIDES

ROLE: dict[str, Any] = {"choices": SIDES, "required": False, "default": "seller", "help_text": "rated as"}


class RoleQuery(In):
    role = serializers.ChoiceField(**ROLE)


class CreditDoor(Door):
    @reads(CreditOut, query=RoleQuery)
    def get(self, request: Request, query: Any, member_id: int) -> Any:
        """A member's grade, good rate and indices beside their section's average.

        All as of the last daily run.
        """
        exists("members_member", "member", member_id)
        return queries.standing(member_id, query["role"]).plain()


class ExplanationQuery(Newest):
    role = serializers.ChoiceField(**ROLE)


class CreditExplanationDoor(Door):
    @reads(ExplanationOut, query=ExplanationQuery)
    def get(self, request: Request, query: Any, member_id: int) -> Any:
        """Which trades made this grade, which did not count and why, how far to the next level."""
        exists("members_member", "member", member_id)
        only(request, member_id)
        found = queries.explain(
            member_id, query["role"], before=query.get("before", 2**62), limit=query["limit"] + 1
        ).plain()
        trades = newest(request, found["trades"], query["limit"])
        return {**found, "trades": trades["results"], "next": trades["next"]}


class CreditHistoryDoor(Door):
    @reads(CreditHistoryOut, query=RoleQuery)
    def get(self, request: Request, query: Any, member_id: int) -> Any:
        """Points day by day, and every index ever published."""
        exists("members_member", "member", member_id)
        return queries.history(member_id, role=query["role"])


class SectionAveragesDoor(Door):
    @reads(SectionAverageOut(many=True))
    def get(self, request: Request, query: Any) -> Any:
        """The newest average of each section's published indices, in hundredths of a star."""
        return queries.averages()


class ComplainDoor(Door):
    @writes(RemarkIn, ComplaintOut, status=201)
    def post(self, request: Request, data: Any, moment: Any, feedback_id: int) -> Any:
        """Call a feedback about oneself malicious, within 30 days, having given feedback too."""
        [key] = actions.complain([Remarked(feedback_id, actor(request), data["text"])], at=moment.at)
        return feedback.complaints(after=key - 1, limit=1)[0]


class ComplaintsQuery(Paged):
    status = serializers.ChoiceField(choices=["open", "upheld", "refused"], required=False)


class ComplaintsDoor(Door):
    @reads(ComplaintOut, query=ComplaintsQuery, paged=True, scopes=ADMIN)
    def get(self, request: Request, query: Any) -> Any:
        """Complaints about feedback, in order."""
        found = feedback.complaints(
            status=query.get("status"), after=query.get("after", 0), limit=query["limit"] + 1
        )
        return page(request, found, query["limit"])


class RuleComplaintDoor(Door):
    @writes(RuleComplaintIn, ComplaintOut, scopes=ADMIN)
    def post(self, request: Request, data: Any, moment: Any, complaint_id: int) -> Any:
        """Rule on a complaint: upheld takes the feedback's points away."""
        actions.rule([Ruling(complaint_id, data["upheld"], data["why"])], at=moment.at)
        return feedback.complaints(after=complaint_id - 1, limit=1)[0]


class StrikeDoor(Door):
    @writes(StrikeIn, StruckOut, scopes=ADMIN)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Take the points from the feedback of orders ruled fake, sealed feedback's too."""
        ids = feedback.of_orders(data["orders"])
        return {"feedback": actions.strike(ids, reason="fake_trade", why=data["why"], at=moment.at)}


class RestoreDoor(Door):
    @writes(StrikeIn, StruckOut, scopes=ADMIN)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Give back the points that a ruling took from the feedback of these orders."""
        ids = feedback.of_orders(data["orders"])
        return {"feedback": actions.restore(ids, why=data["why"], at=moment.at)}
