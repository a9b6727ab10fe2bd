"""Addresses of feedback and credit."""

from __future__ import annotations

from django.urls import path

from ratings.api import credit, feedback

urlpatterns = [
    path("feedback/", feedback.FeedbackDoor.as_view()),
    path("feedback/batch/", feedback.FeedbackBatchDoor.as_view()),
    path("feedback/pending/", feedback.PendingDoor.as_view()),
    path("feedback/questions/", feedback.QuestionsDoor.as_view()),
    path("feedback/averages/", credit.SectionAveragesDoor.as_view()),
    path("feedback/strike/", credit.StrikeDoor.as_view()),
    path("feedback/restore/", credit.RestoreDoor.as_view()),
    path("feedback/complaints/", credit.ComplaintsDoor.as_view()),
    path("feedback/complaints/<id:complaint_id>/rule/", credit.RuleComplaintDoor.as_view()),
    path("feedback/<id:feedback_id>/", feedback.OneFeedbackDoor.as_view()),
    path("feedback/<id:feedback_id>/history/", feedback.RevisionsDoor.as_view()),
    path("feedback/<id:feedback_id>/edit/", feedback.EditDoor.as_view()),
    path("feedback/<id:feedback_id>/explain/", feedback.ExplainDoor.as_view()),
    path("feedback/<id:feedback_id>/follow-up/", feedback.FollowUpDoor.as_view()),
    path("feedback/<id:feedback_id>/complain/", credit.ComplainDoor.as_view()),
    path("members/<id:member_id>/feedback/", feedback.MemberFeedbackDoor.as_view()),
    path("members/<id:member_id>/credit/", credit.CreditDoor.as_view()),
    path("members/<id:member_id>/credit/explanation/", credit.CreditExplanationDoor.as_view()),
    path("members/<id:member_id>/credit/history/", credit.CreditHistoryDoor.as_view()),
    path("listings/<id:listing_id>/feedback/", feedback.ListingFeedbackDoor.as_view()),
]
