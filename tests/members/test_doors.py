"""People over REST: joining in batches, seen as they choose, changed by themselves only."""

from __future__ import annotations

from typing import Any

import pytest

from common.moments import show
from members.actions import Registration, register
from tests.asking import Asking
from tests.market import Market

PUBLIC = {
    "id", "shown_name", "shown_region", "openness", "status", "joined_at", "id_verified", "bank_verified",
}  # fmt: skip


@pytest.fixture
def ask(market: Market) -> Asking:
    return Asking()


@pytest.fixture
def ann(market: Market, ask: Asking) -> int:
    made = ask("post", "/api/members/", {"nick": "小花", "region": 320324, "name": "Zhang Hua"})
    assert made.status_code == 201
    assert made["Location"] == f"/api/members/{made.json()['id']}/"
    member: int = made.json()["id"]
    return member


@pytest.fixture
def bob(market: Market, ask: Asking, ann: int) -> str:
    """Another member's key."""
    with market.writing() as moment:
        [bob] = register([Registration("bob", 110105)], at=moment.at)
    return ask.member(bob)


@pytest.mark.parametrize(
    ("openness", "name", "region"),
    [("open", "小花", 320324), ("masked", "小**花", 320000), ("hidden", "匿名", None)],
)
def test_others_see_of_a_member_what_the_member_chose(
    ask: Asking, ann: int, bob: str, openness: str, name: str, region: int | None
) -> None:
    changed = ask("patch", f"/api/members/{ann}/", {"openness": openness}, key=ask.member(ann))
    assert changed.json()["openness"] == openness
    seen = ask("get", f"/api/members/{ann}/", key=bob).json()
    assert set(seen) == PUBLIC
    assert (seen["shown_name"], seen["shown_region"]) == (name, region)
    listed = ask("get", "/api/members/", key=bob).json()["results"]
    assert [row for row in listed if row["id"] == ann] == [seen]
    assert "Zhang Hua" not in str(listed)


def test_a_member_sees_themselves_in_full_and_so_do_admin_and_read_keys(
    market: Market, ask: Asking, ann: int
) -> None:
    me = ask("get", "/api/members/me/", key=ask.member(ann)).json()
    assert me["nick"] == "小花"
    assert me["name"] == "Zhang Hua"
    assert me["joined_at"] == show(market.at)
    assert me["id_verified_at"] is None
    for key in (ask.admin, ask.read, ask.member(ann)):
        assert ask("get", f"/api/members/{ann}/", key=key).json() == me
    assert ask("get", "/api/members/?nick=小花").json()["results"] == [me]


def test_a_hidden_member_is_not_found_by_guessing_nicks(ask: Asking, ann: int, bob: str) -> None:
    assert ask("get", "/api/members/?nick=小花", key=bob).status_code == 403


def test_nobody_changes_or_verifies_another(ask: Asking, ann: int, bob: str) -> None:
    assert ask("patch", f"/api/members/{ann}/", {"openness": "open"}, key=bob).status_code == 403
    assert ask("post", f"/api/members/{ann}/verify/", {}, key=bob).status_code == 403
    assert ask("post", "/api/members/", {"nick": "x", "region": 110105}, key=bob).status_code == 403
    assert ask("post", "/api/members/batch/", {"rows": [{}]}, key=bob).status_code == 403
    assert ask("patch", f"/api/members/{ann}/", {"openness": "open"}, key=ask.read).status_code == 403
    assert ask("get", f"/api/members/{ann}/").json()["openness"] == "masked"


def test_a_member_has_their_identity_and_bank_account_verified(market: Market, ask: Asking, ann: int) -> None:
    key = ask.member(ann)
    assert ask("post", f"/api/members/{ann}/verify/", key=key).json()["id_verified_at"] == show(market.at)
    assert ask("post", f"/api/members/{ann}/verify/", {"what": "bank"}).json()["bank_verified"]
    assert ask("post", f"/api/members/{ann}/verify/", {"what": "soul"}, key=key).json()["field"] == "what"
    assert ask("post", "/api/members/999999/verify/", {}).status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"nick": "new"}, 400, "region"),
        ({"nick": "new", "region": 999999}, 400, "region"),
        ({"nick": "new", "region": "Suzhou"}, 400, "region"),
        ({"nick": "小花", "region": 110105}, 409, "nick"),
        ({"nick": "a\u0000", "region": 110105}, 400, "nick"),
        ({"nick": "", "region": 110105}, 400, "nick"),
        ({"nick": "x" * 31, "region": 110105}, 400, "nick"),
        ({"nick": "new", "region": 110105, "openness": "naked"}, 400, "openness"),
        ({"nick": "new", "region": 110105, "id": 5}, 400, "id"),
        ({"nick": "new", "region": 110105, "name": "x" * 61}, 400, "name"),
    ],
)
def test_a_wrong_registration_is_refused_by_field(
    ask: Asking, ann: int, body: Any, status: int, field: str
) -> None:
    refused = ask("post", "/api/members/", body)
    assert (refused.status_code, refused.json()["field"]) == (status, field)
    assert refused["Content-Type"] == "application/problem+json"


def test_a_batch_of_registrations_answers_for_each_row(ask: Asking, ann: int) -> None:
    rows = [
        {"nick": "one", "region": 330100},
        {"nick": "小花", "region": 330100},
        {"nick": "two", "region": 330100, "name": "Two", "openness": "open"},
        {"nick": "one", "region": 330100},
        {"nick": "three", "region": 5},
        {"nick": "four", "region": 330100, "colour": "red"},
        {"nick": "a\u0000b", "region": 330100},
        {"nick": 7, "region": 330100},
        None,
    ]
    answer = ask("post", "/api/members/batch/", {"rows": rows}).json()
    assert [result["status"] for result in answer["results"]] == [201, 409, 201, 409, 400, 400, 400, 400, 400]
    assert [result["row"] for result in answer["results"]] == list(range(len(rows)))
    assert (answer["done"], answer["refused"]) == (2, 7)
    two = ask("get", f"/api/members/{answer['results'][2]['id']}/").json()
    assert (two["nick"], two["name"], two["openness"]) == ("two", "Two", "open")
    assert answer["results"][2]["id"] == answer["results"][0]["id"] + 1


def test_members_are_listed_page_by_page(ask: Asking, ann: int) -> None:
    ask("post", "/api/members/batch/", {"rows": [{"nick": f"m{n}", "region": 330100} for n in range(7)]})
    path, seen = "/api/members/?limit=3", []
    while path:
        answer = ask("get", path).json()
        assert len(answer["results"]) <= 3
        seen += [row["id"] for row in answer["results"]]
        path = answer["next"]
    assert seen == sorted(set(seen))
    assert len(seen) == 8


def test_an_idempotency_key_lets_one_join_once(ask: Asking) -> None:
    body = {"nick": "once", "region": 330100}
    once: dict[str, Any] = {"Idempotency-Key": "k"}
    first, second = (ask("post", "/api/members/", body, **once) for _ in range(2))
    assert first.json() == second.json()
    assert second["Idempotency-Replayed"] == "true"
