"""What the doors of feedback take and give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from rest_framework import serializers
from rest_framework.request import Request

from common.api.doors import In, Out
from ratings.rules import COMMENT_CHARACTERS, DELETED, SIDES, VERDICTS

ID: dict[str, Any] = {"min_value": 1, "max_value": 10**18}


class Newest(In):
    """Query of a list that begins with the newest: rows before that id, at most so many."""

    before = serializers.IntegerField(required=False, **ID, help_text="The last id seen")
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=1000)


def newest(request: Request, items: Sequence[Any], limit: int) -> dict[str, Any]:
    """A page of `items` fetched with LIMIT `limit` + 1, the newest first, and the address of the next."""
    following = None
    if len(items) > limit:
        query = {name: value for name, value in request.query_params.items() if name != "before"}
        following = f"{request.path}?{urlencode({**query, 'before': items[limit - 1]['id']})}"
    return {"results": items[:limit], "next": following}


class RemarkOut(Out):
    text = serializers.CharField()
    at = serializers.DateTimeField()


class PublicFeedbackOut(Out):
    """Feedback as everybody reads it. `counts`: it moves the credit (the open API's `valid_score`)."""

    id = serializers.IntegerField()
    listing = serializers.IntegerField()
    title = serializers.CharField()
    price_fen = serializers.IntegerField()
    side = serializers.ChoiceField(choices=SIDES, help_text="whose word it is")
    rater_name = serializers.CharField(help_text="as openly as the rater chose")
    verdict = serializers.ChoiceField(choices=list(VERDICTS))
    comment = serializers.CharField(allow_blank=True)
    anonymous = serializers.BooleanField()
    silent = serializers.BooleanField(help_text="nobody spoke; the regime's default")
    revealed_at = serializers.DateTimeField()
    counts = serializers.BooleanField()
    explanations = RemarkOut(many=True)
    follow_ups = RemarkOut(many=True)


class FeedbackOut(Out):
    """Feedback as its two parties read it; before the reveal the subject sees that it is there, not what.

    `stars` are there for the author alone, for ever.
    """

    id = serializers.IntegerField()
    order = serializers.IntegerField()
    line = serializers.IntegerField()
    listing = serializers.IntegerField()
    title = serializers.CharField()
    price_fen = serializers.IntegerField()
    rater = serializers.IntegerField()
    subject = serializers.IntegerField()
    side = serializers.ChoiceField(choices=SIDES)
    status = serializers.CharField(help_text="open, sealed, lapsed, revealed or withdrawn")
    verdict = serializers.ChoiceField(choices=list(VERDICTS), allow_null=True)
    comment = serializers.CharField(allow_blank=True)
    anonymous = serializers.BooleanField()
    silent = serializers.BooleanField(allow_null=True)
    counts = serializers.BooleanField(allow_null=True)
    points = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField(allow_null=True, help_text="counted, or why it does not count")
    stars = serializers.DictField(child=serializers.IntegerField(), required=False)
    opened_at = serializers.DateTimeField()
    closes_at = serializers.DateTimeField()
    left_at = serializers.DateTimeField(allow_null=True)
    revealed_at = serializers.DateTimeField(allow_null=True)
    explanations = RemarkOut(many=True)
    follow_ups = RemarkOut(many=True)


class PendingOut(Out):
    id = serializers.IntegerField()
    order = serializers.IntegerField()
    line = serializers.IntegerField()
    listing = serializers.IntegerField()
    title = serializers.CharField()
    subject = serializers.IntegerField()
    side = serializers.ChoiceField(choices=SIDES)
    opened_at = serializers.DateTimeField()
    closes_at = serializers.DateTimeField()
    other_has_answered = serializers.BooleanField(help_text="that it answered, not what")


class FeedbackIn(In):
    """An answer about one order line. A question left out of `stars` is silence: five stars."""

    line = serializers.IntegerField(**ID)
    verdict = serializers.ChoiceField(choices=list(VERDICTS))
    stars = serializers.DictField(
        child=serializers.IntegerField(min_value=1, max_value=5),
        required=False,
        help_text="question -> stars; GET /api/feedback/questions/ names the questions of each side",
    )
    comment = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=COMMENT_CHARACTERS, trim_whitespace=False
    )
    anonymous = serializers.BooleanField(required=False, default=False)


class FeedbackRowIn(FeedbackIn):
    rater = serializers.IntegerField(
        required=False, **ID, help_text="who answers (admin keys that act as nobody)"
    )


class EditFeedbackIn(In):
    verdict = serializers.ChoiceField(choices=[*VERDICTS, DELETED], help_text="by default good or deleted")


