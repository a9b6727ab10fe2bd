"""The doors of feedback: leave, read, mend, explain, follow up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.batches import BatchOut, Column, answer, batch_in, read_row
from common.api.doors import Door, Paged, actor, page, reads, writes
from common.batch import one
from common.errors import Forbidden, Invalid, NotFound
from ratings import actions
from ratings.actions import Edit, Leave, Remarked
from ratings.api.shapes import (
    EditFeedbackIn,
    FeedbackIn,
    FeedbackOut,
    FeedbackRowIn,
    Newest,
    PendingOut,
    PublicFeedbackOut,
    QuestionOut,
    RemarkIn,
    RevisionOut,
    newest,
)
from ratings.queries import feedback
from ratings.rules import COMMENT_CHARACTERS, OTHER, QUESTIONS, SIDES, VERDICTS


class BoxQuery(Newest):
    box = serializers.ChoiceField(choices=["given", "received"], required=False, default="given")
    role = serializers.ChoiceField(choices=SIDES, required=False, help_text="your role in those trades")


class FeedbackDoor(Door):
    @reads(FeedbackOut, query=BoxQuery, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """What the acting member gave (sealed or not), or what was revealed about them."""
        role, member = query.get("role"), actor(request)
        given = {"before": query.get("before", 2**62), "limit": query["limit"] + 1}
        if query["box"] == "given":
            return newest(request, feedback.given(member, side=role, **given), query["limit"])
        return newest(request, feedback.received(member, side=role and OTHER[role], **given), query["limit"])

    @writes(FeedbackIn, FeedbackOut, status=201)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Answer about one order line: verdict, five stars, words."""
        rater = actor(request)
        [key] = actions.leave([intent(data, rater)], at=moment.at)
        return Response(
            feedback.one_for(key, rater), status=201, headers={"Location": f"/api/feedback/{key}/"}
        )


ROW = {
    "line": Column(int, least=1),
    "verdict": Column(str, most=10),
    "stars": Column(dict, default=None, most=10),
    "comment": Column(str, default="", most=COMMENT_CHARACTERS),
    "anonymous": Column(bool, default=False),
    "rater": Column(int, default=None, least=1),
}


def intent(data: Mapping[str, Any], rater: int) -> Leave:
    """What a body or a row asks for; raises `Invalid` for a verdict or a question that there is not."""
    if data["verdict"] not in VERDICTS:
        raise Invalid(
            "a verdict is good, neutral or bad", field="verdict", rule="verdict_is_bad_neutral_or_good"
        )
    return Leave(
        data["line"], rater, VERDICTS[data["verdict"]], stars(data), data["comment"], data["anonymous"]
    )


def stars(data: Mapping[str, Any]) -> tuple[int | None, ...]:
    """Five stars in the order of the questions of that side; None where nothing was said."""
    said = data.get("stars") or {}
    for questions in QUESTIONS.values():
        if set(said) <= set(questions):
            found = tuple(said.get(name) for name in questions)
            break
    else:
        wrong = sorted(set(said) - {name for questions in QUESTIONS.values() for name in questions})
        raise Invalid(
            f"{wrong[0] if wrong else 'stars'}: not a question of that side",
            field="stars",
            rule="question_is_known",
            way_out="GET /api/feedback/questions/ names them.",
        )
    if not all(star is None or (type(star) is int and 1 <= star <= 5) for star in found):
        raise Invalid(
            "stars are whole numbers from 1 to 5", field="stars", rule="five_answers_of_one_to_five_stars"
        )
    return found


