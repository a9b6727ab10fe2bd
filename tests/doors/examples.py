"""One working request for every writing door: who asks, which numbers the address names, what is sent.

A test fails when a writing door of the document has no row here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from common.moments import duration
from search.alliance.actions.links import token_of
from tests.doors.street import Street
from worlds import clock
from worlds.current import use_world

ADVANCE = {"duration": "P1D"}


def passed(text: str) -> Callable[[Street], None]:
    """Let time pass on the street."""

    def before(street: Street) -> None:
        with use_world(street.world.schema):
            clock.advance(clock.now() + duration(text))

    return before


def a_job(street: Street) -> None:
    answer = street("post", "/api/clock/advance/", ADVANCE)
    street.jobs = {"job_id": answer.json()["id"]}  # type: ignore[attr-defined]


def asleep(street: Street) -> None:
    for step in ("live", "pause"):
        assert (
            street("post", f"/api/clock/{step}/", {"speed": 60} if step == "live" else None).status_code
            == 200
        )


def replied_to(street: Street) -> None:
    passed("P3DT1H")(street)


@dataclass(frozen=True)
class Example:
    """`path`: what each part of the address is: a name of the street's `ids`, or text. `body`: what is sent, with
    `$name` in place of a number of the street's."""

    who: str = "admin"
    body: Any = None
    path: dict[str, str] = field(default_factory=dict)
    before: Callable[[Street], None] | None = None
    kind: str = "application/json"
    as_member: str | None = None

    def address(self, template: str, street: Street) -> str:
        known = {"name": street.world.name, "tag": "dawn", **getattr(street, "jobs", {})}
        known |= {part: street.ids.get(name, name) for part, name in self.path.items()}
        return template.format(**known)

    def filled(self, street: Street) -> Any:
        return _filled(self.body, street)


def _filled(value: Any, street: Street) -> Any:
    if isinstance(value, str) and value.startswith("$"):
        return street.ids[value[1:]]
    if isinstance(value, dict):
        return {key: _filled(inner, street) for key, inner in value.items()}
    return [_filled(inner, street) for inner in value] if isinstance(value, list) else value


E = Example
NEW = {"title": "鞋柜", "category": 150102, "price_fen": 9_900, "stock": 5}
TOKEN = token_of(1)  # the first link of a market has the same token everywhere
SEAT = "/api/population/agents/{agent_id}/seat/"
SHOP = {"name": "新店", "section": 15, "subsection": 1501, "region": 320324}
MEMBER = {"nick": "newcomer", "region": 320324}
CLICK = {"visitor": "web", "auction": "$ads_auction", "slot": 1}
GOOD = {"line": "$fresh_line", "verdict": "good"}


def orders(action: str, who: str, order: str, body: Any = None, **more: Any) -> dict[str, Example]:
    return {f"post /api/orders/{{order_id}}/{action}/": E(who, body, {"order_id": order}, **more)}


def refunds(action: str, who: str, refund: str, body: Any = None) -> dict[str, Example]:
    return {f"post /api/refunds/{{refund_id}}/{action}/": E(who, body, {"refund_id": f"{refund}_refund"})}


def about(action: str, who: str, feedback: str, body: Any) -> dict[str, Example]:
    return {
        f"post /api/feedback/{{feedback_id}}/{action}/": E(who, body, {"feedback_id": f"{feedback}_feedback"})
    }


def ads(noun: str, body: Any, of: str = "", verb: str = "post", end: str = "") -> dict[str, Example]:
    """A request of Bob's about his keyword ads; `of` the one of that noun, or to make one."""
    path = f"/api/ads/{noun}s/" + (f"{{{noun}_id}}/{end}" if of else end)
    return {f"{verb} {path}": E("bob", body, {f"{noun}_id": f"ads_{noun}"} if of else {})}


def spaces(noun: str, which: str, action: str, body: Any = None) -> dict[str, Example]:
    """A request of Dora's about her space or a placement on it."""
    return {f"post /api/alliance/{noun}s/{{{noun}_id}}/{action}/": E("dora", body, {f"{noun}_id": which})}


def contract(action: str, who: str, which: str = "proposed", body: Any = None) -> dict[str, Example]:
    return {f"post /api/alliance/contracts/{{contract_id}}/{action}/": E(who, body, {"contract_id": which})}


