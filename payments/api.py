"""The doors of money: balances, top-ups, withdrawals, statements, transfers, and the books as a whole."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.request import Request

from common.api.batches import BatchOut, Column, answer, batch_in, read_row
from common.api.doors import ADMIN, Door, In, Out, Paged, actor, only, page, reads, writes
from common.batch import one
from common.errors import Invalid, NotFound
from common.moments import FIRST, LAST, day_of, show
from common.money import MAX_FEN
from payments import ledger, queries
from payments.ledger import TopUp, Withdrawal
from payments.rules import ESCROW_STATUSES, MAX_REFERENCE, POSTINGS
from worlds.clock import now

MEMBER: dict[str, Any] = {"min_value": 1, "max_value": 10**18}
KEY = 60
BOOKS = ("admin", "read")


class AccountOut(Out):
    member = serializers.IntegerField()
    balance_fen = serializers.IntegerField(help_text="to spend or withdraw")
    frozen_fen = serializers.IntegerField(help_text="the consumer protection deposit")
    in_escrow_fen = serializers.IntegerField(help_text="paid, waiting for the trade to be settled")
    awaited_fen = serializers.IntegerField(help_text="paid by buyers, not yet released")


class OwnAccountDoor(Door):
    @reads(AccountOut)
    def get(self, request: Request, query: Any) -> Any:
        """The acting member's money."""
        return queries.standing(actor(request))


class AccountDoor(Door):
    @reads(AccountOut)
    def get(self, request: Request, query: Any, member_id: int) -> Any:
        """A member's money: one's own, or anybody's for an admin or read key."""
        only(request, member_id)
        exists(member_id)
        return queries.standing(member_id)


def principal(request: Request) -> Any:
    """Whose key it is (`worlds.auth.Principal`)."""
    return request.user


def exists(member: int) -> None:
    if one("SELECT 1 FROM members_member WHERE id = %s", [member]) is None:
        raise NotFound(f"there is no member {member}", field="member", rule="member_exists")


class TopUpIn(In):
    amount_fen = serializers.IntegerField(min_value=1, max_value=MAX_FEN)
    key = serializers.CharField(
        required=False,
        default="",
        max_length=KEY,
        allow_blank=True,
        help_text="the same key is the same money, once",
    )


class WithdrawalIn(TopUpIn):
    pass


class MovedOut(Out):
    id = serializers.IntegerField(help_text="the transfer's")
    member = serializers.IntegerField()
    amount_fen = serializers.IntegerField()
    balance_fen = serializers.IntegerField(help_text="afterwards")


def moved(id_: int, member: int, amount_fen: int) -> dict[str, int]:
    return {"id": id_, "member": member, "amount_fen": amount_fen, "balance_fen": queries.balance(member)}


class TopUpDoor(Door):
    @writes(TopUpIn, MovedOut, status=201)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Bring money in from outside, to the acting member's account."""
        member = actor(request)
        [id_] = ledger.top_up([TopUp(member, data["amount_fen"], data["key"])], at=moment.at)
        return moved(id_, member, data["amount_fen"])


class TopUpRowIn(TopUpIn):
    member = serializers.IntegerField(**MEMBER)


TOP_UP = {
    "member": Column(int, least=1),
    "amount_fen": Column(int, least=1, most=MAX_FEN),
    "key": Column(str, default="", most=KEY),
}


class TopUpBatchDoor(Door):
    @writes(batch_in(TopUpRowIn), BatchOut, scopes=ADMIN)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Bring money in for many members in one call; a result for each row."""
        return answer(
            data["rows"],
            lambda row: TopUp(**read_row(row, TOP_UP)),
            lambda rows: ledger.top_up(rows, at=moment.at),
        )


class WithdrawalDoor(Door):
    @writes(WithdrawalIn, MovedOut, status=201)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Take money out to the acting member's verified bank account."""
        member = actor(request)
        [id_] = ledger.withdraw([Withdrawal(member, data["amount_fen"], data["key"])], at=moment.at)
        return moved(id_, member, data["amount_fen"])


