"""What is sealed shows nowhere else either: webhooks, the export, search, the pages. (Doors: tests/ratings.)

One story told twice in one market of one seed; only what one side answered differs. Each telling is taken back.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from common.batch import execute, rows
from events import webhooks
from ratings import actions as ratings
from ratings.actions import Leave
from simulation.export import export
from tests.doors.street import Street, taken_back
from worlds import clock

# new at every look: a form's token, and the number of the auction that filled the paid places (a sequence's)
TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"|(?<=href="/ads/)\d+(?=/\d+/")')
GOOD, BAD = (1, (5,) * 5, ""), (-1, (1, 2, 1, 2, 1), "骗子")
READERS = ("bob", "carol", "read")
ASKED = (
    "/api/search/?q=衣柜&explain=true",
    "/api/search/?sort=credit",
    "/api/traffic/live/",
    "/api/events/?limit=1000",
    "/api/population/",
)
PAGES = ("/", "/search/?q=衣柜", "/listings/{listing}/", "/shops/{shop}/")


def shown(street: Street, folder: Path) -> dict[str, bytes]:
    """All that goes out of the market by ways that are not a member's own doors."""
    told: dict[str, bytes] = {}
    execute(
        "UPDATE public.events_webhook SET names = '{}', cursor = 0 WHERE world_id = %s", [street.world.pk]
    )
    webhooks.collect()
    for hook in ("webhook", "own_webhook"):
        bodies = rows(
            "SELECT body FROM public.events_delivery WHERE webhook_id = %s ORDER BY event_id",
            [street.ids[hook]],
        )
        told[hook] = b"\n".join(bytes(body) for (body,) in bodies)
    with street.inside():
        export(folder / "log.csv")
    told["export"] = (folder / "log.csv").read_bytes()
    for who in READERS:
        for path in ASKED:
            answer = street("get", path, who=who)
            assert answer.status_code == 200, (path, answer.content)
            told[f"{who} {path}"] = answer.content
    own = street("get", f"/api/population/agents/{street.ids['agent']}/decisions/?limit=1000", who="bob")
    told["bob's log"] = own.content
    assert own.status_code == 200, own.content
    visitor = Client()
    visitor.cookies["jishi_visitor"] = "v1"
    for page in PAGES:
        path = page.format(**street.ids)
        answer = (
            visitor.get(path, {"world": street.world.name}, follow=True) if page == "/" else visitor.get(path)
        )
        assert answer.status_code == 200, (path, answer.status_code)
        told[path] = TOKEN.sub(b"", answer.content)
    return told


def tell(street: Street, folder: Path, story: Callable[[], Any]) -> dict[str, bytes]:
    with taken_back():
        with street.inside():
            story()
        return shown(street, folder)


def sealed(street: Street, answer: tuple[Any, ...]) -> Callable[[], None]:
    def story() -> None:
        verdict, stars, words = answer
        street.do(
            ratings.leave, [Leave(street.ids["fresh_line"], street.ids["alice"], verdict, stars, words)]
        )
        clock.advance(clock.now() + timedelta(days=2))

    return story


def different(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    assert one.keys() == other.keys()
    return [name for name in one if one[name] != other[name]]


def test_a_sealed_answer_goes_out_by_no_way(street: Street, tmp_path: Path) -> None:
    one, other = (tell(street, tmp_path, sealed(street, answer)) for answer in (GOOD, BAD))
    assert different(one, other) == []
    assert one["webhook"].count(b"\n") > 20
    assert one["export"].count(b"\n") > 5


def test_a_revealed_one_does_go_out(street: Street, tmp_path: Path) -> None:
    """The control: the comparison sees what is public."""

    def story(answer: tuple[Any, ...]) -> Callable[[], None]:
        def both() -> None:
            sealed(street, answer)()
            street.do(ratings.leave, [Leave(street.ids["fresh_line"], street.ids["bob"], 1, (5,) * 5)])
            clock.advance(clock.now() + timedelta(days=2))

        return both

    one, other = (tell(street, tmp_path, story(answer)) for answer in (GOOD, BAD))
    assert "webhook" in different(one, other)


@pytest.mark.parametrize("stars", [(1,) * 5, (3,) * 5])
def test_stars_go_out_by_no_way_even_when_all_is_revealed(street: Street, tmp_path: Path, stars: Any) -> None:
    """Two buyers more than the street has would publish an index: one buyer's stars alone never move it."""

    def story(given: Any) -> Callable[[], None]:
        def both() -> None:
            line = street.ids["fresh_line"]
            street.do(ratings.leave, [Leave(line, street.ids["alice"], 1, given)])
            street.do(ratings.leave, [Leave(line, street.ids["bob"], 1, (5,) * 5)])
            clock.advance(clock.now() + timedelta(days=2))

        return both

    one, other = (tell(street, tmp_path, story(given)) for given in ((5,) * 5, stars))
    assert different(one, other) == []
