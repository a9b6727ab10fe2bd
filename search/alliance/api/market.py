"""The doors of spaces, placements, offers, contracts and links."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.doors import TRADERS, Door, In, Out, Paged, actor, page, reads, writes
from search.alliance import rules
from search.alliance.actions import contracts, offers, spaces
from search.alliance.actions.contracts import Counter, Proposal
from search.alliance.actions.offers import NewOffer
from search.alliance.actions.spaces import NewPlacement, NewSpace
from search.alliance.queries import market
from shops.api.fields import MomentField, acting, number, words
from shops.queries.shops import shop_of


class SpacePlacementOut(Out):
    id = serializers.IntegerField()
    name = serializers.CharField()
    description = serializers.CharField()
    status = serializers.ChoiceField(rules.SPACE_STATUSES)


class SpaceOut(Out):
    id = serializers.IntegerField()
    owner = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(rules.SPACE_KINDS)
    address = serializers.CharField(allow_blank=True)
    description = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(rules.SPACE_STATUSES)
    opened_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    placements = SpacePlacementOut(many=True)


class SpaceQuery(Paged):
    owner = number(required=False)
    kind = serializers.ChoiceField(rules.SPACE_KINDS, required=False)
    status = serializers.ChoiceField(rules.SPACE_STATUSES, required=False)


class SpaceIn(In):
    name = words(rules.NAME_MOST)
    kind = serializers.ChoiceField(rules.SPACE_KINDS)
    address = words(rules.ADDRESS_MOST, required=False, allow_blank=True)
    description = words(rules.TEXT_MOST, required=False, allow_blank=True)


class PlacementIn(In):
    name = words(rules.NAME_MOST)
    description = words(rules.TEXT_MOST, required=False, allow_blank=True)


class SpacesDoor(Door):
    @reads(SpaceOut, query=SpaceQuery, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """Web spaces and the placements on them."""
        return page(request, market.some(market.SPACES, query), query["limit"])

    @writes(SpaceIn, SpaceOut, status=201)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Open a web space of the acting member."""
        [space] = spaces.open_spaces([NewSpace(owner=actor(request), **data)], at=moment.at)
        found = market.one_of(market.SPACES, "space", space)
        return Response(found, status=201, headers={"Location": f"/api/alliance/spaces/{space}/"})


class SpaceDoor(Door):
    @reads(SpaceOut)
    def get(self, request: Request, query: Any, space_id: int) -> Any:
        """A web space."""
        return market.one_of(market.SPACES, "space", space_id)


class SpacePlacementsDoor(Door):
    @writes(PlacementIn, SpaceOut, status=201)
    def post(self, request: Request, data: Any, moment: Any, space_id: int) -> Any:
        """Add a placement to a space; the space as it is now."""
        spaces.add_placements([NewPlacement(space_id, **data)], by=acting(request), at=moment.at)
        return market.one_of(market.SPACES, "space", space_id)


class SpaceCloseDoor(Door):
    @writes(None, SpaceOut)
    def post(self, request: Request, data: Any, moment: Any, space_id: int) -> Any:
        """Close a space: its links still lead on, and nobody pays for them."""
        spaces.close("space", [space_id], by=acting(request), at=moment.at)
        return market.one_of(market.SPACES, "space", space_id)


class SpaceReopenDoor(Door):
    @writes(None, SpaceOut)
    def post(self, request: Request, data: Any, moment: Any, space_id: int) -> Any:
        """Open a closed space again."""
        spaces.reopen("space", [space_id], by=acting(request), at=moment.at)
        return market.one_of(market.SPACES, "space", space_id)


class PlacementCloseDoor(Door):
    @writes(None, None)
    def post(self, request: Request, data: Any, moment: Any, placement_id: int) -> Any:
        """Close a placement."""
        spaces.close("placement", [placement_id], by=acting(request), at=moment.at)


class PlacementReopenDoor(Door):
    @writes(None, None)
    def post(self, request: Request, data: Any, moment: Any, placement_id: int) -> Any:
        """Open a closed placement again."""
        spaces.reopen("placement", [placement_id], by=acting(request), at=moment.at)


class AllianceOfferOut(Out):
    id = serializers.IntegerField()
    shop = serializers.IntegerField()
    listing = serializers.IntegerField(allow_null=True, help_text="null: on everything the shop sells")
    rate_bps = serializers.IntegerField()
    offered_at = serializers.DateTimeField()


class AllianceOfferQuery(Paged):
    shop = number(required=False)
    listing = number(required=False)


class AllianceOfferIn(In):
    shop = number(required=False, help_text="default: the acting member's")
    listing = number(required=False, help_text="default: everything the shop sells")
    rate_bps = serializers.IntegerField(min_value=0, max_value=10_000, help_text="0: offered no longer")


