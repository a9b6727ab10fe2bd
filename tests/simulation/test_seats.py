"""A person takes over a bot's seat and leaves it: the market goes on, and its log says who decided what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test import Client

from common.batch import one, rows
from simulation import found, scene
from simulation.deeds import decisions
from worlds import actions, clock, jobs
from worlds.checks import audit
from worlds.current import point
from worlds.hashing import state_hash
from worlds.models import Job, World

TINY = Path(__file__).with_name("tiny.toml")
POPULATION = "/api/population/"
AGENTS = f"{POPULATION}agents/"


@dataclass
class Lesson:
    """A lived-in market, its admin's key, and the keys of those who sat down."""

    world: World
    keys: dict[str, str] = field(default_factory=dict)

    def __call__(self, verb: str, path: str, body: Any = None, *, who: str = "admin", **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.keys[who]}", **headers}
        data = b"" if body is None else orjson.dumps(body)
        answer = Client().generic(verb.upper(), path, data, "application/json", headers=sent)
        point(self.world.schema)
        return answer

    def json(self, path: str, who: str = "admin") -> Any:
        answer = self("get", path, who=who)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def done(self, verb: str, path: str, body: Any = None, **more: Any) -> Any:
        answer = self(verb, path, body, **more)
        assert answer.status_code in {200, 201, 204}, answer.content
        return answer.json() if answer.content else None

    def seat(self, agent: int, person: str) -> Any:
        told = self.done("post", f"{AGENTS}{agent}/seat/", {"person": person})
        self.keys[person] = told["key"]
        return told

    def pass_ticks(self, ticks: int, *, restarted: bool) -> None:
        for _ in range(ticks):
            if restarted:
                scene._kept.clear()
            clock.advance(clock.now() + timedelta(hours=6))


@pytest.fixture(scope="module")
def lesson(django_db_setup: None, django_db_blocker: Any) -> Iterator[Lesson]:
    """The corner after its first day; nobody sits anywhere yet."""
    with django_db_blocker.unblock():
        point(None)
        world, key = actions.create("corner", seed=7)
        point(world.schema)
        job = found.start(world, TINY, seed=7, days=1)
        assert jobs.run_job(str(job.pk)) == "done", Job.objects.get(pk=job.pk).error
        point(world.schema)
        yield Lesson(world, {"admin": key})
        connection.close()
        point(None)
        actions.drop(world)


@pytest.fixture
def twins(lesson: Lesson) -> Iterator[list[Lesson]]:
    point(None)
    made = [Lesson(world, {"admin": key}) for world, key in (actions.fork(lesson.world, n) for n in ("one", "two"))]  # fmt: skip
    yield made
    for twin in made:
        point(None)
        actions.drop(twin.world)
    point(lesson.world.schema)


SENT = "SELECT id FROM shops_order WHERE shop_id = %s AND shipped_at > %s ORDER BY id"


def lived(market: Lesson, *, restarted: bool) -> tuple[str, Any]:
    """A student keeps the first shop of the class for eighteen hours and another buys there; then both get up."""
    point(market.world.schema)
    [shop, *_] = market.json(f"{AGENTS}?free=true")["results"]
    [buyer, *_] = market.json(f"{AGENTS}?kind=buyer")["results"]
    taken, since = market.seat(shop["id"], "Li Lei"), clock.now()
    assert (taken["shop"], taken["member"]) == (shop["shop"], shop["member"])
    market.seat(buyer["id"], "Han Meimei")
    goods = one("SELECT min(id) FROM shops_listing WHERE shop_id = %s AND status = 'on_sale'", [shop["shop"]])
    first, second = (
        market.done("post", "/api/orders/", {"lines": [{"listing": goods}], "pay": True}, who="Han Meimei")
        for _ in range(2)
    )
    first, second = ((o["orders"][0] if "orders" in o else o)["id"] for o in (first, second))
    market.pass_ticks(2, restarted=restarted)
    assert rows(SENT, [shop["shop"], since]) == [], "a bot sent parcels for the person"
    market.done("post", f"/api/orders/{first}/ship/", {"carrier": "EMS", "tracking_no": "1"}, who="Li Lei")
    market.pass_ticks(1, restarted=restarted)
    assert rows(SENT, [shop["shop"], since]) == [(first,)]
    log = decisions(shop["member"])
    mine = [row for row in log if row["by"] == "person"]
    assert [row["name"] for row in mine] == ["seat.taken", "order.shipped"]
    assert {row["person"] for row in mine} == {"Li Lei"}
    assert all(row["at"] < since for row in log if row["by"] == "bot")

    for agent in (shop, buyer):
        market.done("delete", f"{AGENTS}{agent['id']}/seat/")
    assert market("get", "/api/orders/", who="Li Lei").status_code == 401, "the key went with the seat"
    left = clock.now()
    # who waits for an answer waits about a listing, of whatever number
    meant = "SELECT verb FROM simulation_plan WHERE kind = 0 AND verb <> 'wait' AND subject_id = %s"
    assert rows(meant, [first]) == [("receive",)], "the bot expects what was sent while it was away"
    market.pass_ticks(3, restarted=restarted)
    assert one(
        "SELECT count(*) FROM shops_order WHERE shop_id = %s AND shipped_at > %s", [shop["shop"], left]
    )
    again = [row for row in decisions(shop["member"]) if row["at"] > left]
    assert {row["by"] for row in again} == {"bot"}
    bought = [
        r
        for r in decisions(buyer["member"])
        if r["name"] == "order.placed" and r["subject"] in (first, second)
    ]
    assert [row["person"] for row in bought] == ["Han Meimei"] * 2
    assert not any(audit().values())
    return state_hash(), log


