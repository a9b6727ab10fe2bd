"""Statements, bills, what lies behind them, and payouts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from common.api.doors import TRADERS, Door, In, Out, Paged, actor, page, reads, writes
from common.errors import Forbidden, Invalid
from common.money import MAX_FEN
from search.alliance import rules
from search.alliance.actions import payouts
from search.alliance.actions.payouts import Payout
from search.alliance.queries import statements
from shops.api.fields import acting, number, words

FIRST_YEAR, LAST_YEAR = 1990, 2199


class DayField(serializers.DateField):
    """A market day, `2010-03-01`, on the market's calendar."""

    def to_internal_value(self, value: Any) -> date:
        day: date = super().to_internal_value(value)
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise serializers.ValidationError(
                "the market's calendar runs from 1990 to 2200", "day_in_calendar"
            )
        return day


class PartyQuery(In):
    party = serializers.ChoiceField(
        statements.PARTIES, required=False, help_text="default: owner; platform where nobody acts"
    )


class StatementQuery(PartyQuery):
    day = DayField(required=False, help_text="a single day")
    month = DayField(required=False, help_text="the month this day is in")


class AllianceSumsOut(Out):
    charges = serializers.IntegerField()
    clicks = serializers.IntegerField(help_text="paid by the click")
    views = serializers.IntegerField(help_text="paid by the thousand")
    earning_fen = serializers.IntegerField(help_text="from sellers to owners, less what was taken back")
    seller_fee_fen = serializers.IntegerField()
    owner_fee_fen = serializers.IntegerField()
    net_fen = serializers.IntegerField(help_text="what the party got, or paid (below nought)")


class AllianceDayOut(AllianceSumsOut):
    day = serializers.DateField()


class AllianceLineOut(AllianceDayOut):
    space = serializers.IntegerField()
    shop = serializers.IntegerField()
    kind = serializers.ChoiceField(list(rules.CHARGES))
    contract = serializers.IntegerField(allow_null=True)
    orders = serializers.IntegerField()
    charges_at = serializers.CharField(help_text="the address of the charges this line sums")


class AllianceStatementOut(Out):
    party = serializers.ChoiceField(statements.PARTIES)
    member = serializers.IntegerField(allow_null=True)
    first = serializers.DateField()
    last = serializers.DateField()
    total = AllianceSumsOut()
    days = AllianceDayOut(many=True)
    lines = AllianceLineOut(many=True)


def asking(request: Request, query: dict[str, Any]) -> tuple[str, int | None]:
    """Who asks: the platform is whoever acts as nobody; a member is an owner unless it says seller."""
    member = acting(request)
    party = query.pop("party", None) or ("platform" if member is None else "owner")
    if party == "platform" and member is not None:
        raise Forbidden(
            "the platform's statement is the platform's", field="party", rule="own_statements_only",
            way_out="Ask as seller or owner.",
        )  # fmt: skip
    return party, member if party == "platform" else actor(request)


def _span(query: dict[str, Any]) -> tuple[date, date]:
    day: Any = query.get("day")
    month: Any = query.get("month")
    if (day is None) == (month is None):
        raise Invalid(
            "name a day, or a month by one of its days", field="day", rule="a_statement_is_of_a_day_or_a_month",
            way_out="Send day=2010-03-01 or month=2010-03-01.",
        )  # fmt: skip
    if day is not None:
        return day, day
    first: date = month.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


class StatementDoor(Door):
    @reads(AllianceStatementOut, query=StatementQuery, scopes=TRADERS)
    def get(self, request: Request, query: Any) -> Any:
        """The alliance's statement of a day or month: of a seller, of a space owner, or of the platform."""
        party, member = asking(request, query)
        return statements.statement(party, member, *_span(query))


class AllianceChargeOut(Out):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(list(rules.CHARGES))
    day = serializers.DateField()
    space = serializers.IntegerField()
    shop = serializers.IntegerField()
    contract = serializers.IntegerField(allow_null=True)
    earning_fen = serializers.IntegerField()
    seller_fee_fen = serializers.IntegerField()
    owner_fee_fen = serializers.IntegerField()
    click = serializers.IntegerField(allow_null=True)
    commission = serializers.IntegerField(allow_null=True)
    after_view = serializers.IntegerField(allow_null=True, help_text="views of the contract after this one")
    last_view = serializers.IntegerField(allow_null=True, help_text="until this one")
    views = serializers.IntegerField(allow_null=True)
    order = serializers.IntegerField(allow_null=True, help_text="hidden from the space's owner")
    line = serializers.IntegerField(allow_null=True, help_text="hidden from the space's owner")
    refund = serializers.IntegerField(allow_null=True, help_text="hidden from the space's owner")
    at = serializers.DateTimeField(allow_null=True, help_text="hidden from the space's owner")
    rate_bps = serializers.IntegerField(allow_null=True)
    clicked_on = serializers.DateField(allow_null=True)
    visitor = serializers.IntegerField(allow_null=True, help_text="for the platform alone")
    clicked_by = serializers.IntegerField(allow_null=True, help_text="for the platform alone")
    page_view_charge = serializers.IntegerField(
        allow_null=True, help_text="charge_id of the page view it bought"
    )


