"""The rules over REST: read at any moment, compared, and changed with a reason by an admin only."""

from datetime import timedelta

import pytest
from django.test import Client

from common.api import schema
from common.moments import show
from regime import queries
from regime.levers import levers
from worlds.actions import find, issue_key

DAY = timedelta(days=1)


class Caller:
    """A client with a key to the market."""

    def __init__(self, scope: str) -> None:
        member_id = 1 if scope == "member" else None
        self.key = issue_key(find("shared"), scope=scope, member_id=member_id)
        self.client = Client(headers={"Authorization": f"Bearer {self.key}"})

    def get(self, path="", **query):
        answer = self.client.get(f"/api/regime/{path}", query)
        return answer.status_code, answer.json()

    def post(self, body, **headers):
        answer = self.client.post(
            "/api/regime/changes/", body, content_type="application/json", headers=headers
        )
        return answer.status_code, answer.json()


@pytest.fixture
def admin(market):
    return Caller("admin")


@pytest.fixture
def reader(market):
    return Caller("read")


def test_everybody_reads_the_rules_that_hold_now(reader, market):
    status, body = reader.get()
    assert (status, body["at"]) == (200, show(market.at))
    assert body["values"]["feedback"]["window_days"] == 15
    assert [row["lever"] for row in body["levers"]] == list(levers())
    window = next(row for row in body["levers"] if row["lever"] == "feedback.window_days")
    assert (window["unit"], window["regime"], window["changed_by"]) == ("days", "thesis-2010", None)
    assert window["why"]
    assert window["means"]
    assert window["limits"] == "1 to 365 days"


def test_an_admin_changes_a_lever_from_a_stated_moment(admin, market):
    tomorrow = show(market.at + DAY)
    status, rows = admin.post(
        {"changes": {"feedback.window_days": 20}, "effective_at": tomorrow, "why": "more time"}
    )
    assert status == 201
    assert [(r["lever"], r["value"], r["effective_at"], r["why"]) for r in rows] == [
        ("feedback.window_days", 20, tomorrow, "more time")
    ]
    assert admin.get()[1]["values"]["feedback"]["window_days"] == 15
    assert admin.get(at=tomorrow)[1]["values"]["feedback"]["window_days"] == 20


def test_a_moment_whose_plus_was_lost_on_the_way_is_understood(admin, market):
    lost = show(market.at).replace("+", " ")
    assert admin.get(at=lost)[0] == 200


def test_an_admin_loads_a_whole_regime(admin, market):
    status, rows = admin.post({"regime": "open-feedback", "why": "the contrast lesson"})
    assert (status, [r["lever"] for r in rows]) == (201, ["feedback.reveal"])
    assert queries.at(market.at).feedback.reveal == "open"
    assert admin.post({"regime": "open-feedback", "why": "again"}) == (201, [])


def test_the_same_request_sent_twice_changes_once(admin):
    body = {"changes": {"deal.expiry_days": 5}, "why": "a trial"}
    first = admin.post(body, **{"Idempotency-Key": "k1"})
    assert admin.post(body, **{"Idempotency-Key": "k1"}) == first
    assert len(queries.history(lever="deal.expiry_days")) == 2


@pytest.mark.parametrize("scope", ["read", "member"])
def test_only_an_admin_changes_levers(market, scope):
    status, problem = Caller(scope).post({"changes": {"deal.expiry_days": 5}, "why": "because"})
    assert (status, problem["rule"]) == (403, "key_scope_is_admin")