class StatementLineOut(Out):
    n = serializers.IntegerField(help_text="its number within the period")
    id = serializers.IntegerField(help_text="the transfer's")
    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=[row.kind for row in POSTINGS])
    reference = serializers.CharField()
    counterparty = serializers.CharField(help_text="the other account")
    in_fen = serializers.IntegerField()
    out_fen = serializers.IntegerField()
    balance_fen = serializers.IntegerField(help_text="afterwards")


StatementDayOut: Any = type(
    "StatementDayOut",
    (Out,),
    {
        "on": serializers.DateField(),
        "opening_fen": serializers.IntegerField(),
        "in_fen": serializers.IntegerField(),
        "out_fen": serializers.IntegerField(),
        "closing_fen": serializers.IntegerField(),
        "line_count": serializers.IntegerField(),
    },
)

# `from` and `as` are words of Python, so these two shapes are written as tables
StatementQuery: Any = type(
    "StatementQuery",
    (In,),
    {
        "member": serializers.IntegerField(required=False, help_text="for admin and read keys", **MEMBER),
        "day": serializers.DateField(required=False, help_text="one market day; or from and to"),
        "from": serializers.DateField(required=False),
        "to": serializers.DateField(required=False, help_text="included"),
        "account": serializers.ChoiceField(choices=["member", "deposit"], required=False, default="member"),
        "as": serializers.ChoiceField(choices=["json", "csv"], required=False, default="json"),
        "after": serializers.IntegerField(
            required=False, default=0, min_value=0, max_value=10**18, help_text="the last line's n"
        ),
        "limit": serializers.IntegerField(required=False, default=1000, min_value=1, max_value=1000),
    },
)
StatementOut: Any = type(
    "StatementOut",
    (Out,),
    {
        "account": serializers.CharField(),
        "from": serializers.DateField(),
        "to": serializers.DateField(),
        "opening_fen": serializers.IntegerField(),
        "in_fen": serializers.IntegerField(),
        "out_fen": serializers.IntegerField(),
        "closing_fen": serializers.IntegerField(),
        "days": StatementDayOut(many=True),
        "lines": StatementLineOut(many=True),
        "next": serializers.CharField(allow_null=True),
    },
)
WHOLE = 1_000_000  # lines of a CSV, which has no pages


class StatementDoor(Door):
    @reads(StatementOut, query=StatementQuery, also={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request, query: Any) -> Any:
        """A member's statement of a day or of several: opening, what came and went, closing; JSON or CSV.

        Without a day it is today's. opening + in = out + closing, for the whole and for each day.
        """
        member = query.get("member") or actor(request)
        only(request, member)
        exists(member)
        first, last = period(query)
        code = f"{query['account']}:{member}"
        if query["as"] == "csv":
            text = queries.as_csv(queries.statement(code, first, last, limit=WHOLE))
            name = f"statement-{member}-{first}-{last}.csv"
            headers = {"Content-Disposition": f'attachment; filename="{name}"'}
            return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)
        found = queries.statement(code, first, last, after=query["after"], limit=query["limit"] + 1)
        lines = page(request, found["lines"], query["limit"], key="n")
        return {**found, "lines": lines["results"], "next": lines["next"]}


def period(query: dict[str, Any]) -> tuple[date, date]:
    """The first and last day asked for; today when none is."""
    if "day" in query and ("from" in query or "to" in query):
        raise Invalid(
            "name a day, or from and to", field="day", rule="one_period", way_out="Leave one of them out."
        )
    today = query.get("day") or day_of(now())
    first = query.get("from", query.get("to", today))
    last = query.get("to", max(first, today))
    if last < first:
        raise Invalid("to lies before from", field="to", rule="period_runs_forward", way_out="Exchange them.")
    if not FIRST.date() <= first <= last < LAST.date():
        raise Invalid("the market's calendar runs from 1990 to 2200", field="from", rule="moment_in_calendar")
    return first, last


class TransferOut(Out):
    id = serializers.IntegerField()
    debit = serializers.CharField(help_text="the account that gave")
    credit = serializers.CharField(help_text="the account that received")
    amount_fen = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=[row.kind for row in POSTINGS])
    reference = serializers.CharField()
    key = serializers.CharField()
    at = serializers.DateTimeField()


