"""From wishes to actions: what agents want is grouped by verb, and each verb is one call of the action people use.

`VERBS` says which action, and in which order within a tick. A refused wish is dropped and counted, as a person would
shrug; the others of its verb are done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from typing import Any

from django.utils.module_loading import import_string

from common.batch import Settled, insert, rows, settle
from simulation.models import SELLER, Decision


@dataclass(frozen=True)
class Verb:
    """`by_none`: the action asks who does it (`by=`); agents act for themselves only. `told`: kept as a decision."""

    name: str
    act: str
    by_none: bool = False
    told: bool = False

    @property
    def action(self) -> Callable[..., Sequence[Any]]:
        return _resolved(self.act, self.by_none)


@cache
def _resolved(path: str, by_none: bool) -> Callable[..., Sequence[Any]]:
    action: Callable[..., Sequence[Any] | None] = import_string(path)

    def act(intents: list[Any], *, at: datetime) -> Sequence[Any]:
        came = action(intents, at=at, **({"by": None} if by_none else {}))
        return came if isinstance(came, list) and len(came) == len(intents) else intents

    return act


# fmt: off
VERBS = (
    #    verb          the action                                    by=None      told
    Verb("enter",      "simulation.sellers.doors.enter",             False,       True),
    Verb("list",       "shops.actions.listings.create",              True,        True),
    Verb("edit",       "shops.actions.listings.edit",                True,        True),
    Verb("restock",    "shops.actions.listings.restock",             True),
    Verb("relist",     "shops.actions.listings.list_again",          True,        True),
    Verb("delist",     "simulation.sellers.doors.delist",            False,       True),
    Verb("showcase",   "shops.actions.listings.put_in_showcase",     True),
    Verb("protect",    "shops.actions.shops.join_protection",        True,        True),
    Verb("decorate",   "shops.actions.shops.edit",                   True,        True),
    Verb("bring",      "payments.ledger.top_up"),
    Verb("withdraw",   "payments.ledger.withdraw"),
    Verb("fund_ads",   "search.express.actions.account.top_up"),
    Verb("campaign",   "search.express.actions.campaigns.create",    True,        True),
    Verb("recampaign", "search.express.actions.campaigns.edit",      True,        True),
    Verb("group",      "search.express.actions.groups.create",       True,        True),
    Verb("keyword",    "search.express.actions.keywords.add",        True,        True),
    Verb("bid",        "search.express.actions.keywords.edit",       True,        True),
    Verb("ship",       "shops.actions.shipping.ship"),
    Verb("agree",      "shops.actions.refunds.agree"),
    Verb("refuse",     "shops.actions.refunds.refuse"),
    Verb("receive",    "shops.actions.refunds.receive"),
    Verb("reply",      "shops.actions.disputes.reply"),
    Verb("say",        "shops.actions.talk.send"),
    Verb("deal",       "shops.actions.deals.issue",                  True,        True),
    Verb("like",       "traffic.actions.show_interest"),
    Verb("buy",        "shops.actions.orders.place_and_pay"),
    Verb("order",      "shops.actions.orders.place"),
    Verb("brush",      "simulation.sellers.doors.brush",             False,       True),
    Verb("confirm",    "shops.actions.orders.confirm"),
    Verb("judge",      "ratings.actions.leave"),
    Verb("ask",        "shops.actions.asking.ask"),
    Verb("send_back",  "shops.actions.refunds.send_back"),
    Verb("dispute",    "shops.actions.disputes.escalate"),
    Verb("explain",    "ratings.actions.explain"),
    Verb("close",      "simulation.sellers.doors.close",             False,       True),
)
# fmt: on
VERB = {verb.name: verb for verb in VERBS}


@dataclass(frozen=True, slots=True)
class Wish:
    """Agent `number` (of its kind) wants `intent` done: what the verb's action takes one of. `subject`: what the log of
    decisions says it is about."""

    number: int
    verb: str
    intent: Any
    why: str = ""
    subject: int | None = None


@dataclass
class Done:
    """What came of a tick's wishes: by verb, each wish with its result or refusal; refusals counted by rule."""

    of: dict[str, list[tuple[Wish, Settled]]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)


def do(wishes: Iterable[Wish], done: Done, *, at: datetime, agents: Callable[[int], int | None]) -> None:
    """Do the wishes, verb after verb in the order of `VERBS`; write down those of weight. `agents`: a seller's number to
    its agent's id."""
    grouped: dict[str, list[Wish]] = {}
    for wish in wishes:
        grouped.setdefault(wish.verb, []).append(wish)
    if odd := set(grouped) - set(VERB):
        raise KeyError(f"no verb is called {min(odd)}")
    for verb in VERBS:
        mine = grouped.get(verb.name)
        if not mine:
            continue
        came = list(
            zip(mine, settle(partial(verb.action, at=at), [wish.intent for wish in mine]), strict=True)
        )
        done.of.setdefault(verb.name, []).extend(came)
        for _, settled in came:
            if settled.refusal is not None:
                done.refused[settled.refusal.rule or "refused"] += 1
        if verb.told:
            _write_down(verb, came, agents, at)


CAME = "SELECT number, id FROM simulation_agent WHERE kind = %s AND number = ANY(%s)"


def _write_down(
    verb: Verb, came: Sequence[tuple[Wish, Settled]], agents: Callable[[int], int | None], at: datetime
) -> None:
    known = {wish.number: agents(wish.number) for wish, _ in came}
    if new := [
        number for number, agent in known.items() if agent is None
    ]:  # they came into the market just now
        known |= dict(rows(CAME, [SELLER, new]))
    records = []
    for wish, settled in came:
        subject = wish.subject if wish.subject is not None else settled.result
        records.append(
            {
                "at": at,
                "agent_id": known[wish.number],
                "verb": verb.name,
                "subject_id": subject if isinstance(subject, int) else None,
                "why": wish.why[:200],
                "refused": (settled.refusal.rule or "refused")[:60] if settled.refusal else "",
            }
        )
    insert(Decision, [record for record in records if record["agent_id"] is not None])
