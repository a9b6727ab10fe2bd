"""The keys of one market neither read nor move anything of another: every door is tried.

Both streets have the same numbers, so a door that looked in the wrong one would find something there: its words
carry the other street's mark.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest

from tests.doors.conftest import OTHER
from tests.doors.document import operations
from tests.doors.examples import ADVANCE, EXAMPLES
from tests.doors.street import Street, taken_back

KEYS = ("admin", "bob", "alice", "read")
GUESSES = {
    "member_id": "alice", "listing_id": "listing", "shop_id": "shop", "order_id": "paid", "deal_id": "deal",
    "refund_id": "asked_refund", "dispute_id": "dispute", "feedback_id": "sealed_feedback", "event_id": "event",
    "conversation_id": "conversation", "complaint_id": "complaint", "shipment_id": "shipped_parcel",
    "section_id": "shop", "campaign_id": "ads_campaign", "group_id": "ads_group", "creative_id": "ads_creative",
    "keyword_id": "ads_keyword", "space_id": "space", "placement_id": "placement", "contract_id": "contract", "click_id": "ads_click",
    "auction_id": "ads_auction", "agent_id": "agent",
}  # fmt: skip
ABOVE = {"webhook_id": "webhook", "delivery_id": "delivery", "key_id": "key"}  # numbered once for all markets


def address(template: str, own: Street, other: Street, job: str) -> str:
    """The address with the other street's names, keys, webhooks and jobs; numbers of a market are the same in both."""
    parts = re.findall(r"{(\w+)}", template)
    known: dict[str, Any] = {"name": other.world.name, "tag": "dawn", "job_id": job}
    known |= {part: own.ids[GUESSES[part]] for part in parts if part in GUESSES}
    known |= {part: other.ids[ABOVE[part]] for part in parts if part in ABOVE}
    if template == "/api/regime/files/{name}/":
        known["name"] = "thesis-2010"
    return template.format(**known)


def asked(name: str, street: Street, lane: Street, who: str, job: str) -> Any:
    verb, template = name.split(" ")
    example = EXAMPLES.get(name)
    body, kind = (example.filled(street), example.kind) if example else (None, "application/json")
    return street(verb, address(template, street, lane, job), body, who=who, kind=kind)


@pytest.mark.parametrize("who", KEYS)
def test_no_door_shows_or_moves_another_market(street: Street, lane: Street, who: str) -> None:
    job = lane("post", "/api/clock/advance/", ADVANCE).json()["id"]
    before, other = lane.state(), lane.world.name
    for name in operations():
        with taken_back():
            answer = asked(name, street, lane, who, job)
            assert answer.status_code < 500, (name, answer.content)
            content = answer.content.decode()
            echoed = content.replace(f"there is no world called {other}", "")
            assert OTHER not in content, (name, content)
            assert f'"{other}"' not in echoed, (name, content)
            names_the_other = {"name", "tag", "job_id", *ABOVE} & set(re.findall(r"{(\w+)}", name))
            if names_the_other and "regime" not in name:
                assert answer.status_code in {403, 404}, (name, content)
    assert lane.state() == before


def test_another_markets_name_is_answered_as_a_name_that_nobody_has(street: Street, lane: Street) -> None:
    nobody = "l" + "o" * (len(lane.world.name) - 1)
    for name in operations():
        verb, template = name.split(" ")
        if "/worlds/{name}/" not in template:
            continue
        told = []
        for guess in (lane.world.name, nobody):
            path = template.format(name=guess, tag="dawn", key_id=lane.ids["key"])
            example = EXAMPLES.get(name)
            answer = street(verb, path, example and example.filled(street))
            told.append(
                (answer.status_code, answer.content.replace(guess.encode(), b"*"), sorted(answer.headers))
            )
        assert told[0] == told[1], name
        assert told[0][0] == 404, (name, told[0])


def test_numbers_above_markets_are_answered_as_numbers_that_nobody_has(street: Street, lane: Street) -> None:
    job = lane("post", "/api/clock/advance/", ADVANCE).json()["id"]
    theirs = {part: str(lane.ids[name]) for part, name in ABOVE.items()} | {"job_id": job}
    nobodys = dict.fromkeys(ABOVE, "987654321") | {"job_id": str(uuid.uuid4())}
    for name in operations():
        verb, template = name.split(" ")
        if "/worlds/" in template or not any(f"{{{part}}}" in template for part in theirs):
            continue
        told = []
        for known in (theirs, nobodys):
            example = EXAMPLES.get(name)
            answer = street(verb, template.format(**known), example and example.filled(street))
            told.append((answer.status_code, re.sub(r"\d+", "*", answer.content.decode())))
        assert told[0] == told[1], name
        assert told[0][0] == 404, (name, told[0])


def test_a_key_of_a_market_opens_its_own_and_the_walk_would_see_a_leak(street: Street, lane: Street) -> None:
    """The control: the same addresses asked with the other street's key do show its mark."""
    assert OTHER in lane("get", f"/api/shops/{lane.ids['shop']}/").content.decode()
    assert lane("get", f"/api/worlds/{lane.world.name}/").status_code == 200
    assert lane("get", f"/api/webhooks/{lane.ids['webhook']}/").status_code == 200


def test_a_fork_shares_ids_and_no_key(street: Street) -> None:
    made = street("post", f"/api/worlds/{street.world.name}/fork/", {"name": "twinned"})
    assert made.status_code == 201
    assert street("get", "/api/worlds/twinned/").status_code == 404
    assert street("get", "/api/webhooks/", Authorization=f"Bearer {made.json()['admin_key']}").json() == {
        "results": [], "next": None,
    }  # fmt: skip