class ChargeQuery(Paged):
    party = serializers.ChoiceField(statements.PARTIES, required=False)
    day = DayField(required=False)
    space = number(required=False)
    shop = number(required=False)
    contract = number(required=False)
    kind = serializers.ChoiceField(list(rules.CHARGES), required=False)


class ChargesDoor(Door):
    @reads(AllianceChargeOut, query=ChargeQuery, scopes=TRADERS, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """Charges one by one: the click, the views or the order that each is for."""
        party, member = asking(request, query)
        return page(request, statements.charges(party, member, query), query["limit"])


class AllianceVisitOut(Out):
    id = serializers.IntegerField()
    link = serializers.IntegerField()
    space = serializers.IntegerField()
    shop = serializers.IntegerField()
    contract = serializers.IntegerField(allow_null=True)
    day = serializers.DateField()
    verdict = serializers.ChoiceField(list(rules.VERDICT))
    price_fen = serializers.IntegerField()
    page_view_charge = serializers.IntegerField(allow_null=True)
    visitor = serializers.IntegerField(allow_null=True, help_text="for the platform alone")
    clicked_by = serializers.IntegerField(allow_null=True, help_text="for the platform alone")


class VisitQuery(Paged):
    what = serializers.ChoiceField(list(statements.VISITS))
    party = serializers.ChoiceField(statements.PARTIES, required=False)
    day = DayField(required=False)
    space = number(required=False)
    shop = number(required=False)
    contract = number(required=False)


class VisitsDoor(Door):
    @reads(AllianceVisitOut, query=VisitQuery, scopes=TRADERS, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """Clicks or views one by one, with their verdicts: what a bill counts."""
        party, member = asking(request, query)
        found = statements.visits(query.pop("what"), party, member, query)
        return page(request, found, query["limit"])


class BillQuery(PartyQuery):
    day = DayField()


class AllianceBillOut(Out):
    day = serializers.DateField()
    shop = serializers.IntegerField(required=False)
    space = serializers.IntegerField(required=False)
    clicks = serializers.IntegerField()
    valid_clicks = serializers.IntegerField()
    paid_clicks = serializers.IntegerField()
    page_views = serializers.IntegerField(help_text="bought: with the click's number as their charge")
    views = serializers.IntegerField()
    valid_views = serializers.IntegerField()
    billed_views = serializers.IntegerField()
    orders = serializers.IntegerField()
    clicks_fen = serializers.IntegerField()
    thousands_fen = serializers.IntegerField()
    commissions_fen = serializers.IntegerField()
    returns_fen = serializers.IntegerField()
    seller_fees_fen = serializers.IntegerField()
    owner_fees_fen = serializers.IntegerField()
    charges_at = serializers.CharField()


class AllianceBillsOut(Out):
    shops = AllianceBillOut(many=True)
    spaces = AllianceBillOut(many=True)


class BillsDoor(Door):
    @reads(AllianceBillsOut, query=BillQuery, scopes=TRADERS)
    def get(self, request: Request, query: Any) -> Any:
        """A day's traffic bills, by shop and by web space, from bought sources only: a seller's, an owner's, or all."""
        party, member = asking(request, query)
        return statements.day_bills(party, member, query["day"])


class AllianceAccountOut(Out):
    member = serializers.IntegerField()
    balance_fen = serializers.IntegerField(help_text="below nought: a refund took back more than there was")
    waiting_fen = serializers.IntegerField(help_text="commissions of trades that have not succeeded yet")
    waiting_count = serializers.IntegerField()


class AllianceAccountDoor(Door):
    @reads(AllianceAccountOut, scopes=TRADERS)
    def get(self, request: Request, query: Any) -> Any:
        """What the acting member's spaces have earned and what waits for trades to succeed."""
        return statements.account(actor(request))


class PayoutIn(In):
    amount_fen = serializers.IntegerField(min_value=1, max_value=MAX_FEN)
    key = words(60, required=False, help_text="asked twice with one key, it is paid once")


class PayoutOut(Out):
    transfer = serializers.IntegerField()
    balance_fen = serializers.IntegerField(help_text="what is left on the alliance account")


class PayoutsDoor(Door):
    @writes(PayoutIn, PayoutOut, status=201)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Move earnings to the acting member's balance."""
        member = actor(request)
        [transfer] = payouts.pay_out([Payout(member, **data)], at=moment.at)
        return {"transfer": transfer, "balance_fen": statements.account(member)["balance_fen"]}