SHOPS = "/api/shops/{shop_id}/"
GOODS = "/api/listings/{listing_id}/"
HOOKS = "/api/webhooks/{webhook_id}/"
WORLD = "/api/worlds/{name}/"

EXAMPLES: dict[str, Example] = {
    # members and money
    "post /api/members/": E(body=MEMBER),
    "post /api/members/batch/": E(body={"rows": [MEMBER]}),
    "patch /api/members/{member_id}/": E("emil", {"name": "埃米尔"}, {"member_id": "emil"}),
    "post /api/members/{member_id}/verify/": E(body={"what": "id"}, path={"member_id": "emil"}),
    "post /api/topups/": E(body={"amount_fen": 100}, as_member="emil"),
    "post /api/topups/batch/": E(body={"rows": [{"member": "$emil", "amount_fen": 100}]}),
    "post /api/withdrawals/": E("alice", {"amount_fen": 100}),
    # shops and goods
    "post /api/shops/": E("carol", SHOP),
    "post /api/shops/batch/": E(body={"rows": [{**SHOP, "owner": "$carol"}]}),
    f"patch {SHOPS}": E("bob", {"introduction": "手工"}, {"shop_id": "shop"}),
    f"post {SHOPS}protection/": E("bob", None, {"shop_id": "shop"}),
    f"delete {SHOPS}protection/": E(
        "bob",
        None,
        {"shop_id": "shop"},
        before=lambda s: s("post", f"/api/shops/{s.ids['shop']}/protection/", who="bob").json(),
    ),
    f"post {SHOPS}standing/": E(body={"action": "hide"}, path={"shop_id": "shop"}),
    "post /api/listings/": E("bob", NEW),
    "post /api/listings/batch/": E(body={"rows": [{**NEW, "shop": "$shop"}]}),
    f"patch {GOODS}": E("bob", {"price_fen": 8_800}, {"listing_id": "listing"}),
    f"post {GOODS}list/": E("bob", None, {"listing_id": "resting"}),
    f"post {GOODS}delist/": E("bob", None, {"listing_id": "listing"}),
    f"put {GOODS}showcase/": E("bob", None, {"listing_id": "listing"}),
    f"delete {GOODS}showcase/": E(
        "bob",
        None,
        {"listing_id": "listing"},
        before=lambda s: s("put", f"/api/listings/{s.ids['listing']}/showcase/", who="bob").json(),
    ),
    f"post {GOODS}stock/": E("bob", {"add": 3}, {"listing_id": "listing"}),
    # talk and deals
    "post /api/messages/": E("alice", {"to": "$bob", "text": "好的"}),
    "post /api/conversations/{conversation_id}/read/": E("bob", None, {"conversation_id": "conversation"}),
    "put /api/contacts/{member_id}/": E("alice", {"label": "朋友"}, {"member_id": "dora"}),
    "delete /api/contacts/{member_id}/": E("alice", None, {"member_id": "carol"}),
    "post /api/presence/": E("alice"),
    "delete /api/presence/": E("alice"),
    "post /api/deals/": E("bob", {"buyer": "$carol", "lines": [{"listing": "$listing", "price_fen": 9_000}]}),
    "post /api/deals/{deal_id}/decline/": E("alice", None, {"deal_id": "deal"}),
    "post /api/deals/{deal_id}/withdraw/": E("bob", None, {"deal_id": "deal"}),
    # orders
    "post /api/orders/": E("alice", {"lines": [{"listing": "$listing"}], "pay": True}),
    "post /api/orders/batch/": E(body={"rows": [{"buyer": "$alice", "lines": [{"listing": "$listing"}]}]}),
    "post /api/orders/batch/pay/": E(body={"rows": [{"id": "$placed"}]}),
    "post /api/orders/batch/ship/": E(body={"rows": [{"order": "$paid"}]}),
    "post /api/orders/batch/confirm/": E(body={"rows": [{"id": "$shipped"}]}),
    **orders("pay", "alice", "placed"),
    **orders("cancel", "alice", "placed"),
    **orders("price", "bob", "placed", {"adjust_fen": -100}),
    **orders("ship", "bob", "paid", {"carrier": "顺丰"}),
    **orders("confirm", "alice", "shipped"),
    **orders("extend", "bob", "shipped", {"days": 3}),
    **orders("prolong", "alice", "shipped", before=passed("P8D")),
    **orders("remark", "bob", "shipped", {"memo": "老客", "flag": 2}),
    "post /api/shipments/{shipment_id}/tracking/": E(
        body={"kind": "in_transit"}, path={"shipment_id": "shipped_parcel"}
    ),
    # refunds and disputes
    "post /api/refunds/": E("alice", {"line": "$shipped_line", "reason": "faulty"}),
    **refunds("agree", "bob", "asked"),
    **refunds("change", "alice", "asked", {"text": "改"}),
    **refunds("refuse", "bob", "asked", {"text": "不"}),
    **refunds("withdraw", "alice", "asked"),
    **refunds("send-back", "alice", "returning", {"tracking_no": "SF9"}),
    **refunds("receive", "bob", "returned"),
    **refunds("escalate", "alice", "refused"),
    "post /api/disputes/{dispute_id}/evidence/": E("alice", {"text": "照片"}, {"dispute_id": "dispute"}),
    "post /api/disputes/{dispute_id}/reply/": E("bob", {"text": "答"}, {"dispute_id": "dispute"}, replied_to),
    "post /api/disputes/{dispute_id}/rule/": E(
        body={"award_fen": 100}, path={"dispute_id": "dispute"}, before=passed("P4DT1H")
    ),
    # feedback
    "post /api/feedback/": E("alice", GOOD),
    "post /api/feedback/batch/": E("alice", {"rows": [GOOD]}),
    **about("edit", "alice", "mutual", {"verdict": "good"}),
    **about("explain", "bob", "mutual", {"text": "抱歉"}),
    **about("follow-up", "alice", "mutual", {"text": "还行"}),
    **about("complain", "bob", "mutual", {"text": "敲诈"}),
    "post /api/feedback/complaints/{complaint_id}/rule/": E(
        body={"upheld": True}, path={"complaint_id": "complaint"}
    ),
    "post /api/feedback/strike/": E(body={"orders": ["$mutual"], "why": "刷钻"}),
    "post /api/feedback/restore/": E(
        body={"orders": ["$mutual"], "why": "查无"},
        before=lambda s: s(
            "post", "/api/feedback/strike/", {"orders": [s.ids["mutual"]], "why": "刷钻"}
        ).json(),
    ),
    # eyeballs
    "post /api/views/": E(body={"visitor": "c1", "listing": "$listing"}),
    "post /api/views/batch/": E(body={"rows": [{"visitor": "c2", "listing": "$listing"}]}),
    "post /api/views/file/": E(body=b'{"visitor": "c3"}\n', kind="application/x-ndjson"),
    "post /api/favourites/": E("alice", {"listing": "$resting"}),
    "post /api/favourites/batch/": E(body={"rows": [{"member": "$dora", "listing": "$listing"}]}),
    "delete /api/favourites/{listing_id}/": E("alice", None, {"listing_id": "listing"}),
    "post /api/cart/": E("dora", {"listing": "$listing", "quantity": 2}),
    "post /api/cart/batch/": E(body={"rows": [{"member": "$dora", "listing": "$listing"}]}),
    "delete /api/cart/{listing_id}/": E("alice", None, {"listing_id": "listing"}),
    # keyword ads
    "post /api/ads/account/topups/": E("bob", {"amount_fen": 5_000}),
    "post /api/ads/account/withdrawals/": E("bob", {"amount_fen": 100}),
    **ads("campaign", {"name": "冬", "budget_fen": 4_000, "shop": "$shop"}),
    **ads("campaign", {"budget_fen": 60_000}, "one", "patch"),
    **ads("campaign", {"action": "pause"}, "one", end="standing/"),
    **ads("group", {"bid_fen": 60, "campaign": "$ads_campaign", "listing": "$resting"}),
    **ads("group", {"bid_fen": 90}, "one", "patch"),
    **ads("group", {"action": "pause"}, "one", end="standing/"),
    **ads("creative", {"title": "实木衣柜", "group": "$ads_group"}),
    **ads("creative", {"title": "原木衣柜"}, "one", "patch"),
    **ads("creative", None, "one", "delete"),
    **ads("keyword", {"word": "家具", "group": "$ads_group"}),
    **ads("keyword", {"rows": [{"word": "家具", "group": "$ads_group"}]}, end="batch/"),
    **ads("keyword", {"bid_fen": 95}, "one", "patch"),
    **ads("keyword", {"action": "pause"}, "one", end="standing/"),
    "post /api/clicks/": E("dora", CLICK),
    "post /api/clicks/batch/": E(body={"rows": [CLICK]}),
    # the keyword market
    "post /api/ads/words/subscription/": E("bob", {"key": "冬"}),
    # the ad alliance
    "post /api/alliance/spaces/": E("dora", {"name": "新页", "kind": "blog"}),
    **spaces("space", "space", "placements", {"name": "角"}),
    **spaces("space", "space", "close"),
    **spaces("space", "shut", "reopen"),
    **spaces("placement", "placement", "close"),
    **spaces("placement", "rested", "reopen"),
    "post /api/alliance/offers/": E("bob", {"rate_bps": 1_500}),
    "post /api/alliance/contracts/": E(
        "dora", {"price_fen": 900, "sold_by": "thousand_views", "shop": "$shop", "placement": "$placement"}
    ),
    **contract("counter", "dora", body={"price_fen": 70, "sold_by": "click"}),
    **contract("accept", "dora"),
    **contract("decline", "dora"),
    **contract("withdraw", "bob"),
    **contract("end", "bob", "contract"),
    "post /api/alliance/links/": E("dora", {"space": "$space", "shop": "$shop"}),
    "post /api/alliance/clicks/": E(body={"visitor": "c9", "token": TOKEN}),
    "post /api/alliance/clicks/batch/": E(body={"rows": [{"visitor": "c8", "token": TOKEN}]}),
    "post /api/alliance/views/": E(body={"visitor": "c9", "token": TOKEN}),
    "post /api/alliance/views/batch/": E(body={"rows": [{"visitor": "c8", "token": TOKEN}]}),
    "post /api/alliance/payouts/": E("dora", {"amount_fen": 2}),
    # regime, clock, jobs
    "post /api/regime/changes/": E(body={"changes": {"feedback.window_days": 12}, "why": "试"}),
    "post /api/clock/advance/": E(body=ADVANCE),
    "post /api/clock/live/": E(body={"speed": 60}),
    "post /api/clock/pause/": E(before=lambda s: s("post", "/api/clock/live/", {"speed": 60}).json()),
    "post /api/clock/resume/": E(before=asleep),
    "delete /api/jobs/{job_id}/": E(before=a_job),
    # population
    f"post {SEAT}": E(body={"person": "李雷"}, path={"agent_id": "agent"}),
    f"delete {SEAT}": E(path={"agent_id": "seated"}),
    # events
    "post /api/webhooks/": E(body={"url": "http://127.0.0.1:9/new", "names": ["order.*"]}),
    f"patch {HOOKS}": E(body={"is_active": False}, path={"webhook_id": "webhook"}),
    f"delete {HOOKS}": E(path={"webhook_id": "webhook"}),
    f"post {HOOKS}replay/": E(body={"after": 0}, path={"webhook_id": "webhook"}),
    f"post {HOOKS}deliveries/{{delivery_id}}/retry/": E(
        path={"webhook_id": "webhook", "delivery_id": "delivery"}
    ),
    # worlds and keys
    "post /api/keys/": E(body={"scope": "read"}),
    "delete /api/keys/{key_id}/": E(path={"key_id": "key"}),
    "post /api/worlds/": E("operator", {"name": "newworld"}),
    f"delete {WORLD}": E("operator"),
    f"post {WORLD}fork/": E(body={"name": "forked"}),
    f"post {WORLD}snapshots/": E(body={"tag": "noon"}),
    f"delete {WORLD}snapshots/{{tag}}/": E(),
    f"post {WORLD}reset/": E(body={"tag": "dawn"}),
    f"post {WORLD}keys/": E("operator", {"scope": "read"}),
    f"delete {WORLD}keys/{{key_id}}/": E("operator", None, {"key_id": "key"}),
}
