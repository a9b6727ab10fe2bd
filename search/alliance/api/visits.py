"""Where links are made, shown and followed."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.batches import BatchOut, Column, answer, batch_in, read_row
from common.api.doors import TRADERS, Door, In, Out, Paged, page, reads, writes
from common.api.together import Joint
from common.errors import Forbidden
from search.alliance.actions import links, visits
from search.alliance.actions.links import NewLink
from search.alliance.actions.visits import Visit
from search.alliance.queries import market
from shops.api.fields import acting, number, words
from traffic.rules import COOKIE_MOST

TOKEN_MOST = 20


class LinkOut(Out):
    id = serializers.IntegerField()
    token = serializers.CharField(help_text="what stands in the web page")
    space = serializers.IntegerField()
    placement = serializers.IntegerField(allow_null=True)
    shop = serializers.IntegerField()
    listing = serializers.IntegerField(allow_null=True)
    contract = serializers.IntegerField(allow_null=True, help_text="null: by the shop's standing offer")
    made_at = serializers.DateTimeField()


class LinkQuery(Paged):
    space = number(required=False)
    placement = number(required=False)
    shop = number(required=False)
    contract = number(required=False)


class LinkIn(In):
    space = number()
    placement = number(required=False)
    shop = number()
    listing = number(required=False, help_text="default: the shop's own page")
    contract = number(required=False, help_text="default: the shop's standing offer")


class LinksDoor(Door):
    @reads(LinkOut, query=LinkQuery, scopes=TRADERS, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """The links from one's spaces and to one's shop (an admin key that names nobody: all)."""
        return page(request, market.some(market.LINKS, query, viewer=acting(request)), query["limit"])

    @writes(LinkIn, LinkOut, status=201)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Make a tracking link for one's space, or find the one made before."""
        [made] = links.link([NewLink(**data)], by=acting(request), at=moment.at)
        return Response(market.one_of(market.LINKS, "link", made), status=201)


class VisitIn(In):
    token = words(TOKEN_MOST)
    visitor = words(COOKIE_MOST, help_text="the cookie of the visitor's browser")
    member = number(required=False, help_text="who it is, when they are known; a member's key sends its own")


class ClickOut(Out):
    id = serializers.IntegerField()
    shop = serializers.IntegerField(help_text="where it leads")
    listing = serializers.IntegerField(allow_null=True)


class AllianceViewOut(Out):
    id = serializers.IntegerField()


COLUMNS = {
    "token": Column(str, least=1, most=TOKEN_MOST),
    "visitor": Column(str, least=1, most=COOKIE_MOST),
    "member": Column(int, None, least=1),
}


def _visit(data: dict[str, Any], member: int | None) -> Visit:
    said = data.get("member")
    if member is not None and said not in (None, member):
        raise Forbidden(
            "a member sends their own clicks and views",
            field="member",
            rule="own_views_only",
            way_out="Leave it out.",
        )
    return Visit(data["token"], data["visitor"], said if member is None else member)


class ClicksDoor(Door):
    @writes(VisitIn, ClickOut, status=201, joint=True)
    def post(self, request: Request, data: Any) -> Any:
        """Follow a link: the click, what it costs and the page view it brings are one fact."""
        return Joint(visits.click, _visit(data, acting(request)), lambda result, moment: result)


class ClickBatchDoor(Door):
    @writes(batch_in(VisitIn), BatchOut)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Follow up to 20,000 links."""
        member = acting(request)
        return answer(
            data["rows"],
            lambda row: _visit(read_row(row, COLUMNS), member),
            lambda intents: visits.click(intents, at=moment.at),
        )


class AllianceViewsDoor(Door):
    @writes(VisitIn, AllianceViewOut, status=201, joint=True)
    def post(self, request: Request, data: Any) -> Any:
        """Show a link on its space: counted, and billed at the day's end where it is sold by the thousand."""
        return Joint(visits.view, _visit(data, acting(request)), lambda number, moment: {"id": number})


class AllianceViewBatchDoor(Door):
    @writes(batch_in(VisitIn), BatchOut)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Show up to 20,000 links."""
        member = acting(request)
        return answer(
            data["rows"],
            lambda row: _visit(read_row(row, COLUMNS), member),
            lambda intents: visits.view(intents, at=moment.at),
        )
