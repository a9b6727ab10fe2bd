"""The prepaid account: pay in, take out, read."""

from __future__ import annotations

from datetime import date
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from common.api.doors import TRADERS, Door, In, Out, actor, page, reads, writes
from common.errors import Invalid
from common.moments import FIRST, LAST, day_of
from payments.api import StatementOut, TopUpIn
from payments.queries import statement
from search.express.actions import account
from search.express.actions.account import Move
from search.express.queries import things as queries
from worlds.clock import now

LINES = 1_000


class AdsAccountOut(Out):
    member = serializers.IntegerField()
    balance_fen = serializers.IntegerField(help_text="paid in and not spent")
    spent_today_fen = serializers.IntegerField(help_text="by all campaigns, this market day")


class AdsMoveIn(TopUpIn):
    pass


class AdsMovedOut(AdsAccountOut):
    id = serializers.IntegerField(help_text="the transfer's")
    amount_fen = serializers.IntegerField()


class AdsAccountDoor(Door):
    @reads(AdsAccountOut, scopes=TRADERS)
    def get(self, request: Request, query: Any) -> Any:
        """What the acting member has left for keyword ads."""
        return queries.standing(actor(request), at=now())


def _moved(verb: Any, request: Request, data: Any, moment: Any) -> Any:
    member = actor(request)
    [id_] = verb([Move(member, data["amount_fen"], data["key"])], at=moment.at)
    return {"id": id_, "amount_fen": data["amount_fen"], **queries.standing(member, at=moment.at)}


class AdsTopUpDoor(Door):
    @writes(AdsMoveIn, AdsMovedOut, status=201)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Pay in for keyword ads, from the acting member's balance."""
        return _moved(account.top_up, request, data, moment)


class AdsWithdrawalDoor(Door):
    @writes(AdsMoveIn, AdsMovedOut, status=201)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Take out what was not spent, to the acting member's balance."""
        return _moved(account.withdraw, request, data, moment)


class AdsStatementQuery(In):
    first = serializers.DateField(required=False, help_text="a market day; default: today")
    last = serializers.DateField(required=False, help_text="included; default: the first")
    after = serializers.IntegerField(
        required=False, default=0, min_value=0, max_value=10**18, help_text="the last line's n"
    )
    limit = serializers.IntegerField(required=False, default=LINES, min_value=1, max_value=LINES)


class AdsStatementDoor(Door):
    @reads(StatementOut, query=AdsStatementQuery, scopes=TRADERS)
    def get(self, request: Request, query: Any) -> Any:
        """What came and went on the acting member's ads account: top-ups, clicks, returns; opening + in = out + closing."""
        first: date = query.get("first") or day_of(now())
        last: date = query.get("last") or first
        if not FIRST.date() <= first <= last < LAST.date():
            raise Invalid(
                "a period ends on the day it begins or later, within the calendar", field="last",
                rule="period_is_in_order", way_out="Send first=2010-03-01&last=2010-03-31.",
            )  # fmt: skip
        limit = query["limit"]
        found = statement(account.code(actor(request)), first, last, after=query["after"], limit=limit + 1)
        lines = page(request, found["lines"], limit, key="n")
        return {**found, "lines": lines["results"], "next": lines["next"]}