class TransferQuery(Paged):
    account = serializers.CharField(
        required=False, max_length=80, help_text="such as member:7 or escrow:order:3"
    )
    kind = serializers.ChoiceField(choices=[row.kind for row in POSTINGS], required=False)
    reference = serializers.CharField(required=False, max_length=80)


class TransfersDoor(Door):
    @reads(TransferOut, query=TransferQuery, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """Transfers in order: a member's own; every one for an admin or read key that acts as nobody."""
        member = principal(request).member_id
        own = [f"member:{member}", f"deposit:{member}"] if member is not None else None
        if "account" in query:
            if own is not None and query["account"] not in own:
                only(request, 0)  # a member sees no account but their own
            own = [query["account"]]
        found = queries.transfers(
            of=own,
            kind=query.get("kind"),
            reference=query.get("reference"),
            after=query.get("after", 0),
            limit=query["limit"] + 1,
        )
        return page(request, [{**row, "at": show(row["at"])} for row in found], query["limit"])


class EscrowOut(Out):
    id = serializers.IntegerField()
    reference = serializers.CharField()
    payer = serializers.IntegerField()
    payee = serializers.IntegerField()
    held_fen = serializers.IntegerField()
    released_fen = serializers.IntegerField()
    refunded_fen = serializers.IntegerField()
    left_fen = serializers.IntegerField()
    status = serializers.ChoiceField(choices=list(ESCROW_STATUSES))
    held_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)


class EscrowQuery(Paged):
    reference = serializers.CharField(required=False, max_length=MAX_REFERENCE)
    status = serializers.ChoiceField(choices=list(ESCROW_STATUSES), required=False)


class EscrowsDoor(Door):
    @reads(EscrowOut, query=EscrowQuery, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """Escrows in order: those a member pays or awaits; every one for a key that acts as nobody."""
        found = queries.escrows(
            member=principal(request).member_id,
            reference=query.get("reference"),
            status=query.get("status"),
            after=query.get("after", 0),
            limit=query["limit"] + 1,
        )
        rows = [
            {**row, "held_at": show(row["held_at"]), "settled_at": show(row["settled_at"])} for row in found
        ]
        return page(request, rows, query["limit"])


class TrialBalanceKindOut(Out):
    kind = serializers.CharField(help_text="of account")
    account_count = serializers.IntegerField()
    opening_fen = serializers.IntegerField()
    given_fen = serializers.IntegerField()
    received_fen = serializers.IntegerField()
    closing_fen = serializers.IntegerField()


TrialBalanceOut: Any = type(
    "TrialBalanceOut",
    (Out,),
    {
        "on": serializers.DateField(),
        "kinds": TrialBalanceKindOut(many=True),
        "opening_fen": serializers.IntegerField(help_text="nought, when the books balance"),
        "given_fen": serializers.IntegerField(),
        "received_fen": serializers.IntegerField(),
        "closing_fen": serializers.IntegerField(help_text="nought, when the books balance"),
        "balanced": serializers.BooleanField(),
    },
)


class TrialBalanceQuery(In):
    day = serializers.DateField(required=False, help_text="a market day; today when left out")


class TrialBalanceDoor(Door):
    @reads(TrialBalanceOut, query=TrialBalanceQuery, scopes=BOOKS)
    def get(self, request: Request, query: Any) -> Any:
        """The day's trial balance: what each kind of account had, gave, received and has."""
        day, _ = period(query)
        return queries.trial_balance(day)


class DriftRowOut(Out):
    wrong = serializers.CharField()
    subject = serializers.CharField()
    expected_fen = serializers.IntegerField()
    found_fen = serializers.IntegerField()


class DriftOut(Out):
    rows = DriftRowOut(many=True)
    balanced = serializers.BooleanField()


class DriftDoor(Door):
    @reads(DriftOut, scopes=BOOKS)
    def get(self, request: Request, query: Any) -> Any:
        """Every place where the books disagree with themselves; none, when all is well."""
        found = ledger.drift()
        return {"rows": found, "balanced": not found}
