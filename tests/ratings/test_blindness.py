"""Nobody learns what is sealed: the same story told twice, differing only in what was sealed, looks the same.

Two worlds grow in savepoints that are rolled back. In each every address that can be read is read by the
subject,
a stranger, a read key and an admin; the subject tries every verb; every event and every table is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from common.batch import rows
from tests.ratings.fair import Fair
from worlds import hashing
from worlds.actions import find, issue_key

PASSED_BY = (
    "api/schema",
    "api/docs",
    "api/redoc",
    "api/worlds",
    "api/keys",
)  # no market's data; keys are random
HASHES = {"admin /api/state-hash/"}  # of all tables, the sealed ones too: for who keeps the world alone


def addresses(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    """Every address of the API that can be read, with its parts in angle brackets."""
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        here = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, here)
        elif isinstance(pattern, URLPattern) and here.startswith("api/") and not here.startswith(PASSED_BY):
            readable = hasattr(pattern.callback.view_class, "get")  # type: ignore[attr-defined]
            yield from [here] * readable


def filled(address: str, known: dict[str, int]) -> str:
    parts = address.split("/")
    return "/" + "/".join(
        str(known.get(p.strip("<>").split(":")[-1], 1)) if p.startswith("<") else p for p in parts
    )


def client(scope: str, member: int | None = None) -> Client:
    key = issue_key(find("shared"), scope=scope, member_id=member)
    return Client(headers={"Authorization": f"Bearer {key}"})


ASKED = {
    "/credit/": ("?role=buyer", "?role=seller"),
    "/explanation/": ("?role=buyer",),
    "api/feedback/": ("?box=received", "?box=given"),
}


def seen(fair: Fair, key: int, verbs: bool = True) -> dict[str, bytes]:
    """Everything that anybody but the author can be told: address and reader -> the bytes of the answer."""
    row = fair.feedback(key)
    known = {
        "feedback_id": key, "member_id": row["subject_id"], "listing_id": row["listing_id"],
        "order_id": row["order_id"],
        "line_id": row["line_id"], "shop_id": 1, "complaint_id": 1,
    }  # fmt: skip
    subject, stranger = row["subject_id"], fair.member("stranger")
    readers = {
        "subject": client("member", subject), "stranger": client("member", stranger), "read": client("read"),
        "admin": client("admin"),
    }  # fmt: skip
    told, readable = {}, sorted(set(addresses()))
    for reader, caller in readers.items():
        for address in readable:
            for query in ("", *next((asked for end, asked in ASKED.items() if address.endswith(end)), ())):
                path = filled(address, known) + query
                answer = caller.get(path)
                told[f"{reader} {path}"] = bytes([answer.status_code // 100]) + answer.content
    if verbs:
        for verb, body in (
            ("edit", {"verdict": "good"}), ("explain", {"text": "谢谢"}), ("follow-up", {"text": "谢谢"}),
            ("complain", {"text": "敲诈"}),
        ):  # fmt: skip
            answer = readers["subject"].post(
                f"/api/feedback/{key}/{verb}/", body, content_type="application/json"
            )
            assert answer.status_code >= 400
            told[f"subject tries {verb}"] = answer.content
    told["events"] = repr(
        rows(
            "SELECT id, name, subject_id, members, is_public, payload::text, at FROM events_event ORDER BY id"
        )
    ).encode()
    told |= {
        f"table {name}": value.encode()
        for name, value in hashing.table_hashes().items()
        if name != "ratings_answer"
    }
    return told


def twins(fair: Fair, *stories: Callable[[], dict[str, bytes]]) -> list[dict[str, bytes]]:
    """What is seen at the end of each story, each told in a savepoint that is rolled back."""
    told = []
    for story in stories:
        kept = (dict(fair.ids), dict(fair.goods))
        with transaction.atomic():
            told.append(story())
            transaction.set_rollback(True)
        fair.ids, fair.goods = dict(kept[0]), dict(kept[1])
    return told


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    assert one.keys() == other.keys()
    return [name for name in one if one[name] != other[name] and name not in HASHES]


ANSWERS = [("good", (5,) * 5, ""), ("bad", (1, 2, 1, 2, 1), "骗子"), ("neutral", (3,) * 5, "一般")]


@pytest.mark.parametrize("later", [timedelta(0), timedelta(days=3), timedelta(days=15, seconds=-1)])
def test_a_sealed_answer_looks_the_same_whatever_it_says(fair: Fair, later: timedelta) -> None:
    def story(verdict: str, stars: Any, comment: str) -> Callable[[], dict[str, bytes]]:
        def tell() -> dict[str, bytes]:
            [line] = fair.trade("amei", "bob")
            key = fair.rate("amei", line, verdict, stars, comment=comment, anonymous=verdict == "bad")
            fair.market.advance_to(fair.at + later)
            return seen(fair, key)

        return tell

    one, *others = twins(fair, *(story(*answer) for answer in ANSWERS))
    for other in others:
        assert differing(one, other) == []


def test_two_answers_under_the_regime_of_2014_look_the_same_until_the_first_half_hour_is_over(
    fair: Fair,
) -> None:
    """When the words are shown depends on what they say, as the rule of 2008 has it: only until then is all
    equal."""
    fair.set_lever(feedback__reveal="delayed", feedback__default_verdict="good_for_good")

    def story(verdict: str) -> Callable[[], dict[str, bytes]]:
        def tell() -> dict[str, bytes]:
            fair.market.pass_hours(1)
            [line] = fair.trade("amei", "bob")
            key = fair.rate("amei", line, verdict)
            fair.rate("bob", line)
            fair.market.advance_to(fair.at + timedelta(minutes=30, seconds=-1))
            return seen(fair, key)

        return tell

    one, other = twins(fair, story("good"), story("bad"))
    assert differing(one, other) == ["table ratings_feedback"]  # reveal_at, which no door shows


def test_one_buyers_stars_are_never_seen_not_even_after_the_reveal(fair: Fair) -> None:
    def story(stars: Any) -> Callable[[], dict[str, bytes]]:
        def tell() -> dict[str, bytes]:
            for nick in ("bela", "carl", "dora"):
                fair.rated(nick, "bob", stars=(4,) * 5)
            fair.close_day()
            key = fair.rated("amei", "bob", stars=stars)
            fair.rated("emil", "bob", stars=(3,) * 5)
            fair.market.pass_days(20)
            return seen(fair, key, verbs=False)

        return tell

    one, other = twins(fair, story((5,) * 5), story((1,) * 5))
    assert set(differing(one, other)) <= {
        "table ratings_weight",
        "table ratings_credit",
    }  # sums no door shows


def test_the_same_walk_sees_a_verdict_once_it_is_revealed(fair: Fair) -> None:
    """The negative control: were something to leak, the comparison would say so."""

    def story(verdict: str) -> Callable[[], dict[str, bytes]]:
        def tell() -> dict[str, bytes]:
            return seen(fair, fair.rated("amei", "bob", verdict), verbs=False)

        return tell

    different = differing(*twins(fair, story("good"), story("bad")))
    assert {"events", "table ratings_feedback"} <= set(different)
    assert any(name.startswith("subject /api/feedback/") for name in different)
    assert any(name.startswith("stranger /api/listings/") for name in different)


def test_no_answer_of_any_door_holds_stars_but_the_authors_own(fair: Fair) -> None:
    key = fair.rated("amei", "bob", stars=(1, 2, 3, 4, 5))
    fair.market.pass_days(20)
    told = seen(fair, key, verbs=False)
    own = {"subject /api/feedback/", "subject /api/feedback/?box=given"}  # what the subject gave themselves
    assert {name for name in told if b'"stars":{' in told[name]} == own
    mine = client("member", fair.ids["amei"]).get(f"/api/feedback/{key}/").json()
    assert list(mine["stars"].values()) == [1, 2, 3, 4, 5]
