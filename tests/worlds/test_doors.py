"""Worlds, clocks, jobs and keys over REST; another's world is as one that does not exist."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command

from common.batch import one, rows
from members.models import Member
from worlds import actions, clock, jobs
from worlds.current import current, use_world
from worlds.models import ApiKey, Job, World

Call = Callable[..., Any]


@pytest.fixture
def operator(worlds: Any) -> str:
    return actions.issue_key(None, scope="operator", label="test")


def member_of(world: Any, nick: str = "bob") -> int:
    from common.batch import insert
    from worlds.pen import writing

    with use_world(world.schema), writing() as moment:
        row = {"nick": nick, "name": "", "region": 330100, "openness": "masked", "status": "open"}
        return insert(
            Member, [row | {"joined_at": moment.at, "id_verified_at": None, "bank_verified_at": None}]
        )[0]


def test_an_admin_makes_a_world_that_its_own_key_does_not_open(worlds: Any, call: Call) -> None:
    mine = worlds("mine")
    name = f"{worlds.mark}made"
    made = call(mine.admin_key, "post", "/api/worlds/", {"name": name, "seed": 3, "regime": "taobao-2014"})
    assert made.status_code == 201, made.json()
    assert made.json()["clock"]["now"] == "2010-03-01T00:00:00+08:00"
    assert made.json()["seed"] == 3
    assert call(mine.admin_key, "get", f"/api/worlds/{name}/").status_code == 404
    opened = call(made.json()["admin_key"], "get", f"/api/worlds/{name}/")
    assert opened.status_code == 200
    assert opened.json()["regime"] == "taobao-2014"
    assert opened.json()["counts"]["regime_lever"] > 50
    again = call(mine.admin_key, "post", "/api/worlds/", {"name": name})
    assert (again.status_code, again.json()["rule"]) == (409, "world_name_is_unique")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "Upper"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a" * 41}, "name"),
        ({"name": "x\x00y"}, "name"),
        ({"name": "fine", "seed": 2**63}, "seed"),
        ({"name": "fine", "regime": "nobody-wrote-it"}, None),
        ({"name": "fine", "start": "yesterday"}, None),
        ({"name": "fine", "start": "1066-10-14"}, None),
        ({"name": "fine", "scenario": "no-such"}, "scenario"),
        ({"name": "fine", "colour": "red"}, "colour"),
    ],
)
def test_a_world_that_cannot_be_is_refused_by_field_and_leaves_nothing(
    body: dict[str, Any], field: str | None, worlds: Any, call: Call
) -> None:
    mine, before = worlds(), World.objects.count()
    answer = call(mine.admin_key, "post", "/api/worlds/", body)
    assert 400 <= answer.status_code < 410, answer.content
    if field:
        assert answer.json()["field"] == field
    assert World.objects.count() == before


def test_the_same_idempotency_key_makes_one_world_and_tells_no_secret_twice(worlds: Any, call: Call) -> None:
    mine, body = worlds(), {"name": f"{worlds.mark}once"}
    first = call(mine.admin_key, "post", "/api/worlds/", body, idempotency_key="one")
    again = call(mine.admin_key, "post", "/api/worlds/", body, idempotency_key="one")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["admin_key"].startswith("jishi_admin_")
    assert again.json() == first.json() | {"admin_key": None}


def test_a_world_is_forked_kept_reset_hashed_and_dropped_over_rest(worlds: Any, call: Call) -> None:
    mine = worlds("mine")
    key, here = mine.admin_key, f"/api/worlds/{mine.name}/"
    before = call(key, "get", f"{here}state-hash/").json()
    assert call(key, "get", "/api/state-hash/").json() == before
    assert call(key, "post", f"{here}snapshots/", {"tag": "v1.0"}).status_code == 201
    assert call(key, "post", f"{here}snapshots/", {"tag": "v1.0"}).status_code == 409
    member_of(mine)
    fork = call(key, "post", f"{here}fork/", {"name": f"{worlds.mark}fork"})
    assert fork.status_code == 201
    forked = call(fork.json()["admin_key"], "get", "/api/state-hash/").json()
    assert forked == call(key, "get", "/api/state-hash/").json() != before
    assert call(key, "post", f"{here}reset/", {"tag": "v1.0"}).status_code == 200
    assert call(key, "get", "/api/state-hash/").json() == before
    assert call(key, "post", f"{here}reset/", {"tag": "none"}).status_code == 404
    assert [s["tag"] for s in call(key, "get", here).json()["snapshots"]] == ["v1.0"]
    assert call(key, "delete", f"{here}snapshots/v1.0/").status_code == 204
    assert call(key, "get", f"{here}snapshots/").json() == {"results": []}
    assert call(key, "delete", here).status_code == 204
    assert call(key, "get", "/api/clock/").status_code == 401, "its keys went with it"
    assert not rows("SELECT 1 FROM pg_namespace WHERE nspname = %s OR nspname LIKE 'gone%%'", [mine.schema])


def test_the_clock_is_read_advanced_and_waited_for(worlds: Any, call: Call) -> None:
    world = worlds()
    key = world.admin_key
    told = call(key, "get", "/api/clock/").json()
    assert told == {
        "now": "2010-03-01T00:00:00+08:00",
        "started": "2010-03-01T00:00:00+08:00",
        "mode": "paused",
        "speed": 0.0,
        "job": None,
    }
    answer = call(key, "post", "/api/clock/advance/", {"duration": "P30D"}, idempotency_key="go")
    assert answer.status_code == 202
    assert answer["Location"] == answer.json()["address"] == f"/api/jobs/{answer.json()['id']}/"
    assert call(key, "get", "/api/clock/").json()["job"] == answer["Location"]
    second = call(key, "post", "/api/clock/advance/", {"duration": "P1D"})
    assert (second.status_code, second.json()["job"]) == (409, answer["Location"])
    assert call(key, "delete", f"/api/worlds/{world.name}/").json()["job"] == answer["Location"]
    assert jobs.run_job(answer.json()["id"]) == "done"
    done = call(key, "get", answer["Location"], prefer="wait=5").json()
    assert (done["status"], done["progress"]) == ("done", 1.0)
    assert done["result"]["to"] == "2010-03-31T00:00:00+08:00"
    waited = call(
        key, "post", "/api/clock/advance/", {"duration": "P30D"}, idempotency_key="go", prefer="wait=5"
    )
    assert (waited.status_code, waited.json()) == (200, done), "the same key is the same advance, now over"
    back = call(key, "post", "/api/clock/advance/", {"to": "2010-03-30T00:00:00+08:00"})
    assert (back.status_code, back.json()["rule"]) == (409, "clock_never_goes_back")


def test_a_job_is_cancelled_over_rest_and_seen_by_its_world_alone(
    worlds: Any, call: Call, operator: str
) -> None:
    mine, other = worlds("mine"), worlds("other")
    job = call(mine.admin_key, "post", "/api/clock/advance/", {"duration": "P1D"}).json()
    for key in (other.admin_key, actions.issue_key(other, scope="read")):
        assert call(key, "get", job["address"]).status_code == 404
        assert call(key, "get", "/api/jobs/").json() == {"results": []}
    assert call(other.admin_key, "delete", job["address"]).status_code == 404
    assert call(operator, "get", job["address"]).json()["status"] == "queued"
    assert call(mine.admin_key, "delete", job["address"]).json()["status"] == "cancelled"
    assert call(mine.admin_key, "delete", job["address"]).status_code == 409
    shown = call(mine.admin_key, "get", "/api/jobs/?status=cancelled").json()["results"]
    assert [each["id"] for each in shown] == [job["id"]]
    assert call(mine.admin_key, "get", "/api/jobs/not-a-uuid/").status_code == 404


def every_world_door(name: str) -> list[tuple[str, str, Any]]:
    here = f"/api/worlds/{name}/"
    return [
        ("get", here, None),
        ("post", f"{here}fork/", {"name": "x"}),
        ("get", f"{here}snapshots/", None),
        ("post", f"{here}snapshots/", {"tag": "x"}),
        ("delete", f"{here}snapshots/x/", None),
        ("post", f"{here}reset/", {"tag": "x"}),
        ("get", f"{here}state-hash/", None),
        ("get", f"{here}keys/", None),
        ("post", f"{here}keys/", {"scope": "admin"}),
        ("delete", f"{here}keys/1/", None),
        ("delete", here, None),
    ]


def test_another_s_world_answers_as_one_that_does_not_exist(worlds: Any, call: Call) -> None:
    mine, other = worlds("mine"), worlds("othr")
    missing = f"{worlds.mark}none"
    actions.snapshot(other, "x")
    hidden = [call(mine.admin_key, *door) for door in every_world_door(other.name)]
    absent = [call(mine.admin_key, *door) for door in every_world_door(missing)]
    for there, nowhere in zip(hidden, absent, strict=True):
        assert there.status_code == nowhere.status_code == 404
        assert there.content.replace(other.name.encode(), missing.encode()) == nowhere.content
    listed = call(mine.admin_key, "get", "/api/worlds/").json()["results"]
    assert [world["name"] for world in listed] == [mine.name]


def test_a_member_s_and_a_reader_s_key_do_nothing_above_markets(worlds: Any, call: Call) -> None:
    world = worlds()
    for key in (
        actions.issue_key(world, scope="read"),
        actions.issue_key(world, scope="member", member_id=member_of(world)),
    ):
        doors = [
            *every_world_door(world.name),
            ("get", "/api/worlds/", None),
            ("post", "/api/worlds/", {"name": "x"}),
        ]
        doors += [("get", "/api/keys/", None), ("post", "/api/keys/", {"scope": "admin"})]
        doors += [
            ("post", "/api/clock/advance/", {"duration": "P1D"}),
            ("post", "/api/clock/live/", {"speed": 5}),
        ]
        doors += [("post", "/api/clock/pause/", None), ("post", "/api/clock/resume/", None)]
        for door in doors:
            assert call(key, *door).status_code == 403, door
        assert call(key, "get", "/api/clock/").status_code == 200


def test_the_operator_sees_every_world_and_belongs_to_none(worlds: Any, call: Call, operator: str) -> None:
    mine, other = worlds("mine"), worlds("other")
    found, path = [], "/api/worlds/?limit=1"
    while path:
        answer = call(operator, "get", path).json()
        found += [world["name"] for world in answer["results"]]
        path = answer["next"]
    assert {mine.name, other.name} <= set(found)
    assert len(found) == len(set(found))
    assert call(operator, "get", f"/api/worlds/{other.name}/").status_code == 200
    assert call(operator, "get", "/api/clock/").status_code == 403
    issued = call(operator, "post", f"/api/worlds/{other.name}/keys/", {"scope": "admin"})
    assert call(issued.json()["key"], "get", "/api/clock/").status_code == 200


@pytest.fixture
def others_keys_come_back() -> Iterator[None]:
    """Operators' keys that other tests of this session hold, too, are shut out by a rotation."""
    held = list(ApiKey.objects.filter(scope="operator", revoked_at=None).values_list("pk", flat=True))
    yield
    ApiKey.objects.filter(pk__in=held).update(revoked_at=None)