class RemarkIn(In):
    text = serializers.CharField(max_length=2000, trim_whitespace=False)


class ComplaintOut(Out):
    id = serializers.IntegerField()
    feedback = serializers.IntegerField()
    by = serializers.IntegerField()
    text = serializers.CharField()
    status = serializers.ChoiceField(choices=["open", "upheld", "refused"])
    made_at = serializers.DateTimeField()
    ruled_at = serializers.DateTimeField(allow_null=True)
    ruling = serializers.CharField(allow_blank=True)


class RuleComplaintIn(In):
    upheld = serializers.BooleanField()
    why = serializers.CharField(required=False, default="", allow_blank=True, max_length=500)


class StrikeIn(In):
    orders = serializers.ListField(child=serializers.IntegerField(**ID), min_length=1, max_length=10_000)
    why = serializers.CharField(max_length=500)


class StruckOut(Out):
    feedback = serializers.ListField(child=serializers.IntegerField())


class GradeOut(Out):
    level = serializers.IntegerField()
    badge = serializers.ChoiceField(choices=["heart", "diamond", "crown", "golden_crown"])
    step = serializers.IntegerField()


class AgainstOut(Out):
    hundredths = serializers.IntegerField(help_text="475 is 4.75 stars")
    average_hundredths = serializers.IntegerField(allow_null=True)
    above_bps = serializers.IntegerField(
        allow_null=True, help_text="above its section's average; below: negative"
    )


class DsrOut(Out):
    on = serializers.DateField(help_text="the day it was last published for")
    answers = serializers.IntegerField()
    section = serializers.IntegerField()
    description = AgainstOut()
    service = AgainstOut()
    delivery = AgainstOut()


class CreditOut(Out):
    member = serializers.IntegerField()
    role = serializers.ChoiceField(choices=SIDES)
    through = serializers.DateField(allow_null=True, help_text="the last day that is added up")
    points = serializers.IntegerField()
    grade = GradeOut(allow_null=True)
    level = serializers.IntegerField()
    to_next = serializers.IntegerField(allow_null=True, help_text="points to the next level")
    good = serializers.IntegerField()
    neutral = serializers.IntegerField()
    bad = serializers.IntegerField()
    uncounted = serializers.IntegerField()
    good_rate_bps = serializers.IntegerField(allow_null=True)
    recent_count = serializers.IntegerField(help_text="counted verdicts in the good rate's window")
    dsr = DsrOut(allow_null=True)


class ReasonOut(Out):
    reason = serializers.CharField()
    words = serializers.CharField()
    count = serializers.IntegerField()
    points = serializers.IntegerField()
    in_good_rate = serializers.IntegerField()


class ExplainedTradeOut(Out):
    id = serializers.IntegerField(help_text="the feedback's")
    order = serializers.IntegerField()
    line = serializers.IntegerField()
    listing = serializers.IntegerField()
    title = serializers.CharField()
    rater = serializers.IntegerField()
    traded_at = serializers.DateTimeField()
    revealed_at = serializers.DateTimeField(allow_null=True)
    counts_from = serializers.DateField(help_text="in the daily run that closes this day")
    verdict = serializers.CharField(allow_null=True)
    points = serializers.IntegerField()
    reason = serializers.CharField()
    why = serializers.CharField()
    silent = serializers.BooleanField()


class ExplanationOut(Out):
    standing = CreditOut()
    by_reason = ReasonOut(many=True)
    trades = ExplainedTradeOut(many=True)
    next = serializers.CharField(allow_null=True)


class PointsDayOut(Out):
    on = serializers.DateField()
    points = serializers.IntegerField()


class DsrDayOut(Out):
    on = serializers.DateField()
    answers = serializers.IntegerField()
    description = serializers.IntegerField(allow_null=True)
    service = serializers.IntegerField(allow_null=True)
    delivery = serializers.IntegerField(allow_null=True)


class CreditHistoryOut(Out):
    points = PointsDayOut(many=True)
    dsr = DsrDayOut(many=True)


class SectionAverageOut(Out):
    section = serializers.IntegerField()
    on = serializers.DateField()
    shops = serializers.IntegerField()
    description = serializers.IntegerField()
    service = serializers.IntegerField()
    delivery = serializers.IntegerField()


class QuestionOut(Out):
    side = serializers.ChoiceField(choices=SIDES)
    question = serializers.CharField()
    en = serializers.CharField()
    zh = serializers.CharField()


class RevisionOut(Out):
    kind = serializers.CharField()
    verdict = serializers.CharField(allow_null=True)
    why = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField()
