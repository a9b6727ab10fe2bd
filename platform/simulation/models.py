"""The population of a market: who lives in it by themselves, in whose seat a person sits, what they mean to do, and
why sellers did what they did. Everything else an agent knows is read from the tables a person in that seat could read.
"""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from common.models import Fact, Row
from simulation.villages.models import Recognition

__all__ = ["Agent", "Decision", "Plan", "Population", "Recognition", "Seat"]

BUYER, SELLER, RING = 0, 1, 2
KINDS = {BUYER: "buyer", SELLER: "seller", RING: "ring"}


class Population(Row):
    """The one row of a market that has a population. `document`: its scenario as it was read.

    `next_tick_at` is the deadline of the next tick (null: everybody stands still). `seed` keys every draw.
    """

    scenario = models.CharField(max_length=60)
    document = models.JSONField()
    seed = models.BigIntegerField()
    tick_hours = models.SmallIntegerField()
    started_at = models.DateTimeField()
    next_tick_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(id=1), name="a_market_has_one_population"),
            CheckConstraint(
                condition=Q(tick_hours__in=[1, 2, 3, 4, 6, 8, 12, 24]), name="ticks_divide_a_day"
            ),
        ]


class Agent(Row):
    """A member that decides by itself. `number`: its place in the population, which keys its draws.

    `kind`: buyer, seller, or an account of a ring that brushes for hire. `seat`: `bot`, or `person` while one sits in it.
    `village`: its place in the scenario's villages. `left_at`: it gave up and does nothing any more.
    """

    kind = models.SmallIntegerField()
    number = models.IntegerField()
    member_id = models.BigIntegerField()
    shop_id = models.BigIntegerField(null=True)
    strategy = models.CharField(max_length=30, blank=True)
    village = models.CharField(max_length=60, blank=True)
    seat = models.CharField(max_length=6, default="bot")
    entered_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["kind", "number"], name="an_agent_has_one_number"),
            UniqueConstraint(fields=["member_id"], name="a_member_is_one_agent"),
            CheckConstraint(condition=Q(kind__in=list(KINDS)), name="an_agent_is_of_a_known_kind"),
            CheckConstraint(condition=Q(seat__in=["bot", "person"]), name="a_seat_is_a_bots_or_a_persons"),
        ]


class Seat(Fact):
    """A person's time in an agent's seat: whatever that member did from `taken_at` to `left_at`, the person decided."""

    agent = models.ForeignKey(Agent, models.PROTECT, related_name="+", db_index=False)
    person = models.CharField(max_length=60)
    taken_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["agent"], condition=Q(left_at=None), name="one_person_in_a_seat"),
            CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(left_at__gte=models.F("taken_at")),
                name="a_seat_is_left_after_taken",
            ),
        ]
        indexes = [models.Index(fields=["agent", "id"], name="who_sat_in_a_seat")]


class Plan(Row):
    """What an agent means to do at `due_at`: the verb, and of what (`subject_id`: a listing, order or line)."""

    due_at = models.DateTimeField()
    verb = models.CharField(max_length=12)
    kind = models.SmallIntegerField()
    number = models.IntegerField()
    subject_id = models.BigIntegerField()
    value = models.BigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="plans_that_are_due")]


class Decision(Fact):
    """What a seller's strategy decided, and why: one row a decision of weight (a price, a bid, a listing, a trick)."""

    at = models.DateTimeField()
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="+", db_index=False)
    verb = models.CharField(max_length=20)
    subject_id = models.BigIntegerField(null=True)
    why = models.CharField(max_length=200, blank=True)
    refused = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes = [models.Index(fields=["agent", "id"], name="decisions_of_an_agent")]