class OffersDoor(Door):
    @reads(AllianceOfferOut, query=AllianceOfferQuery, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """The commissions (TaobaoKe) that shops offer to whoever brings them a sale."""
        return page(request, market.some(market.OFFERS, query), query["limit"])

    @writes(AllianceOfferIn, AllianceOfferOut, status=201)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Offer a commission on the shop or a listing, from now on; earlier clicks keep their rate."""
        shop = data.pop("shop", None) or shop_of(actor(request))
        [made] = offers.offer([NewOffer(shop=shop, **data)], by=acting(request), at=moment.at)
        told = {"id": made, "shop": shop, "listing": data.get("listing"), "rate_bps": data["rate_bps"]}
        return Response({**told, "offered_at": moment.at}, status=201)


class ContractOut(Out):
    id = serializers.IntegerField()
    placement = serializers.IntegerField()
    space = serializers.IntegerField()
    owner = serializers.IntegerField(help_text="of the space")
    shop = serializers.IntegerField()
    seller = serializers.IntegerField()
    status = serializers.ChoiceField(rules.CONTRACT_STATUSES)
    said_by = serializers.ChoiceField(
        list(rules.OTHER_SIDE), help_text="who spoke last: the other side answers"
    )
    sold_by = serializers.ChoiceField(rules.SOLD_BY)
    price_fen = serializers.IntegerField(allow_null=True, help_text="of a click, or of a thousand views")
    rate_bps = serializers.IntegerField(allow_null=True, help_text="of a sale")
    budget_fen = serializers.IntegerField(allow_null=True, help_text="the most the shop pays, fees included")
    spent_fen = serializers.IntegerField()
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    proposed_at = serializers.DateTimeField()
    said_at = serializers.DateTimeField()
    respond_by = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class ContractQuery(Paged):
    shop = number(required=False)
    placement = number(required=False)
    status = serializers.ChoiceField(rules.CONTRACT_STATUSES, required=False)


class TermsIn(In):
    sold_by = serializers.ChoiceField(rules.SOLD_BY)
    price_fen = number(required=False, help_text="of a click, or of a thousand views")
    rate_bps = serializers.IntegerField(required=False, min_value=0, max_value=10_000, help_text="of a sale")
    budget_fen = number(required=False, help_text="the most the shop pays, fees included; default: no end")
    starts_at = MomentField(required=False, help_text="default: when it is accepted")
    ends_at = MomentField(required=False, help_text="default: when a side ends it")
    respond_by = MomentField(required=False, help_text="default: after the lever deal.expiry_days")


class ProposalIn(TermsIn):
    shop = number(required=False, help_text="default: the acting member's")
    placement = number()


def _terms(data: dict[str, Any]) -> rules.Terms:
    said: dict[str, Any] = {name: data.get(name) for name in rules.Terms.__slots__}
    return rules.Terms(**said)


class ContractsDoor(Door):
    @reads(ContractOut, query=ContractQuery, scopes=TRADERS, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """The contracts of one's shop and one's spaces (an admin key that names nobody: all)."""
        return page(request, market.some(market.CONTRACTS, query, viewer=acting(request)), query["limit"])

    @writes(ProposalIn, ContractOut, status=201)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Propose a contract for a placement, as its owner or as the shop's."""
        by = actor(request)
        shop = data.get("shop") or shop_of(by)
        intent = Proposal(data["placement"], shop, _terms(data), data.get("respond_by"))
        [contract] = contracts.propose([intent], by=by, at=moment.at)
        found = market.one_of(market.CONTRACTS, "contract", contract)
        return Response(found, status=201, headers={"Location": f"/api/alliance/contracts/{contract}/"})


class ContractDoor(Door):
    @reads(ContractOut, scopes=TRADERS)
    def get(self, request: Request, query: Any, contract_id: int) -> Any:
        """A contract, for its two sides only."""
        return market.one_of(market.CONTRACTS, "contract", contract_id, viewer=acting(request))


class ContractCounterDoor(Door):
    @writes(TermsIn, ContractOut)
    def post(self, request: Request, data: Any, moment: Any, contract_id: int) -> Any:
        """Answer a proposal with other terms."""
        counter = Counter(contract_id, _terms(data), data.get("respond_by"))
        contracts.counter([counter], by=actor(request), at=moment.at)
        return market.one_of(market.CONTRACTS, "contract", contract_id)


class ContractAcceptDoor(Door):
    @writes(None, ContractOut)
    def post(self, request: Request, data: Any, moment: Any, contract_id: int) -> Any:
        """Accept the terms last said by the other side."""
        contracts.accept([contract_id], by=actor(request), at=moment.at)
        return market.one_of(market.CONTRACTS, "contract", contract_id)


class ContractDeclineDoor(Door):
    @writes(None, ContractOut)
    def post(self, request: Request, data: Any, moment: Any, contract_id: int) -> Any:
        """Decline the other side's proposal."""
        contracts.decline([contract_id], by=actor(request), at=moment.at)
        return market.one_of(market.CONTRACTS, "contract", contract_id)


class ContractWithdrawDoor(Door):
    @writes(None, ContractOut)
    def post(self, request: Request, data: Any, moment: Any, contract_id: int) -> Any:
        """Take one's own proposal back."""
        contracts.withdraw([contract_id], by=actor(request), at=moment.at)
        return market.one_of(market.CONTRACTS, "contract", contract_id)


class ContractEndDoor(Door):
    @writes(None, ContractOut)
    def post(self, request: Request, data: Any, moment: Any, contract_id: int) -> Any:
        """End an accepted contract, at once."""
        contracts.end([contract_id], by=actor(request), at=moment.at)
        return market.one_of(market.CONTRACTS, "contract", contract_id)
