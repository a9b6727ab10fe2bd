"""The doors of traffic, and who may look through them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from common.batch import dicts, one, rows
from shops.actions.orders import Place, Wanted, place_and_pay
from tests.traffic.conftest import Street
from tests.traffic.looks import seen, view, views
from traffic.actions import see, visitor_number
from traffic.queries import live as live_figures
from worlds.current import point

Call = Callable[..., Any]


def test_a_view_is_one_statement_whose_shop_and_section_are_the_listings(street: Street, call: Call) -> None:
    call("get", "/api/traffic/days/")
    with CaptureQueriesContext(connection) as asked:
        answer = call(
            "post", "/api/views/", {"visitor": "c1", "listing": street.costume, "source": "campaign"}
        )
    assert (answer.status_code, answer.json()) == (201, {"at": "2010-03-01T09:00:00+08:00"})
    assert len([q for q in asked.captured_queries if "SAVEPOINT" not in q["sql"]]) == 1
    [row] = seen()
    assert (row["shop"], row["section"], row["page"], row["source"]) == (street.costumes, 4, 5, 6)
    assert row["visitor"] == visitor_number("c1")


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"visitor": "c", "listing": 10**9}, 404, "listing"),
        ({"visitor": "c", "page": "shop"}, 400, "shop"),
        ({"visitor": "c", "page": "attic"}, 400, "page"),
        ({"visitor": "c", "page": ["home"]}, 400, "page"),
        ({"visitor": "c", "source": "keyword_ad"}, 400, "source"),
        ({"visitor": "c", "source": 7}, 400, "source"),
        ({"visitor": "", "page": "home"}, 400, "visitor"),
        ({"visitor": "c" * 65, "page": "home"}, 400, "visitor"),
        ({"visitor": "a\0b", "page": "home"}, 400, "visitor"),
        ({"visitor": 5, "page": "home"}, 400, "visitor"),
        ({"page": "home"}, 400, "visitor"),
        ({"visitor": "c", "stay_seconds": -1}, 400, "stay_seconds"),
        ({"visitor": "c", "stay_seconds": True}, 400, "stay_seconds"),
        ({"visitor": "c", "member": 2**63}, 400, "member"),
        ({"visitor": "c", "member": 2**62}, 400, "member"),
        ({"visitor": "c", "member": 10**9}, 404, "member"),
        ({"visitor": "c", "section": 25}, 400, "section"),
        ({"visitor": "c", "at": "yesterday"}, 400, "at"),
        ({"visitor": "c", "at": 5}, 400, "at"),
        ({"visitor": "c", "at": "0001-01-01T00:00:00"}, 400, "at"),
        ({"visitor": "c", "at": "2010-03-01T09:00:01+08:00"}, 409, "at"),
        ({"visitor": "c", "at": "2010-02-28T23:59:59+08:00"}, 409, "at"),
        ({"visitor": "c", "charge": 1}, 400, "charge"),
        ([], 400, "rows"),
    ],
)  # fmt: skip
def test_a_view_that_cannot_be_is_refused_alike_alone_and_in_a_batch(
    street: Street, call: Call, body: Any, status: int, field: str
) -> None:
    alone = call("post", "/api/views/", body)
    assert (alone.status_code, alone.json()["field"]) == (status, field), alone.json()
    assert seen() == []
    good = {"visitor": "good", "page": "home"}
    batch = call("post", "/api/views/batch/", {"rows": [good, body, good]}).json()
    assert (batch["done"], batch["refused"]) == (2, 1)
    [refused] = batch["results"]
    assert (refused["row"], refused["status"], refused["problem"]["rule"]) == (
        1,
        status,
        alone.json()["rule"],
    )
    assert len(seen()) == 2


def test_a_text_that_is_no_text_is_refused(street: Street, call: Call) -> None:
    for path, body in (
        ("/api/views/", '{"visitor":"\\ud800"}'),
        ("/api/views/batch/", '{"rows":[{"visitor":"\\ud800"}]}'),
    ):
        client = APIClient()
        call("get", "/api/traffic/days/")
        answer = call("post", "/api/views/", {"visitor": "x", "page": "home"})
        assert answer.status_code == 201
        client.credentials(HTTP_AUTHORIZATION=answer.wsgi_request.META["HTTP_AUTHORIZATION"])
        assert client.post(path, body, content_type="application/json").status_code == 400


@pytest.mark.parametrize("size", [0, 10_001])
def test_a_batch_of_no_or_too_many_views_leaves_nothing(street: Street, call: Call, size: int) -> None:
    answer = call("post", "/api/views/batch/", {"rows": [{"visitor": "c", "page": "home"}] * size})
    assert (answer.status_code, answer.json()["rule"]) == (400, "batch_is_of_its_size")
    assert seen() == []


def test_ten_thousand_views_come_in_one_call_and_mixed_fields_are_read_as_one_by_one(
    street: Street, call: Call
) -> None:
    wheres: list[dict[str, Any]] = [
        {"listing": street.wardrobe}, {"shop": street.costumes}, {"page": "section", "section": 3},
        {"page": "home"}, {"page": "profile", "shop": street.furniture}, {},
    ]  # fmt: skip
    rows_sent = [
        {"visitor": f"v{n % 97}", **wheres[n % 6], **({"member": street.bob} if n % 5 == 0 else {}),
         **({"at": f"2010-03-01T0{n % 9}:00:00+08:00"} if n % 4 else {"at": None}),
         **({"stay_seconds": n} if n % 3 else {})}
        for n in range(10_000)
    ]  # fmt: skip
    answer = call("post", "/api/views/batch/", {"rows": rows_sent}).json()
    assert answer == {"results": [], "done": 10_000, "refused": 0}
    batch = seen()
    for row in rows_sent[:120]:
        assert call("post", "/api/views/", row).status_code == 201
    assert seen()[10_000:] == batch[:120]


def test_an_idempotency_key_counts_a_view_and_a_batch_once(street: Street, call: Call) -> None:
    for _ in range(3):
        one_view = call("post", "/api/views/", {"visitor": "c", "page": "home"}, idempotency_key="one")
        batch = call(
            "post",
            "/api/views/batch/",
            {"rows": [{"visitor": "d", "page": "home"}] * 2},
            idempotency_key="two",
        )
        assert (one_view.status_code, batch.status_code, batch.json()["done"]) == (201, 200, 2)
    assert len(seen()) == 3


def test_a_member_sends_their_own_views_only(street: Street, call: Call) -> None:
    for sent, status, member in (
        ({}, 201, street.bob),
        ({"member": street.bob}, 201, street.bob),
        ({"member": street.eve}, 403, None),
    ):
        answer = call(
            "post", "/api/views/", {"visitor": "c", "page": "home", **sent}, scope="member", member=street.bob
        )
        assert answer.status_code == status
        if member:
            assert seen()[-1]["member"] == member
    mixed = [{"visitor": "c", "page": "home"}, {"visitor": "c", "page": "home", "member": street.eve}]
    batch = call("post", "/api/views/batch/", {"rows": mixed}, scope="member", member=street.bob).json()
    assert [result["status"] for result in batch["results"]] == [403]
    assert {row["member"] for row in seen()} == {street.bob}
    assert call("post", "/api/views/", {"visitor": "c", "page": "home"}, scope="read").status_code == 403
    assert APIClient().post("/api/views/", {"visitor": "c"}, format="json").status_code == 401
    point("w_shared")  # without a key it was above the markets


CSV = """visitor,listing,source,at,stay_seconds
a,{w},category,,5
b,{c},,2010-03-01T08:00:00,
c,999999,,,

