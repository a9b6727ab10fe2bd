"""The doors of people: joining, being seen, being verified."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.batches import BatchOut, Column, answer, batch_in, read_row
from common.api.doors import ADMIN, Door, In, Out, Paged, actor, only, page, reads, writes
from common.errors import Forbidden, NotFound, Refusal
from members import actions, queries
from members.actions import Registration
from members.rules import MAX_NAME, MAX_NICK, OPENNESS, VERIFIABLE, fault_of

CODE: dict[str, Any] = {
    "min_value": 0,
    "max_value": 999_999_999,
    "help_text": "GB/T 2260: six digits, nine for a town",
}


class MemberOut(Out):
    """The fields from `nick` on are there for the member, and for admin and read keys."""

    id = serializers.IntegerField()
    shown_name = serializers.CharField(help_text="小花, 小**花 or 匿名, as openly as the member chose")
    shown_region = serializers.IntegerField(allow_null=True)
    openness = serializers.ChoiceField(choices=list(OPENNESS))
    status = serializers.CharField()
    joined_at = serializers.DateTimeField()
    id_verified = serializers.BooleanField()
    bank_verified = serializers.BooleanField()
    nick = serializers.CharField(required=False)
    name = serializers.CharField(required=False)
    region = serializers.IntegerField(required=False)
    id_verified_at = serializers.DateTimeField(required=False, allow_null=True)
    bank_verified_at = serializers.DateTimeField(required=False, allow_null=True)


class MemberIn(In):
    nick = serializers.CharField(min_length=1, max_length=MAX_NICK, trim_whitespace=False)
    region = serializers.IntegerField(**CODE)
    name = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=MAX_NAME, trim_whitespace=False
    )
    openness = serializers.ChoiceField(choices=list(OPENNESS), required=False, default="masked")


class MemberQuery(Paged):
    nick = serializers.CharField(
        required=False, max_length=MAX_NICK, help_text="exactly (admin and read keys)"
    )


class MembersDoor(Door):
    @reads(MemberOut, query=MemberQuery, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """Everybody in the market, each as openly as they chose."""
        if "nick" in query and not knows_all(request):
            raise Forbidden(
                "members are found by nick with an admin or read key only",
                field="nick",
                rule="openness_is_the_members",
            )
        found = queries.everybody(
            after=query.get("after", 0), limit=query["limit"] + 1, nick=query.get("nick")
        )
        return page(request, [seen(request, row) for row in found], query["limit"])

    @writes(MemberIn, MemberOut, status=201, scopes=ADMIN)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """A new member joins."""
        [member_id] = actions.register([Registration(**data)], at=moment.at)
        return Response(
            queries.own(there(member_id)), status=201, headers={"Location": f"/api/members/{member_id}/"}
        )


ROW = {
    "nick": Column(str, least=1, most=MAX_NICK),
    "region": Column(int, most=999_999_999),
    "name": Column(str, default="", most=MAX_NAME),
    "openness": Column(str, default="masked", most=10),
    "verified": Column(bool, default=False),
}


class MemberRowIn(MemberIn):
    verified = serializers.BooleanField(
        required=False, default=False, help_text="Identity and bank account are verified at once"
    )


def read_registration(row: Any) -> tuple[Registration, bool]:
    """One row of a batch: who joins, and whether they come verified; raises what is wrong with it."""
    read = read_row(row, ROW)
    verified = read.pop("verified")
    fault: Refusal | None = fault_of(**read)
    if fault:
        raise fault
    return Registration(**read), verified


def join(rows: Sequence[tuple[Registration, bool]], at: datetime) -> list[int]:
    """Register these, and verify those who come verified; the ids."""
    ids = actions.register([registration for registration, _ in rows], at=at)
    known = [id_ for id_, (_, verified) in zip(ids, rows, strict=True) if verified]
    for what in VERIFIABLE if known else ():
        actions.verify(known, what, at=at)
    return ids


class MemberBatchDoor(Door):
    @writes(batch_in(MemberRowIn), BatchOut, scopes=ADMIN)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Many new members join in one call; a result for each row."""
        return answer(data["rows"], read_registration, lambda rows: join(rows, moment.at))


class OwnMemberDoor(Door):
    @reads(MemberOut)
    def get(self, request: Request, query: Any) -> Any:
        """The acting member."""
        return queries.own(there(actor(request)))


class MemberChangeIn(In):
    name = serializers.CharField(required=False, allow_blank=True, max_length=MAX_NAME, trim_whitespace=False)
    region = serializers.IntegerField(required=False, **CODE)
    openness = serializers.ChoiceField(choices=list(OPENNESS), required=False)


class MemberDoor(Door):
    @reads(MemberOut)
    def get(self, request: Request, query: Any, member_id: int) -> Any:
        """A member: their own profile in full, anybody else's as openly as they chose."""
        return seen(request, there(member_id))

    @writes(MemberChangeIn, MemberOut)
    def patch(self, request: Request, data: Any, moment: Any, member_id: int) -> Any:
        """Change one's own name, region or openness (an admin: anybody's)."""
        only(request, member_id)
        actions.change(member_id, data, at=moment.at)
        return queries.own(there(member_id))


class VerifyIn(In):
    what = serializers.ChoiceField(choices=list(VERIFIABLE), required=False, default="id")


class VerifyDoor(Door):
    @writes(VerifyIn, MemberOut)
    def post(self, request: Request, data: Any, moment: Any, member_id: int) -> Any:
        """Have an identity or a bank account verified: asked by the member it is granted at once."""
        only(request, member_id)
        actions.verify([member_id], data["what"], at=moment.at)
        return queries.own(there(member_id))


def there(member_id: int) -> dict[str, Any]:
    found = queries.member(member_id)
    if found is None:
        raise NotFound(f"there is no member {member_id}", field="id", rule="member_exists")
    return found


def knows_all(request: Request) -> bool:
    """An admin or read key that acts as nobody."""
    principal: Any = request.user
    return bool(principal.sees(None))


def seen(request: Request, row: dict[str, Any]) -> dict[str, Any]:
    """The member as this key may see them."""
    principal: Any = request.user
    return queries.own(row) if principal.sees(row["id"]) else queries.public(row)