def test_rotating_the_operator_s_key_shuts_the_old_one_out(
    worlds: Any, call: Call, others_keys_come_back: None, operator: str, capsys: Any
) -> None:
    import json

    call_command("operator_key", json=True)
    fresh = json.loads(capsys.readouterr().out)["operator_key"]
    assert call(fresh, "get", "/api/worlds/").status_code == 200
    assert call(operator, "get", "/api/worlds/").status_code == 401
    assert ApiKey.objects.filter(scope="operator", revoked_at=None).count() == 1


def test_keys_are_kept_hashed_shown_once_and_revoked_at_once(worlds: Any, call: Call) -> None:
    world = worlds()
    bob = member_of(world)
    made = call(
        world.admin_key, "post", "/api/keys/", {"scope": "member", "member": bob, "label": "bob's phone"}
    )
    assert made.status_code == 201
    key = made.json()["key"]
    everything = str(rows("SELECT k::text FROM public.worlds_apikey k"))
    assert key not in everything
    assert actions.hashed(key) in everything
    listed = call(world.admin_key, "get", "/api/keys/")
    assert key not in listed.content.decode()
    assert [each["scope"] for each in listed.json()["results"]] == ["admin", "member"]
    assert call(key, "get", "/api/clock/").status_code == 200
    assert call(world.admin_key, "delete", f"/api/keys/{made.json()['id']}/").status_code == 204
    refused = call(key, "get", "/api/clock/")
    assert (refused.status_code, refused.json()["rule"]) == (401, "key_is_known")
    assert call(world.admin_key, "delete", f"/api/keys/{made.json()['id']}/").status_code == 204


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"scope": "operator"}, 400),
        ({"scope": "member"}, 400),
        ({"scope": "read", "member": 1}, 400),
        ({"scope": "member", "member": 999}, 404),
        ({}, 400),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(
    body: dict[str, Any], status: int, worlds: Any, call: Call
) -> None:
    world = worlds()
    member_of(world)
    assert call(world.admin_key, "post", "/api/keys/", body).status_code == status
    assert ApiKey.objects.filter(world=world).count() == 1


def test_another_world_s_key_is_not_there_to_be_revoked(worlds: Any, call: Call) -> None:
    mine, other = worlds("mine"), worlds("other")
    theirs = ApiKey.objects.get(world=other)
    assert call(mine.admin_key, "delete", f"/api/keys/{theirs.pk}/").status_code == 404
    assert call(other.admin_key, "get", "/api/clock/").status_code == 200


def test_a_request_without_a_key_is_in_no_market(worlds: Any, call: Call) -> None:
    world = worlds()
    assert call(world.admin_key, "get", "/api/clock/").status_code == 200
    assert current() == world.schema
    assert call(None, "get", "/api/clock/").status_code == 401
    assert current() is None
    assert one("SELECT current_schema()") == "public"


def test_a_job_outlives_nothing_of_a_dropped_world(worlds: Any, call: Call) -> None:
    world = worlds()
    job = call(world.admin_key, "post", "/api/clock/advance/", {"duration": "P1D"}).json()
    with use_world(world.schema):
        began = clock.now()
    call(world.admin_key, "delete", job["address"])
    actions.drop(World.objects.get(pk=world.pk))
    assert jobs.run_job(job["id"]) == "over"
    assert not Job.objects.filter(pk=job["id"]).exists()
    assert began