d,x
"""
NDJSON = """{{"visitor":"a","listing":{w},"source":"category","stay_seconds":5}}
{{"visitor":"b","listing":{c},"at":"2010-03-01T08:00:00"}}
{{"visitor":"c","listing":999999}}

{{"visitor":"""


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("text/csv", CSV),
        ("application/x-ndjson", NDJSON),
    ],
)  # fmt: skip
def test_a_file_of_views_is_read_line_by_line(street: Street, call: Call, kind: str, text: str) -> None:
    key = call("get", "/api/traffic/days/").wsgi_request.META["HTTP_AUTHORIZATION"]
    body = text.format(w=street.wardrobe, c=street.costume)
    answer = APIClient().generic("POST", "/api/views/file/", body, content_type=kind, HTTP_AUTHORIZATION=key)
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["done"], told["refused"], [r["row"] for r in told["results"]]) == (2, 2, [2, 3])
    assert [(r["listing"], r["source"], r["stay"]) for r in seen()] == [
        (street.wardrobe, 3, 5),
        (street.costume, 1, None),
    ]


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [("text/plain", "visitor\na", 415), ("text/csv", "", 400), ("text/csv", "a,b\n1,2", 400),
     ("text/csv", "visitor,visitor\na,b", 400)],
)  # fmt: skip
def test_a_file_of_another_kind_is_refused(
    street: Street, call: Call, kind: str, body: str, status: int
) -> None:
    key = call("get", "/api/traffic/days/").wsgi_request.META["HTTP_AUTHORIZATION"]
    answer = APIClient().generic("POST", "/api/views/file/", body, content_type=kind, HTTP_AUTHORIZATION=key)
    assert answer.status_code == status, answer.content
    assert seen() == []


def test_the_last_act_stands_in_favourites_and_cart(street: Street, call: Call) -> None:
    for act, path in (("favourites", "/api/favourites/"), ("cart", "/api/cart/")):
        for listing in (street.wardrobe, street.table, street.wardrobe):
            assert call("post", path, {"listing": listing}, member=street.bob).status_code == 201, act
        assert call("delete", f"{path}{street.table}/", member=street.bob).status_code == 204
        assert call("delete", f"{path}{street.table}/", member=street.bob).status_code == 404
        kept = call("get", path, member=street.bob).json()["results"]
        assert [row["listing"] for row in kept] == [street.wardrobe]
        assert call("get", path, member=street.eve).json()["results"] == []
    more = call(
        "post", "/api/cart/", {"listing": street.wardrobe, "quantity": 7}, scope="member", member=street.bob
    )
    assert (more.status_code, more.json()["quantity"]) == (201, 7)
    first = call("get", "/api/favourites/?limit=1", member=street.bob).json()
    assert (len(first["results"]), first["next"]) == (1, None)
    assert (
        call("post", "/api/cart/", {"listing": 10**9}, member=street.bob).json()["rule"] == "listing_exists"
    )


def test_favourites_and_carts_are_seeded_in_one_call_each_row_on_its_own(street: Street, call: Call) -> None:
    rows_sent = [
        {"member": street.bob, "listing": street.table, "quantity": 2, "at": "2010-03-01T08:00:00+08:00"},
        {"member": street.bob, "listing": street.wardrobe, "at": "2010-03-01T07:00:00+08:00"},
        {"member": street.bob, "listing": street.wardrobe, "at": "2010-03-01T10:00:00+08:00"},
        {"member": 10**9, "listing": street.wardrobe},
        {"member": street.eve, "listing": street.wardrobe, "quantity": 0},
        {"member": street.eve, "listing": street.wardrobe, "source": "nowhere"},
    ]
    answer = call("post", "/api/cart/batch/", {"rows": rows_sent}).json()
    assert [result["status"] for result in answer["results"]] == [201, 201, 409, 404, 400, 400]
    assert [result.get("id") for result in answer["results"][:2]] == [2, 1], (
        "numbered in the order of their moments"
    )
    told = rows("SELECT payload::json FROM events_event WHERE name = 'interest.shown' ORDER BY id")
    told = rows("SELECT payload::json FROM events_event WHERE name = 'interest.shown' ORDER BY id")
    assert [payload["at"][11:13] for (payload,) in told] == ["07", "08"]


def bought(street: Street) -> None:
    at = street.market.at
    see(
        views([view(at, n, street.wardrobe, member=street.bob if n < 2 else None) for n in range(4)] * 2),
        at=at,
    )
    with street.market.writing() as now:
        place_and_pay([Place(street.bob, (Wanted(street.wardrobe, 2),))], at=now.at)


FIGURES = {
    "pv": 8, "uv_daily": 4, "ipv": 8, "ipv_uv_daily": 4, "visits": 4, "bounces": 0, "favourites": 0,
    "carts": 0, "orders_placed": 1, "orders_paid": 1, "buyers_daily": 1, "pieces_paid": 2, "paid_fen": 19_800,
    "bounce_rate_bps": 0, "depth_hundredths": 200, "stay_seconds_per_visit": 0, "conversion_bps": 2_500,
    "average_order_fen": 19_800,
}  # fmt: skip


def test_the_open_day_and_the_closed_one_show_the_same_figures_everywhere(street: Street, call: Call) -> None:
    bought(street)
    addresses = {
        "/api/traffic/live/": None, f"/api/traffic/shops/{street.furniture}/": "today",
        f"/api/traffic/listings/{street.wardrobe}/": "today", "/api/traffic/sections/15/": "today",
    }  # fmt: skip
    for path, part in addresses.items():
        told = call("get", path).json()
        assert (told[part] if part else told)["figures"] == FIGURES, path
    street.market.pass_days(1)
    for path in ("/api/traffic/days/", *list(addresses)[1:]):
        told = call("get", path).json()
        [day] = told.get("results") or told["days"]
        assert day == {"day": "2010-03-01", **FIGURES}, path
    shop = call("get", f"/api/traffic/shops/{street.furniture}/").json()
    by_source = {row["source"]: row["pv"] for row in shop["last"]["sources"]}
    assert by_source.pop("organic_search") == 8
    assert set(by_source.values()) == {0}
    assert [(row["listing"], row["pv"]) for row in shop["last"]["listings"]] == [(street.wardrobe, 8)]
    nobody = call("get", f"/api/traffic/shops/{street.costumes}/").json()["days"][0]
    assert (
        nobody["pv"],
        nobody["conversion_bps"],
        nobody["bounce_rate_bps"],
        nobody["average_order_fen"],
    ) == (0, None, None, None)
    books = call("get", "/api/traffic/reconciliation/").json()
    assert books["wrong"] == []
    assert [(row["rows"], row["by_source"], row["by_shop"]) for row in books["results"]] == [(8, 8, 8)]


def test_live_figures_are_kept_for_seconds_and_computed_when_redis_is_down(
    street: Street, call: Call, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pv() -> int:
        count: int = call("get", "/api/traffic/live/").json()["figures"]["pv"]
        return count

    assert live_figures.SECONDS <= 5
    monkeypatch.setattr(live_figures, "SECONDS", 60)  # so that a slow machine asks twice within them
    see(views([view(street.market.at, 1)]), at=street.market.at)
    assert pv() == 1
    see(views([view(street.market.at, 1)]), at=street.market.at)
    assert pv() == 1, "kept"
    keys = list(live_figures._redis().scan_iter("jishi:live:*"))
    assert 0 < live_figures._redis().ttl(keys[0]) <= live_figures.SECONDS
    with monkeypatch.context() as down:
        import redis

        down.setattr(live_figures, "_redis", lambda: redis.Redis(port=1, socket_connect_timeout=0.2))
        assert pv() == 2, "computed"


def test_a_shops_traffic_is_its_owners_and_the_platforms(street: Street, call: Call) -> None:
    bought(street)
    owned = (f"/api/traffic/shops/{street.furniture}/", f"/api/traffic/listings/{street.wardrobe}/")
    for path in owned:
        assert call("get", path, scope="member", member=street.zhang).status_code == 200
        for other in (street.li, street.bob):
            assert call("get", path, scope="member", member=other).status_code == 403
        assert call("get", path, scope="read").status_code == 200
    for path in (
        "/api/traffic/days/",
        "/api/traffic/live/",
        "/api/traffic/sections/15/",
        "/api/traffic/sources/",
    ):
        assert call("get", path, scope="member", member=street.bob).status_code == 200
    assert call("get", "/api/traffic/reconciliation/", scope="member", member=street.zhang).status_code == 403
    for path in ("/api/traffic/shops/999/", "/api/traffic/listings/999/", "/api/traffic/sections/25/"):
        assert call("get", path).status_code == 404


def test_no_door_and_no_event_says_who_looked_at_what(street: Street, call: Call) -> None:
    before = one("SELECT count(*) FROM events_event")
    cookie = "a-very-telling-cookie"
    call("post", "/api/views/", {"visitor": cookie, "listing": street.wardrobe, "member": street.bob})
    call(
        "post",
        "/api/views/batch/",
        {"rows": [{"visitor": cookie, "listing": street.wardrobe, "member": street.bob}]},
    )
    assert one("SELECT count(*) FROM events_event") == before
    call("post", "/api/favourites/", {"listing": street.wardrobe}, member=street.bob)
    call("post", "/api/cart/", {"listing": street.wardrobe}, member=street.bob)
    for event in dicts("SELECT members, is_public FROM events_event WHERE name = 'interest.shown'"):
        assert (event["members"], event["is_public"]) == ([street.bob], False), "not even its seller"
    street.market.pass_days(1)
    number = str(visitor_number(cookie))
    for path in (
        "live/",
        "days/",
        f"shops/{street.furniture}/",
        f"listings/{street.wardrobe}/",
        "sections/15/",
        "sources/",
    ):
        told = call("get", f"/api/traffic/{path}", scope="member", member=street.zhang)
        text = told.content.decode()
        assert cookie not in text
        assert number not in text
        assert not any(
            name in str(orjson.loads(told.content)) for name in ("'visitor'", "'member'", "'cookie'")
        ), path
