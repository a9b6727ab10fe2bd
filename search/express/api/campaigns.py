"""The doors of campaigns and ad groups."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from common.api.doors import TRADERS, Door, In, Out, Paged, reads, writes
from search.express import rules
from search.express.actions import campaigns, groups
from search.express.actions.campaigns import NewCampaign
from search.express.actions.groups import NewGroup
from search.express.api.fields import a_page, acting, bid, made, number, shown, words
from shops.actions.edits import Edit


class AdCampaignOut(Out):
    id = serializers.IntegerField()
    shop = serializers.IntegerField()
    seller = serializers.IntegerField()
    name = serializers.CharField()
    status = serializers.ChoiceField(rules.CAMPAIGN_STATUSES)
    budget_fen = serializers.IntegerField(help_text="a day")
    spent_today_fen = serializers.IntegerField()
    smoothing = serializers.BooleanField(help_text="the budget is let go evenly over the day")
    time_rates_bps = serializers.ListField(
        child=serializers.IntegerField(), help_text="of the bid, by slot of the week"
    )
    regions = serializers.ListField(
        child=serializers.IntegerField(), help_text="of buyers; empty: everywhere"
    )
    created_at = serializers.DateTimeField()
    budget_edited_on = serializers.DateField(allow_null=True)
    exhausted_on = serializers.DateField(allow_null=True, help_text="the day it went off line, spent")


class AdCampaignQuery(Paged):
    shop = number(required=False)
    status = serializers.ChoiceField(rules.CAMPAIGN_STATUSES, required=False)


class AdCampaignFieldsIn(In):
    smoothing = serializers.BooleanField(required=False)
    time_rates_bps = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=1_000_000), required=False, max_length=rules.WEEK_MINUTES,
        help_text="336 rates of the bid, Monday 00:00 first, 0 for no ads; none: the full bid always",
    )  # fmt: skip
    regions = serializers.ListField(child=number(), required=False, max_length=rules.REGIONS_MOST)


def _budget(**more: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=rules.BUDGET_MOST_FEN, help_text="a day", **more)


class AdCampaignIn(AdCampaignFieldsIn):
    shop = number()
    name = words(rules.NAME_MOST)
    budget_fen = _budget()
    status = serializers.ChoiceField(["on", "paused"], required=False)


class AdCampaignEditIn(AdCampaignFieldsIn):
    name = words(rules.NAME_MOST, required=False)
    budget_fen = _budget(required=False)


class AdCampaignStandingIn(In):
    action = serializers.ChoiceField(list(rules.CAMPAIGN_STEP))


class AdCampaignsDoor(Door):
    @reads(AdCampaignOut, query=AdCampaignQuery, paged=True, scopes=TRADERS)
    def get(self, request: Request, query: Any) -> Any:
        """The acting member's campaigns (a key that names nobody: all), by number."""
        return a_page(request, "campaign", query)

    @writes(AdCampaignIn, AdCampaignOut, status=201)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Make a campaign for a shop: a day's budget, when and where its ads are shown."""
        [id_] = campaigns.create([NewCampaign(**data)], by=acting(request), at=moment.at)
        return made(request, "campaign", id_, moment)


class AdCampaignDoor(Door):
    @reads(AdCampaignOut, scopes=TRADERS)
    def get(self, request: Request, query: Any, campaign_id: int) -> Any:
        """A campaign of one's own."""
        return shown(request, "campaign", campaign_id)

    @writes(AdCampaignEditIn, AdCampaignOut)
    def patch(self, request: Request, data: Any, moment: Any, campaign_id: int) -> Any:
        """Change budget, times, places, smoothing or name."""
        campaigns.edit([Edit(campaign_id, data)], by=acting(request), at=moment.at)
        return shown(request, "campaign", campaign_id, moment)


class AdCampaignStandingDoor(Door):
    @writes(AdCampaignStandingIn, AdCampaignOut)
    def post(self, request: Request, data: Any, moment: Any, campaign_id: int) -> Any:
        """Start, pause or end a campaign."""
        campaigns.move([campaign_id], data["action"], by=acting(request), at=moment.at)
        return shown(request, "campaign", campaign_id, moment)


class AdGroupOut(Out):
    id = serializers.IntegerField()
    campaign = serializers.IntegerField()
    listing = serializers.IntegerField()
    status = serializers.ChoiceField(rules.GROUP_STATUSES)
    bid_fen = serializers.IntegerField(help_text="of words that have no bid of their own")
    created_at = serializers.DateTimeField()


class AdGroupQuery(Paged):
    campaign = number(required=False)
    listing = number(required=False)
    status = serializers.ChoiceField(rules.GROUP_STATUSES, required=False)


class AdGroupIn(In):
    campaign = number()
    listing = number()
    bid_fen = bid()
    title = words(120, required=False, help_text="of the first creative; none: the listing's own")


class AdGroupEditIn(In):
    bid_fen = bid()


class AdGroupStandingIn(In):
    action = serializers.ChoiceField(list(rules.GROUP_STEP))


class AdGroupsDoor(Door):
    @reads(AdGroupOut, query=AdGroupQuery, paged=True, scopes=TRADERS)
    def get(self, request: Request, query: Any) -> Any:
        """The acting member's ad groups (a key that names nobody: all), by number."""
        return a_page(request, "group", query)

    @writes(AdGroupIn, AdGroupOut, status=201)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Advertise a listing in a campaign: an ad group, with its first creative."""
        [id_] = groups.create([NewGroup(**data)], by=acting(request), at=moment.at)
        return made(request, "group", id_, moment)


class AdGroupDoor(Door):
    @reads(AdGroupOut, scopes=TRADERS)
    def get(self, request: Request, query: Any, group_id: int) -> Any:
        """An ad group of one's own."""
        return shown(request, "group", group_id)

    @writes(AdGroupEditIn, AdGroupOut)
    def patch(self, request: Request, data: Any, moment: Any, group_id: int) -> Any:
        """Bid otherwise for all its words that have no bid of their own."""
        groups.edit([Edit(group_id, data)], by=acting(request), at=moment.at)
        return shown(request, "group", group_id, moment)


class AdGroupStandingDoor(Door):
    @writes(AdGroupStandingIn, AdGroupOut)
    def post(self, request: Request, data: Any, moment: Any, group_id: int) -> Any:
        """Start, pause or remove an ad group."""
        groups.move([group_id], data["action"], by=acting(request), at=moment.at)
        return shown(request, "group", group_id, moment)