class FeedbackBatchDoor(Door):
    @writes(batch_in(FeedbackRowIn), BatchOut)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Answer about many order lines in one call; a result for each row."""

        def read(row: Any) -> Leave:
            values = read_row(row, ROW)
            return intent(values, rater_of(request, values["rater"]))

        return answer(data["rows"], read, lambda rows: actions.leave(rows, at=moment.at))


def rater_of(request: Request, named: int | None) -> int:
    """Who answers a row: the acting member, or whom an admin that acts as nobody names."""
    user: Any = request.user
    acting: int | None = user.member_id
    if acting is None and named is not None and user.scope == "admin":
        return named
    if named is not None and named != acting:
        raise Forbidden("you answer for yourself", field="rater", rule="an_answer_is_the_raters")
    return actor(request)


class QuestionsDoor(Door):
    @reads(QuestionOut(many=True))
    def get(self, request: Request, query: Any) -> Any:
        """The five questions asked of each side, in the order of their stars."""
        return [
            {"side": side, "question": name, "en": en, "zh": zh}
            for side, questions in QUESTIONS.items()
            for name, (en, zh) in questions.items()
        ]


class PendingDoor(Door):
    @reads(PendingOut, query=Paged, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """What the acting member is asked about and has not answered."""
        found = feedback.pending(actor(request), after=query.get("after", 0), limit=query["limit"] + 1)
        return page(request, found, query["limit"])


def readable(key: int, request: Request) -> dict[str, Any]:
    """One feedback as the acting member (if any) may see it; raises `NotFound` otherwise."""
    user: Any = request.user
    found = feedback.one_for(key, user.member_id)
    if found is None:
        raise NotFound(f"there is no feedback {key} to be read", field="id", rule="feedback_exists")
    return found


class OneFeedbackDoor(Door):
    @reads(FeedbackOut)
    def get(self, request: Request, query: Any, feedback_id: int) -> Any:
        """One feedback as the acting member may see it; to all but its two parties only once revealed."""
        return readable(feedback_id, request)


class RevisionsDoor(Door):
    @reads(RevisionOut(many=True))
    def get(self, request: Request, query: Any, feedback_id: int) -> Any:
        """What was public of a feedback, and since when."""
        readable(feedback_id, request)
        return feedback.revisions(feedback_id)


class EditDoor(Door):
    @writes(EditFeedbackIn, FeedbackOut)
    def post(self, request: Request, data: Any, moment: Any, feedback_id: int) -> Any:
        """Change one's neutral or bad, once, within 30 days: to good, or away."""
        member = actor(request)
        actions.edit([Edit(feedback_id, member, data["verdict"])], at=moment.at)
        return readable(feedback_id, request)


def remark(request: Request, data: Any, moment: Any, key: int, act: Callable[..., Any]) -> Any:
    member = actor(request)
    act([Remarked(key, member, data["text"])], at=moment.at)
    return readable(key, request)


class ExplainDoor(Door):
    @writes(RemarkIn, FeedbackOut)
    def post(self, request: Request, data: Any, moment: Any, feedback_id: int) -> Any:
        """Answer in public what was said about one, once, within 30 days of its reveal."""
        return remark(request, data, moment, feedback_id, actions.explain)


class FollowUpDoor(Door):
    @writes(RemarkIn, FeedbackOut)
    def post(self, request: Request, data: Any, moment: Any, feedback_id: int) -> Any:
        """Add words to one's revealed feedback, once, within 180 days of the trade; no score."""
        return remark(request, data, moment, feedback_id, actions.follow_up)


class PublicQuery(Newest):
    verdict = serializers.ChoiceField(choices=list(VERDICTS), required=False)


class MemberFeedbackQuery(PublicQuery):
    role = serializers.ChoiceField(choices=SIDES, required=False, default="seller", help_text="rated as")


class MemberFeedbackDoor(Door):
    @reads(PublicFeedbackOut, query=MemberFeedbackQuery, paged=True)
    def get(self, request: Request, query: Any, member_id: int) -> Any:
        """The public feedback about a member: nobody can hide or delete it. The newest first."""
        exists("members_member", "member", member_id)
        found = feedback.public(
            member=member_id, role=query["role"], verdict=query.get("verdict"),
            before=query.get("before", 2**62), limit=query["limit"] + 1,
        )  # fmt: skip
        return newest(request, found, query["limit"])


class ListingFeedbackDoor(Door):
    @reads(PublicFeedbackOut, query=PublicQuery, paged=True)
    def get(self, request: Request, query: Any, listing_id: int) -> Any:
        """The public feedback on a listing, the newest first."""
        exists("shops_listing", "listing", listing_id)
        found = feedback.public(
            listing=listing_id,
            verdict=query.get("verdict"),
            before=query.get("before", 2**62),
            limit=query["limit"] + 1,
        )
        return newest(request, found, query["limit"])


def exists(table: str, noun: str, key: int) -> None:
    if not one(f"SELECT EXISTS (SELECT FROM {table} WHERE id = %s)", [key]):
        raise NotFound(f"there is no {noun} {key}", field="id", rule=f"{noun}_exists")