def test_who_sits_down_decides_alone_and_a_restart_changes_nothing(twins: list[Lesson]) -> None:
    one_, other = twins
    assert lived(one_, restarted=False) == lived(other, restarted=True)


def test_a_seat_is_refused_in_words(lesson: Lesson) -> None:
    def refused(verb: str, agent: int, body: Any = None) -> tuple[int, str]:
        answer = lesson(verb, f"{AGENTS}{agent}/seat/", body)
        return answer.status_code, answer.json()["rule"]

    mine, nobody = {"person": "Wei Hua"}, 10**6
    seats = lesson.json(f"{AGENTS}?free=true")["results"]
    assert [seat["number"] for seat in seats] == [0, 1, 2, 3]
    taken, gone = seats[2]["id"], seats[3]["id"]
    hired = lesson.json(f"{AGENTS}?kind=ring")["results"][0]["id"]
    assert refused("delete", taken) == (409, "somebody_sits_in_a_seat_that_is_left")
    lesson.seat(taken, "Wei Hua")
    found.leave([3], at=clock.now())
    assert refused("post", taken, mine) == (409, "one_person_in_a_seat")
    assert refused("post", gone, mine) == (409, "who_gave_up_is_gone")
    assert refused("post", hired, mine) == (409, "a_seat_is_a_buyers_or_a_sellers")
    assert refused("post", nobody, mine) == refused("delete", nobody) == (404, "agent_exists")
    assert refused("post", seats[0]["id"], {"person": " "})[0] == 400
    standing = lesson.json(POPULATION)
    assert (standing["seats_taken"], standing["seats_free"], standing["gone"]) == (1, 2, 1)


def test_a_student_reads_nobodys_mind(lesson: Lesson) -> None:
    """Not even that of the bot whose seat it is: a brusher's fakes are the admin's to know."""
    [brusher] = lesson.json(f"{AGENTS}?strategy=brusher")["results"]
    log = f"{AGENTS}{brusher['id']}/decisions/"
    assert {row["name"] for row in lesson.json(log)["results"]} >= {"brush", "shop.opened"}
    lesson.seat(brusher["id"], "Jim")
    own = lesson.json(log, who="Jim")["results"]
    assert {row["kind"] for row in own} == {"deed"}
    assert not any(row["why"] for row in own)
    assert lesson("get", AGENTS, who="Jim").status_code == 403
    rivals = [f"{AGENTS}{n}/decisions/" for n in (brusher["id"] - 1, 10**6)]
    told = [lesson("get", path, who="Jim") for path in rivals]
    assert told[0].content == told[1].content
    assert [answer.status_code for answer in told] == [403, 403]
    acting = lesson("get", rivals[0], **{"X-Jishi-Member": str(brusher["member"])})
    assert acting.status_code == 403
    seen = lesson.json(POPULATION, who="Jim")
    assert (seen["seed"], seen["strategies"], seen["agent"]) == (None, None, brusher["id"])
    assert lesson.json(POPULATION)["strategies"]["brusher"] == 1
