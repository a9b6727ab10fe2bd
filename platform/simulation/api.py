"""The doors of a market's population: who lives there by themselves, and people in their seats."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.doors import ADMIN, TRADERS, Door, In, Out, Paged, only, page, reads, writes
from common.batch import one
from common.moments import show
from simulation import deeds, queries, seats
from simulation.models import KINDS
from simulation.scenario.strategies import STRATEGIES
from worlds.api.worlds import own
from worlds.auth import who


class PopulationOut(Out):
    """`seed` and `strategies` are there for admin and read keys: with them others' minds could be read."""

    scenario = serializers.CharField()
    seed = serializers.IntegerField(allow_null=True)
    tick_hours = serializers.IntegerField(
        help_text="market hours between two looks of the bots at the market"
    )
    started_at = serializers.DateTimeField()
    next_tick_at = serializers.DateTimeField(allow_null=True)
    buyers = serializers.IntegerField(help_text="who are there")
    sellers = serializers.IntegerField(help_text="who are there")
    gone = serializers.IntegerField(help_text="who gave up")
    strategies = serializers.DictField(child=serializers.IntegerField(), allow_null=True)
    seats_taken = serializers.IntegerField(help_text="in which people sit now")
    seats_for_people = serializers.IntegerField(help_text="shops that the scenario means for people")
    seats_free = serializers.IntegerField(help_text="of those")
    agent = serializers.IntegerField(allow_null=True, help_text="the acting member's own")


class AgentsQuery(Paged):
    kind = serializers.ChoiceField(list(KINDS.values()), required=False)
    strategy = serializers.ChoiceField(list(STRATEGIES), required=False)
    seat = serializers.ChoiceField(["bot", "person"], required=False, help_text="who decides there now")
    free = serializers.BooleanField(
        required=False, help_text="meant for people, nobody sits there; false: the others"
    )


class AgentOut(Out):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(list(KINDS.values()))
    number = serializers.IntegerField(help_text="among its kind, from 0: what its draws are keyed by")
    member = serializers.IntegerField()
    shop = serializers.IntegerField(allow_null=True)
    strategy = serializers.CharField(allow_blank=True, help_text="blank for those who only buy")
    village = serializers.CharField(allow_blank=True)
    seat = serializers.ChoiceField(["bot", "person"])
    person = serializers.CharField(allow_null=True)
    taken_at = serializers.DateTimeField(allow_null=True)
    for_people = serializers.BooleanField(help_text="the scenario means this shop for a person")
    entered_at = serializers.DateTimeField()
    left_at = serializers.DateTimeField(allow_null=True, help_text="gave up, for good")


class SeatIn(In):
    person = serializers.CharField(
        min_length=1, max_length=seats.NAME_MOST, help_text="as the class calls them"
    )


class SeatOut(Out):
    agent = serializers.IntegerField()
    kind = serializers.ChoiceField(list(KINDS.values()))
    person = serializers.CharField()
    member = serializers.IntegerField(help_text="whose name they act in")
    shop = serializers.IntegerField(allow_null=True)
    taken_at = serializers.DateTimeField()
    key = serializers.CharField(allow_null=True, help_text="a key of that member; shown this once")


class DecisionOut(Out):
    n = serializers.IntegerField(help_text="counts them in the order of their moments")
    at = serializers.DateTimeField()
    by = serializers.ChoiceField(["bot", "person"])
    person = serializers.CharField(allow_null=True)
    kind = serializers.ChoiceField(
        ["deed", "decision"],
        help_text="an event of the member's own doing; what a bot meant, and why (admin)",
    )
    name = serializers.CharField(help_text="the event, or the bot's verb")
    subject = serializers.IntegerField(allow_null=True)
    event = serializers.IntegerField(allow_null=True)
    why = serializers.CharField(allow_blank=True)
    refused = serializers.CharField(allow_blank=True, help_text="the rule that refused it")


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """Moments as every door tells them."""
    return {name: show(value) if hasattr(value, "tzinfo") else value for name, value in row.items()}


class PopulationDoor(Door):
    @reads(PopulationOut)
    def get(self, request: Request, query: Any) -> Any:
        """Who lives in the market by themselves; 404 where nobody does."""
        asking = who(request)
        return _shown(queries.standing(minds=asking.sees(None), member=asking.member_id))


class AgentsDoor(Door):
    @reads(AgentOut, query=AgentsQuery, scopes=ADMIN, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """Agents, with their strategies and who sits in their seats."""
        limit = query.pop("limit")
        found = queries.agents(limit=limit + 1, **query)
        return page(request, [_shown(row) for row in found], limit)


class SeatDoor(Door):
    @writes(SeatIn, SeatOut, status=201, scopes=ADMIN, secrets=["key"])
    def post(self, request: Request, data: Any, moment: Any, agent_id: int) -> Any:
        """Seat a person in an agent's place: no bot decides there any more, and the key acts as its member."""
        wanted = seats.Take(agent_id, data["person"])
        return Response(_shown(seats.admit(own(request), wanted, at=moment.at)), status=201)

    @writes(scopes=ADMIN)
    def delete(self, request: Request, data: Any, moment: Any, agent_id: int) -> None:
        """Give the seat back to its bot, which goes on from what stands; the key that came with it is revoked."""
        seats.dismiss(own(request), agent_id, at=moment.at)


class DecisionsDoor(Door):
    @reads(DecisionOut, query=Paged, scopes=TRADERS, paged=True)
    def get(self, request: Request, query: Any, agent_id: int) -> Any:
        """Who decided what for an agent's member, bot or person. A member sees their own deeds only, no bot's reasons."""
        asking = who(request)
        member = one("SELECT member_id FROM simulation_agent WHERE id = %s", [agent_id])
        if asking.member_id is not None:
            only(request, member or 0)  # whether there is such an agent is no more a member's business
        member = member or queries.agent(agent_id)["member"]
        after, limit = query.get("after", 0), query["limit"]
        found = deeds.decisions(member, minds=asking.sees(None), after=after, limit=limit + 1)
        return page(request, [_shown(row) for row in found], limit, key="n")