@pytest.mark.parametrize(
    ("body", "field", "rule"),
    [
        ({"changes": {"deal.expiry_days": 0}, "why": "x"}, "deal.expiry_days", "lever_is_within_its_bounds"),
        ({"changes": {"deal.expiry_days": "3"}, "why": "x"}, "deal.expiry_days", "lever_is_a_whole_number"),
        ({"changes": {"deal.colour": 1}, "why": "x"}, "deal.colour", "lever_is_known"),
        ({"changes": {}, "why": "x"}, "changes", "a_change_names_a_lever"),
        ({"why": "x"}, "changes", "changes_or_regime"),
        ({"changes": {}, "regime": "thesis-2010", "why": "x"}, "changes", "changes_or_regime"),
        ({"changes": {"deal.expiry_days": 5}}, "why", "required"),
        ({"changes": {"deal.expiry_days": 5}, "why": "  "}, "why", "blank"),
        (
            {"changes": {"deal.expiry_days": 5}, "why": "x", "effective_at": "2001-01-01"},
            "effective_at",
            "a_lever_never_changes_the_past",
        ),
        (
            {"changes": {"deal.expiry_days": 5}, "why": "x", "effective_at": "soon"},
            "effective_at",
            "iso_8601_moment",
        ),
        ({"changes": [1], "why": "x"}, "changes", "not_a_dict"),
        ({"changes": {"deal.expiry_days": 5}, "why": "x", "hurry": True}, "hurry", "field_is_known"),
        ([], "body", "invalid"),
    ],
)  # fmt: skip
def test_a_change_that_is_wrong_names_field_rule_and_way_out(admin, body, field, rule):
    status, problem = admin.post(body)
    assert (status, problem["field"], problem["rule"]) == (400, field, rule)
    assert problem["way_out"]


def test_the_shipped_regimes_are_listed_the_default_first(reader):
    status, files = reader.get("files/")
    assert status == 200
    assert [f["name"] for f in files] == ["thesis-2010", "open-feedback", "taobao-2014", "taobao-today"]
    assert {f["name"]: f["own_lever_count"] for f in files}["open-feedback"] == 1


def test_a_shipped_regime_shows_each_levers_source(reader):
    status, file = reader.get("files/open-feedback/")
    assert status == 200
    reveal = next(row for row in file["levers"] if row["lever"] == "feedback.reveal")
    assert (reveal["value"], reveal["said_by"]) == ("open", "open-feedback")
    assert all(row["source"] and row["era"] and row["why"] for row in file["levers"])


def test_a_regime_nobody_shipped_is_not_found(reader):
    status, problem = reader.get("files/taobao-1999/")
    assert (status, problem["rule"]) == (404, "regime_is_shipped")


def test_two_regimes_differ_by_readable_rows(reader):
    status, rows = reader.get("diff/", a="thesis-2010", b="open-feedback")
    assert status == 200
    assert [(r["lever"], r["a"], r["b"], r["unit"]) for r in rows] == [
        ("feedback.reveal", "sealed", "open", "one of")
    ]
    assert rows[0]["why"]


def test_today_and_tomorrow_can_be_compared(admin, market):
    tomorrow = show(market.at + DAY)
    admin.post({"changes": {"deal.expiry_days": 5}, "effective_at": tomorrow, "why": "a trial"})
    _, rows = admin.get("diff/", a="now", b=tomorrow)
    assert rows == [{"lever": "deal.expiry_days", "a": 3, "b": 5, "unit": "days", "why": "a trial"}]


@pytest.mark.parametrize("side", ["thesis-1999", "yesterday", "../files"])
def test_a_side_that_is_nothing_is_refused_with_the_choice(reader, side):
    status, problem = reader.get("diff/", a="now", b=side)
    assert (status, problem["field"], problem["rule"]) == (400, "b", "side_is_a_regime_or_a_moment")
    assert "open-feedback" in problem["way_out"]


def test_the_rules_of_a_moment_before_the_market_are_not_found(reader):
    status, problem = reader.get(at="1999-01-01")
    assert (status, problem["field"]) == (404, "at")


def test_the_history_is_paged_in_order(reader):
    _, first = reader.get("changes/", limit=100)
    assert len(first["results"]) == 100
    pages = [first]
    while pages[-1]["next"]:
        pages.append(reader.client.get(pages[-1]["next"]).json())
    names = [row["lever"] for page in pages for row in page["results"]]
    assert names == list(levers())


def test_the_history_of_one_lever(admin):
    admin.post({"changes": {"deal.expiry_days": 5}, "why": "a trial"})
    _, body = admin.get("changes/", lever="deal.expiry_days")
    assert [row["value"] for row in body["results"]] == [3, 5]


def test_every_door_of_the_regime_is_in_the_document():
    document = schema.document()
    paths = {path for path in document["paths"] if path.startswith("/api/regime/")}
    assert paths == {
        "/api/regime/",
        "/api/regime/files/",
        "/api/regime/files/{name}/",
        "/api/regime/diff/",
        "/api/regime/changes/",
    }
    assert "201" in document["paths"]["/api/regime/changes/"]["post"]["responses"]
