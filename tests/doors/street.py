"""A street: a small committed market in which nearly every number that an address can name exists.

Orders and refunds stand in every state, so that each writing door has something to act on. `mark` is woven into
every text, so that a text of one market found in another market's answer is a leak.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from django.db import transaction
from django.test import Client

from common.batch import insert, one, rows
from events import webhooks
from events.models import Delivery
from members.actions import Registration, register, verify
from payments.ledger import TopUp, top_up
from ratings import actions as ratings
from ratings.actions import Leave, Remarked
from shops.actions.disputes import escalate
from shops.actions.orders import Place, Wanted, confirm, place, place_and_pay
from shops.actions.refunds import Ask, Refuse, SendBack, agree, ask, refuse, send_back
from shops.actions.shipping import Ship, ship
from tests.shops.stalls import SUINING, listed, opened
from worlds import actions, hashing
from worlds.current import point, use_world
from worlds.models import ApiKey
from worlds.pen import writing

CAST = ("bob", "alice", "carol", "dora", "emil")
STARS = (4, 4, 4, 4, 4)


class Street:
    """`ids`: what stands there by name. `keys`: a secret for each kind of caller."""

    def __init__(self, name: str, mark: str, story: Callable[[Street], None] | None = None) -> None:
        self.mark = mark
        point(None)
        self.world, admin = actions.create(name, seed=7)
        point(self.world.schema)
        self.ids: dict[str, int] = {}
        (story or Street.build)(self)
        point(None)
        self.keys = {"admin": admin, "operator": actions.issue_key(None, scope="operator")}
        self.keys["read"] = actions.issue_key(self.world, scope="read")
        for nick in CAST:
            self.keys[nick] = actions.issue_key(self.world, scope="member", member_id=self.ids[nick])
        self.ids["key"] = ApiKey.objects.filter(world=self.world, scope="read").get().pk
        self.hook()
        actions.snapshot(self.world, "dawn")

    # ------------------------------------------------------------------ who and what
    def do(self, verb: Callable[..., Any], *args: Any, **more: Any) -> Any:
        with writing() as moment:
            return verb(*args, at=moment.at, **more)

    def people(self) -> None:
        made = self.do(
            register, [Registration(f"{nick}{self.mark}", SUINING, name=self.mark) for nick in CAST]
        )
        self.ids |= dict(zip(CAST, made, strict=True))
        for what in ("id", "bank"):
            self.do(verify, [self.ids[nick] for nick in CAST[:4]], what)
        self.do(top_up, [TopUp(id_, 10_000_000) for id_ in made])

    def build(self) -> None:
        self.people()
        self.ids["shop"] = opened(self.ids["bob"], f"木匠铺{self.mark}")
        self.ids["listing"] = listed(self.ids["shop"], f"衣柜{self.mark}", stock=1000)
        self.ids["resting"] = listed(self.ids["shop"], f"书架{self.mark}", on_sale=False)
        wanted = (Wanted(self.ids["listing"]),)
        alice = Place(self.ids["alice"], wanted, message=self.mark)
        [[self.ids["placed"]]] = self.do(place, [alice])
        for name in ("paid", "shipped", "asked", "returning", "returned", "refused", "disputed", "fresh", "sealed",
                     "mutual", "grievance"):  # fmt: skip
            [[self.ids[name]]] = self.do(place_and_pay, [alice])
            if name != "paid":
                [self.ids[f"{name}_parcel"]] = self.do(ship, [Ship(self.ids[name], (), "顺丰", self.mark)])
            self.ids[f"{name}_line"] = one(
                "SELECT min(id) FROM shops_orderline WHERE order_id = %s", [self.ids[name]]
            )
        self.refunds()
        self.feedback()
        self.small_things()
        self.ads()
        self.alliance()
        self.population()

    def refunds(self) -> None:
        by = {"alice": self.ids["alice"], "bob": self.ids["bob"]}
        for name in ("asked", "returning", "returned", "refused", "disputed"):
            kind = {"kind": "return", "reason": "faulty"} if name.startswith("return") else {}
            [refund] = self.do(ask, [Ask(self.ids[f"{name}_line"], text=self.mark, **kind)])  # type: ignore[arg-type]
            self.ids[f"{name}_refund"] = refund
            if kind:
                self.do(agree, [refund], by=by["bob"])
            if name == "returned":
                self.do(send_back, [SendBack(refund)], by=by["alice"])
            if name in {"refused", "disputed"}:
                self.do(refuse, [Refuse(refund, self.mark)], by=by["bob"])
        [self.ids["dispute"]] = self.do(escalate, [self.ids["disputed_refund"]], by=by["alice"])

    def feedback(self) -> None:
        alice, bob = self.ids["alice"], self.ids["bob"]
        self.do(confirm, [self.ids[name] for name in ("fresh", "sealed", "mutual", "grievance")])
        line = self.ids.__getitem__
        [self.ids["sealed_feedback"]] = self.do(
            ratings.leave, [Leave(line("sealed_line"), alice, 0, STARS, f"还行{self.mark}")]
        )
        for name in ("mutual", "grievance"):
            [self.ids[f"{name}_feedback"]] = self.do(
                ratings.leave, [Leave(line(f"{name}_line"), alice, -1, STARS, f"差{self.mark}")]
            )
            self.do(ratings.leave, [Leave(line(f"{name}_line"), bob, 1, STARS)])
        [self.ids["complaint"]] = self.do(
            ratings.complain, [Remarked(self.ids["grievance_feedback"], bob, self.mark)]
        )

    def small_things(self) -> None:
        from shops.actions import deals, talk
        from traffic.actions import Act, see_one, show_interest

        ids = self.ids
        alice, bob = ids["alice"], ids["bob"]
        said = talk.Said(alice, bob, f"在吗{self.mark}", ids["listing"])
        [ids["message"]] = self.do(talk.send, [said])
        ids["conversation"] = one("SELECT min(id) FROM shops_conversation")
        self.do(talk.add_contact, alice, ids["carol"], self.mark)
        line = deals.Agreed(ids["listing"], 1, 9_000)
        deal = deals.NewDeal(ids["shop"], alice, (line,), terms=self.mark)
        [ids["deal"]] = self.do(deals.issue, [deal], by=bob)
        self.do(show_interest, [Act(act, alice, ids["listing"]) for act in ("favourite", "cart")])
        see_one("cookie", page="listing", source="direct", listing=ids["listing"])

    def ads(self) -> None:
        """Bob advertises his wardrobe."""
        from search.express.actions import account, campaigns, groups, keywords
        from search.express.actions.creatives import NewCreative
        from search.express.actions.creatives import add as write

        ids, bob = self.ids, self.ids["bob"]
        self.do(account.top_up, [account.Move(bob, 100_000)])
        [ids["ads_campaign"]] = self.do(
            campaigns.create, [campaigns.NewCampaign(ids["shop"], f"秋{self.mark}", 50_000)], by=bob
        )
        [ids["ads_group"]] = self.do(
            groups.create, [groups.NewGroup(ids["ads_campaign"], ids["listing"], 80)], by=bob
        )
        [ids["ads_creative"]] = self.do(write, [NewCreative(ids["ads_group"], f"好{self.mark}")], by=bob)
        [ids["ads_keyword"]] = self.do(keywords.add, [keywords.NewKeyword(ids["ads_group"], "衣柜")], by=bob)
        self.clicked()

    def clicked(self) -> None:
        """Somebody looks for a wardrobe, and clicks on it; and looks again."""
        from search.express.actions.clicks import Press, press
        from search.express.auction import Search, paid

        page = orjson.loads(paid(Search("衣柜")))["auction"]
        [self.ids["ads_click"]] = [done["id"] for done in self.do(press, [Press(page, 1, "c0")])]
        self.ids["ads_auction"] = orjson.loads(paid(Search("衣柜")))["auction"]

    def alliance(self) -> None:
        """Dora's page shows Bob's goods: by the click, by the sale, and by what is still talked about."""
        from search.alliance.actions import contracts, links, offers, spaces, visits
        from search.alliance.actions.payouts import Payout, pay_out
        from search.alliance.rules import Terms

        ids, bob, dora = self.ids, self.ids["bob"], self.ids["dora"]
        [ids["space"]] = self.do(
            spaces.open_spaces, [spaces.NewSpace(dora, f"页{self.mark}", "blog", description=self.mark)]
        )
        [ids["placement"], ids["rested"]] = self.do(
            spaces.add_placements,
            [spaces.NewPlacement(ids["space"], f"{n}{self.mark}") for n in "左右"],
            by=dora,
        )
        self.do(spaces.close, "placement", [ids["rested"]], by=dora)
        [ids["shut"]] = self.do(spaces.open_spaces, [spaces.NewSpace(dora, f"旧{self.mark}", "forum")])
        self.do(spaces.close, "space", [ids["shut"]], by=dora)
        self.do(offers.offer, [offers.NewOffer(ids["shop"], 1_000)], by=bob)
        proposal = contracts.Proposal(ids["placement"], ids["shop"], Terms("click", price_fen=50))
        [ids["contract"], ids["proposed"]] = self.do(contracts.propose, [proposal] * 2, by=bob)
        self.do(contracts.accept, [ids["contract"]], by=dora)
        place, shop = ids["placement"], ids["shop"]
        [ids["link"], _] = self.do(
            links.link,
            [
                links.NewLink(ids["space"], shop, place, ids["listing"], ids["contract"]),
                links.NewLink(ids["space"], shop),
            ],
            by=dora,
        )
        self.token = links.token_of(ids["link"])
        self.do(visits.click, [visits.Visit(self.token, f"c{n}") for n in range(3)])
        self.do(visits.view, [visits.Visit(self.token, "c1")])
        self.do(pay_out, [Payout(dora, 1)])

    def population(self) -> None:
        """Bob's shop is a bot's, Carol's seat too, and somebody sits in Dora's. They stand still: no tick is due."""
        from simulation.models import BUYER, SELLER, Agent, Population
        from simulation.scenario import document, scenario
        from simulation.seats import Take, take

        with writing() as moment:
            lived: dict[str, Any] = {
                "scenario": f"街{self.mark}",
                "document": document(scenario("quiet_street")),
            }
            lived |= {"seed": 7, "tick_hours": 1, "started_at": moment.at, "next_tick_at": None}
            insert(Population, [lived])
            agents = [("bob", SELLER, 0), ("carol", BUYER, 0), ("dora", BUYER, 1)]
            made = insert(
                Agent,
                [
                    {
                        "kind": kind,
                        "number": number,
                        "member_id": self.ids[nick],
                        "shop_id": self.ids["shop"] if kind == SELLER else None,
                        "strategy": "web_experience" if kind == SELLER else "",
                        "village": self.mark,
                        "seat": "bot",
                        "entered_at": moment.at,
                    }
                    for nick, kind, number in agents
                ],
            )
            self.ids["agent"], _, self.ids["seated"] = made
            take([Take(self.ids["seated"], self.mark)], at=moment.at)

    def hook(self) -> None:
        """A webhook with one dead delivery; nobody is ever called."""
        point(self.world.schema)
        with writing():
            for name, member in (("webhook", None), ("own_webhook", self.ids["alice"])):
                made = webhooks.subscribe(
                    self.world.pk, f"http://127.0.0.1:9/{self.mark}", ["order.*"], member_id=member
                )
                self.ids[name] = made.pk
            dead = Delivery.objects.create(
                webhook_id=self.ids["webhook"], event_id=1, name="order.paid", body=b"{}", status="dead"
            )
            self.ids["delivery"] = dead.pk
            self.ids["event"] = one("SELECT min(id) FROM events_event")
        point(None)

    # ------------------------------------------------------------------ asking
    def __call__(
        self,
        verb: str,
        path: str,
        body: Any = None,
        *,
        who: str = "admin",
        acting: int | None = None,
        kind: str = "application/json",
        **headers: str,
    ) -> Any:
        """An answer to somebody of `keys`; `body` is sent as it is when it is bytes."""
        sent = {"Authorization": f"Bearer {self.keys[who]}", **headers}
        if acting is not None:
            sent["X-Jishi-Member"] = str(acting)
        data = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        return Client(raise_request_exception=False).generic(verb.upper(), path, data, kind, headers=sent)

    def inside(self) -> Any:
        return use_world(self.world.schema)

    def state(self) -> str:
        """What this market means, and everything that stands above markets and belongs to it."""
        with self.inside():
            return hashing.state_hash() + repr(self.above())

    def above(self) -> list[Any]:
        return [
            rows(f"SELECT x::text FROM public.{table} x WHERE {which} ORDER BY x::text", [self.world.pk])
            for table, which in ABOVE
        ]


OF = "webhook_id IN (SELECT id FROM public.events_webhook WHERE world_id = %s)"
ABOVE = (
    ("worlds_world", "id = %s"),
    ("worlds_apikey", "world_id = %s"),
    ("worlds_job", "world_id = %s"),
    ("worlds_snapshot", "world_id = %s"),
    ("events_webhook", "world_id = %s"),
    ("events_delivery", OF),
)


@contextmanager
def taken_back() -> Iterator[None]:
    """Whatever is done inside is undone: nothing of it is ever committed, no bell is rung."""
    try:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    finally:
        point(None)
